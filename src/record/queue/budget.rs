//! The memory of exchanges until they are written.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// The memory budget of exchanges, in bytes.
#[derive(Debug)]
pub(in crate::record) struct Budget {
    held: AtomicUsize,
    most: usize,
    freed: Notify,
}

impl Budget {
    pub(super) fn new(most: usize) -> Self {
        Self { held: AtomicUsize::new(0), most, freed: Notify::new() }
    }

    /// Waits until there is room for another exchange.
    pub(in crate::record) async fn wait(&self) {
        loop {
            if self.has_room() {
                return;
            }
            // Registered before the check, so that what is freed in between wakes this task.
            let freed = self.freed.notified();
            if self.has_room() {
                return;
            }
            freed.await;
        }
    }

    fn has_room(&self) -> bool {
        self.held.load(Ordering::Acquire) < self.most
    }

    /// How many bytes are held, and the budget.
    pub(in crate::record) fn held(&self) -> (usize, usize) {
        (self.held.load(Ordering::Relaxed), self.most)
    }

    /// The share of a new exchange.
    pub(in crate::record) fn reserve(self: &Arc<Self>) -> Reserved {
        Reserved { budget: Arc::clone(self), bytes: 0 }
    }
}

/// The share of one exchange in the budget, returned when it is dropped.
#[derive(Debug)]
pub(in crate::record) struct Reserved {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Reserved {
    pub(in crate::record) fn grow(&mut self, bytes: usize) {
        self.bytes += bytes;
        self.budget.held.fetch_add(bytes, Ordering::AcqRel);
    }

    /// Takes a share of this size.
    pub(in crate::record) fn set(&mut self, bytes: usize) {
        let before = std::mem::replace(&mut self.bytes, bytes);
        if bytes >= before {
            self.budget.held.fetch_add(bytes - before, Ordering::AcqRel);
        } else {
            self.free(before - bytes);
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn free(&self, bytes: usize) {
        let before = self.budget.held.fetch_sub(bytes, Ordering::AcqRel);
        // Nobody waits while there is room.
        if before >= self.budget.most {
            self.budget.freed.notify_waiters();
        }
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.free(self.bytes);
    }
}
