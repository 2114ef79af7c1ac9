//! How much of all request bodies is held at once, and why one cannot be read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Why a request or upstream body could not be read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum BodyError {
    /// More bytes than the limit, in bytes.
    #[error("the body is larger than the limit of {0} bytes")]
    TooLarge(usize),
    /// The bodies of all requests together hold as much as they may, in bytes.
    #[error("the server holds {0} bytes of request bodies already, which is all it may; try again")]
    TooMany(usize),
    /// Nothing more of it came for too long.
    #[error("nothing of the body came for {} s", .0.as_secs_f32())]
    Stalled(Duration),
    /// The connection ended or broke before the body did.
    #[error("the body ended early: {0}")]
    Broken(String),
}

/// The bodies that are held at once, in bytes. Clones count together.
#[derive(Debug, Clone)]
pub struct Bodies(Arc<Count>);

#[derive(Debug)]
struct Count {
    held: AtomicUsize,
    most: usize,
}

impl Bodies {
    /// Holds at most so many bytes.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Count { held: AtomicUsize::new(0), most }))
    }

    /// How many bytes are held, and how many may be.
    #[must_use]
    pub fn held(&self) -> (usize, usize) {
        (self.0.held.load(Ordering::Relaxed), self.0.most)
    }
}

impl Default for Bodies {
    /// Without a bound.
    fn default() -> Self {
        Self::new(usize::MAX)
    }
}

/// What one body holds, until it is dropped.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// Nothing while no body was read.
    of: Option<Bodies>,
    bytes: usize,
}

impl Held {
    pub(super) fn of(bodies: &Bodies) -> Self {
        Self { of: Some(bodies.clone()), bytes: 0 }
    }

    /// Holds more.
    ///
    /// # Errors
    /// [`BodyError::TooMany`] where all bodies together would hold too much.
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
