//! Which requests of an HTTP/2 connection are being answered: an idle connection is closed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What the requests of a connection tell the connection.
#[derive(Debug, Default)]
pub(super) struct Use {
    pub(super) begun: AtomicU64,
    pub(super) done: AtomicU64,
}

/// A request that is being answered. Dropped with its answer's body: a watch is in use while it lasts.
#[derive(Debug)]
pub(super) struct InUse(pub(super) Arc<Use>);

impl Drop for InUse {
    fn drop(&mut self) {
        self.0.done.fetch_add(1, Ordering::AcqRel);
    }
}
