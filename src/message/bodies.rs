//! The memory budget of request bodies, and the errors of reading one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A request or upstream body that could not be read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum BodyError {
    /// More bytes than the limit, in bytes.
    #[error("the body is larger than the limit of {0} bytes")]
    TooLarge(usize),
    /// All request bodies together would exceed their budget, in bytes.
    #[error("the server holds {0} bytes of request bodies already, which is all it may; try again")]
    TooMany(usize),
    /// Nothing of the body arrived for too long.
    #[error("nothing of the body arrived for {} s", .0.as_secs_f32())]
    Stalled(Duration),
    /// The connection ended or broke before the body did.
    #[error("the body ended early: {0}")]
    Broken(String),
}

/// The memory budget of request bodies, in bytes. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Bodies(Arc<Count>);

#[derive(Debug)]
struct Count {
    held: AtomicUsize,
    most: usize,
}

impl Bodies {
    /// Creates a budget of this many bytes.
    #[must_use]
    pub(crate) fn new(most: usize) -> Self {
        Self(Arc::new(Count { held: AtomicUsize::new(0), most }))
    }

    /// Returns how many bytes are held, and the budget.
    #[must_use]
    pub(crate) fn held(&self) -> (usize, usize) {
        (self.0.held.load(Ordering::Relaxed), self.0.most)
    }
}

impl Default for Bodies {
    /// Creates an unlimited budget.
    fn default() -> Self {
        Self::new(usize::MAX)
    }
}

/// The share of one body, returned when it is dropped.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// `None` while no body was read.
    of: Option<Bodies>,
    bytes: usize,
}

impl Held {
    pub(super) fn of(bodies: &Bodies) -> Self {
        Self { of: Some(bodies.clone()), bytes: 0 }
    }

    /// Reserves more of the budget.
    ///
    /// # Errors
    /// [`BodyError::TooMany`] where the budget is exceeded.
    pub(super) fn grow(&mut self, bytes: usize) -> Result<(), BodyError> {
        let Some(Bodies(count)) = &self.of else { return Ok(()) };
        let Count { held, most } = &**count;
        let before = held.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > *most {
            held.fetch_sub(bytes, Ordering::Relaxed);
            return Err(BodyError::TooMany(*most));
        }
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(Bodies(count)) = &self.of {
            count.held.fetch_sub(self.bytes, Ordering::Relaxed);
        }
    }
}
