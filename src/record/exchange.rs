//! One exchange as it is being recorded: what was asked, what came back and when.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, StatusCode};

/// The largest request body that is recorded, in bytes.
pub(super) const MAX_REQUEST_BODY: usize = 1 << 20;

/// The largest answer that is recorded, in bytes; one that is larger is passed on and not written.
pub(super) const MAX_ANSWER: usize = 64 << 20;

/// How many chunks of a stream are recorded; what comes later is joined to the last.
pub(super) const MAX_CHUNKS: usize = 10_000;

/// What was asked.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) method: Method,
    /// Path and query as sent.
    pub(super) target: String,
    pub(super) headers: HeaderMap,
    pub(super) body: BodyCopy,
}

/// The path of a target.
pub(super) fn path_of(target: &str) -> &str {
    target.split_once('?').map_or(target, |(path, _)| path)
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Arrivals,
    pub(super) end: End,
}

/// Bytes that arrived together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chunk {
    /// Since the head of the answer.
    pub(super) at: Duration,
    pub(super) bytes: Bytes,
}

/// A body, with the times its parts arrived at.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    bytes: BytesMut,
    /// When, and the length of the body by then.
    marks: Vec<(Duration, usize)>,
}

impl Arrivals {
    /// Adds what arrived; past the bound of parts it counts as part of the last one.
    pub(super) fn push(&mut self, at: Duration, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        let length = self.bytes.len();
        let room = self.marks.len() < MAX_CHUNKS;
        match self.marks.last_mut() {
            Some(last) if !room => last.1 = length,
            _ => self.marks.push((at, length)),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The whole, and its parts.
    pub(super) fn freeze(self) -> (Bytes, Vec<Chunk>) {
        let whole = self.bytes.freeze();
        let mut start = 0;
        let part = |(at, end): (Duration, usize)| {
            let bytes = whole.slice(std::mem::replace(&mut start, end)..end);
            Chunk { at, bytes }
        };
        let parts = self.marks.into_iter().map(part).collect();
        (whole, parts)
    }
}

/// How an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// As the backend wished.
    Whole,
    /// The client had enough.
    ByClient,
}

/// The copy of a request body that is kept while it is sent on.
#[derive(Debug, Clone, Default)]
pub(super) struct BodyCopy(Arc<Mutex<Copied>>);

#[derive(Debug, Default)]
struct Copied {
    bytes: BytesMut,
    too_large: bool,
}

impl BodyCopy {
    pub(super) fn push(&self, bytes: &[u8]) {
        let mut copied = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if copied.bytes.len() + bytes.len() > MAX_REQUEST_BODY {
            copied.too_large = true;
            copied.bytes = BytesMut::new();
        } else if !copied.too_large {
            copied.bytes.extend_from_slice(bytes);
        }
    }

    /// The body; `None` where it was too large.
    pub(super) fn bytes(&self) -> Option<Bytes> {
        let copied = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (!copied.too_large).then(|| copied.bytes.clone().freeze())
    }
}
