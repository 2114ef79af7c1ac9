//! The one place where a change to a world's objects becomes true.
//!
//! ```text
//! verbs, garbage collection, stages, releases, reloads, resets, compaction
//!    → decide on the newest state → StoreChange
//!    → [Backend::commit]: compared with what others have written since, given its revisions, kept
//!    → [Published]: seen by readers; the watches of its collections wake
//!    → what follows: a namespace that was emptied goes
//! on a conflict: decide again on the newer state, a bounded number of times
//! ```
//!
//! No lock is held while a change is decided, so that large requests do not wait for each other. Whoever
//! loses too often has the last try to himself.

mod backend;
mod published;
#[cfg(test)]
mod tests;

use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::watch;

use crate::k8s::{
    self, Committed, Conflict, GroupResource, PinnedSnapshots, Revision, State, StoreChange,
};

use backend::{Backend, Memory};
use published::Published;

/// How often a change is decided while others write: as often as upstream tries a patch
/// (`MaxRetryWhenPatchConflicts`). After that it is decided once more while nobody else of this server
/// writes.
const TRIES: usize = 5;

/// Another server wrote each time before the change was committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("others wrote what this change depends on, {} times in a row", TRIES + 1)]
pub(crate) struct Contended;

/// The objects of one world: read by anybody at any time, written one change after another.
#[derive(Debug)]
pub(crate) struct Store<B = Memory> {
    backend: B,
    published: Published,
    /// Held by each commit together with others, and by a last try alone.
    turn: RwLock<()>,
}

impl Store {
    /// A store that begins with a state and keeps everything in memory.
    pub(super) fn new(state: State) -> Self {
        Self::with_backend(Memory::default(), state)
    }
}

impl<B: Backend> Store<B> {
    fn with_backend(backend: B, state: State) -> Self {
        Self { backend, published: Published::new(state), turn: RwLock::default() }
    }

    /// The state now. Costs two atomic operations.
    pub(crate) fn state(&self) -> Arc<State> {
        self.published.state()
    }

    /// Older snapshots, for continue chains and lists at an exact revision.
    pub(super) fn pinned(&self) -> &PinnedSnapshots {
        self.published.pinned()
    }

    /// Wakes when the revision grows.
    pub(super) fn subscribe(&self) -> watch::Receiver<Revision> {
        self.published.subscribe()
    }

    /// Wakes when an object of a resource changes.
    pub(super) fn subscribe_to(&self, resource: &Arc<GroupResource>) -> watch::Receiver<Revision> {
        self.published.subscribe_to(resource)
    }

    /// Whether anybody waits for a change of a resource.
    pub(super) fn is_watched(&self) -> bool {
        self.published.is_watched()
    }

    /// Wakes whoever waits for a change, without one: the server stops, or the world is gone.
    pub(super) fn wake(&self) {
        self.published.wake();
    }

    /// Decides on the newest state, and commits what was decided, with what follows from it. Where others
    /// write first, it is decided again. Gives back what the decision said besides, and what was committed:
    /// without a change nothing.
    ///
    /// # Errors
    /// [`Contended`]: others wrote first each time. Nothing has happened.
    pub(super) fn write<T>(
        &self,
        decide: impl FnMut(&Arc<State>) -> (Option<StoreChange>, T),
    ) -> Result<(T, Committed), Contended> {
        let (decided, committed) = self.attempt(decide)?;
        // Where others come first each time, the namespace is theirs to remove.
        let _ = self.attempt(|state| (k8s::emptied_namespaces(state, &committed), ()));
        Ok((decided, committed))
    }

    /// Forgets everything older than a revision: tokens, watches and exact lists below it are gone. Gives
    /// back the floor that holds now.
    pub(crate) fn compact(&self, revision: Revision) -> Revision {
        // It depends on nothing that others write.
        let _ = self.write(|state| (Some(StoreChange::compaction(state, revision)), ()));
        self.state().history.floor()
    }

    fn attempt<T>(
        &self,
        mut decide: impl FnMut(&Arc<State>) -> (Option<StoreChange>, T),
    ) -> Result<(T, Committed), Contended> {
        for _ in 0..TRIES {
            let (change, decided) = decide(&self.state());
            let Some(change) = change.filter(|change| !change.is_empty()) else {
                return Ok((decided, Committed::default()));
            };
            let _turn = self.turn.read().unwrap_or_else(PoisonError::into_inner);
            if let Ok(committed) = self.backend.commit(change, &self.published) {
                return Ok((decided, committed));
            }
        }
        let _turn = self.turn.write().unwrap_or_else(PoisonError::into_inner);
        let (change, decided) = decide(&self.state());
        let Some(change) = change.filter(|change| !change.is_empty()) else {
            return Ok((decided, Committed::default()));
        };
        let commit = self.backend.commit(change, &self.published);
        commit.map(|committed| (decided, committed)).map_err(|Conflict| Contended)
    }
}
