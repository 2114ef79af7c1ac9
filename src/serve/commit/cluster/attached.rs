//! One world of a store: reads and writes of it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::etcd::Failure;
use crate::k8s::{Committed, Revision, State, StoreChange};
use crate::message::WorldName;

use super::super::outcome::{Carried, Contended, Fresh, WriteError};
use super::super::published::Published;
use super::inner::Refusal;
use super::park;
use super::store::Cluster;

/// How often a change is decided while others write; after the first few times, one writer of this server at a time.
const TRIES: usize = 100;

/// How long a list of the past waits to hear whether etcd has compacted it.
const SOON: Duration = Duration::from_secs(1);

/// How many of these are beside other writers of this server.
const TOGETHER: usize = 3;

/// One world of a store.
#[derive(Debug)]
pub(crate) struct Attached {
    /// The one that the world is in.
    cluster: Arc<Cluster>,
    /// The first one.
    home: Arc<Cluster>,
    world: WorldName,
    published: Arc<Published>,
    /// Held by a writer whose change has conflicted often.
    turn: tokio::sync::Mutex<()>,
}

impl Attached {
    /// A world of a store.
    pub(crate) fn new(home: &Arc<Cluster>, world: &WorldName) -> Self {
        let cluster = home.of(world);
        let published = cluster.inner.published(world);
        let (home, world) = (Arc::clone(home), world.clone());
        Self { cluster, home, world, published, turn: tokio::sync::Mutex::default() }
    }

    /// The local state of the world.
    pub(crate) fn published(&self) -> &Arc<Published> {
        &self.published
    }

    /// A client uses the world: it is not removed for a time.
    pub(crate) fn note_use(&self) {
        self.published.note_use();
    }

    /// Whether this server runs the controllers of all.
    pub(crate) fn leads(&self) -> watch::Receiver<bool> {
        self.cluster.leads()
    }

    /// Why the local state does not follow, where it does not.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.cluster.inner.trouble().clone()
    }

    /// Why the server is not ready, where it is not: it does not follow, or etcd has no space.
    pub(crate) fn not_ready(&self) -> Option<String> {
        self.home.not_ready()
    }

    /// Waits until the local state has all that was written before.
    pub(crate) async fn refresh(&self) -> Result<(), Failure> {
        let last = self.cluster.inner.last_write(&self.world).await?;
        self.cluster.inner.arrive(&self.published, last).await
    }

    /// Reads the objects of a revision that the local state does not remember, for the lists that ask for it. Where etcd
    /// does not have it either, they are answered so.
    pub(crate) async fn recall(&self, revision: Revision) -> Result<(), Failure> {
        let (inner, world) = (Arc::clone(&self.cluster.inner), self.world.clone());
        let recalled =
            self.cluster.run(async move { inner.recall(&world, revision).await }).await?;
        if let Some(snapshot) = recalled {
            self.published.pinned().recall(revision, snapshot);
        }
        Ok(())
    }

    /// Expires a revision for lists, where etcd has compacted the last one at which the world was the same. Where etcd is
    /// not reached, what is known is answered.
    pub(crate) async fn expire(&self, revision: Revision, last: Revision) {
        if self.trouble().is_some() {
            return;
        }
        let inner = Arc::clone(&self.cluster.inner);
        let asking = async move {
            let head = inner.keys.format();
            inner.members.has_compacted(&head, last.0, SOON).await
        };
        if matches!(self.cluster.run(asking).await, Ok(true)) {
            self.published.pinned().expire(revision);
        }
    }

    /// As `Store::carry_out`.
    pub(crate) async fn write<T>(
        &self,
        fresh: Fresh,
        mut decide: impl FnMut(&Arc<State>, Carried) -> (Option<StoreChange>, T),
    ) -> Result<(T, Committed), WriteError> {
        let mut done = Committed::default();
        if fresh == Fresh::First {
            self.refresh().await?;
        }
        let mut is_fresh = fresh != Fresh::BeforeRefusal;
        let mut alone = None;
        for attempt in 0..TRIES {
            if attempt == TOGETHER {
                alone = Some(self.turn.lock().await);
            }
            let state = self.published.state();
            let carried = if done.is_empty() { Carried::Nothing } else { Carried::Part };
            let (change, decided) = decide(&state, carried);
            let Some(change) = change.filter(|change| !change.is_empty()) else {
                if !is_fresh {
                    // What refuses the request may be gone already.
                    self.refresh().await?;
                    is_fresh = true;
                    if self.published.state().revision != state.revision {
                        continue;
                    }
                }
                return Ok((decided, done));
            };
            match self.commit(change).await {
                Ok(mut committed) => {
                    // The answer knows its writes by their place.
                    committed.append(done);
                    return Ok((decided, committed));
                }
                Err(Refusal::Failed(failure)) => return Err(failure.into()),
                Err(Refusal::Conflict(committed)) => {
                    done.append(committed);
                    self.refresh().await?;
                    is_fresh = true;
                }
            }
        }
        drop(alone);
        // Where other fixtures were put in place of these, each transaction is refused.
        Err(self.trouble().map_or(WriteError::Contended(Contended), WriteError::Failed))
    }

    /// As [`Self::write`], for a writer that is not asynchronous.
    pub(crate) fn write_and_wait<T>(
        &self,
        mut decide: impl FnMut(&Arc<State>) -> (Option<StoreChange>, T),
    ) -> Result<(T, Committed), WriteError> {
        let decide = |state: &_, _| decide(state);
        park::wait(&self.cluster.driver, self.write(Fresh::BeforeRefusal, decide))
    }

    /// Deletes what was written in the world: its next use makes it anew.
    pub(crate) fn erase(&self) -> Result<(), Failure> {
        let (inner, world) = (Arc::clone(&self.cluster.inner), self.world.clone());
        park::wait(&self.cluster.driver, async {
            let end = self.cluster.run(async move { inner.erase(&world).await }).await?;
            self.cluster.inner.arrive(&self.published, end).await
        })
    }

    /// Commits a change, and waits until the local state has it: both where etcd is spoken to, so that this thread is woken
    /// once.
    async fn commit(&self, change: StoreChange) -> Result<Committed, Refusal> {
        let (inner, world) = (Arc::clone(&self.cluster.inner), self.world.clone());
        let published = Arc::clone(&self.published);
        let committing = async move {
            let (committed, last) = match inner.commit(&world, change).await {
                Ok(committed) => committed,
                Err(refusal) => return Ok(Err(refusal)),
            };
            if let Some(last) = last {
                inner.arrive(&published, last).await?;
            }
            Ok(Ok(committed))
        };
        self.cluster.run(committing).await.map_err(Refusal::Failed)?
    }
}

impl From<Failure> for WriteError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Full | Failure::Refused(_) => Self::Refused(failure.to_string()),
            Failure::Unavailable(_) | Failure::Compacted => Self::Failed(failure.to_string()),
        }
    }
}
