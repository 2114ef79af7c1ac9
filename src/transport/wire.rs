//! The socket under hyper: passes bytes through until an ending is marked, then hands the socket back.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;

use crate::message::{BodyStream, FaultAction, Plan};

use super::framing::Outside;
use super::socket::Socket;
use super::stalled::Stalled;

/// What a connection's service and its socket tell each other.
#[derive(Default)]
pub(super) struct Control {
    /// How the connection ends, once all bytes before it are flushed.
    ending: Mutex<Option<FaultAction>>,
    armed: AtomicBool,
    /// Whether a request is being answered: what hyper writes otherwise is its own error answer.
    answering: AtomicBool,
    /// What goes on without hyper, once the head is sent.
    takeover: Mutex<Option<Takeover>>,
    /// The answer to the first request that hyper reads: it was decided before.
    resumed: Mutex<Option<Plan>>,
}

/// What goes on without hyper.
pub(super) enum Takeover {
    /// As `WebSocket` messages, until the connection ends.
    WebSocket(BodyStream),
    /// As a body in HTTP/1.1's framing.
    Body(Outside),
    /// As an answer of which nothing is sent for a while.
    Stalled(Box<Stalled>),
}

impl std::fmt::Debug for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Control").field("ending", &self.ending).finish_non_exhaustive()
    }
}

impl Control {
    /// Of a connection that goes on, with the answer to what is asked first.
    pub(super) fn resuming(plan: Option<Plan>) -> Self {
        Self { resumed: Mutex::new(plan), ..Self::default() }
    }

    /// The answer that was decided before.
    pub(super) fn resumed(&self) -> Option<Plan> {
        self.resumed.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Marks the ending: it comes as soon as everything written so far is flushed.
    pub(super) fn end(&self, action: FaultAction) {
        *self.ending.lock().unwrap_or_else(PoisonError::into_inner) = Some(action);
        self.armed.store(true, Ordering::Release);
    }

    /// The marked ending.
    pub(super) fn ending(&self) -> Option<FaultAction> {
        self.ending.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Goes on without hyper after this answer's head.
    pub(super) fn take_over(&self, takeover: Takeover) {
        *self.takeover.lock().unwrap_or_else(PoisonError::into_inner) = Some(takeover);
    }

    /// What goes on without hyper.
    pub(super) fn taken_over(&self) -> Option<Takeover> {
        self.takeover.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Lets hyper's part end as soon as everything written so far is flushed.
    pub(super) fn end_here(&self) {
        self.armed.store(true, Ordering::Release);
    }

    pub(super) fn begin_answer(&self) {
        self.answering.store(true, Ordering::Release);
    }

    /// Whether hyper's part has ended on purpose.
    pub(super) fn has_ended(&self) -> bool {
        self.is_armed()
    }

    fn is_armed(&self) -> bool {
        self.armed.load(Ordering::Acquire)
    }

    fn is_answering(&self) -> bool {
        self.answering.load(Ordering::Acquire)
    }
}

/// A connection that ends when its [`Control`] says so.
#[derive(Debug)]
pub(super) struct Wire {
    inner: TokioIo<Socket>,
    control: Arc<Control>,
}

impl Wire {
    pub(super) fn new(stream: Socket, control: Arc<Control>) -> Self {
        Self { inner: TokioIo::new(stream), control }
    }

    pub(super) fn into_inner(self) -> Socket {
        self.inner.into_inner()
    }

    /// Before the first request of a connection, all hyper can have to say is an error answer of its
    /// own, without a body; the connection task writes a better one.
    fn swallows(&self, bytes: &[u8]) -> bool {
        !self.control.is_answering() || (bytes.starts_with(b"HTTP/1.1 4") && is_hypers_own(bytes))
    }
}

/// hyper's error answers: a bare head with `content-length: 0` and `connection: close`, nothing else.
fn is_hypers_own(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(256)]);
    let mut lines = text.split("\r\n").skip(1).take_while(|line| !line.is_empty());
    text.ends_with("\r\n\r\n")
        && text.contains("content-length: 0")
        && text.contains("connection: close")
        && lines.all(|line| {
            ["content-length: 0", "connection: close"].contains(&line) || line.starts_with("date: ")
        })
}

impl Read for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl Write for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.swallows(buf) {
            return Poll::Ready(Ok(buf.len()));
        }
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if bufs.first().is_some_and(|first| bufs.len() == 1 && self.swallows(first)) {
            return Poll::Ready(Ok(bufs.iter().map(|buf| buf.len()).sum()));
        }
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.inner).poll_flush(cx) {
            // hyper flushes only when it has written all it had: now is the moment.
            Poll::Ready(Ok(())) if self.control.is_armed() => {
                Poll::Ready(Err(io::Error::other("the connection ends here on purpose")))
            }
            result => result,
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The connection task shuts the socket down, after what it may still have to say.
        Poll::Ready(Ok(()))
    }
}
