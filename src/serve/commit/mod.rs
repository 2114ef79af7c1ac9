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
//! With a store in etcd the middle of it is [`cluster`], and requests wait for it ([`Store::carry_out`]).
//!
//! No lock is held while a change is decided, so that large requests do not wait for each other. After
//! several conflicts a writer makes its last attempt alone.

#[cfg(feature = "etcd")]
mod arrivals;
mod backend;
#[cfg(feature = "etcd")]
mod cluster;
#[cfg(not(feature = "etcd"))]
#[path = "cluster_off.rs"]
mod cluster;
mod numbers;
mod outcome;
mod peer;
mod proposal;
mod published;
#[cfg(test)]
mod tests;

use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use tokio::sync::watch;

use crate::k8s::{self, Committed, GroupResource, PinnedSnapshots, Revision, State, StoreChange};
use crate::message::WorldName;

use super::seeding::{Lazy, SeedGeneration};

use backend::{Backend, Memory};
use cluster::Attached;
pub(crate) use cluster::{Cluster, LEASE, Reached, WorldShare};
#[cfg(all(feature = "etcd", feature = "cli"))]
pub(crate) use cluster::{Contents as StoreContents, StoreTools};
pub(crate) use numbers::StoreNumbers;
use outcome::TRIES;
pub(crate) use outcome::{Carried, Contended, Fresh, WriteError};
#[cfg(feature = "etcd")]
pub(crate) use peer::Advertised;
pub(crate) use peer::Peer;
pub(crate) use proposal::{Ahead, MOST_BYTES, MOST_KEYS, Proposal, ServerChange, ShareError};
use published::Published;

/// The objects of one world.
#[derive(Debug)]
pub(crate) struct Store<B = Memory> {
    backend: B,
    published: Lazy<Arc<Published>>,
    /// The store that several servers share, in place of the backend.
    attached: Option<Attached>,
    /// Shared by commits, held exclusively by a last attempt.
    turn: RwLock<()>,
}

impl Store {
    /// The store of a world, which begins with the state of a seed: it keeps everything in memory, or in the store that
    /// the seed names.
    pub(super) fn of_seed(seed: Arc<SeedGeneration>, world: &WorldName) -> Self {
        let attached = seed.cluster.as_ref().map(|cluster| Attached::new(cluster, world));
        let shared = attached.as_ref().map(|attached| Arc::clone(attached.published()));
        let first = move || shared.unwrap_or_else(|| Arc::new(Published::new(seed.state.clone())));
        Self {
            backend: Memory::default(),
            published: Lazy::new(Box::new(first)),
            attached,
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
        let first = move || Arc::new(Published::new(state));
        let published = Lazy::new(Box::new(first) as Box<dyn FnOnce() -> _ + Send>);
        Self { backend, published, attached: None, turn: RwLock::default() }
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
        LazyLock::get(&self.published).map_or(0, |published| published.watches())
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

    /// Carries out a request: as [`Self::write`], where the store is in memory. Else it waits for the store.
    ///
    /// # Errors
    /// [`WriteError`].
    pub(super) async fn carry_out<T>(
        &self,
        fresh: Fresh,
        mut decide: impl FnMut(&Arc<State>, Carried) -> (Option<StoreChange>, T),
    ) -> Result<(T, Committed), WriteError> {
        let Some(attached) = &self.attached else {
            return Ok(self.write(|state| decide(state, Carried::Nothing))?);
        };
        attached.note_use();
        if fresh == Fresh::Never {
            // A read of what is here waits for nothing.
            let (change, decided) = decide(&self.state(), Carried::Nothing);
            if change.is_none_or(|change| change.is_empty()) {
                return Ok((decided, Committed::default()));
            }
        }
        // What waits is large, and most stores never do.
        let (decided, committed) = Box::pin(attached.write(fresh, decide)).await?;
        if !committed.is_empty() {
            let namespaces = |state: &_, _| (k8s::emptied_namespaces(state, &committed), ());
            let definitions = |state: &_, _| (k8s::emptied_definitions(state, &committed), ());
            // Where it fails, the server whose controllers run sees to it.
            let _ = Box::pin(attached.write(Fresh::Never, namespaces)).await;
            let _ = Box::pin(attached.write(Fresh::Never, definitions)).await;
        }
        Ok((decided, committed))
    }

    /// Waits until the state has all that other servers have written before.
    ///
    /// # Errors
    /// [`WriteError::Failed`].
    pub(super) async fn refresh(&self) -> Result<(), WriteError> {
        match &self.attached {
            Some(attached) => Box::pin(attached.refresh()).await.map_err(WriteError::from),
            None => Ok(()),
        }
    }

    /// Makes a revision that the state does not remember known to lists, where the store has it; and expires one that the
    /// state remembers, where the store has compacted it.
    pub(super) async fn recall(&self, revision: Revision) {
        let Some(attached) = &self.attached else { return };
        let state = self.state();
        if revision >= state.history.floor() {
            if let Some(last) = state.history.holds_until(revision) {
                Box::pin(attached.expire(revision, last)).await;
            }
        } else if !self.pinned().has_recalled(revision) {
            // Where it fails, the list is refused as one that is too old.
            let _ = Box::pin(attached.recall(revision)).await;
        }
    }

    /// Whether several servers share it.
    pub(super) fn is_shared(&self) -> bool {
        self.attached.is_some()
    }

    /// Why the server is not ready, where it is not: the state does not follow the other servers, or the store takes no
    /// writes.
    pub(super) fn not_ready(&self) -> Option<String> {
        self.attached.as_ref()?.not_ready()
    }

    /// Whether this server runs the controllers of the servers that share it; nothing where none do.
    pub(super) fn leads(&self) -> Option<watch::Receiver<bool>> {
        self.attached.as_ref().map(Attached::leads)
    }

    /// Deletes what was written, where other servers would see it in the next world of this name.
    pub(super) fn erase(&self) {
        if let Some(attached) = &self.attached {
            // Where it fails, the world is there again with its objects.
            let _ = attached.erase();
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
        if let Some(attached) = &self.attached {
            // Controllers and the admin API try again, whatever the reason is.
            return attached.write_and_wait(decide).map_err(|_| Contended);
        }
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
