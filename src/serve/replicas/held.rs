//! What is known of the entries that all worlds share.

use std::collections::HashMap;
use std::sync::{Mutex, TryLockError};

use crate::document::Diagnostics;

/// What this server has taken over of what is shared of a world: the revisions of the scenarios that were chosen, and
/// at which it began anew.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct TakenOver {
    pub(super) chosen: u64,
    pub(super) restarted: u64,
}

/// What this server has taken over of the others.
#[derive(Debug, Default)]
pub(crate) struct Replicas(pub(super) Mutex<Held>);

/// What is known of the entries that all worlds share.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// The revisions at which keys were written last.
    pub(super) revisions: HashMap<String, u64>,
    /// How the last reset of the stubs ended.
    pub(super) reset: Option<Result<Diagnostics, Diagnostics>>,
}

impl Replicas {
    /// Whether somebody takes something over now.
    pub(super) fn is_busy(&self) -> bool {
        matches!(self.0.try_lock(), Err(TryLockError::WouldBlock))
    }
}

impl Held {
    /// The revision at which a key was written last; 0 where it is absent.
    pub(super) fn at(&self, key: &str) -> u64 {
        self.revisions.get(key).copied().unwrap_or_default()
    }
}
