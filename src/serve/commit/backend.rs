//! The seam for stores: a backend orders changes and keeps what they make.
//!
//! A backend has one operation, a transaction under optimistic concurrency: it applies a change, which was
//! decided on some state, to the newest state, or refuses it. [`super::Store`] does the rest for every
//! backend: it has refused changes decided again, and removes the namespaces that changes empty.
//!
//! A store that several servers share is not a backend: its writes are waited for ([`super::cluster`]).

use std::fmt::Debug;
use std::sync::{Mutex, PoisonError};

use crate::k8s::{Committed, Conflict, State, StoreChange};

use super::published::Published;

/// Orders changes and keeps what they make.
pub(crate) trait Backend: Debug + Send + Sync {
    /// Applies a change to the newest state and publishes the next one.
    ///
    /// # Errors
    /// [`Conflict`]: another writer has changed what the change depends on. The published state then has that
    /// writer's version.
    fn commit(&self, change: StoreChange, published: &Published) -> Result<Committed, Conflict>;

    /// Begins anew with a state, whose revisions may be lower than those before.
    fn restart(&self, state: State, published: &Published);
}

/// Keeps the state in memory, for as long as the process runs.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    writer: Mutex<()>,
}

impl Backend for Memory {
    fn commit(&self, change: StoreChange, published: &Published) -> Result<Committed, Conflict> {
        // A panic leaves the published state consistent, so that a poisoned lock is harmless.
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let (next, committed) = change.apply(&published.state())?;
        published.publish(next, committed.touched());
        Ok(committed)
    }

    fn restart(&self, state: State, published: &Published) {
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        published.restart(state);
    }
}
