//! Unmatched requests → the backend → a plan, and a recording where there is a recorder.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use hyper::ext::ReasonPhrase;

use crate::links::Links;
use crate::message::{Body, Effects, Origin, PassedBody, Plan, Request, RequestBody};

use super::backends::Backends;
use super::exchange::{BodyCopy, SentRequest};
use super::links::AnswerLinks;
use super::tee::{Recording, Tee};
use super::upstream::UpstreamError;
use super::writer::Recorder;

/// The backends, with or without a recorder.
#[derive(Debug)]
pub(crate) struct Proxy {
    backends: Backends,
    recorder: Option<Recorder>,
    /// Links to the backends, which are rewritten.
    links: Option<Arc<Links>>,
}

impl Proxy {
    /// Passes requests on, and records the exchanges if there is a recorder.
    #[must_use]
    pub(crate) fn new(backends: impl Into<Backends>, recorder: Option<Recorder>) -> Self {
        Self { backends: backends.into(), recorder, links: None }
    }

    /// Rewrites links to the backends, so that they lead clients to the proxy.
    pub(crate) fn with_links(mut self, links: Option<Arc<Links>>) -> Self {
        self.links = links;
        self
    }

    /// The backend's answer, whose body is still arriving. Without an answer it is 502, or 504 after the
    /// timeout; neither is recorded.
    pub(crate) async fn answer(&self, mut request: Request) -> Plan {
        if let Some(recorder) = &self.recorder {
            recorder.wait_for_room().await;
        }
        let sent = self
            .recorder
            .as_ref()
            .map(|_| SentRequest { links: self.links.clone(), ..copy_of(&mut request) });
        let links = self.links.as_ref().and_then(|links| AnswerLinks::of(links, &mut request));
        let Some(upstream) = self.backends.route(&mut request) else {
            let paths = self.backends.paths();
            let why = format!("no backend has this path; they have {paths}\n");
            return Plan::text(StatusCode::NOT_FOUND, Origin::Upstream, why);
        };
        let response = match upstream.forward(request).await {
            Ok(response) => response,
            Err(error) => return failed(&error),
        };
        let (mut head, body) = response.into_parts();
        let recording = self.recorder.clone().zip(sent).map(|(recorder, sent)| {
            let mut recording = Recording::new(recorder, sent, head.status, head.headers.clone());
            let reason = head.extensions.get::<ReasonPhrase>();
            recording.reason = reason.map(|reason| Bytes::copy_from_slice(reason.as_bytes()));
            recording
        });
        let body = PassedBody::new(Tee::new(body, recording));
        let body = match links {
            Some(links) => links.rewrite(&mut head.headers, body).await,
            None => Body::Passed(body),
        };
        let mut plan = Plan::new(head.status, Origin::Upstream, body);
        plan.headers = head.headers;
        if let Some(reason) = head.extensions.remove::<ReasonPhrase>() {
            let reason = Some(Bytes::copy_from_slice(reason.as_bytes()));
            plan.delivery = Effects { reason, ..Effects::default() }.into();
        }
        plan
    }

    /// What was recorded so far, for programs; nothing without a recorder.
    #[must_use]
    pub(crate) fn progress(&self) -> Option<serde_json::Value> {
        self.recorder.as_ref().map(Recorder::progress)
    }

    /// How many bytes of exchanges the recorder holds, and its budget; nothing without a recorder.
    #[must_use]
    pub(crate) fn held(&self) -> Option<(usize, usize)> {
        self.recorder.as_ref().map(Recorder::held)
    }

    /// Waits until all exchanges that have ended are on disk.
    pub(crate) async fn flush(&self) {
        if let Some(recorder) = &self.recorder {
            recorder.flush().await;
        }
    }
}

/// A copy of a request; its body is copied while it is sent.
fn copy_of(request: &mut Request) -> SentRequest {
    let body = BodyCopy::default();
    let copy = body.clone();
    request.body = std::mem::replace(&mut request.body, RequestBody::Empty)
        .inspected(move |bytes| copy.push(bytes));
    let (method, headers) = (request.method.clone(), request.headers.clone());
    SentRequest { method, target: request.target().to_owned(), headers, body, links: None }
}

fn failed(error: &UpstreamError) -> Plan {
    let status = match error {
        UpstreamError::Timeout { .. } => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::BAD_GATEWAY,
    };
    Plan::text(status, Origin::Upstream, format!("{error}\n"))
}
