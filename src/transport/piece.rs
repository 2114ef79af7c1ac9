//! A piece of a body as hyper sends it, with a count of those that are not sent yet.
//!
//! A reset of an HTTP/2 stream discards what the stream has queued. So an answer that ends with one
//! waits until each of its pieces is written: hyper drops a piece once all its bytes are in frames,
//! and the reset is queued after these.

use std::io::IoSlice;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// Some bytes of a body.
#[derive(Debug)]
pub(super) struct Piece {
    bytes: Bytes,
    /// Bytes that follow them in the same write.
    end: Option<Box<Bytes>>,
    /// Counts this piece until it is dropped.
    _queued: Option<Token>,
}

impl Piece {
    /// Creates a piece that is not counted.
    pub(super) fn plain(bytes: Bytes) -> Self {
        Self { bytes, end: None, _queued: None }
    }

    /// Appends a few bytes, which would otherwise cost a separate write after a large piece.
    pub(super) fn with_end(mut self, end: Option<Bytes>) -> Self {
        self.end = end.map(Box::new);
        self
    }
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.bytes.len() + self.end.as_ref().map_or(0, |end| end.len())
    }

    fn chunk(&self) -> &[u8] {
        match &self.end {
            Some(end) if self.bytes.is_empty() => end,
            _ => &self.bytes,
        }
    }

    fn chunks_vectored<'a>(&'a self, to: &mut [IoSlice<'a>]) -> usize {
        let parts = [&self.bytes].into_iter().chain(self.end.as_deref());
        let parts = parts.filter(|part| !part.is_empty());
        let filled = to.iter_mut().zip(parts).map(|(slice, part)| *slice = IoSlice::new(part));
        filled.count()
    }

    fn advance(&mut self, count: usize) {
        let first = count.min(self.bytes.len());
        self.bytes.advance(first);
        if count > first
            && let Some(end) = &mut self.end
        {
            end.advance(count - first);
        }
    }

    fn copy_to_bytes(&mut self, length: usize) -> Bytes {
        if length <= self.bytes.len() {
            return self.bytes.copy_to_bytes(length);
        }
        let mut copy = BytesMut::with_capacity(length);
        copy.put(self.take(length));
        copy.freeze()
    }
}

/// Counts the unwritten pieces of an answer.
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
    /// Returns a piece that counts until it is written or discarded.
    pub(super) fn piece(&self, bytes: Bytes) -> Piece {
        self.0.queued.fetch_add(1, Ordering::AcqRel);
        Piece { bytes, end: None, _queued: Some(Token(Arc::clone(&self.0))) }
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
    fn a_piece_with_an_end_is_read_as_one() {
        let piece = || {
            let end = Some(Bytes::from_static(b"de"));
            Piece::plain(Bytes::from_static(b"abc")).with_end(end)
        };
        for read in 0..=5 {
            let mut advanced = piece();
            advanced.advance(read);
            assert_eq!(advanced.remaining(), 5 - read);
            let mut slices = [IoSlice::new(&[]); 4];
            let count = advanced.chunks_vectored(&mut slices);
            let shown: Vec<u8> = slices[..count].iter().flat_map(|slice| slice.to_vec()).collect();
            assert_eq!(shown, b"abcde"[read..]);
            assert_eq!(advanced.copy_to_bytes(5 - read), b"abcde"[read..]);
            assert_eq!((advanced.remaining(), advanced.chunk()), (0, &[][..]));
            let mut copied = piece();
            assert_eq!(copied.copy_to_bytes(read), b"abcde"[..read]);
            assert_eq!(copied.copy_to_bytes(copied.remaining()), b"abcde"[read..]);
        }
    }

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
