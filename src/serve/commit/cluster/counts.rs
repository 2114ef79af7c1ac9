//! What a store counts, and how far its local state is behind.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::etcd::{Failure, TxnResponse};
use crate::k8s::Revision;

/// What is counted, and what is known of etcd.
#[derive(Debug, Default)]
pub(super) struct Health {
    /// Transactions that were carried out, that conflicted, and that failed.
    pub(super) transactions: [AtomicU64; 3],
    pub(super) loads: AtomicU64,
    pub(super) losses: AtomicU64,
    /// Etcd has no space for writes.
    pub(super) full: AtomicBool,
    pub(super) progress: Mutex<Progress>,
}

/// How far the local state is.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// The highest revision that etcd has answered with.
    pub(super) known: Revision,
    /// Up to where the local state has all writes.
    pub(super) applied: Revision,
    /// Since when it has not all that is known.
    pub(super) behind: Option<Instant>,
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

    pub(super) fn count(&self, answer: &Result<TxnResponse, Failure>) {
        let place = match answer {
            Ok(answer) => usize::from(!answer.succeeded),
            Err(_) => 2,
        };
        self.transactions[place].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
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
