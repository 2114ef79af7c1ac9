//! Changes of what servers share besides objects: a proposal → one transaction → the local copies.

use std::future::Future;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::etcd::{Compare, Failure, RequestOp, TxnRequest, revision_of};
use crate::k8s::Revision;
use crate::message::WorldName;

use super::super::proposal::{MOST_BYTES, Proposal, ServerChange, ShareError};
use super::super::published::Published;
use super::inner::{Inner, PATIENCE};
use super::park;
use super::store::Cluster;

/// How long a request waits for the local copies to have a change that etcd has.
const CATCH_UP: Duration = Duration::from_secs(5);

/// A change that was made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Made {
    /// Its revision.
    pub(super) at: Revision,
    /// The revision of the change before.
    pub(super) before: Revision,
}

impl Inner {
    /// Makes a change, unless another server was faster: then nothing is returned.
    async fn propose(&self, proposal: Proposal) -> Result<Option<Made>, Failure> {
        let key = |key: &String| self.keys.below(key).into_bytes();
        let mut compare = vec![self.is_of_fixtures()];
        compare.extend(proposal.expected.iter().map(|(of, at)| Compare::at(key(of), *at)));
        let cleared = proposal.cleared.iter().map(|of| RequestOp::delete_all(key(of)));
        let removed = proposal.removed.iter().map(|of| RequestOp::delete(key(of)));
        let mut success = vec![RequestOp::get(self.keys.changes().into())];
        success.extend(cleared.chain(removed));
        success.extend(
            proposal.written.into_iter().map(|(of, value)| RequestOp::put(key(&of), value)),
        );
        success.push(RequestOp::put(self.keys.changes().into(), Vec::new()));
        let answer = self.members.transact(TxnRequest { compare, success }, PATIENCE).await?;
        let at = Revision(revision_of(answer.header.map(|header| header.revision)));
        if !answer.succeeded && self.is_replaced().await? {
            let why = "other fixtures were put in place of these".to_owned();
            return Err(Failure::Refused(why));
        }
        let read = answer.responses.first().and_then(|read| read.range.as_ref());
        let last = read.and_then(|read| read.kvs.first()).map(|kv| kv.mod_revision);
        Ok(answer.succeeded.then_some(Made { at, before: Revision(revision_of(last)) }))
    }

    /// What holds as long as the fixtures of all worlds are those of this server.
    fn is_of_fixtures(&self) -> Compare {
        Compare::at(self.keys.fingerprint().into(), self.layer.revision.0)
    }

    async fn is_replaced(&self) -> Result<bool, Failure> {
        let found = self.members.get(&self.keys.fingerprint(), PATIENCE).await?;
        let at = revision_of(found.kvs.first().map(|kv| kv.mod_revision));
        Ok(at != self.layer.revision.0)
    }
}

impl Cluster {
    /// Makes a change, and waits until the local copies have it. Returns its revision; nothing where another server
    /// was faster.
    ///
    /// # Errors
    /// [`ShareError`].
    pub(crate) async fn change(&self, proposal: Proposal) -> Result<Option<Revision>, ShareError> {
        let made = self.propose(proposal).await?;
        let Some(Made { at, .. }) = made else { return Ok(None) };
        self.reach(at).await?;
        Ok(Some(at))
    }

    pub(super) async fn propose(&self, proposal: Proposal) -> Result<Option<Made>, ShareError> {
        let bytes = proposal.bytes();
        if bytes > MOST_BYTES {
            return Err(ShareError::TooLarge { bytes });
        }
        let inner = Arc::clone(&self.inner);
        Ok(self.run(async move { inner.propose(proposal).await }).await?)
    }

    /// Waits until the local copies have all that was changed before, by any server.
    ///
    /// # Errors
    /// [`ShareError::Failed`].
    pub(crate) async fn refresh(&self) -> Result<(), ShareError> {
        let last = self.inner.last_change().await?;
        self.reach(last).await
    }

    pub(super) async fn reach(&self, revision: Revision) -> Result<(), ShareError> {
        if tokio::time::timeout(CATCH_UP, self.inner.reached(revision)).await.is_ok() {
            return Ok(());
        }
        // The member that is watched may have lost the others.
        self.inner.reopen.notify_one();
        Err(ShareError::Failed("the local state is behind".to_owned()))
    }

    /// Waits, for a caller that is not asynchronous.
    pub(crate) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        park::wait(&self.driver, future)
    }

    /// What happened to what all worlds share since this was called last.
    pub(crate) fn take_changes(&self) -> Vec<ServerChange> {
        std::mem::take(&mut *self.inner.server())
    }

    /// Whether there is something to take.
    pub(crate) fn has_changes(&self) -> bool {
        !self.inner.server().is_empty()
    }

    /// A receiver that wakes when there is something to take over.
    pub(crate) fn news(&self) -> watch::Receiver<u64> {
        self.inner.news.subscribe()
    }

    /// Whether some server has written to a world, and none has deleted it since.
    pub(crate) fn knows(self: &Arc<Self>, world: &WorldName) -> bool {
        let inner = &self.of(world).inner;
        let share = {
            let shares = inner.shares.lock().unwrap_or_else(PoisonError::into_inner);
            shares.get(world).cloned()
        };
        let began = share.as_ref().map_or(0, |share| share.versions().1);
        let began = inner.layer.revision.max(Revision(began));
        let is_written = |published: &Arc<Published>| published.state().revision > began;
        share.is_some_and(|share| share.has_entries())
            || inner.worlds().get(world).is_some_and(is_written)
    }
}

impl From<Failure> for ShareError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure.to_string())
    }
}
