//! The socket under hyper's HTTP/1.1, and the state of the connection.
//!
//! ```text
//! hyper serves (idle → answering → answered → idle ..) → leaving → taken over, or ended with a fault
//! ```
//!
//! The service decides how hyper's part ends. The socket passes bytes through until everything
//! before that end is flushed; then it returns an error, so that hyper gives it back.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::time::Instant;

use crate::message::{BodyStream, Conversation, FaultAction, Idle, Plan, Tunnel};

use super::framing::Outside;
use super::interim::{BeforeBody, OwnBytes};
use super::socket::Socket;
use super::stalled::Stalled;

/// The state of a connection while hyper serves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Phase {
    /// All answers are flushed. Anything that hyper writes in this state is its own error answer.
    Idle,
    /// A request is being answered.
    Answering,
    /// Hyper has all of an answer but may not have flushed it.
    Answered,
}

/// How hyper's part of a connection is ended deliberately.
enum Exit {
    /// With a fault on the bare socket.
    Ending(FaultAction),
    /// With an answer that continues without hyper.
    Takeover(Takeover),
}

/// The state shared by a connection's service and its socket.
pub(super) struct Control {
    /// When hyper's part began.
    began: Instant,
    /// A [`Phase`].
    phase: AtomicU8,
    /// When the connection became idle, in nanoseconds since hyper's part began.
    idle_since: AtomicU64,
    /// Whether hyper's part ends once everything written so far is flushed.
    leaving: AtomicBool,
    /// Whether hyper's own error answer was held back.
    swallowed: AtomicBool,
    /// Whether a request was answered on this connection.
    answered: AtomicBool,
    /// Whether the next answer is the last one.
    last: AtomicBool,
    exit: Mutex<Option<Exit>>,
    /// The answer to the first request that hyper reads, if already decided.
    resumed: Mutex<Option<Plan>>,
    /// Whether the last answer sets when the connection ends after it.
    has_idle: AtomicBool,
    idle: Mutex<Option<Idle>>,
    /// The bytes to send before the body of the current answer.
    pub(super) before_body: BeforeBody,
}

/// An answer that continues without hyper.
pub(super) enum Takeover {
    /// As `WebSocket` messages, until the connection ends.
    WebSocket(BodyStream),
    /// As the messages of a recorded conversation.
    Conversation(Conversation),
    /// As the bytes of a backend.
    Tunnel(Tunnel),
    /// As a body in HTTP/1.1's framing.
    Body(Outside),
    /// After a long delay.
    Stalled(Box<Stalled>),
}

impl std::fmt::Debug for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Control").field("phase", &self.phase).finish_non_exhaustive()
    }
}

impl Control {
    /// Creates the control of a connection that continues, with the answer to its first request if
    /// it is decided. `idle` is when it ends after the previous answer.
    pub(super) fn resuming(plan: Option<Plan>, idle: Option<Idle>) -> Self {
        Self {
            has_idle: AtomicBool::new(idle.is_some()),
            idle: Mutex::new(idle),
            began: Instant::now(),
            phase: AtomicU8::new(Phase::Idle as u8),
            idle_since: AtomicU64::new(0),
            leaving: AtomicBool::new(false),
            swallowed: AtomicBool::new(false),
            answered: AtomicBool::new(false),
            last: AtomicBool::new(false),
            exit: Mutex::new(None),
            resumed: Mutex::new(plan),
            before_body: BeforeBody::default(),
        }
    }

    /// Sets when the connection ends after the current answer.
    pub(super) fn set_idle(&self, idle: Option<Idle>) {
        if idle.is_some() || self.has_idle.load(Ordering::Acquire) {
            *self.idle.lock().unwrap_or_else(PoisonError::into_inner) = idle;
            self.has_idle.store(idle.is_some(), Ordering::Release);
        }
    }

    /// Returns when the connection ends after the last answer.
    pub(super) fn idle(&self) -> Option<Idle> {
        if !self.has_idle.load(Ordering::Acquire) {
            return None;
        }
        *self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns how long hyper has waited for the head of a request; `None` while it does not wait
    /// for one.
    pub(super) fn head_awaited(&self) -> Option<Duration> {
        let since = Duration::from_nanos(self.idle_since.load(Ordering::Acquire));
        self.is(Phase::Idle).then(|| self.began.elapsed().saturating_sub(since))
    }

    /// Ends the connection with a fault, once everything written so far is flushed.
    pub(super) fn end(&self, action: FaultAction) {
        *self.lock() = Some(Exit::Ending(action));
        self.leave();
    }

    /// Returns the fault that ends the connection.
    pub(super) fn ending(&self) -> Option<FaultAction> {
        match &*self.lock() {
            Some(Exit::Ending(action)) => Some(action.clone()),
            _ => None,
        }
    }

    /// Continues without hyper after the head of this answer.
    pub(super) fn take_over(&self, takeover: Takeover) {
        *self.lock() = Some(Exit::Takeover(takeover));
    }

    /// Returns whether the connection continues without hyper.
    pub(super) fn is_taken_over(&self) -> bool {
        self.lock().is_some()
    }

    /// Takes the answer that continues without hyper.
    pub(super) fn take_takeover(&self) -> Option<Takeover> {
        let mut exit = self.lock();
        match exit.take() {
            Some(Exit::Takeover(takeover)) => Some(takeover),
            other => {
                *exit = other;
                None
            }
        }
    }

    /// Makes the next answer the last one, where none is being made now. Returns whether that is so.
    pub(super) fn end_with_next(&self) -> bool {
        if self.is(Phase::Answering) {
            return false;
        }
        self.last.store(true, Ordering::Release);
        true
    }

    /// Returns whether the next answer is the last one.
    pub(super) fn ends_with_next(&self) -> bool {
        self.last.load(Ordering::Acquire)
    }

    /// Ends hyper's part once everything written so far is flushed.
    pub(super) fn leave(&self) {
        self.leaving.store(true, Ordering::Release);
    }

    /// Returns whether hyper's part is ended deliberately.
    pub(super) fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Acquire)
    }

    /// Marks a request as being answered. Returns the answer if it was already decided.
    pub(super) fn begin_answer(&self) -> Option<Plan> {
        self.set(Phase::Answering);
        self.set_idle(None);
        if self.answered.load(Ordering::Acquire) {
            return None;
        }
        self.answered.store(true, Ordering::Release);
        self.resumed.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Records that hyper has all of an answer.
    fn answer_given(&self) {
        self.set(Phase::Answered);
    }

    /// Returns whether a client with a bad request has no answer to it yet. If a previous answer
    /// was not flushed, hyper's own error answer was sent after it.
    pub(super) fn wants_error_answer(&self) -> bool {
        self.swallowed.load(Ordering::Acquire) || !self.answered.load(Ordering::Acquire)
    }

    fn set(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Release);
    }

    fn is(&self, phase: Phase) -> bool {
        self.phase.load(Ordering::Acquire) == phase as u8
    }

    /// Records that everything that hyper had to write is flushed.
    fn flushed(&self) {
        if self.is(Phase::Answered) {
            let since = u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX);
            self.idle_since.store(since, Ordering::Release);
            self.set(Phase::Idle);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Exit>> {
        self.exit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A guard in an answer's body: hyper has all of it when this is dropped.
#[derive(Debug)]
pub(super) struct Answering(Arc<Control>);

impl Answering {
    pub(super) fn new(control: &Arc<Control>) -> Self {
        Self(Arc::clone(control))
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.answer_given();
    }
}

/// A socket that ends hyper's part as its [`Control`] requires.
#[derive(Debug)]
pub(super) struct Wire {
    inner: TokioIo<Socket>,
    control: Arc<Control>,
    own: OwnBytes,
}

impl Wire {
    pub(super) fn new(stream: Socket, control: Arc<Control>) -> Self {
        let inner = TokioIo::new(stream);
        Self { inner, control, own: OwnBytes::default() }
    }

    pub(super) fn into_inner(self) -> Socket {
        self.inner.into_inner()
    }

    /// Returns whether to discard what hyper writes. It answers a request that it cannot parse with
    /// a head without a reason. If no other answer is in progress, that is all it can write: the
    /// connection task writes an answer with the reason.
    fn swallows(&self) -> bool {
        let swallows = self.control.is(Phase::Idle);
        if swallows {
            self.control.swallowed.store(true, Ordering::Release);
        }
        swallows
    }
}

impl Read for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let ends = self.control.idle().filter(|idle| idle.after.is_none());
        let Some(idle) = ends.filter(|_| self.control.is(Phase::Idle)) else {
            return Pin::new(&mut self.inner).poll_read(cx, buf);
        };
        // No part of the next request reaches hyper.
        let mut scratch = [0; 1024];
        let mut scratch = hyper::rt::ReadBuf::new(&mut scratch);
        std::task::ready!(Pin::new(&mut self.inner).poll_read(cx, scratch.unfilled()))?;
        if scratch.filled().is_empty() {
            return Poll::Ready(Ok(()));
        }
        self.control.end(idle.action());
        Poll::Ready(Err(io::Error::other("the next request finds the connection ended")))
    }
}

impl Write for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.swallows() {
            return Poll::Ready(Ok(buf.len()));
        }
        let Self { inner, control, own } = &mut *self;
        if own.arranges(&control.before_body, buf) {
            return own.poll_write(inner, cx, &[io::IoSlice::new(buf)]);
        }
        Pin::new(inner).poll_write(cx, buf)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.swallows() {
            return Poll::Ready(Ok(bufs.iter().map(|buf| buf.len()).sum()));
        }
        let Self { inner, control, own } = &mut *self;
        if own.arranges(&control.before_body, bufs.first().map_or(&[], |buf| buf)) {
            return own.poll_write(inner, cx, bufs);
        }
        Pin::new(inner).poll_write_vectored(cx, bufs)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { inner, control, own } = &mut *self;
        if control.before_body.has_interim() {
            std::task::ready!(own.poll_interim(&control.before_body, inner, cx))?;
        }
        match Pin::new(inner).poll_flush(cx) {
            // hyper flushes only when it has written everything: its part ends here.
            Poll::Ready(Ok(())) if control.is_leaving() => {
                Poll::Ready(Err(io::Error::other("the connection ends here on purpose")))
            }
            Poll::Ready(Ok(())) => {
                own.flushed();
                control.flushed();
                Poll::Ready(Ok(()))
            }
            result => result,
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The connection task shuts the socket down, after what it may still send.
        Poll::Ready(Ok(()))
    }
}
