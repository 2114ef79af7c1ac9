//! What a cluster's controllers do by themselves, some time after a write.

use std::time::Duration;

use super::worlds::Here;

/// How long after a write the garbage collector looks at it. Clients see what they wrote first, as on
/// a real cluster, where the collector is another program.
const COLLECT_AFTER: Duration = Duration::from_millis(300);

/// Runs a world's controllers until it is gone or the server stops.
pub(super) async fn run(here: Here) {
    let mut stopping = here.stopping.clone();
    let live = async {
        if here.settings.stages {
            live(&here).await;
        } else {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = collect(&here) => {}
        () = live => {}
        _ = stopping.wait_for(|stopping| *stopping) => {}
    }
}

/// Collects garbage, a moment after each change.
async fn collect(here: &Here) {
    let mut changed = here.world.store.subscribe();
    // What came before the subscription has been seen by nobody.
    changed.mark_changed();
    while changed.changed().await.is_ok() && !here.world.is_ended() {
        tokio::time::sleep(COLLECT_AFTER).await;
        changed.mark_unchanged();
        here.collect();
    }
}

/// Lets objects live: looks at each change, at what is due, and whenever the clock is set.
async fn live(here: &Here) {
    let (clock, store) = (&here.world.clock, &here.world.store);
    let (mut changed, mut set) = (store.subscribe(), clock.subscribe());
    while !here.world.is_ended() {
        // Marked as seen before looking, so that a change in between wakes us again.
        changed.mark_unchanged();
        set.mark_unchanged();
        let next = here.live();
        let due = async {
            match next {
                // A clock that stands comes to nothing by itself.
                Some(next) if !clock.is_stopped() => {
                    tokio::time::sleep(next.saturating_sub(clock.elapsed())).await;
                }
                _ => std::future::pending().await,
            }
        };
        tokio::select! {
            change = changed.changed() => if change.is_err() { return },
            moved = set.changed() => if moved.is_err() { return },
            () = due => {}
        }
    }
}

/// Waits until a deleted object is to be let go, and lets it.
pub(super) async fn release(here: Here) {
    let mut stopping = here.stopping.clone();
    let waiting = async {
        let clock = &here.world.clock;
        let mut set = clock.subscribe();
        while !here.world.is_ended() {
            set.mark_unchanged();
            let Some(next) = here.live() else { return };
            let left = next.saturating_sub(clock.elapsed());
            tokio::select! {
                () = tokio::time::sleep(left), if !clock.is_stopped() => {}
                moved = set.changed() => if moved.is_err() { return },
            }
        }
    };
    tokio::select! {
        () = waiting => {}
        _ = stopping.wait_for(|stopping| *stopping) => {}
    }
}
