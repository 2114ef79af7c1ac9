//! The thread that brings the backlog from the system's memory to the disk: one sync for many exchanges.
//!
//! A killed process loses nothing of what it wrote; a machine that loses its power does. A sync takes long on a busy
//! disk, so it is beside the thread that writes: later exchanges do not wait in memory meanwhile.

use std::time::Duration;

use super::shared::Shared;

/// The time between two syncs.
const EVERY: Duration = Duration::from_secs(1);

/// Syncs until the queue ends.
pub(super) fn run(shared: &Shared) {
    let mut state = shared.lock();
    loop {
        if let Some(file) = state.unsynced.take() {
            drop(state);
            // Where the disk fails, the next write reports it.
            let _ = file.sync_data();
            state = shared.lock();
            if !state.closed {
                state = Shared::wait_for(&shared.spilled, state, EVERY);
            }
        } else if state.closed {
            return;
        } else {
            state = Shared::wait(&shared.spilled, state);
        }
    }
}
