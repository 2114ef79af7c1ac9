//! The health of a store: transactions are counted, the local state is waited for, and etcd is asked whether it has space
//! again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::etcd::{Failure, RequestOp, TxnRequest, TxnResponse};
use crate::k8s::Revision;

use super::super::numbers::StoreNumbers;
use super::super::published::Published;
use super::inner::{Inner, PATIENCE};

/// How often a server looks whether etcd has space again.
const LOOK: Duration = Duration::from_secs(1);

/// How long a request waits for the local state to have a write that etcd has.
const CATCH_UP: Duration = Duration::from_secs(5);

impl Inner {
    /// Waits until the local state of a world has a revision.
    pub(super) async fn arrive(
        &self,
        published: &Published,
        revision: Revision,
    ) -> Result<(), Failure> {
        self.health.know(revision);
        if tokio::time::timeout(CATCH_UP, published.reached(revision)).await.is_ok() {
            return Ok(());
        }
        // The member that is watched may have lost the others.
        self.reopen.notify_one();
        Err(Failure::Unavailable("the local state is behind".to_owned()))
    }

    /// Carries out a transaction of a world, and notes what comes of it.
    pub(super) async fn transact(
        self: &Arc<Self>,
        request: TxnRequest,
    ) -> Result<TxnResponse, Failure> {
        let answer = self.members.transact(request, PATIENCE).await;
        self.health.count(&answer);
        if matches!(answer, Err(Failure::Full)) && !self.health.full.swap(true, Ordering::Relaxed) {
            self.say(
                "etcd has no space for writes: compact and defragment it, then run `etcdctl alarm disarm`",
            );
            tokio::spawn(Arc::clone(self).wait_for_space());
        }
        answer
    }

    /// Looks again and again whether etcd takes a write.
    async fn wait_for_space(self: Arc<Self>) {
        loop {
            tokio::time::sleep(LOOK).await;
            let write = RequestOp::put(self.keys.space().into(), Vec::new());
            let request = TxnRequest { compare: Vec::new(), success: vec![write] };
            if self.members.transact(request, PATIENCE).await.is_ok() {
                self.health.full.store(false, Ordering::Relaxed);
                self.say("etcd has space for writes again");
                return;
            }
        }
    }

    /// Why the server is not ready, where it is not.
    pub(super) fn not_ready(&self) -> Option<String> {
        let full = || self.health.is_full().then(|| Failure::Full.to_string());
        self.trouble().clone().or_else(full)
    }

    /// The numbers of this moment.
    pub(super) fn numbers(&self) -> StoreNumbers {
        let health = &self.health;
        let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
        let progress = health.progress();
        StoreNumbers {
            revision: progress.applied.0,
            lag: progress.known.0.saturating_sub(progress.applied.0),
            behind: progress.behind.map(|since| since.elapsed()).unwrap_or_default(),
            leads: *self.leads.borrow(),
            follows: self.trouble().is_none(),
            is_full: health.is_full(),
            worlds: self.worlds().len(),
            transactions: std::array::from_fn(|at| count(&health.transactions[at])),
            loads: count(&health.loads),
            losses: count(&health.losses),
            attempts: self.members.attempts_failed(),
        }
    }
}
