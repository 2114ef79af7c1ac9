//! The number of open connections of a server.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts the open connections of a server, of all its ports that have a clone of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct OpenConnections(Arc<AtomicUsize>);

/// A guard: a connection counts as open until this is dropped.
#[derive(Debug)]
pub(super) struct OpenConnection(OpenConnections);

impl OpenConnections {
    /// Returns how many there are.
    #[cfg(feature = "cli")]
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }

    /// Counts one more.
    pub(super) fn open(&self) -> OpenConnection {
        self.0.fetch_add(1, Ordering::AcqRel);
        OpenConnection(self.clone())
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::AcqRel);
    }
}
