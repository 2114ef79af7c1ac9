//! A cache of old snapshots, for continue chains and lists at an exact revision.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Revision, Snapshot, State};

/// The maximum number of snapshots.
const PINNED: usize = 64;

/// Old snapshots of one world, the least recently used first.
#[derive(Debug, Default)]
pub(crate) struct PinnedSnapshots(Mutex<Vec<(Revision, Snapshot)>>);

impl PinnedSnapshots {
    /// The objects as of a revision; `None` when it is compacted away or not reached yet.
    pub(in super::super) fn at(&self, state: &State, revision: Revision) -> Option<Snapshot> {
        if revision == state.revision {
            return Some(state.snapshot.clone());
        }
        if revision > state.revision || revision < state.history.floor() {
            return None;
        }
        let mut pinned = self.lock();
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
        pin(&mut self.lock(), revision, snapshot);
    }

    /// Drops the snapshots below the compaction floor: they cannot be requested any more.
    pub(crate) fn drop_below(&self, floor: Revision) {
        self.lock().retain(|(at, _)| *at >= floor);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Revision, Snapshot)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds a snapshot as the most recently used one; the least recently used one is dropped.
fn pin(pinned: &mut Vec<(Revision, Snapshot)>, revision: Revision, snapshot: &Snapshot) {
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
