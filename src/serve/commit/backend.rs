//! What gives changes their order and keeps what they make: the seam at which a store of another kind fits.
//!
//! A backend has one operation, a transaction under optimistic concurrency: it takes a change that was
//! decided on some state, and either puts it on the newest state or refuses it. The module above does the
//! rest for every backend: it has refused changes decided again, and does what follows from a change.
//!
//! A store that several servers share does the same with a transaction of its own: it compares the revisions
//! that [`StoreChange::apply`] compares, and publishes what it sees of its own and of others' writes in the
//! order of their revisions.

use std::fmt::Debug;
use std::sync::{Mutex, PoisonError};

use crate::k8s::{Committed, Conflict, StoreChange};

use super::published::Published;

/// Gives changes their order and keeps what they make.
pub(crate) trait Backend: Debug + Send + Sync {
    /// Puts a change on the newest state and publishes the state that it makes.
    ///
    /// # Errors
    /// [`Conflict`]: something that the change depends on was changed since its base. The published state has
    /// that newer version then.
    fn commit(&self, change: StoreChange, published: &Published) -> Result<Committed, Conflict>;
}

/// Keeps everything in memory, for as long as the process lives.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    writer: Mutex<()>,
}

impl Backend for Memory {
    fn commit(&self, change: StoreChange, published: &Published) -> Result<Committed, Conflict> {
        // A panic leaves the published state whole, so that a poisoned lock means nothing.
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let (next, committed) = change.apply(&published.state())?;
        published.publish(next, &committed);
        Ok(committed)
    }
}
