//! Informational answers before the head of an answer, and the layout of the head: hyper's server
//! has no informational answers but 100 (<https://github.com/hyperium/hyper/issues/2565>), and
//! writes names of fields in lower case.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::rt::Write as _;
use hyper_util::rt::TokioIo;
use smallvec::SmallVec;

use crate::message::{HeadLayout, Informational};

use super::socket::Socket;

/// The requests of a connection's service to its socket for the current answer.
#[derive(Debug, Default)]
pub(super) struct BeforeBody {
    layout: Mutex<Option<HeadLayout>>,
    has_layout: AtomicBool,
    interim: Mutex<Vec<u8>>,
    has_interim: AtomicBool,
}

impl BeforeBody {
    /// Sets the layout of the next head.
    pub(super) fn set_layout(&self, layout: HeadLayout) {
        *self.layout.lock().unwrap_or_else(PoisonError::into_inner) = Some(layout);
        self.has_layout.store(true, Ordering::Release);
    }

    /// Returns the layout of the head that hyper writes now.
    pub(super) fn take_layout(&self) -> Option<HeadLayout> {
        if !self.has_layout.load(Ordering::Acquire) {
            return None;
        }
        self.has_layout.store(false, Ordering::Release);
        self.layout.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Sends an informational answer: completes when it is written. hyper waits for the answer and
    /// writes nothing in the meantime; the socket is flushed in the task that polls this.
    pub(super) async fn send(&self, informational: &Informational) {
        self.interim
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(&head_of(informational));
        self.has_interim.store(true, Ordering::Release);
        poll_fn(|_| if self.has_interim() { Poll::Pending } else { Poll::Ready(()) }).await;
    }

    /// Returns whether an informational answer is to be written.
    pub(super) fn has_interim(&self) -> bool {
        self.has_interim.load(Ordering::Acquire)
    }

    /// Takes the bytes to write.
    pub(super) fn take_interim(&self) -> Vec<u8> {
        std::mem::take(&mut *self.interim.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Marks everything that was taken as written.
    pub(super) fn interim_written(&self) {
        let interim = self.interim.lock().unwrap_or_else(PoisonError::into_inner);
        self.has_interim.store(!interim.is_empty(), Ordering::Release);
    }
}

/// The bytes that a socket writes for or in place of hyper.
#[derive(Debug, Default)]
pub(super) struct OwnBytes {
    /// Whether hyper has written something and not flushed it.
    unflushed: bool,
    /// The unsent rest of an arranged head, which replaces the first bytes that hyper writes.
    arranged: Bytes,
    /// The unsent rest of informational answers.
    interim: Bytes,
}

impl OwnBytes {
    /// Returns whether an arranged head replaces the first bytes that hyper writes. If hyper has
    /// written something else before, the head may be anywhere in its output and stays unchanged.
    pub(super) fn arranges(&mut self, answer: &BeforeBody, first: &[u8]) -> bool {
        if self.arranged.is_empty()
            && let Some(layout) = answer.take_layout()
            && !self.unflushed
        {
            self.arranged = layout.arranged(first).unwrap_or_default().into();
        }
        self.unflushed = true;
        !self.arranged.is_empty()
    }

    /// Writes the rest of an arranged head, and the bytes of `bufs` that follow it.
    pub(super) fn poll_write(
        &mut self,
        socket: &mut TokioIo<Socket>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut all: SmallVec<[io::IoSlice<'_>; 8]> = SmallVec::new();
        all.push(io::IoSlice::new(&self.arranged));
        let mut skipped = self.arranged.len();
        for buf in bufs {
            let skip = skipped.min(buf.len());
            skipped -= skip;
            if skip < buf.len() {
                all.push(io::IoSlice::new(&buf[skip..]));
            }
        }
        let sent = ready!(Pin::new(socket).poll_write_vectored(cx, &all))?;
        drop(all);
        let _ = self.arranged.split_to(sent.min(self.arranged.len()));
        Poll::Ready(Ok(sent))
    }

    /// Writes informational answers while hyper has nothing to write.
    pub(super) fn poll_interim(
        &mut self,
        answer: &BeforeBody,
        socket: &mut TokioIo<Socket>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if self.interim.is_empty() {
            self.interim = answer.take_interim().into();
        }
        while !self.interim.is_empty() {
            match ready!(Pin::new(&mut *socket).poll_write(cx, &self.interim))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                sent => drop(self.interim.split_to(sent)),
            }
        }
        answer.interim_written();
        // The service waits for this in the same task.
        cx.waker().wake_by_ref();
        Poll::Ready(Ok(()))
    }

    /// Records that hyper has flushed everything.
    pub(super) fn flushed(&mut self) {
        self.unflushed = false;
    }
}

/// Returns an informational answer as bytes of HTTP/1.1.
pub(super) fn head_of(informational: &Informational) -> Vec<u8> {
    let Informational { status, headers } = informational;
    let reason = status.canonical_reason().unwrap_or("Informational");
    let mut head = format!("HTTP/1.1 {} {reason}\r\n", status.as_u16()).into_bytes();
    for (name, value) in headers {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head
}

/// Returns an informational answer as the frames of an HTTP/2 stream. Its fields are literals that
/// are not added to the connection's table (RFC 7541, section 6.2.2), so that the state of hyper's
/// encoder stays valid.
pub(super) fn frames_of(informational: &Informational, stream: u32) -> Vec<u8> {
    /// The largest frame that every peer accepts (RFC 9113, section 4.2).
    const MAX_FRAME: usize = 16_384;
    const END_HEADERS: u8 = 4;
    const HEADERS: u8 = 1;
    const CONTINUATION: u8 = 9;
    let Informational { status, headers } = informational;
    // `:status` is number 8 of the static table.
    let mut block = vec![0x08];
    literal(&mut block, status.as_str().as_bytes());
    for (name, value) in headers {
        block.push(0);
        literal(&mut block, name.as_str().as_bytes());
        literal(&mut block, value.as_bytes());
    }
    let mut out = Vec::with_capacity(block.len() + 9);
    let count = block.len().div_ceil(MAX_FRAME);
    for (number, part) in block.chunks(MAX_FRAME).enumerate() {
        let length = u32::try_from(part.len()).unwrap_or_default().to_be_bytes();
        let kind = if number == 0 { HEADERS } else { CONTINUATION };
        let flags = if number + 1 == count { END_HEADERS } else { 0 };
        out.extend_from_slice(&[length[1], length[2], length[3], kind, flags]);
        out.extend_from_slice(&stream.to_be_bytes());
        out.extend_from_slice(part);
    }
    out
}

/// Appends a string literal without Huffman coding (RFC 7541, section 5.2).
fn literal(block: &mut Vec<u8>, text: &[u8]) {
    let mut length = text.len();
    if length < 127 {
        block.push(u8::try_from(length).unwrap_or_default());
    } else {
        block.push(127);
        length -= 127;
        while length >= 128 {
            block.push(u8::try_from(length % 128 + 128).unwrap_or_default());
            length /= 128;
        }
        block.push(u8::try_from(length).unwrap_or_default());
    }
    block.extend_from_slice(text);
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, StatusCode};

    use super::*;

    fn hints(value: &str) -> Informational {
        let mut headers = HeaderMap::new();
        headers.insert("link", value.parse().unwrap());
        Informational::with(StatusCode::EARLY_HINTS, headers).unwrap()
    }

    #[test]
    fn informational_answers_have_a_head_of_their_own() {
        assert_eq!(head_of(&hints("</a>")), b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n");
        let code = Informational::of(142).unwrap();
        assert_eq!(head_of(&code), b"HTTP/1.1 142 Informational\r\n\r\n");
        let frames = frames_of(&hints("</a>"), 5);
        assert_eq!(frames, b"\0\0\x10\x01\x04\0\0\0\x05\x08\x03103\0\x04link\x04</a>");
        let long = frames_of(&hints(&"x".repeat(300)), 1);
        assert_eq!(&long[9 + 5 + 6..9 + 5 + 6 + 3], [127, 173, 1], "127 + 45 + 128");
    }
}
