//! Tracks the position of a connection in its sequence of HTTP/2 frames (RFC 9113, section 4.1),
//! and injects frames that hyper does not send: the `GOAWAY` of a rule, with its own code and last
//! stream, and informational answers (<https://github.com/hyperium/hyper/pull/4114>).

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use crate::message::{Idle, LastStream};

use super::frame_types::{END_HEADERS, kind};
use super::marked_head::MarkedHeads;

/// A frame's head: three bytes of length, type, flags, four of the stream.
const HEAD: usize = 9;
/// The first bytes of a client's connection, before its first frame.
const PREFACE: usize = 24;

/// The frames that a request injects and its socket sends.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// The last stream that the client opened.
    opened: AtomicU32,
    /// The first one.
    first: AtomicU32,
    /// How many streams hyper has passed to the service, in the order in which they were opened.
    accepted: AtomicU32,
    /// Whether stream numbers cannot be derived from that: the client skips numbers, or a stream
    /// ended before it was passed on.
    irregular: AtomicBool,
    /// Frames to send at the next end of a frame.
    injected: Mutex<Vec<u8>>,
    has_injected: AtomicBool,
    going_away: AtomicBool,
    /// Whether the connection ends after the `GOAWAY` regardless of unanswered requests.
    abandoned: AtomicBool,
    finished: AtomicBool,
    changed: Notify,
    /// When the connection ends after an answer.
    idle: Mutex<Option<Idle>>,
    has_idle: AtomicBool,
    /// Whether the socket is reset when it is dropped.
    resets: AtomicBool,
    ended: AtomicBool,
    idle_changed: Notify,
    /// Marked heads, which are sent slowly.
    pub(super) heads: MarkedHeads,
}

impl Frames {
    /// Sends a `GOAWAY` at the next end of a frame. The connection ends once it is sent and, where the last
    /// stream counts, all streams are answered that were opened before.
    pub(super) fn go_away(&self, code: u32, last: LastStream) {
        let last = match last {
            LastStream::This => self.opened.load(Ordering::Acquire),
            LastStream::None => {
                self.abandoned.store(true, Ordering::Release);
                0
            }
        };
        let mut frame = vec![0, 0, 8, kind::GOAWAY, 0, 0, 0, 0, 0];
        frame.extend_from_slice(&last.to_be_bytes());
        frame.extend_from_slice(&code.to_be_bytes());
        self.going_away.store(true, Ordering::Release);
        self.inject(&frame);
    }

    /// Sends frames at the next end of a frame.
    pub(super) fn inject(&self, frames: &[u8]) {
        self.injected.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(frames);
        self.has_injected.store(true, Ordering::Release);
        // It wakes the task of the connection.
        self.changed.notify_one();
    }

    /// Returns the number of the stream that hyper passes on now, if known.
    pub(super) fn accept(&self) -> Option<u32> {
        let before = self.accepted.fetch_add(1, Ordering::AcqRel);
        let first = self.first.load(Ordering::Acquire);
        (!self.irregular.load(Ordering::Acquire))
            .then(|| first.saturating_add(before.saturating_mul(2)))
    }

    /// Records that a stream is reset.
    pub(super) fn reset(&self, stream: u32) {
        let accepted = self.accepted.load(Ordering::Acquire).saturating_mul(2);
        if stream >= self.first.load(Ordering::Acquire).saturating_add(accepted) {
            self.irregular.store(true, Ordering::Release);
        }
    }

    /// Sets when the connection ends once its requests are answered.
    pub(super) fn set_idle(&self, idle: Idle) {
        *self.idle.lock().unwrap_or_else(PoisonError::into_inner) = Some(idle);
        self.has_idle.store(true, Ordering::Release);
        self.idle_changed.notify_one();
    }

    /// Returns when the connection ends once its requests are answered.
    pub(super) fn idle(&self) -> Option<Idle> {
        if !self.has_idle.load(Ordering::Acquire) {
            return None;
        }
        *self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns whether the connection ends because a request has arrived.
    pub(super) fn ends_at_next_request(&self) -> bool {
        let ends = self.idle().is_some_and(|idle| idle.after.is_none());
        if ends {
            self.ended.store(true, Ordering::Release);
            self.idle_changed.notify_one();
        }
        ends
    }

    /// Completes when an answer sets when the connection ends, or when it ends.
    pub(super) async fn idle_changed(&self) {
        self.idle_changed.notified().await;
    }

    /// Returns whether a request has ended the connection.
    pub(super) fn is_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Ends the connection without notice: by RST or by FIN.
    pub(super) fn end(&self, idle: Idle) {
        self.resets.store(idle.reset, Ordering::Release);
    }

    /// Returns whether the socket is reset when it is dropped.
    pub(super) fn resets(&self) -> bool {
        self.resets.load(Ordering::Acquire)
    }

    /// Returns whether a `GOAWAY` is sent or pending: later streams are refused.
    pub(super) fn is_going_away(&self) -> bool {
        self.going_away.load(Ordering::Acquire)
    }

    /// Returns whether the connection ends after the `GOAWAY` with unanswered streams.
    pub(super) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Acquire)
    }

    /// Marks everything that precedes the end of the connection as sent.
    pub(super) fn finish(&self) {
        self.finished.store(true, Ordering::Release);
        self.changed.notify_one();
    }

    /// Completes when a `GOAWAY` and everything after it is sent.
    pub(super) async fn finished(&self) {
        while !self.finished.load(Ordering::Acquire) {
            self.changed.notified().await;
        }
    }

    /// Records that the client opened a stream; returns whether it is a new one.
    pub(super) fn open(&self, stream: u32) -> bool {
        let before = self.opened.fetch_max(stream, Ordering::AcqRel);
        if before == 0 {
            self.first.store(stream, Ordering::Release);
        } else if before < stream && before + 2 != stream {
            self.irregular.store(true, Ordering::Release);
        }
        before < stream
    }

    /// Returns whether there are frames to send.
    pub(super) fn has_injected(&self) -> bool {
        self.has_injected.load(Ordering::Acquire)
    }

    /// Takes the frames to send.
    pub(super) fn take(&self) -> Vec<u8> {
        self.has_injected.store(false, Ordering::Release);
        std::mem::take(&mut *self.injected.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The head of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FrameHead {
    /// The type.
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
}

/// A position in a sequence of frames.
#[derive(Debug, Default)]
pub(super) struct Position {
    /// How many bytes precede the first frame.
    skip: usize,
    head: [u8; HEAD],
    head_len: usize,
    /// The remaining bytes of the frame's payload.
    payload: usize,
    /// Whether a block of header fields continues in the next frame.
    in_block: bool,
}

impl Position {
    /// Creates the position before the first byte of a client.
    pub(super) fn of_client() -> Self {
        Self { skip: PREFACE, ..Self::default() }
    }

    /// Returns whether another frame may be sent here.
    pub(super) fn is_between(&self) -> bool {
        self.skip == 0 && self.head_len == 0 && self.payload == 0 && !self.in_block
    }

    /// Returns how many bytes at most must pass before another frame may be sent: the rest of the
    /// frame or of its head.
    pub(super) fn to_next_end(&self) -> usize {
        match self {
            Self { skip: 1.., .. } => self.skip,
            Self { payload: 1.., .. } => self.payload,
            _ => HEAD - self.head_len,
        }
    }

    /// Advances by these bytes; calls `frame` for each frame whose head ends in them.
    pub(super) fn pass(&mut self, mut bytes: &[u8], mut frame: impl FnMut(FrameHead)) {
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
            let copied = (HEAD - self.head_len).min(bytes.len());
            self.head[self.head_len..self.head_len + copied].copy_from_slice(&bytes[..copied]);
            self.head_len += copied;
            bytes = &bytes[copied..];
            if self.head_len == HEAD {
                let [a, b, c, kind, flags, s0, s1, s2, s3] = self.head;
                self.payload = u32::from_be_bytes([0, a, b, c]) as usize;
                self.head_len = 0;
                if matches!(kind, kind::HEADERS | kind::PUSH_PROMISE | kind::CONTINUATION) {
                    self.in_block = flags & END_HEADERS == 0;
                }
                let stream = u32::from_be_bytes([s0 & 0x7f, s1, s2, s3]);
                frame(FrameHead { kind, flags, stream });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::frame_types::END_STREAM;
    use super::*;

    #[test]
    fn frames_are_found_however_they_are_cut() {
        let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        let sent = [
            (4, 0, 0, 6),
            (kind::HEADERS, 0, 1, 0),
            (kind::CONTINUATION, END_HEADERS, 1, 3),
            (kind::DATA, END_STREAM, 1, 300),
            (kind::HEADERS, END_HEADERS, 3, 2),
        ];
        for (kind, flags, stream, payload) in sent {
            let length = u32::to_be_bytes(payload);
            bytes.extend_from_slice(&[length[1], length[2], length[3], kind, flags]);
            bytes.extend_from_slice(&u32::to_be_bytes(stream));
            bytes.extend((0..payload).map(|_| 9));
        }
        for size in [1, 2, 7, 9, 24, 1000] {
            let mut position = Position::of_client();
            let mut seen = Vec::new();
            for part in bytes.chunks(size) {
                position.pass(part, |head| seen.push((head.kind, head.flags, head.stream)));
            }
            assert_eq!(
                seen,
                sent.map(|(kind, flags, stream, _)| (kind, flags, stream)),
                "by {size}"
            );
            assert!(position.is_between());
        }
    }

    #[test]
    fn no_frame_goes_into_a_block_of_header_fields() {
        let mut position = Position::default();
        position.pass(&[0, 0, 1, kind::HEADERS, 0, 0, 0, 0, 1, 9], |_| {});
        assert!(!position.is_between());
        position.pass(&[0, 0, 0, kind::CONTINUATION, END_HEADERS, 0, 0, 0, 1], |_| {});
        assert!(position.is_between());
    }
}
