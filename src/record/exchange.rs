//! One exchange while it is recorded: the request, the answer, and when its parts arrived.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, StatusCode};

use crate::links::Links;

/// The largest request body that is recorded, in bytes.
pub(super) const MAX_REQUEST_BODY: usize = 1 << 20;

/// The largest answer that is recorded, in bytes; a larger one is passed on and not written.
pub(super) const MAX_ANSWER: usize = 64 << 20;

/// How many chunks of a stream are recorded; later ones are joined to the last.
pub(super) const MAX_CHUNKS: usize = 10_000;

/// A request as it was sent to the backend.
#[derive(Debug)]
pub(super) struct SentRequest {
    pub(super) method: Method,
    /// Path and query as sent.
    pub(super) target: String,
    pub(super) headers: HeaderMap,
    pub(super) body: BodyCopy,
    /// Links to the backends, where they are rewritten.
    pub(super) links: Option<Arc<Links>>,
}

/// The path of a target.
pub(super) fn path_of(target: &str) -> &str {
    target.split_once('?').map_or(target, |(path, _)| path)
}

/// An answer as the backend sent it.
#[derive(Debug)]
pub(super) struct ReceivedAnswer {
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

/// A body, and when its parts arrived.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    bytes: BytesMut,
    /// When a part arrived, and the length of the body by then.
    marks: Vec<(Duration, usize)>,
}

impl Arrivals {
    /// Adds bytes that arrived. Past the bound of parts they belong to the last one.
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

    /// The whole body, and its parts.
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
    /// By the backend.
    Whole,
    /// By the client.
    ByClient,
}

/// A copy of a request body, made while the body is sent.
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
