//! The body of a request that was answered before it was read.

use std::sync::OnceLock;

use bytes::Bytes;
use tokio::sync::Notify;

/// A body that is read concurrently with the answer.
#[derive(Debug)]
pub(crate) struct LateBody {
    /// How many bytes it may have.
    pub(super) most: usize,
    /// The bytes that had arrived when the client paused, if the length is not announced.
    paused: OnceLock<Bytes>,
    /// `None` if it could not be read completely.
    whole: OnceLock<Option<Bytes>>,
    read: Notify,
}

impl LateBody {
    /// Creates one of at most this many bytes.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, paused: OnceLock::new(), whole: OnceLock::new(), read: Notify::new() }
    }

    /// Records a pause of the client: this is the body, unless more follows.
    pub(crate) fn pause(&self, bytes: &[u8]) {
        // The first pause counts: waiting readers have waited long enough.
        let _ = self.paused.set(Bytes::copy_from_slice(bytes));
        self.read.notify_waiters();
    }

    /// Records the end of the body: it was read, or could not be.
    pub(crate) fn fill(&self, bytes: Option<Bytes>) {
        let whole = match (bytes, self.paused.get()) {
            // Nothing followed the pause.
            (Some(bytes), Some(paused)) if bytes.len() == paused.len() => Some(paused.clone()),
            // Copied: a slice would keep the connection's read buffer alive.
            (bytes, _) => bytes.map(|bytes| Bytes::copy_from_slice(&bytes)),
        };
        // Filled once.
        let _ = self.whole.set(whole);
        self.read.notify_waiters();
    }

    /// Returns the bytes, once they have been read.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        match self.whole.get() {
            Some(whole) => whole.as_deref(),
            None => self.paused.get().map(|bytes| &**bytes),
        }
    }

    /// Waits until it has been read, or cannot be read.
    pub(crate) async fn settled(&self) {
        let read = self.read.notified();
        tokio::pin!(read);
        // Registered before the check, so that a result in between is not missed.
        read.as_mut().enable();
        if self.whole.get().is_none() && self.paused.get().is_none() {
            read.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_pause_settles_a_body_and_its_end_decides() {
        let body = LateBody::new(10);
        assert_eq!(body.bytes(), None);
        body.pause(b"ab");
        body.settled().await;
        assert_eq!(body.bytes(), Some(&b"ab"[..]));
        body.fill(Some(Bytes::from_static(b"abcd")));
        assert_eq!(body.bytes(), Some(&b"abcd"[..]));

        let broken = LateBody::new(10);
        broken.pause(b"ab");
        broken.fill(None);
        broken.settled().await;
        assert_eq!(broken.bytes(), None);
    }
}
