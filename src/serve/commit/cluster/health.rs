//! How a store fares: how far the local state is behind, what was counted, and whether etcd has space.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::etcd::{Failure, RequestOp, TxnRequest, TxnResponse};
use crate::k8s::Revision;

use super::super::numbers::StoreNumbers;
use super::inner::{Inner, PATIENCE};

/// How often a server looks whether etcd has space again.
const LOOK: Duration = Duration::from_secs(1);

/// What is counted, and what is known of etcd.
#[derive(Debug, Default)]
pub(super) struct Health {
    /// Transactions that were carried out, that conflicted, and that failed.
    transactions: [AtomicU64; 3],
    loads: AtomicU64,
    losses: AtomicU64,
    /// Etcd has no space for writes.
    full: AtomicBool,
    progress: Mutex<Progress>,
}

/// How far the local state is.
#[derive(Debug, Default)]
struct Progress {
    /// The highest revision that etcd has answered with.
    known: Revision,
    /// Up to where the local state has all writes.
    applied: Revision,
    /// Since when it has not all that is known.
    behind: Option<Instant>,
}

impl Health {
    /// Etcd has a write of this revision.
    pub(super) fn know(&self, revision: Revision) {
        let mut progress = self.progress();
        progress.known = progress.known.max(revision);
        if progress.known > progress.applied {
            progress.behind.get_or_insert_with(Instant::now);
        }
    }

    /// The local state has all writes up to a revision.
    pub(super) fn apply(&self, revision: Revision) {
        let mut progress = self.progress();
        progress.applied = progress.applied.max(revision);
        if progress.applied >= progress.known {
            progress.behind = None;
        }
    }

    pub(super) fn count_load(&self) {
        self.loads.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_loss(&self) {
        self.losses.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether etcd has no space for writes.
    pub(super) fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    fn count(&self, answer: &Result<TxnResponse, Failure>) {
        let place = match answer {
            Ok(answer) => usize::from(!answer.succeeded),
            Err(_) => 2,
        };
        self.transactions[place].fetch_add(1, Ordering::Relaxed);
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
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
            worlds: *self.count.borrow(),
            transactions: std::array::from_fn(|at| count(&health.transactions[at])),
            loads: count(&health.loads),
            losses: count(&health.losses),
            attempts: self.members.attempts_failed(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_behind_until_it_has_what_etcd_has_answered() {
        let health = Health::default();
        let lag = || {
            let progress = health.progress();
            (progress.known.0.saturating_sub(progress.applied.0), progress.behind.is_some())
        };
        health.apply(Revision(5));
        health.know(Revision(4));
        assert_eq!(lag(), (0, false));
        health.know(Revision(9));
        health.know(Revision(7));
        assert_eq!(lag(), (4, true));
        health.apply(Revision(8));
        assert_eq!(lag(), (1, true));
        health.apply(Revision(9));
        assert_eq!(lag(), (0, false));
    }

    #[test]
    fn transactions_are_counted_by_what_comes_of_them() {
        let health = Health::default();
        for answer in [
            Ok(TxnResponse { succeeded: true, ..TxnResponse::default() }),
            Ok(TxnResponse { succeeded: false, ..TxnResponse::default() }),
            Ok(TxnResponse { succeeded: false, ..TxnResponse::default() }),
            Err(Failure::Full),
        ] {
            health.count(&answer);
        }
        let counts = health.transactions.each_ref().map(|of| of.load(Ordering::Relaxed));
        assert_eq!(counts, [1, 2, 1]);
    }
}
