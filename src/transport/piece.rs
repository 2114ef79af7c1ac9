//! A piece of a body as hyper sends it, with a count of those that are not sent yet.
//!
//! A reset of an HTTP/2 stream discards what the stream has queued. So an answer that ends with one waits until
//! each of its pieces is written: hyper drops a piece once all its bytes are in frames, and the reset is queued
//! behind these.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::{Buf, Bytes};

/// Some bytes of a body.
#[derive(Debug)]
pub(super) struct Piece {
    bytes: Bytes,
    /// Counts this piece until it is dropped.
    _queued: Option<Token>,
}

impl Piece {
    /// A piece that is not counted.
    pub(super) fn plain(bytes: Bytes) -> Self {
        Self { bytes, _queued: None }
    }
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
    }

    fn copy_to_bytes(&mut self, length: usize) -> Bytes {
        self.bytes.copy_to_bytes(length)
    }
}

/// Counts the pieces of an answer that are not written yet.
#[derive(Debug, Default)]
pub(super) struct Queue(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    queued: AtomicUsize,
    waker: Mutex<Option<Waker>>,
}

#[derive(Debug)]
struct Token(Arc<Shared>);

impl Queue {
    /// A piece that counts until it is written or discarded.
    pub(super) fn piece(&self, bytes: Bytes) -> Piece {
        self.0.queued.fetch_add(1, Ordering::AcqRel);
        Piece { bytes, _queued: Some(Token(Arc::clone(&self.0))) }
    }

    /// Completes when no piece is queued.
    pub(super) fn poll_empty(&self, cx: &mut Context<'_>) -> Poll<()> {
        // The waker is stored before the count is read: the last piece may be written in between.
        *self.0.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
        if self.0.queued.load(Ordering::Acquire) == 0 { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        if self.0.queued.fetch_sub(1, Ordering::AcqRel) == 1 {
            let waker = self.0.waker.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_empty_when_its_last_piece_is_dropped() {
        let queue = Queue::default();
        let mut cx = Context::from_waker(Waker::noop());
        assert_eq!(queue.poll_empty(&mut cx), Poll::Ready(()));
        let (first, mut second) =
            (queue.piece(Bytes::from_static(b"one")), queue.piece(Bytes::from_static(b"two")));
        drop(first);
        assert_eq!(queue.poll_empty(&mut cx), Poll::Pending);
        second.advance(3);
        assert_eq!((second.remaining(), queue.poll_empty(&mut cx)), (0, Poll::Pending));
        drop(second);
        assert_eq!(queue.poll_empty(&mut cx), Poll::Ready(()));
    }
}
