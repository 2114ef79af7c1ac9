//! The body of a request that was answered before it was read.

use std::sync::OnceLock;

use bytes::Bytes;
use tokio::sync::Notify;

/// A body that is read beside the answer.
#[derive(Debug)]
pub(crate) struct LateBody {
    /// How many bytes it may have.
    pub(super) most: usize,
    /// Nothing where it could not be read whole.
    bytes: OnceLock<Option<Bytes>>,
    read: Notify,
}

impl LateBody {
    /// One of at most so many bytes.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, bytes: OnceLock::new(), read: Notify::new() }
    }

    /// The body has been read, or cannot be read.
    pub(crate) fn fill(&self, bytes: Option<Bytes>) {
        // A slice would keep the connection's read buffer.
        let own = bytes.map(|bytes| Bytes::copy_from_slice(&bytes));
        // It is filled once.
        let _ = self.bytes.set(own);
        self.read.notify_waiters();
    }

    /// The bytes, once they have been read.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        self.bytes.get()?.as_deref()
    }

    /// Waits until it has been read, or cannot be read.
    pub(crate) async fn settled(&self) {
        let read = self.read.notified();
        tokio::pin!(read);
        // What is filled between the question and the wait counts.
        read.as_mut().enable();
        if self.bytes.get().is_none() {
            read.await;
        }
    }
}
