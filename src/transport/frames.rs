//! The socket under hyper's HTTP/2: sees where frames begin and end (RFC 9113, section 4.1), so that a
//! `GOAWAY` of our own, with the code and last stream that a rule wants, goes out between two of them.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;

use crate::message::LastStream;

use super::socket::Socket;

/// A frame's head: three bytes of length, type, flags, four of the stream.
const HEAD: usize = 9;
/// The type of the frame that opens a stream.
const HEADERS: u8 = 1;
/// The type of the frame that says goodbye.
const GOAWAY: u8 = 7;
/// How a client's connection begins, before its first frame.
const PREFACE: usize = 24;

/// What the requests of a connection and its socket tell each other.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// The stream that the client opened last.
    opened: AtomicU32,
    /// Bytes that go out at the next end of a frame.
    injected: Mutex<Vec<u8>>,
    going_away: AtomicBool,
    /// Nobody is waited for any more.
    forced: AtomicBool,
    said: Notify,
}

impl Frames {
    /// Says goodbye at the next end of a frame.
    pub(super) fn go_away(&self, code: u32, last: LastStream) {
        let last = match last {
            LastStream::This => self.opened.load(Ordering::Acquire),
            LastStream::None => 0,
        };
        let mut frame = vec![0, 0, 8, GOAWAY, 0, 0, 0, 0, 0];
        frame.extend_from_slice(&last.to_be_bytes());
        frame.extend_from_slice(&code.to_be_bytes());
        self.injected.lock().unwrap_or_else(PoisonError::into_inner).extend(frame);
        self.going_away.store(true, Ordering::Release);
        self.said.notify_one();
    }

    /// Whether goodbye was said: later streams are not looked at.
    pub(super) fn is_going_away(&self) -> bool {
        self.going_away.load(Ordering::Acquire)
    }

    /// Lets the connection end at once.
    pub(super) fn end(&self) {
        self.forced.store(true, Ordering::Release);
    }

    /// Whether the connection shall end at once.
    pub(super) fn is_ended(&self) -> bool {
        self.forced.load(Ordering::Acquire)
    }

    /// Completes when goodbye was said.
    pub(super) async fn said(&self) {
        self.said.notified().await;
    }

    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.injected.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Where in a sequence of frames a stream of bytes is.
#[derive(Debug, Default)]
struct Position {
    /// Bytes before the first frame.
    skip: usize,
    head: [u8; HEAD],
    head_len: usize,
    /// What is left of the frame's payload.
    payload: usize,
}

impl Position {
    fn is_between(&self) -> bool {
        self.skip == 0 && self.head_len == 0 && self.payload == 0
    }

    /// Goes on by some bytes; tells each frame's type and stream.
    fn pass(&mut self, mut bytes: &[u8], mut frame: impl FnMut(u8, u32)) {
        let skipped = self.skip.min(bytes.len());
        self.skip -= skipped;
        bytes = &bytes[skipped..];
        while !bytes.is_empty() {
            if self.payload > 0 {
                let passed = self.payload.min(bytes.len());
                self.payload -= passed;
                bytes = &bytes[passed..];
                continue;
            }
            let taken = (HEAD - self.head_len).min(bytes.len());
            self.head[self.head_len..self.head_len + taken].copy_from_slice(&bytes[..taken]);
            self.head_len += taken;
            bytes = &bytes[taken..];
            if self.head_len == HEAD {
                let [a, b, c, kind, _, s0, s1, s2, s3] = self.head;
                self.payload = u32::from_be_bytes([0, a, b, c]) as usize;
                self.head_len = 0;
                frame(kind, u32::from_be_bytes([s0 & 0x7f, s1, s2, s3]));
            }
        }
    }
}

/// A connection whose frames are counted.
pub(super) struct Framed {
    socket: Socket,
    frames: Arc<Frames>,
    read: Position,
    written: Position,
    /// What of a frame of our own is still to go out.
    pending: Vec<u8>,
}

impl Framed {
    pub(super) fn new(socket: Socket, frames: Arc<Frames>) -> Self {
        let read = Position { skip: PREFACE, ..Position::default() };
        Self { socket, frames, read, written: Position::default(), pending: Vec::new() }
    }

    /// Sends what of our own there is, where a frame has ended.
    fn poll_own(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.pending.is_empty() && self.frames.is_going_away() && self.written.is_between() {
            self.pending = self.frames.take();
        }
        while !self.pending.is_empty() {
            match Pin::new(&mut self.socket).poll_write(cx, &self.pending) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(sent)) => drop(self.pending.drain(..sent)),
                other => return other.map_ok(drop),
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Framed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buf.filled().len();
        let polled = Pin::new(&mut this.socket).poll_read(cx, buf);
        this.read.pass(&buf.filled()[before..], |kind, stream| {
            if kind == HEADERS {
                this.frames.opened.fetch_max(stream, Ordering::AcqRel);
            }
        });
        polled
    }
}

impl AsyncWrite for Framed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.poll_own(cx)?.is_pending() {
            return Poll::Pending;
        }
        let polled = Pin::new(&mut this.socket).poll_write(cx, buf);
        if let Poll::Ready(Ok(sent)) = &polled {
            this.written.pass(&buf[..*sent], |_, _| {});
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.poll_own(cx)?.is_pending() {
            return Poll::Pending;
        }
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.poll_own(cx)?.is_pending() {
            return Poll::Pending;
        }
        let polled = Pin::new(&mut this.socket).poll_write_vectored(cx, bufs);
        if let Poll::Ready(Ok(sent)) = &polled {
            let mut left = *sent;
            for buf in bufs {
                let passed = left.min(buf.len());
                this.written.pass(&buf[..passed], |_, _| {});
                left -= passed;
            }
        }
        polled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_found_however_they_are_cut() {
        let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        for (kind, stream, payload) in [(4, 0, 6), (HEADERS, 1, 0), (0, 1, 300), (HEADERS, 3, 2)] {
            bytes.extend_from_slice(&[
                0,
                u8::try_from(payload >> 8).unwrap(),
                u8::try_from(payload & 255).unwrap(),
                kind,
                0,
            ]);
            bytes.extend_from_slice(&u32::to_be_bytes(stream));
            bytes.extend(std::iter::repeat_n(9, payload));
        }
        for size in [1, 2, 7, 9, 24, 1000] {
            let mut position = Position { skip: PREFACE, ..Position::default() };
            let mut seen = Vec::new();
            for part in bytes.chunks(size) {
                position.pass(part, |kind, stream| seen.push((kind, stream)));
            }
            assert_eq!(seen, [(4, 0), (HEADERS, 1), (0, 1), (HEADERS, 3)], "by {size}");
            assert!(position.is_between());
        }
    }
}
