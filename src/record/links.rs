//! Links while recording: those in answers lead the client to the proxy, those in requests lead to the backend.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use http_body::Frame;
use http_body_util::BodyExt as _;

use crate::links::{ClientBase, Links, PassingBody, is_compressed, is_rewritten, is_structured};
use crate::message::{Body, BodyError, PassedBody, Request};
use crate::redact::{decoded_beginning, recoded};

/// A body up to this size, in bytes, is read before its head is sent, so that its length can be announced. A larger
/// one goes out in chunks as it is rewritten; but for JSON, XML and HTML it keeps its length, and all of its bytes,
/// where this much of it has no link.
const MOST_READ: usize = 1 << 20;

/// How long such a body is waited for. A slower one goes out in chunks.
const PATIENCE: Duration = Duration::from_millis(100);

/// The links in the answer to one request.
#[derive(Debug, Clone)]
pub(super) struct AnswerLinks {
    links: Arc<Links>,
    base: ClientBase,
    target: String,
}

impl AnswerLinks {
    /// For the answer to a request, whose fields that name the server are rewritten for the backend.
    pub(super) fn of(links: &Arc<Links>, request: &mut Request) -> Option<Self> {
        let base = ClientBase::of(request)?;
        let target = request.target().to_owned();
        links.fields_to_backend(&mut request.headers, &target, &base);
        Some(Self { links: answering(links, &target, &base), base, target })
    }

    /// Rewrites the header fields of an answer for the client.
    pub(super) fn rewrite_fields(&self, headers: &mut HeaderMap) {
        self.links.fields_to_client(headers, &self.target, &self.base);
    }

    /// The body of an answer for the client, with its header fields.
    pub(super) async fn rewrite(self, headers: &mut HeaderMap, mut body: PassedBody) -> Body {
        self.rewrite_fields(headers);
        let Self { links, base, .. } = self;
        if http_body::Body::is_end_stream(&body) || !is_rewritten(headers) {
            return Body::Passed(body);
        }
        let length =
            headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        let compressed = is_compressed(headers);
        let mut begun = Begun::default();
        if compressed || length.is_some() {
            let read = tokio::time::timeout(PATIENCE, begun.read(&mut body)).await;
            let is_whole = read == Ok(true) && begun.last.is_none();
            if is_whole && length.is_none_or(|length: usize| length == begun.bytes.len()) {
                let mut whole = begun.bytes.joined();
                let change = |text: &[u8]| links.to_client(text, &base);
                let new =
                    if compressed { recoded(headers, &whole, &change) } else { change(&whole) };
                if let Some(new) = new {
                    whole = new.into();
                }
                if length.is_none() {
                    return Body::Passed(PassedBody::new(Rewritten::of(whole, None, None)));
                }
                headers.insert(CONTENT_LENGTH, whole.len().into());
                return Body::Bytes(whole);
            }
            // Broken, or with trailers behind an announced length; or large, of a kind in which links are rare.
            let stays = read == Ok(true)
                || read == Ok(false)
                    && !is_structured(headers)
                    && !are_at_beginning(&links, headers, &begun.bytes.joined());
            if stays {
                let (bytes, last) = (begun.bytes.joined(), begun.last);
                let rest = (read != Ok(true)).then_some((body, None));
                return Body::Passed(PassedBody::new(Rewritten::of(bytes, last, rest)));
            }
        }
        headers.remove(CONTENT_LENGTH);
        let mut passing = PassingBody::new(&links, base, headers);
        let first = passing.push(begun.bytes.joined()).unwrap_or_default();
        let rest = Some((body, Some(passing)));
        Body::Passed(PassedBody::new(Rewritten::of(first, None, rest)))
    }
}

/// The links for the answers to requests for a target by a client.
fn answering(links: &Arc<Links>, target: &str, base: &ClientBase) -> Arc<Links> {
    links.answering(target, base).map_or_else(|| Arc::clone(links), Arc::new)
}

/// The links that a recording of answers to requests for a target has: also those that differ in the worlds of a server
/// that replays it.
pub(super) fn recorded(links: &Arc<Links>, target: &str) -> Arc<Links> {
    links.answering_in_worlds(target).map_or_else(|| Arc::clone(links), Arc::new)
}

/// Whether the beginning of a body has links.
fn are_at_beginning(links: &Links, headers: &HeaderMap, bytes: &[u8]) -> bool {
    if is_compressed(headers) {
        links.are_in(&decoded_beginning(headers, bytes))
    } else {
        links.are_in(bytes)
    }
}

/// The beginning of a body.
#[derive(Default)]
struct Begun {
    bytes: Gathered,
    /// What ended it, where that is not its end: trailers, an error.
    last: Option<Result<Frame<Bytes>, BodyError>>,
}

impl Begun {
    /// Reads a body to its end, and says whether it is no larger than is read before its head is sent. What was read
    /// stays where the reading is given up.
    async fn read(&mut self, body: &mut PassedBody) -> bool {
        while let Some(frame) = body.frame().await {
            match frame.map(Frame::into_data) {
                Ok(Ok(bytes)) => self.bytes.push(bytes),
                Ok(Err(other)) => self.last = Some(Ok(other)),
                Err(error) => {
                    // A stream that was reset gives its error again and again.
                    self.last = Some(Err(error));
                    break;
                }
            }
            if self.bytes.len() > MOST_READ {
                return false;
            }
            if http_body::Body::is_end_stream(body) {
                break;
            }
        }
        true
    }
}

/// Bytes that arrive in parts. Those of a single part, which most bodies are, are not copied.
#[derive(Default)]
struct Gathered {
    first: Bytes,
    /// All of them, once there are several parts.
    all: BytesMut,
}

impl Gathered {
    fn push(&mut self, bytes: Bytes) {
        if self.len() == 0 {
            self.first = bytes;
            return;
        }
        let first = std::mem::take(&mut self.first);
        self.all.extend_from_slice(&first);
        self.all.extend_from_slice(&bytes);
    }

    fn len(&self) -> usize {
        self.first.len() + self.all.len()
    }

    /// All of them as one.
    fn joined(&mut self) -> Bytes {
        if !self.all.is_empty() {
            self.first = self.all.split().freeze();
        }
        self.first.clone()
    }
}

/// A body that is rewritten while it arrives.
struct Rewritten {
    queued: VecDeque<Result<Frame<Bytes>, BodyError>>,
    rest: Option<Rest>,
}

/// What arrives, and what rewrites it.
type Rest = (PassedBody, Option<PassingBody>);

impl Rewritten {
    /// A body of these bytes, of what ended them, and of what arrives after them.
    fn of(bytes: Bytes, last: Option<Result<Frame<Bytes>, BodyError>>, rest: Option<Rest>) -> Self {
        let data = (!bytes.is_empty()).then(|| Ok(Frame::data(bytes)));
        Self { queued: data.into_iter().chain(last).collect(), rest }
    }
}

impl http_body::Body for Rewritten {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        loop {
            if let Some(frame) = self.queued.pop_front() {
                return Poll::Ready(Some(frame));
            }
            let Self { queued, rest } = &mut *self;
            let Some((body, passing)) = rest else { return Poll::Ready(None) };
            let frame = ready!(Pin::new(body).poll_frame(cx));
            let Some(passing) = passing else { return Poll::Ready(frame) };
            let (ready, last) = match frame {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(bytes) => (passing.push(bytes), None),
                    Err(trailers) => (passing.finish(), Some(Ok(trailers))),
                },
                // What is left of a compressed body is no more than its broken end.
                Some(Err(error)) => (Ok(passing.finish().unwrap_or_default()), Some(Err(error))),
                None => {
                    let ready = passing.finish();
                    *rest = None;
                    (ready, None)
                }
            };
            match ready {
                Ok(ready) => queued.extend((!ready.is_empty()).then(|| Ok(Frame::data(ready)))),
                Err(error) => {
                    let why = format!("the backend's body cannot be decompressed: {error}");
                    queued.push_back(Err(BodyError::Broken(why)));
                    *rest = None;
                }
            }
            queued.extend(last);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream that was reset.
    struct Reset;

    impl http_body::Body for Reset {
        type Data = Bytes;
        type Error = BodyError;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
            Poll::Ready(Some(Err(BodyError::Broken("reset".to_owned()))))
        }
    }

    #[tokio::test]
    async fn a_body_that_is_broken_is_read_no_further() {
        let mut begun = Begun::default();
        assert!(begun.read(&mut PassedBody::new(Reset)).await);
        assert!(matches!(begun.last, Some(Err(BodyError::Broken(_)))));
    }
}
