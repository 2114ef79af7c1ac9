//! What nothing else answers → the backend → a plan, and a recording if one is wanted.

use futures_util::StreamExt;
use http::StatusCode;
use http::header::ACCEPT_ENCODING;

use crate::message::{Body, Origin, Plan, Request, RequestBody};

use super::exchange::{Asked, BodyCopy};
use super::tee::{Copy, Tee};
use super::upstream::{Upstream, UpstreamError};
use super::writer::Recorder;

/// A backend that answers, with or without a recorder.
#[derive(Debug)]
pub struct Proxy {
    upstream: Upstream,
    recorder: Option<Recorder>,
}

impl Proxy {
    /// Passes requests on, and records the exchanges if there is a recorder.
    #[must_use]
    pub fn new(upstream: Upstream, recorder: Option<Recorder>) -> Self {
        Self { upstream, recorder }
    }

    /// The backend's answer, its body still on the way. A backend that does not answer gives 502, one
    /// that is too slow 504; neither is recorded.
    pub async fn answer(&self, mut request: Request) -> Plan {
        if let Some(recorder) = &self.recorder {
            recorder.room().await;
        }
        let asked = self.recorder.as_ref().map(|_| {
            // A recording is for people and for every client: it is taken uncompressed.
            request.headers.remove(ACCEPT_ENCODING);
            copy_of(&mut request)
        });
        let response = match self.upstream.forward(request).await {
            Ok(response) => response,
            Err(error) => return failed(&error),
        };
        let (head, body) = response.into_parts();
        let copy =
            self.recorder.clone().zip(asked).map(|(recorder, asked)| {
                Copy::new(recorder, asked, head.status, head.headers.clone())
            });
        let body = Body::Stream(Box::pin(Tee::new(body, copy)));
        let mut plan = Plan::new(head.status, Origin::Upstream, body);
        plan.headers = head.headers;
        plan
    }

    /// How many bytes of exchanges the recorder holds, and how many it may; nothing without one.
    #[must_use]
    pub fn held(&self) -> Option<(usize, usize)> {
        self.recorder.as_ref().map(Recorder::held)
    }

    /// Waits until everything that ended so far is on disk.
    pub async fn flush(&self) {
        if let Some(recorder) = &self.recorder {
            recorder.flush().await;
        }
    }
}

/// Keeps what was asked, and lets the body be copied while it is sent.
fn copy_of(request: &mut Request) -> Asked {
    let body = BodyCopy::default();
    request.body = match std::mem::replace(&mut request.body, RequestBody::Empty) {
        RequestBody::Stream(stream) => {
            let copy = body.clone();
            let copied = stream.inspect(move |item| {
                if let Ok(bytes) = item {
                    copy.push(bytes);
                }
            });
            RequestBody::Stream(Box::pin(copied))
        }
        RequestBody::Bytes(bytes) => {
            body.push(&bytes);
            RequestBody::Bytes(bytes)
        }
        RequestBody::Empty => RequestBody::Empty,
    };
    let (method, headers) = (request.method.clone(), request.headers.clone());
    Asked { method, target: request.target().to_owned(), headers, body }
}

fn failed(error: &UpstreamError) -> Plan {
    let status = match error {
        UpstreamError::Timeout { .. } => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::BAD_GATEWAY,
    };
    Plan::text(status, Origin::Upstream, format!("{error}\n"))
}
