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

use crate::links::{ClientBase, Links, Rewriting, is_rewritten};
use crate::message::{Body, BodyError, PassedBody, Request};

/// A body up to this size, in bytes, is read before its head is sent, so that its length can be announced.
const ANNOUNCED: usize = 64 << 10;

/// How long such a body is waited for. A slower one goes out in chunks.
const PATIENCE: Duration = Duration::from_millis(100);

/// The links in the answer to one request.
#[derive(Debug)]
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
        Some(Self { links: Arc::clone(links), base, target })
    }

    /// The body of an answer for the client, with its header fields.
    pub(super) async fn rewrite(self, headers: &mut HeaderMap, mut body: PassedBody) -> Body {
        let Self { links, base, target } = self;
        links.fields_to_client(headers, &target, &base);
        if http_body::Body::is_end_stream(&body) || !is_rewritten(headers) {
            return Body::Passed(body);
        }
        let mut begun = Begun::default();
        let length =
            headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        if length.is_some_and(|length: usize| length <= ANNOUNCED) {
            match tokio::time::timeout(PATIENCE, begun.read(&mut body)).await {
                Ok(()) if begun.last.is_none() && Some(begun.bytes.len()) == length => {
                    let mut whole = begun.bytes.freeze();
                    if let Some(new) = links.to_client(&whole, &base) {
                        headers.insert(CONTENT_LENGTH, new.len().into());
                        whole = new.into();
                    }
                    return Body::Bytes(whole);
                }
                // Broken, or with trailers: it goes on as it came.
                Ok(()) => {
                    let data =
                        (!begun.bytes.is_empty()).then(|| Ok(Frame::data(begun.bytes.freeze())));
                    let queued = data.into_iter().chain(begun.last).collect();
                    return Body::Passed(PassedBody::new(Rewritten { queued, body: None }));
                }
                Err(_) => {}
            }
        }
        headers.remove(CONTENT_LENGTH);
        let mut rewriting = Rewriting::new(&links, base);
        let first = rewriting.push(&links, begun.bytes.freeze());
        let queued = (!first.is_empty()).then(|| Ok(Frame::data(first))).into_iter().collect();
        Body::Passed(PassedBody::new(Rewritten { queued, body: Some((body, links, rewriting)) }))
    }
}

/// The beginning of a body.
#[derive(Default)]
struct Begun {
    bytes: BytesMut,
    /// What ended it, where that is not its end: trailers, an error.
    last: Option<Result<Frame<Bytes>, BodyError>>,
}

impl Begun {
    /// Reads a body to its end. What was read stays where the reading is given up.
    async fn read(&mut self, body: &mut PassedBody) {
        while let Some(frame) = body.frame().await {
            match frame.map(Frame::into_data) {
                Ok(Ok(bytes)) => self.bytes.extend_from_slice(&bytes),
                Ok(Err(other)) => self.last = Some(Ok(other)),
                Err(error) => self.last = Some(Err(error)),
            }
        }
    }
}

/// A body that is rewritten while it arrives.
struct Rewritten {
    queued: VecDeque<Result<Frame<Bytes>, BodyError>>,
    body: Option<(PassedBody, Arc<Links>, Rewriting)>,
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
            let Self { queued, body } = &mut *self;
            let Some((arriving, links, rewriting)) = body else { return Poll::Ready(None) };
            let (ready, last) = match ready!(Pin::new(arriving).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(bytes) => (rewriting.push(links, bytes), None),
                    Err(trailers) => (rewriting.finish(links), Some(Ok(trailers))),
                },
                Some(Err(error)) => (rewriting.finish(links), Some(Err(error))),
                None => {
                    let ready = rewriting.finish(links);
                    *body = None;
                    (ready, None)
                }
            };
            queued.extend((!ready.is_empty()).then(|| Ok(Frame::data(ready))));
            queued.extend(last);
        }
    }
}
