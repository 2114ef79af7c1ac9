//! One exchange while it is recorded: the request, the answer, and when its parts arrived.

use std::io;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, StatusCode};

use crate::links::Links;
use crate::message::{BodyDigest, GrowingDigest};
use crate::redact::PendingBody;

use super::forward::Origin;
use super::spool::{Spool, SpoolThread, SpooledBody};

/// The largest request body that is kept, in bytes; of a larger one only the digest is.
pub(super) const MAX_REQUEST_BODY: usize = 1 << 20;

/// The largest body that is held in memory until it is written, in bytes; a larger one goes to a file.
pub(super) const HELD: usize = 8 << 20;

/// A shorter pause in a body is the network's.
pub(super) const PAUSE: Duration = Duration::from_millis(50);

/// How many chunks of a stream are recorded; later ones are joined to the last.
pub(super) const MAX_CHUNKS: usize = 10_000;

/// A request as it was sent to the backend.
#[derive(Debug)]
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

/// An answer as the backend sent it.
#[derive(Debug)]
pub(super) struct ReceivedAnswer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// The reason phrase, where it is not the usual one of the status.
    pub(super) reason: Option<Bytes>,
    /// How long the head took since the request was sent.
    pub(super) waited: Duration,
    pub(super) body: ArrivedBody,
    /// The fields behind the body (RFC 9110, section 6.5).
    pub(super) trailers: Option<HeaderMap>,
    pub(super) end: End,
}

impl ArrivedBody {
    /// All of it, where it is held.
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Held(bytes, _) => bytes,
            Self::File(_) => &[],
        }
    }

    /// Its file, where it has one.
    pub(super) fn file(&self) -> Option<&SpooledBody> {
        match self {
            Self::Held(..) => None,
            Self::File(file) => Some(file),
        }
    }

    /// How many bytes it has.
    pub(super) fn length(&self) -> u64 {
        match self {
            Self::Held(bytes, _) => bytes.len() as u64,
            Self::File(file) => file.length(),
        }
    }
}

/// Bytes that arrived together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chunk {
    /// Since the head of the answer.
    pub(super) at: Duration,
    pub(super) bytes: Bytes,
}

/// A body as it arrives, and when its parts did. A large one goes to a file, without its times.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    bytes: BytesMut,
    /// When a part arrived, and the length of the body by then.
    marks: Vec<(Duration, usize)>,
    /// What writes the file of a large body; without it, all of it is held.
    spools: Option<SpoolThread>,
    spool: Option<Spool>,
    length: u64,
}

/// A body that has arrived.
#[derive(Debug)]
pub(super) enum ArrivedBody {
    /// All of it, and its parts.
    Held(Bytes, Vec<Chunk>),
    File(SpooledBody),
}

impl Arrivals {
    /// A body that goes to a file once it is large.
    pub(super) fn spooled(spools: SpoolThread) -> Self {
        Self { spools: Some(spools), ..Self::default() }
    }

    /// Adds bytes that arrived, and goes on in a file past `most` bytes. Past the bound of parts they belong to the
    /// last one.
    ///
    /// # Errors
    /// When the file of a large body cannot be written.
    pub(super) fn push(&mut self, at: Duration, bytes: &[u8], most: usize) -> io::Result<()> {
        self.length += bytes.len() as u64;
        if let Some(spool) = &mut self.spool {
            return spool.push(bytes);
        }
        self.bytes.extend_from_slice(bytes);
        let length = self.bytes.len();
        if let Some(spools) = self.spools.as_ref().filter(|_| length > most) {
            self.spool = Some(spools.begin(std::mem::take(&mut self.bytes).freeze()));
            self.marks = Vec::new();
            return Ok(());
        }
        let room = self.marks.len() < MAX_CHUNKS;
        match self.marks.last_mut() {
            Some(last) if !room => last.1 = length,
            _ => self.marks.push((at, length)),
        }
        Ok(())
    }

    /// Waits until the file of a large body takes more.
    pub(super) fn poll_ready(&self, cx: &Context<'_>) -> Poll<()> {
        self.spool.as_ref().map_or(Poll::Ready(()), |spool| spool.poll_ready(cx))
    }

    /// Whether further parts belong to the last one.
    pub(super) fn has_most_parts(&self) -> bool {
        self.marks.len() >= MAX_CHUNKS
    }

    /// Whether it comes with pauses, as a log that is followed does.
    pub(super) fn is_paced(&self) -> bool {
        self.marks.windows(2).any(|pair| pair[1].0.saturating_sub(pair[0].0) >= PAUSE)
    }

    /// How much has arrived, in bytes.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// How much of it is held, in bytes.
    pub(super) fn held(&self) -> usize {
        self.bytes.len()
    }

    /// What has arrived.
    pub(super) fn finish(self) -> ArrivedBody {
        if let Some(spool) = self.spool {
            return ArrivedBody::File(spool.finish());
        }
        let whole = self.bytes.freeze();
        let mut start = 0;
        let part = |(at, end): (Duration, usize)| {
            let bytes = whole.slice(std::mem::replace(&mut start, end)..end);
            Chunk { at, bytes }
        };
        let parts = self.marks.into_iter().map(part).collect();
        ArrivedBody::Held(whole, parts)
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
