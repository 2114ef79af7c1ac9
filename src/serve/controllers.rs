//! What a cluster's controllers do by themselves, some time after a write.

use std::time::Duration;

use crate::k8s::Collector;

use super::worlds::Here;

/// How long after a write the garbage collector looks at it. Clients see what they wrote first, as on
/// a real cluster, where the collector is another program.
const COLLECT_AFTER: Duration = Duration::from_millis(300);

/// Collects a world's garbage until it is gone or the server stops.
pub(super) async fn run(here: Here) {
    let world = &here.world;
    let mut changed = world.store.subscribe();
    let mut stopping = here.stopping.clone();
    let mut collector = Collector::after(&world.store.state());
    loop {
        tokio::select! {
            change = changed.changed() => if change.is_err() { return },
            _ = stopping.wait_for(|stopping| *stopping) => return,
        }
        if world.is_ended() {
            return;
        }
        tokio::time::sleep(COLLECT_AFTER).await;
        changed.mark_unchanged();
        collector.run(&world.store, world.clock.now());
    }
}
