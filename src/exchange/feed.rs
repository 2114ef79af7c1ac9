//! The journal as it grows, for those who watch it: the console.
//!
//! ```text
//! Journal::record → the log ─→ [follower](super::follower), at its own pace → rows → /__admin/events
//!                 └→ [Feed]: wakes the followers, if there are any
//! ```
//!
//! A follower reads the log itself, so there is no queue besides it. A slow one misses what the journal dropped in the
//! meantime, and learns how many that were. A request pays one load of a counter for all of this.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use super::index::Slot;

/// How many may follow at once.
pub(crate) const MAX_FOLLOWERS: usize = 32;

/// Who follows the journal.
#[derive(Debug, Default)]
pub(super) struct Feed {
    followers: AtomicUsize,
    changed: Notify,
}

impl Feed {
    /// Wakes the followers. The log has changed before.
    pub(super) fn announce(&self) {
        // A follower counts itself before it first locks the log: one that has not seen the change is seen here.
        if self.followers.load(Ordering::Relaxed) > 0 {
            self.changed.notify_waiters();
        }
    }

    /// Counts one more follower; says whether there is room for it.
    pub(super) fn join(&self) -> bool {
        let join = |count: usize| (count < MAX_FOLLOWERS).then_some(count + 1);
        self.followers.fetch_update(Ordering::SeqCst, Ordering::SeqCst, join).is_ok()
    }

    /// Counts one follower less.
    pub(super) fn leave(&self) {
        self.followers.fetch_sub(1, Ordering::SeqCst);
    }

    /// Completes at the next change.
    pub(super) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }
}

/// What is new in the journal since a follower last looked.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// How many exchanges the journal dropped before they were read.
    pub(crate) lost: u64,
    /// Whether the journal was cleared.
    pub(crate) cleared: bool,
    /// The new exchanges, oldest first.
    pub(crate) slots: Vec<Slot>,
    /// Whether there are more.
    pub(crate) more: bool,
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.lost == 0 && !self.cleared && self.slots.is_empty()
    }
}

/// What a follower finds when it looks: a [`Batch`], and where the next one begins.
#[derive(Debug, Default)]
pub(super) struct Progress {
    pub(super) batch: Batch,
    pub(super) next: u64,
    pub(super) cleared: u64,
}
