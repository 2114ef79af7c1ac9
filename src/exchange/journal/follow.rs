//! What a follower of the journal asks it: what is new since it last looked.

use std::sync::atomic::Ordering;

use uuid::Uuid;

use super::super::feed::{Batch, Feed, Progress};
use super::super::ids::Of;
use super::super::index::Slot;
use super::Journal;

impl Journal {
    /// Who follows the journal.
    pub(in super::super) fn feed(&self) -> &Feed {
        &self.feed
    }

    /// A name for this journal: exchanges of another one may have the same numbers.
    pub(crate) fn name(&self) -> Uuid {
        self.ids.id(Of::Exchange, 0)
    }

    /// The number of the first exchange that was not dropped, that of the last one, and how many had been recorded when
    /// the journal was cleared.
    pub(in super::super) fn ends(&self) -> (u64, u64, u64) {
        let inner = self.lock();
        (inner.last_dropped + 1, inner.recorded, self.cleared.load(Ordering::Relaxed))
    }

    /// At most so many exchanges from a number on, and what happened to others since `cleared` was right.
    pub(in super::super) fn since(&self, next: u64, cleared: u64, most: usize) -> Progress {
        let inner = self.lock();
        let from = inner.log.partition_point(|slot| slot.number < next);
        let slots: Vec<Slot> = inner.log.iter().skip(from).take(most).cloned().collect();
        let first = inner.last_dropped + 1;
        let cleared_now = self.cleared.load(Ordering::Relaxed);
        Progress {
            next: slots.last().map_or(next.max(first), |last| last.number + 1),
            cleared: cleared_now,
            batch: Batch {
                lost: first.saturating_sub(next),
                cleared: cleared_now != cleared,
                more: inner.log.len() - from > slots.len(),
                slots,
            },
        }
    }
}
