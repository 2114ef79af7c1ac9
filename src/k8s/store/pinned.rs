//! A cache of old snapshots, for continue chains and lists at an exact revision.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Revision, Snapshot, State};

/// The maximum number of snapshots.
const PINNED: usize = 64;

/// The maximum number of snapshots that were read from a shared store: they share no objects with others.
const RECALLED: usize = 4;

/// Old snapshots of one world, the least recently used first.
#[derive(Debug, Default)]
pub(crate) struct PinnedSnapshots {
    pinned: Mutex<Pins>,
    /// Those below the history, from a store that remembers more.
    recalled: Mutex<Pins>,
    /// A shared store has compacted all up to here, but for the newest state.
    expired: AtomicU64,
}

/// Snapshots by their revision.
type Pins = Vec<(Revision, Snapshot)>;

impl PinnedSnapshots {
    /// The objects as of a revision; `None` when it is compacted away or not reached yet.
    pub(in super::super) fn at(&self, state: &State, revision: Revision) -> Option<Snapshot> {
        if revision == state.revision {
            return Some(state.snapshot.clone());
        }
        if revision > state.revision || revision.0 <= self.expired.load(Ordering::Relaxed) {
            return None;
        }
        if revision < state.history.floor() {
            let recalled = lock(&self.recalled);
            return recalled.iter().find(|(at, _)| *at == revision).map(|(_, of)| of.clone());
        }
        let mut pinned = lock(&self.pinned);
        let later = pinned.iter().filter(|(at, _)| (revision..=state.revision).contains(at));
        let nearest = later.min_by_key(|(at, _)| *at);
        let (from, start) =
            nearest.map_or((state.revision, &state.snapshot), |(at, snapshot)| (*at, snapshot));
        let snapshot = state.history.rewind(start.clone(), from, revision);
        pin(&mut pinned, revision, &snapshot);
        Some(snapshot)
    }

    /// Keeps a snapshot: a continue token for its revision was issued.
    pub(in super::super) fn pin(&self, revision: Revision, snapshot: &Snapshot) {
        pin(&mut lock(&self.pinned), revision, snapshot);
    }

    /// Keeps a snapshot of a revision below the history.
    pub(crate) fn recall(&self, revision: Revision, snapshot: Snapshot) {
        let mut recalled = lock(&self.recalled);
        recalled.retain(|(at, _)| *at != revision);
        if recalled.len() == RECALLED {
            recalled.remove(0);
        }
        recalled.push((revision, snapshot));
    }

    /// A shared store has compacted a revision.
    #[cfg(feature = "etcd")]
    pub(crate) fn expire(&self, revision: Revision) {
        self.expired.fetch_max(revision.0, Ordering::Relaxed);
    }

    /// Whether a revision below the history is known.
    pub(crate) fn has_recalled(&self, revision: Revision) -> bool {
        lock(&self.recalled).iter().any(|(at, _)| *at == revision)
    }

    /// Drops the snapshots below the history: it was compacted, or begins anew.
    pub(crate) fn forget_recalled(&self) {
        lock(&self.recalled).clear();
    }

    /// Drops the snapshots below the compaction floor: they cannot be requested any more.
    pub(crate) fn drop_below(&self, floor: Revision) {
        lock(&self.pinned).retain(|(at, _)| *at >= floor);
    }
}

fn lock(of: &Mutex<Pins>) -> MutexGuard<'_, Pins> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Adds a snapshot as the most recently used one; the least recently used one is dropped.
fn pin(pinned: &mut Pins, revision: Revision, snapshot: &Snapshot) {
    if let Some(found) = pinned.iter().position(|(at, _)| *at == revision) {
        let entry = pinned.remove(found);
        pinned.push(entry);
        return;
    }
    if pinned.len() == PINNED {
        pinned.remove(0);
    }
    pinned.push((revision, snapshot.clone()));
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{History, HistoryLimits};
    use super::*;
    use crate::k8s::Registry;

    #[test]
    fn what_is_recalled_is_below_the_history_and_bounded() {
        let history = History::new(Revision(50), HistoryLimits::default());
        let (snapshot, types) = (Snapshot::default(), Arc::new(Registry::default()));
        let state = State { revision: Revision(60), snapshot, history, types };
        let pinned = PinnedSnapshots::default();
        assert!(pinned.at(&state, Revision(10)).is_none());
        for revision in 10..20 {
            pinned.recall(Revision(revision), Snapshot::default());
        }
        let known = (10..20).filter(|at| pinned.at(&state, Revision(*at)).is_some()).count();
        assert_eq!(known, RECALLED);
        assert!(pinned.has_recalled(Revision(19)) && !pinned.has_recalled(Revision(10)));
        pinned.drop_below(Revision(50));
        assert!(pinned.at(&state, Revision(19)).is_some());
        pinned.forget_recalled();
        assert!(pinned.at(&state, Revision(19)).is_none());
        #[cfg(feature = "etcd")]
        {
            assert!(pinned.at(&state, Revision(55)).is_some());
            pinned.expire(Revision(55));
            let is_there = |at| pinned.at(&state, Revision(at)).is_some();
            assert_eq!([54, 55, 56, 60].map(is_there), [false, false, true, true]);
        }
    }
}
