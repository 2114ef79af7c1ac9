//! What the tasks of a store share.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot, watch};

use crate::etcd::{Failure, Members};
use crate::k8s::{Committed, Revision, State};
use crate::message::WorldName;
use crate::transport::Logger;

use super::super::arrivals::Arrivals;
use super::super::proposal::ServerChange;
use super::super::published::Published;
use super::counts::Health;
use super::keys::Keys;
use super::shared_world::SharedWorld;

/// How long a request waits for etcd.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Who waits for the next answer about a key.
pub(super) type Waiting = Vec<oneshot::Sender<Result<Revision, Failure>>>;

/// Where lines about the store go.
#[derive(Clone)]
pub(super) struct Log(pub(super) Logger);

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Log")
    }
}

/// The key of a server, once it is known.
pub(super) type ReplicaKey = OnceLock<String>;

/// What is told about all clusters.
#[derive(Debug, Clone)]
pub(super) struct Signals {
    news: Arc<watch::Sender<u64>>,
    count: Arc<watch::Sender<usize>>,
}

impl Default for Signals {
    fn default() -> Self {
        Self { news: Arc::new(watch::Sender::new(0)), count: Arc::new(watch::Sender::new(0)) }
    }
}

/// What the tasks of a store share.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) members: Arc<Members>,
    pub(super) keys: Keys,
    /// The key that says where this server is reached, once it was written.
    pub(super) replica: ReplicaKey,
    /// A world in which nothing was written.
    pub(super) layer: State,
    pub(super) worlds: Mutex<HashMap<WorldName, Arc<Published>>>,
    /// What is of each world besides its objects.
    pub(super) shares: Mutex<HashMap<WorldName, Arc<SharedWorld>>>,
    /// What happened to what all worlds share besides objects, until somebody takes it over.
    pub(super) server: Mutex<Vec<ServerChange>>,
    /// Counts what somebody has to take over; of all clusters.
    pub(super) news: Arc<watch::Sender<u64>>,
    /// The revision up to which all writes are in the local copies.
    seen: AtomicU64,
    /// Who waits for one.
    arrivals: Arrivals,
    /// When the data began: the time at which the clocks of all worlds begin.
    pub(super) began: Timestamp,
    pub(super) asking: Mutex<HashMap<String, Waiting>>,
    /// Why the local state does not follow, where it does not.
    pub(super) trouble: Mutex<Option<String>>,
    /// The watch is to be opened anew.
    pub(super) reopen: Notify,
    /// Whether this server runs the controllers of all.
    pub(super) leads: watch::Sender<bool>,
    /// Counts the worlds that are new; of all clusters.
    pub(super) count: Arc<watch::Sender<usize>>,
    /// Where etcd is spoken to.
    pub(super) driver: Handle,
    pub(super) health: Health,
    pub(super) log: Log,
}

/// Why a change was not committed as a whole.
pub(super) enum Refusal {
    /// It is to be decided again. Its first parts may have been committed.
    Conflict(Committed),
    /// Etcd was not reached, or refuses.
    Failed(Failure),
}

impl Inner {
    pub(super) fn new(
        members: Arc<Members>,
        keys: Keys,
        layer: State,
        began: Timestamp,
        signals: Signals,
        driver: Handle,
        log: Log,
    ) -> Self {
        Self {
            members,
            keys,
            replica: ReplicaKey::new(),
            layer,
            began,
            worlds: Mutex::default(),
            shares: Mutex::default(),
            server: Mutex::default(),
            news: signals.news,
            seen: AtomicU64::new(0),
            arrivals: Arrivals::default(),
            asking: Mutex::default(),
            trouble: Mutex::default(),
            reopen: Notify::new(),
            leads: watch::Sender::new(false),
            count: signals.count,
            driver,
            health: Health::default(),
            log,
        }
    }

    /// The local state of a world: as the fixtures have it, where nothing was written.
    pub(super) fn published(&self, world: &WorldName) -> Arc<Published> {
        let mut worlds = self.worlds();
        if let Some(known) = worlds.get(world) {
            return Arc::clone(known);
        }
        let published = Arc::new(Published::new(self.layer.clone()));
        worlds.insert(world.clone(), Arc::clone(&published));
        self.count.send_modify(|count| *count += 1);
        published
    }

    /// What is of a world besides its objects.
    pub(super) fn share(&self, world: &WorldName) -> Arc<SharedWorld> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(SharedWorld::new(world, self.began));
        Arc::clone(shares.entry(world.clone()).or_insert_with(new))
    }

    /// All writes up to a revision are in the local copies.
    pub(super) fn has_seen(&self, revision: Revision) {
        self.seen.store(revision.0, Ordering::SeqCst);
        self.arrivals.reach(revision);
    }

    /// Waits until all writes up to a revision are in the local copies.
    pub(super) async fn reached(&self, revision: Revision) {
        self.arrivals.wait(revision, || Revision(self.seen.load(Ordering::SeqCst))).await;
    }

    pub(super) fn say(&self, line: &str) {
        (self.log.0)(line);
    }

    pub(super) fn worlds(&self) -> MutexGuard<'_, HashMap<WorldName, Arc<Published>>> {
        self.worlds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn server(&self) -> MutexGuard<'_, Vec<ServerChange>> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn trouble(&self) -> MutexGuard<'_, Option<String>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
