//! The one place where changes to a world's objects are committed.
//!
//! ```text
//! verbs, garbage collection, stages, finalizer release, reload, reset, compaction
//!    → decide on the newest state → StoreChange
//!    → [Backend::commit]: compare with other writes, assign revisions, keep
//!    → [Published]: publish to readers, wake the watches of the written collections
//!    → remove the namespaces that the change has emptied
//! on a conflict: decide again on the newer state, a bounded number of times
//! ```
//!
//! No lock is held while a change is decided, so that large requests do not wait for each other. After
//! several conflicts a writer makes its last attempt alone.

mod backend;
mod published;
#[cfg(test)]
mod tests;

use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use tokio::sync::watch;

use crate::k8s::{self, Committed, GroupResource, PinnedSnapshots, Revision, State, StoreChange};

use super::seeding::{Lazy, SeedGeneration};

use backend::{Backend, Memory};
use published::Published;

/// How often a change is decided while others write: as often as upstream tries a patch
/// (`MaxRetryWhenPatchConflicts`). After that it is decided once more while no other writer of this process
/// commits.
const TRIES: usize = 5;

/// A change conflicted with other writers on each attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the change conflicted with other writers {} times", TRIES + 1)]
pub(crate) struct Contended;

/// The objects of one world.
#[derive(Debug)]
pub(crate) struct Store<B = Memory> {
    backend: B,
    published: Lazy<Published>,
    /// Shared by commits, held exclusively by a last attempt.
    turn: RwLock<()>,
}

impl Store {
    /// A store that begins with the state of a seed and keeps everything in memory.
    pub(super) fn of_seed(seed: Arc<SeedGeneration>) -> Self {
        let first = move || Published::new(seed.state.clone());
        Self {
            backend: Memory::default(),
            published: Lazy::new(Box::new(first)),
            turn: RwLock::default(),
        }
    }

    #[cfg(test)]
    fn new(state: State) -> Self {
        Self::with_backend(Memory::default(), state)
    }
}

impl<B: Backend> Store<B> {
    #[cfg(test)]
    fn with_backend(backend: B, state: State) -> Self {
        let published = Lazy::new(Box::new(move || Published::new(state)));
        Self { backend, published, turn: RwLock::default() }
    }

    /// The state now. Costs two atomic operations.
    pub(crate) fn state(&self) -> Arc<State> {
        self.published.state()
    }

    /// Older snapshots, for continue chains and lists at an exact revision.
    pub(super) fn pinned(&self) -> &PinnedSnapshots {
        self.published.pinned()
    }

    /// A receiver that wakes when the revision grows.
    pub(super) fn subscribe(&self) -> watch::Receiver<Revision> {
        self.published.subscribe()
    }

    /// A receiver that wakes when an object of a resource is written.
    pub(super) fn subscribe_to(&self, resource: &Arc<GroupResource>) -> watch::Receiver<Revision> {
        self.published.subscribe_to(resource)
    }

    /// How many receivers wait for writes of a resource.
    pub(super) fn watches(&self) -> usize {
        // Nobody waits for what is not made yet.
        LazyLock::get(&self.published).map_or(0, Published::watches)
    }

    /// Whether there are any.
    pub(super) fn is_watched(&self) -> bool {
        self.watches() > 0
    }

    /// Wakes all receivers without a write: the server stops, or the world is deleted.
    pub(super) fn wake(&self) {
        // Nobody waits for what is not made yet.
        if let Some(published) = LazyLock::get(&self.published) {
            published.wake();
        }
    }

    /// Decides on the newest state and commits the change, if there is one; after a conflict, decides again.
    /// Returns the decision, and what was committed: nothing without a change.
    ///
    /// # Errors
    /// [`Contended`]: each attempt conflicted. Nothing was changed.
    pub(super) fn write<T>(
        &self,
        decide: impl FnMut(&Arc<State>) -> (Option<StoreChange>, T),
    ) -> Result<(T, Committed), Contended> {
        let (decided, committed) = self.attempt(decide)?;
        if !committed.is_empty() {
            // After conflicts on each attempt, the other writers remove the namespace or definition.
            let _ = self.attempt(|state| (k8s::emptied_namespaces(state, &committed), ()));
            let _ = self.attempt(|state| (k8s::emptied_definitions(state, &committed), ()));
        }
        Ok((decided, committed))
    }

    /// Begins anew with a state: revisions, history and watches of the past are gone.
    pub(super) fn restart(&self, state: State) {
        let _alone = self.turn.write().unwrap_or_else(PoisonError::into_inner);
        self.backend.restart(state, &self.published);
    }

    /// Compacts the history up to a revision: tokens, watches and exact lists below it expire. Returns the
    /// new floor.
    pub(crate) fn compact(&self, revision: Revision) -> Revision {
        // A compaction cannot conflict.
        let _ = self.write(|state| (Some(StoreChange::compaction(state, revision)), ()));
        self.state().history.floor()
    }

    fn attempt<T>(
        &self,
        mut decide: impl FnMut(&Arc<State>) -> (Option<StoreChange>, T),
    ) -> Result<(T, Committed), Contended> {
        for attempt in 0..=TRIES {
            let alone = (attempt == TRIES)
                .then(|| self.turn.write().unwrap_or_else(PoisonError::into_inner));
            let (change, decided) = decide(&self.state());
            let Some(change) = change.filter(|change| !change.is_empty()) else {
                return Ok((decided, Committed::default()));
            };
            let _shared =
                alone.is_none().then(|| self.turn.read().unwrap_or_else(PoisonError::into_inner));
            if let Ok(committed) = self.backend.commit(change, &self.published) {
                return Ok((decided, committed));
            }
        }
        Err(Contended)
    }
}
