//! Counts the requests of an HTTP/2 connection, so that an idle connection can be closed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

/// How many requests of a connection were started and answered.
#[derive(Debug, Default)]
pub(super) struct Use {
    pub(super) begun: AtomicU64,
    pub(super) done: AtomicU64,
    changed: Notify,
}

impl Use {
    /// Completes when all requests are answered.
    pub(super) async fn quiet(&self) {
        while self.begun.load(Ordering::Acquire) != self.done.load(Ordering::Acquire) {
            self.changed.notified().await;
        }
    }
}

/// A request that is being answered. It is dropped with the body of its answer: a watch counts for
/// its whole duration.
#[derive(Debug)]
pub(super) struct InUse(pub(super) Arc<Use>);

impl Drop for InUse {
    fn drop(&mut self) {
        self.0.done.fetch_add(1, Ordering::AcqRel);
        self.0.changed.notify_one();
    }
}
