//! What a cluster's controllers do by themselves, some time after a write.

use std::sync::Arc;
use std::time::Duration;

use crate::k8s::Collector;

use super::state::Shared;

/// How long after a write the garbage collector looks at it. Clients see what they wrote first, as on
/// a real cluster, where the collector is another program.
const COLLECT_AFTER: Duration = Duration::from_millis(300);

/// Collects garbage until the server stops.
pub(crate) async fn collect_garbage(shared: Arc<Shared>) {
    let store = &shared.world.store;
    let mut changed = store.subscribe();
    let mut stopping = shared.stopping.clone();
    let mut collector = Collector::after(&store.state());
    loop {
        tokio::select! {
            change = changed.changed() => if change.is_err() { return },
            _ = stopping.wait_for(|stopping| *stopping) => return,
        }
        tokio::time::sleep(COLLECT_AFTER).await;
        changed.mark_unchanged();
        collector.run(store, shared.world.clock.now());
    }
}
