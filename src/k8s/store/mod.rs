//! The state of one world: every object, at every revision above the compaction floor.
//!
//! ```text
//! writers → Store::write (one at a time) → State' → published in one step → waiting readers wake
//! readers → Store::state (no lock)       → State: snapshot + history
//! ```
//!
//! A [`Snapshot`] is an immutable, structurally shared map: taking one, keeping one and forking a
//! world from one all cost nothing. The [`History`] of events ends at the compaction floor; a
//! snapshot of an older revision is had by undoing events. So continue chains, exact-revision
//! lists, 410s and watches from any revision follow without special cases.

mod history;
mod object;
mod snapshot;
#[cfg(test)]
mod tests;

pub use history::HistoryLimits;
pub(super) use history::{Event, EventKind, History};
pub(super) use object::{Cell, Object};
pub(super) use snapshot::Snapshot;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use tokio::sync::watch;

use super::resource::{GroupResource, Registry};

/// How many events are kept before the oldest are compacted away.
pub const DEFAULT_HISTORY: usize = 10_000;

/// How many bytes the kept events may count.
pub const DEFAULT_HISTORY_BYTES: usize = 64 << 20;

/// How many old snapshots are kept ready for continue chains.
const PINNED: usize = 64;

/// A point in the store's history: `metadata.resourceVersion`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(pub u64);

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// All of a world's objects, now and as far back as the history goes.
#[derive(Debug, Clone)]
pub struct State {
    /// The revision of the last write.
    pub revision: Revision,
    /// The objects.
    pub snapshot: Snapshot,
    /// The last events.
    pub history: History,
    /// The served resource types.
    pub types: Arc<Registry>,
}

/// One world's state: one writer, any number of readers.
#[derive(Debug)]
pub struct Store {
    state: ArcSwap<State>,
    writer: Mutex<()>,
    revision: watch::Sender<Revision>,
    /// Those who wait for a change of one resource.
    waiting: Mutex<HashMap<Arc<GroupResource>, watch::Sender<Revision>>>,
    pinned: Mutex<Vec<(Revision, Snapshot)>>,
}

/// A write in progress: sees its own changes, is published whole or not at all.
#[derive(Debug)]
pub struct Transaction {
    /// The state as it will be.
    pub state: State,
    /// Whether it is the files that change: see [`Event::seeded`].
    pub seeding: bool,
    /// The resources that it changes.
    touched: HashSet<Arc<GroupResource>>,
}

impl Store {
    /// A store that begins with a state.
    pub fn new(state: State) -> Self {
        Self {
            revision: watch::Sender::new(state.revision),
            state: ArcSwap::from_pointee(state),
            writer: Mutex::new(()),
            waiting: Mutex::default(),
            pinned: Mutex::default(),
        }
    }

    /// The state now. Costs two atomic operations.
    pub fn state(&self) -> Arc<State> {
        self.state.load_full()
    }

    /// Wakes when the revision grows.
    pub fn subscribe(&self) -> watch::Receiver<Revision> {
        self.revision.subscribe()
    }

    /// Wakes when an object of a resource changes.
    pub fn subscribe_to(&self, resource: &Arc<GroupResource>) -> watch::Receiver<Revision> {
        let mut waiting = self.waiting();
        if !waiting.contains_key(resource) {
            waiting.retain(|_, sender| sender.receiver_count() > 0);
        }
        let sender = waiting.entry(Arc::clone(resource));
        sender.or_insert_with(|| watch::Sender::new(self.state().revision)).subscribe()
    }

    /// Whether anybody waits for a change of a resource.
    pub fn is_watched(&self) -> bool {
        self.waiting().values().any(|sender| sender.receiver_count() > 0)
    }

    /// Wakes whoever waits for a change, without one: to let them see that the server stops.
    pub fn wake(&self) {
        self.revision.send_modify(|_| {});
        self.waiting().values().for_each(|sender| sender.send_modify(|_| {}));
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<Arc<GroupResource>, watch::Sender<Revision>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a write. On `Err` nothing has happened.
    ///
    /// # Errors
    /// What `change` says.
    pub fn write<T, E>(
        &self,
        change: impl FnOnce(&mut Transaction) -> Result<T, E>,
    ) -> Result<T, E> {
        // A panic in `change` leaves the published state whole, so a poisoned lock means nothing.
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.state();
        let mut transaction =
            Transaction { state: State::clone(&before), seeding: false, touched: HashSet::new() };
        let result = change(&mut transaction)?;
        let Transaction { state, touched, .. } = transaction;
        let (revision, floor) = (state.revision, state.history.floor());
        self.state.store(Arc::new(state));
        if revision != before.revision {
            self.revision.send_replace(revision);
            let waiting = self.waiting();
            for resource in &touched {
                if let Some(sender) = waiting.get(resource) {
                    sender.send_replace(revision);
                }
            }
        }
        if floor != before.history.floor() {
            self.unpin(floor);
        }
        Ok(result)
    }

    /// The objects as of a revision, or nothing when it is compacted away or not reached yet.
    pub fn snapshot_at(&self, state: &State, revision: Revision) -> Option<Snapshot> {
        if revision == state.revision {
            return Some(state.snapshot.clone());
        }
        if revision > state.revision || revision < state.history.floor() {
            return None;
        }
        let mut pinned = self.pinned.lock().unwrap_or_else(PoisonError::into_inner);
        let nearest = pinned.iter().filter(|(at, _)| *at >= revision).min_by_key(|(at, _)| *at);
        let (from, start) =
            nearest.map_or((state.revision, &state.snapshot), |(at, snapshot)| (*at, snapshot));
        let snapshot = state.history.rewind(start.clone(), from, revision);
        pin(&mut pinned, revision, &snapshot);
        Some(snapshot)
    }

    /// Keeps a snapshot ready: a continue token was given out for it.
    pub fn pin(&self, revision: Revision, snapshot: &Snapshot) {
        let mut pinned = self.pinned.lock().unwrap_or_else(PoisonError::into_inner);
        pin(&mut pinned, revision, snapshot);
    }

    /// Forgets everything before a revision: tokens, watches and exact lists below it are gone.
    /// Says the floor that now holds.
    pub fn compact(&self, revision: Revision) -> Revision {
        let floor = self.write(|transaction| -> Result<_, std::convert::Infallible> {
            let state = &mut transaction.state;
            state.history.compact(revision.min(state.revision));
            Ok(state.history.floor())
        });
        floor.unwrap_or_default()
    }

    /// Lets go of the snapshots below the floor: nobody can ask for them any more.
    fn unpin(&self, floor: Revision) {
        let mut pinned = self.pinned.lock().unwrap_or_else(PoisonError::into_inner);
        pinned.retain(|(at, _)| *at >= floor);
    }

    /// A new store with the same state: what happens in one is not seen in the other.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self::new(State::clone(&self.state()))
    }
}

/// Puts a snapshot at the young end; the one unused for longest goes.
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

impl Transaction {
    /// The revision that the next change gets.
    pub fn next_revision(&self) -> Revision {
        Revision(self.state.revision.0 + 1)
    }

    /// Creates or replaces an object. Its revision must be [`Transaction::next_revision`].
    pub fn put(&mut self, object: Arc<Object>) {
        let revision = object.meta.revision;
        debug_assert_eq!(
            revision,
            self.next_revision(),
            "objects are rendered with the revision they get"
        );
        let previous = self.state.snapshot.insert(Arc::clone(&object));
        let kind = if previous.is_some() { EventKind::Modified } else { EventKind::Added };
        self.commit(Event::new(revision, kind, object, previous));
    }

    /// Removes an object. Watches get it with its last content and the revision of its removal, as etcd's
    /// watchers are.
    pub fn remove(&mut self, resource: &GroupResource, key: &str) -> Option<Arc<Object>> {
        let revision = self.next_revision();
        let previous = self.state.snapshot.remove(resource, key, revision)?;
        let last = Arc::new(previous.at_revision(revision));
        self.commit(Event::new(revision, EventKind::Deleted, Arc::clone(&last), Some(previous)));
        Some(last)
    }

    fn commit(&mut self, mut event: Event) {
        event.seeded = self.seeding;
        if !self.touched.contains(&event.object.resource) {
            self.touched.insert(Arc::clone(&event.object.resource));
        }
        self.state.revision = event.revision;
        self.state.history.push(Arc::new(event));
    }
}
