//! The published state of a world, and the receivers that wait for the next one.
//!
//! ```text
//! Backend → Published::publish → readers: Published::state (no lock)
//!                              → receivers of the written collections wake, no others
//! ```

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use tokio::sync::watch;

#[cfg(feature = "etcd")]
use super::arrivals::Arrivals;
use crate::k8s::{GroupResource, PinnedSnapshots, Revision, State};

/// The published state of one world, and its receivers.
#[derive(Debug)]
pub(crate) struct Published {
    state: ArcSwap<State>,
    revision: watch::Sender<Revision>,
    /// Who waits for a revision of a store that several servers share.
    #[cfg(feature = "etcd")]
    arrivals: Arrivals,
    /// The receivers of one resource.
    waiting: Mutex<HashMap<Arc<GroupResource>, watch::Sender<Revision>>>,
    pinned: PinnedSnapshots,
    /// Whether a client has used the world since somebody looked; of a store that several servers share.
    used: AtomicBool,
}

impl Published {
    pub(super) fn new(state: State) -> Self {
        Self {
            revision: watch::Sender::new(state.revision),
            #[cfg(feature = "etcd")]
            arrivals: Arrivals::default(),
            state: ArcSwap::from_pointee(state),
            waiting: Mutex::default(),
            pinned: PinnedSnapshots::default(),
            used: AtomicBool::default(),
        }
    }

    /// The state now. Costs two atomic operations.
    pub(super) fn state(&self) -> Arc<State> {
        self.state.load_full()
    }

    /// Older snapshots, for continue chains and lists at an exact revision.
    pub(super) fn pinned(&self) -> &PinnedSnapshots {
        &self.pinned
    }

    /// Publishes the state after writes of some resources. Calls are sequential, in the order of revisions.
    pub(super) fn publish<'r>(
        &self,
        state: State,
        touched: impl Iterator<Item = &'r Arc<GroupResource>>,
    ) {
        let (revision, floor) = (state.revision, state.history.floor());
        let before = self.state.swap(Arc::new(state));
        if revision != before.revision {
            self.revision.send_replace(revision);
            #[cfg(feature = "etcd")]
            self.arrivals.reach(revision);
            let waiting = self.waiting();
            for resource in touched {
                if let Some(sender) = waiting.get(resource) {
                    sender.send_replace(revision);
                }
            }
        }
        if floor != before.history.floor() {
            self.pinned.drop_below(floor);
        }
    }

    /// Publishes a state that has nothing to do with the one before: nothing of the past is kept.
    pub(super) fn restart(&self, state: State) {
        let revision = state.revision;
        self.state.store(Arc::new(state));
        self.pinned.drop_below(Revision(u64::MAX));
        self.pinned.forget_recalled();
        self.revision.send_replace(revision);
        #[cfg(feature = "etcd")]
        self.arrivals.reach(revision);
        for sender in self.waiting().values() {
            sender.send_replace(revision);
        }
    }

    /// A receiver that wakes when the revision grows.
    pub(super) fn subscribe(&self) -> watch::Receiver<Revision> {
        self.revision.subscribe()
    }

    /// A receiver that wakes when an object of a resource is written.
    pub(super) fn subscribe_to(&self, resource: &Arc<GroupResource>) -> watch::Receiver<Revision> {
        let mut waiting = self.waiting();
        if !waiting.contains_key(resource) {
            waiting.retain(|_, sender| sender.receiver_count() > 0);
        }
        let sender = waiting.entry(Arc::clone(resource));
        sender.or_insert_with(|| watch::Sender::new(self.state().revision)).subscribe()
    }

    /// Waits until the state has a revision.
    #[cfg(feature = "etcd")]
    pub(super) async fn reached(&self, revision: Revision) {
        self.arrivals.wait(revision, || self.state.load().revision).await;
    }

    /// How many receivers wait for writes of a resource.
    pub(super) fn watches(&self) -> usize {
        self.waiting().values().map(watch::Sender::receiver_count).sum()
    }

    /// A client uses the world.
    pub(super) fn note_use(&self) {
        self.used.store(true, Ordering::Relaxed);
    }

    /// Whether a client has used the world since the last call, or watches it.
    #[cfg(feature = "etcd")]
    pub(super) fn take_use(&self) -> bool {
        self.used.swap(false, Ordering::Relaxed) || self.watches() > 0
    }

    /// Wakes all receivers without a write: the server stops, or the world is deleted.
    pub(super) fn wake(&self) {
        self.revision.send_modify(|_| {});
        self.waiting().values().for_each(|sender| sender.send_modify(|_| {}));
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<Arc<GroupResource>, watch::Sender<Revision>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
