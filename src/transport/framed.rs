//! The socket under hyper's HTTP/2: follows the frames in both directions, sends a `GOAWAY` of a rule between two
//! of them, and ends the connection once everything before its end is sent.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::frame_types::{END_STREAM, kind};
use super::frames::{FrameHead, Frames, Position};
use super::marked_writer::MarkedWriter;
use super::socket::Socket;

/// How many open streams are counted: more than any setting allows at once.
const MAX_OPEN: usize = 16_384;

/// A connection whose frames are followed.
pub(super) struct Framed {
    socket: Socket,
    frames: Arc<Frames>,
    read: Position,
    written: Position,
    /// The streams that the client opened and that are not answered whole, oldest first.
    open: Vec<u32>,
    /// The unsent rest of an injected frame.
    pending: Vec<u8>,
    /// Marked heads, which are sent slowly.
    marked: MarkedWriter,
    /// Whether everything is sent: what hyper writes and what the client sends is discarded.
    finished: bool,
    /// Whether the end of the connection is sent as well.
    shut: bool,
}

impl Framed {
    pub(super) fn new(socket: Socket, frames: Arc<Frames>) -> Self {
        Self {
            socket,
            frames,
            read: Position::of_client(),
            written: Position::default(),
            open: Vec::new(),
            pending: Vec::new(),
            marked: MarkedWriter::default(),
            finished: false,
            shut: false,
        }
    }

    /// Sends held-back bytes, then injected frames, at the end of a frame.
    fn poll_own(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(due) = ready!(self.marked.poll_due(cx)) {
            let sent = ready!(Pin::new(&mut self.socket).poll_write(cx, due))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            let bytes = self.marked.sent(sent);
            self.wrote(&bytes);
            if self.marked.has_paused() {
                ready!(Pin::new(&mut self.socket).poll_flush(cx))?;
            }
        }
        if self.pending.is_empty() && self.frames.has_injected() && self.written.is_between() {
            self.pending = self.frames.take();
        }
        while !self.pending.is_empty() {
            match ready!(Pin::new(&mut self.socket).poll_write(cx, &self.pending))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                sent => drop(self.pending.drain(..sent)),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Holds frames back while a marked head among them is sent slowly; returns how many bytes were
    /// taken. A frame that is already being sent continues unchanged.
    fn hold(&mut self, buf: &[u8]) -> Option<usize> {
        if !(self.frames.heads.any() || self.marked.holds()) || buf.is_empty() {
            return None;
        }
        if !self.marked.holds() && !self.written.is_between() {
            return None;
        }
        self.marked.take(buf, &self.frames.heads);
        Some(buf.len())
    }

    /// Returns how much of hyper's buffer may be written: up to the end of a frame if injected
    /// frames wait or a marked head may follow.
    fn free(&self, buf: &[u8]) -> usize {
        if self.frames.has_injected() || self.frames.heads.any() {
            buf.len().min(self.written.to_next_end())
        } else {
            buf.len()
        }
    }

    /// Counts what was written.
    fn wrote(&mut self, bytes: &[u8]) {
        let (open, frames) = (&mut self.open, &self.frames);
        self.written.pass(bytes, |head| {
            let FrameHead { kind, flags, stream } = head;
            let ends = match kind {
                kind::DATA | kind::HEADERS => flags & END_STREAM != 0,
                kind::RST_STREAM => {
                    frames.reset(stream);
                    true
                }
                _ => false,
            };
            if ends {
                open.retain(|other| *other != stream);
            }
        });
    }

    /// Returns whether nothing more is sent once the written bytes are flushed.
    fn is_over(&self) -> bool {
        self.frames.is_going_away()
            && (self.open.is_empty() || self.frames.is_abandoned())
            && self.written.is_between()
    }

    /// Drains the client's bytes until it has seen the end: a socket that is closed with unread
    /// bytes is reset, and a reset discards what is not yet sent.
    fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut scratch = [0; 4096];
        loop {
            let mut buf = ReadBuf::new(&mut scratch);
            ready!(Pin::new(&mut self.socket).poll_read(cx, &mut buf))?;
            if buf.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl Drop for Framed {
    fn drop(&mut self) {
        if self.frames.resets() {
            // The close that follows sends an RST.
            let _ = socket2::SockRef::from(self.socket.tcp()).set_linger(Some(Duration::ZERO));
        }
    }
}

impl AsyncRead for Framed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { socket, frames, read, open, finished, .. } = &mut *self;
        if *finished {
            return self.poll_discard(cx);
        }
        let before = buf.filled().len();
        let polled = Pin::new(socket).poll_read(cx, buf);
        read.pass(&buf.filled()[before..], |head| match head.kind {
            kind::HEADERS
                if frames.open(head.stream) && !frames.is_going_away() && open.len() < MAX_OPEN =>
            {
                open.push(head.stream);
            }
            kind::RST_STREAM => {
                frames.reset(head.stream);
                open.retain(|other| *other != head.stream);
            }
            _ => {}
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
        if self.finished {
            return Poll::Ready(Ok(buf.len()));
        }
        ready!(self.poll_own(cx))?;
        if let Some(held) = self.hold(buf) {
            return Poll::Ready(Ok(held));
        }
        let buf = &buf[..self.free(buf)];
        let polled = Pin::new(&mut self.socket).poll_write(cx, buf);
        if let Poll::Ready(Ok(sent)) = &polled {
            self.wrote(&buf[..*sent]);
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.finished {
            ready!(self.poll_own(cx))?;
            ready!(Pin::new(&mut self.socket).poll_flush(cx))?;
            if !self.is_over() {
                return Poll::Ready(Ok(()));
            }
            self.finished = true;
            self.frames.finish();
        }
        if !self.shut {
            ready!(Pin::new(&mut self.socket).poll_shutdown(cx))?;
            self.shut = true;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_own(cx))?;
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
        if self.finished {
            return Poll::Ready(Ok(bufs.iter().map(|buf| buf.len()).sum()));
        }
        ready!(self.poll_own(cx))?;
        if self.frames.has_injected() || self.frames.heads.any() || self.marked.holds() {
            let first = bufs.iter().find(|buf| !buf.is_empty()).map_or(&[][..], |buf| buf);
            return self.poll_write(cx, first);
        }
        let polled = Pin::new(&mut self.socket).poll_write_vectored(cx, bufs);
        if let Poll::Ready(Ok(sent)) = &polled {
            let mut left = *sent;
            for buf in bufs {
                let passed = left.min(buf.len());
                self.wrote(&buf[..passed]);
                left -= passed;
            }
        }
        polled
    }
}
