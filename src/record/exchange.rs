//! One exchange while it is recorded: the request, the answer, and when its parts arrived.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, StatusCode};

use crate::links::Links;
use crate::message::{BodyDigest, GrowingDigest, HeadLayout, Informational};
use crate::redact::PendingBody;

pub(super) use super::arrivals::{Arrivals, ArrivedBody, Chunk, LARGEST_PACED, PAUSE};
use super::forward::Origin;

/// The largest request body that is kept, in bytes; of a larger one only the digest is.
pub(super) const MAX_REQUEST_BODY: usize = 1 << 20;

/// The largest body that is held in memory until it is written, in bytes; a larger one goes to a file.
pub(super) const HELD: usize = 8 << 20;

/// A request as it was sent to the backend. Clones share the body.
#[derive(Debug, Clone)]
pub(super) struct SentRequest {
    pub(super) method: Method,
    /// The server that it was for, where a client of a forward proxy sent it.
    pub(super) origin: Option<Origin>,
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

/// An answer as the backend sent it. Clones share the body.
#[derive(Debug, Clone)]
pub(super) struct ReceivedAnswer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// The reason phrase, where it is not the usual one of the status.
    pub(super) reason: Option<Bytes>,
    /// The informational answers before it.
    pub(super) informational: Vec<Informational>,
    /// How its head was written, where the backend speaks HTTP/1.1.
    pub(super) layout: Option<HeadLayout>,
    /// How long the head took since the request was sent.
    pub(super) waited: Duration,
    pub(super) body: ArrivedBody,
    /// The fields behind the body (RFC 9110, section 6.5).
    pub(super) trailers: Option<HeaderMap>,
    pub(super) end: End,
}

/// How an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// By the backend.
    Whole,
    /// By the client.
    ByClient,
    /// By a fault of the backend: more of the body was announced than arrived.
    Broken,
}

/// A copy of a request body, made while the body is sent.
#[derive(Debug, Clone, Default)]
pub(super) struct BodyCopy(Arc<Mutex<Copied>>);

#[derive(Debug, Default)]
struct Copied {
    /// What it was, of one that was read back.
    finished: Option<SentBody>,
    bytes: BytesMut,
    /// The digest of a body that is too large to be kept.
    digest: Option<GrowingDigest>,
}

/// The body of a request, once it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SentBody {
    Whole(Bytes),
    /// It was too large to be kept.
    Digest(BodyDigest),
}

impl PendingBody for Mutex<Copied> {
    fn arrived(&self) -> Option<Bytes> {
        let copied = self.lock().unwrap_or_else(PoisonError::into_inner);
        copied.digest.is_none().then(|| Bytes::copy_from_slice(&copied.bytes))
    }
}

impl BodyCopy {
    /// The body, for as long as it is kept.
    pub(super) fn pending(&self) -> Weak<dyn PendingBody> {
        let body: Weak<Mutex<Copied>> = Arc::downgrade(&self.0);
        body
    }

    /// The copy of a body that was sent.
    pub(super) fn finished(content: SentBody) -> Self {
        Self(Arc::new(Mutex::new(Copied { finished: Some(content), ..Copied::default() })))
    }

    pub(super) fn push(&self, bytes: &[u8]) {
        let mut copied = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if copied.digest.is_none() && copied.bytes.len() + bytes.len() > MAX_REQUEST_BODY {
            let mut digest = GrowingDigest::default();
            digest.push(&std::mem::take(&mut copied.bytes));
            copied.digest = Some(digest);
        }
        match &mut copied.digest {
            Some(digest) => digest.push(bytes),
            None => copied.bytes.extend_from_slice(bytes),
        }
    }

    /// The body, or its digest.
    pub(super) fn content(&self) -> SentBody {
        let copied = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(finished) = &copied.finished {
            return finished.clone();
        }
        match &copied.digest {
            None => SentBody::Whole(copied.bytes.clone().freeze()),
            Some(digest) => SentBody::Digest(digest.clone().finish()),
        }
    }

    /// The body; `None` where it was too large.
    pub(super) fn bytes(&self) -> Option<Bytes> {
        match self.content() {
            SentBody::Whole(bytes) => Some(bytes),
            SentBody::Digest(_) => None,
        }
    }
}
