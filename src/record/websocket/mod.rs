//! A `WebSocket` between a client and the backend: bytes pass as they are, and their messages are recorded.
//!
//! The conversation is the body of its exchange: one part for each message, which [`said`] reads again. Pings of the
//! backend are parts of it, and pongs that answer no ping of the client. The client's own are not: those of a replay
//! are its own again.

mod broken;
mod deflate;
mod frames;

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::exchange::{Chunk, End};
use super::tee::Recording;

pub(super) use deflate::keep_known_extensions;

use broken::Broken;
use frames::{BINARY, CLOSE, Frames, Heard, PING, PONG, TEXT};

/// Who said a part, and what it is: the first byte of each part.
const BY_CLIENT: u8 = 0x80;
/// The part begins with the number of its frames, and their lengths.
const IN_FRAMES: u8 = 0x40;
/// The end of the connection without a frame that says so.
const END: u8 = 0;

/// How many pings of the client are kept until they are answered.
const MAX_PINGS: usize = 16;

/// A message of a recorded conversation.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SaidPart {
    pub(super) by_client: bool,
    pub(super) kind: SaidKind,
    pub(super) bytes: Bytes,
    /// The lengths of its frames, where it has several.
    pub(super) frames: Vec<u32>,
}

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SaidKind {
    Text,
    Binary,
    /// Its bytes are a code and a reason.
    Close,
    Ping,
    Pong,
    /// The connection ended, and nothing said so.
    End,
}

/// Reads a part of a conversation.
pub(super) fn said(part: &Chunk) -> Option<SaidPart> {
    let first = *part.bytes.first()?;
    let kind = match first & !(BY_CLIENT | IN_FRAMES) {
        TEXT => SaidKind::Text,
        BINARY => SaidKind::Binary,
        CLOSE => SaidKind::Close,
        PING => SaidKind::Ping,
        PONG => SaidKind::Pong,
        END => SaidKind::End,
        _ => return None,
    };
    let mut bytes = part.bytes.slice(1..);
    let mut frames = Vec::new();
    if first & IN_FRAMES != 0 {
        let count = bytes.try_get_u16().ok()?;
        for _ in 0..count {
            frames.push(bytes.try_get_u32().ok()?);
        }
    }
    Some(SaidPart { by_client: first & BY_CLIENT != 0, kind, bytes, frames })
}

/// Writes a part of a conversation.
fn part(by_client: bool, heard: &Heard<'_>) -> Bytes {
    let by = if by_client { BY_CLIENT } else { 0 };
    let mut out = BytesMut::with_capacity(heard.bytes.len() + 1);
    if heard.frames.is_empty() {
        out.put_u8(by | heard.kind);
    } else {
        out.put_u8(by | IN_FRAMES | heard.kind);
        out.put_u16(u16::try_from(heard.frames.len()).unwrap_or_default());
        heard.frames.iter().for_each(|length| out.put_u32(*length));
    }
    out.extend_from_slice(heard.bytes);
    out.freeze()
}

/// The connection to the backend, listened to.
pub(super) struct Overheard<T> {
    end: T,
    backend: Frames,
    client: Frames,
    recording: Option<Recording>,
    /// The client's pings that are not answered.
    pings: VecDeque<Bytes>,
    /// Whether either side has said that it ends.
    is_closed: bool,
}

impl<T> Overheard<T> {
    /// Listens to a connection whose upgrade is recorded.
    pub(super) fn new(end: T, recording: Recording) -> Self {
        #[cfg(feature = "gzip")]
        let (backend, client) = deflate::Inflater::negotiated(&recording.headers)
            .map_or_else(Default::default, |[backend, client]| {
                (Frames::packed(backend), Frames::packed(client))
            });
        #[cfg(not(feature = "gzip"))]
        let (backend, client) = (Frames::default(), Frames::default());
        let recording = Some(recording);
        Self { end, backend, client, recording, pings: VecDeque::new(), is_closed: false }
    }

    fn hear(&mut self, by_client: bool, bytes: &[u8]) {
        let Self { recording: Some(recording), pings, is_closed, .. } = self else { return };
        let frames = if by_client { &mut self.client } else { &mut self.backend };
        let mut fits = true;
        let read = frames.push(bytes, |heard| {
            *is_closed |= heard.kind == CLOSE;
            if is_of_conversation(pings, by_client, &heard) {
                fits = fits && recording.push_part(&part(by_client, &heard));
            }
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

    /// The backend has ended the connection.
    fn end(&mut self) {
        let was_closed = std::mem::replace(&mut self.is_closed, true);
        if let Some(recording) = self.recording.as_mut().filter(|_| !was_closed)
            && !recording.push_part(&Bytes::from_static(&[END]))
        {
            self.recording = None;
        }
    }
}

/// Whether a frame belongs to the conversation, and not to the life of the connection alone.
fn is_of_conversation(pings: &mut VecDeque<Bytes>, by_client: bool, heard: &Heard<'_>) -> bool {
    match (heard.kind, by_client) {
        (PING, true) => {
            if pings.len() == MAX_PINGS {
                pings.pop_front();
            }
            pings.push_back(Bytes::copy_from_slice(heard.bytes));
            false
        }
        (PONG, true) => false,
        // One answer may be for several (RFC 6455, section 5.5.3).
        (PONG, false) => match pings.iter().position(|ping| *ping == heard.bytes) {
            Some(at) => {
                pings.drain(..=at);
                false
            }
            None => true,
        },
        _ => true,
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Overheard<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = ready!(Pin::new(&mut self.end).poll_read(cx, buf));
        if read.is_ok() && buf.filled().len() > before {
            self.hear(false, &buf.filled()[before..]);
        } else {
            self.end();
        }
        Poll::Ready(read)
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
        let chunk = |bytes| Chunk { at: Duration::ZERO, bytes };
        let heard = Heard { kind: BINARY, bytes: b"hi", frames: &[] };
        let read = said(&chunk(part(true, &heard))).unwrap();
        assert!(read.by_client && read.kind == SaidKind::Binary && read.bytes == "hi");
        let heard = Heard { kind: TEXT, bytes: b"hello", frames: &[2, 3] };
        let read = said(&chunk(part(false, &heard))).unwrap();
        assert!(!read.by_client && read.frames == [2, 3] && read.bytes == "hello");
        let bytes = |bytes: &'static [u8]| chunk(Bytes::from_static(bytes));
        assert_eq!(said(&bytes(b"\x08\x03\xe8")).unwrap().kind, SaidKind::Close);
        assert_eq!(said(&bytes(b"\x00")).unwrap().kind, SaidKind::End);
        assert!(said(&bytes(b"\x05")).is_none() && said(&bytes(b"")).is_none());
        assert!(said(&bytes(b"\x41\x00\x09")).is_none());
    }

    #[test]
    fn answers_to_the_clients_pings_are_left_out() {
        let mut pings = VecDeque::new();
        let mut is_of = |kind, by_client, bytes: &[u8]| {
            is_of_conversation(&mut pings, by_client, &Heard { kind, bytes, frames: &[] })
        };
        assert!(!is_of(PING, true, b"1") && !is_of(PING, true, b"2"));
        assert!(!is_of(PONG, false, b"2"), "it answers both");
        assert!(is_of(PONG, false, b"1"), "nobody asked");
        assert!(is_of(PING, false, b"") && !is_of(PONG, true, b""));
        assert!(is_of(TEXT, true, b"x"));
    }
}
