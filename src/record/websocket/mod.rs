//! A `WebSocket` between a client and the backend: bytes pass as they are, and their messages are recorded.
//!
//! The conversation is the body of its exchange: one part for each message, which [`said`] reads again.

mod frames;

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::exchange::{Chunk, End};
use super::tee::Recording;

use frames::{Broken, Frames};

/// Who said a part, and what it is: the first byte of each part.
const BY_CLIENT: u8 = 0x80;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;

/// A message of a recorded conversation.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SaidPart {
    pub(super) by_client: bool,
    pub(super) kind: SaidKind,
    pub(super) bytes: Bytes,
}

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SaidKind {
    Text,
    Binary,
    /// Its bytes are a code and a reason.
    Close,
}

/// Reads a part of a conversation.
pub(super) fn said(part: &Chunk) -> Option<SaidPart> {
    let first = *part.bytes.first()?;
    let kind = match first & !BY_CLIENT {
        TEXT => SaidKind::Text,
        BINARY => SaidKind::Binary,
        CLOSE => SaidKind::Close,
        _ => return None,
    };
    let by_client = first & BY_CLIENT != 0;
    Some(SaidPart { by_client, kind, bytes: part.bytes.slice(1..) })
}

/// The connection to the backend, listened to.
pub(super) struct Overheard<T> {
    end: T,
    backend: Frames,
    client: Frames,
    recording: Option<Recording>,
}

impl<T> Overheard<T> {
    pub(super) fn new(end: T, recording: Recording) -> Self {
        let (backend, client) = (Frames::default(), Frames::default());
        Self { end, backend, client, recording: Some(recording) }
    }

    fn hear(&mut self, by_client: bool, bytes: &[u8]) {
        let Some(recording) = &mut self.recording else { return };
        let frames = if by_client { &mut self.client } else { &mut self.backend };
        let by = if by_client { BY_CLIENT } else { 0 };
        let mut fits = true;
        let read = frames.push(bytes, |code, message| {
            let part = [&[by | code], message].concat();
            fits = fits && recording.push_part(&part.into());
        });
        match read {
            Ok(()) if fits => {}
            Ok(()) => self.recording = None,
            Err(Broken(why)) => {
                if let Some(recording) = self.recording.take() {
                    recording.skip(&format!("{why} on the WebSocket of"));
                }
            }
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Overheard<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.end).poll_read(cx, buf))?;
        self.hear(false, &buf.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Overheard<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.end).poll_write(cx, buf))?;
        self.hear(true, &buf[..written]);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.end).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.end).poll_shutdown(cx)
    }
}

impl<T> Drop for Overheard<T> {
    fn drop(&mut self) {
        if let Some(recording) = self.recording.take() {
            recording.finish(End::Whole);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn parts_say_who_said_what() {
        let part =
            |bytes: &'static [u8]| Chunk { at: Duration::ZERO, bytes: Bytes::from_static(bytes) };
        let read = said(&part(b"\x82hi")).unwrap();
        assert!(read.by_client && read.kind == SaidKind::Binary && read.bytes == "hi");
        assert_eq!(said(&part(b"\x08\x03\xe8")).unwrap().kind, SaidKind::Close);
        assert!(said(&part(b"\x05")).is_none() && said(&part(b"")).is_none());
    }
}
