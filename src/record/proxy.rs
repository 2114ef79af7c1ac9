//! Unmatched requests → the backend → a plan, and a recording where there is a recorder.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_LENGTH, PROXY_AUTHORIZATION, UPGRADE};
use hyper::body::Incoming;
use hyper::ext::ReasonPhrase;
use hyper_util::rt::TokioIo;
use tokio::time::Instant;

use crate::links::Links;
use crate::message::{Body, Effects, Origin, PassedBody, Plan, Request, RequestBody, Tunnel};

use super::backends::Backends;
use super::exchange::{BodyCopy, SentRequest};
use super::faults::BackendFault;
use super::forward;
use super::interim::SeenInformational;
use super::links::{AnswerLinks, recorded};
use super::tee::{Recording, Tee};
use super::upstream::UpstreamError;
use super::websocket::{Overheard, keep_known_extensions};
use super::wire_form::LastForm;
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
        if request.forwarded {
            // They are this proxy's, not the backend's.
            request.headers.remove(PROXY_AUTHORIZATION);
        }
        let sent = self.recorder.as_ref().map(|_| {
            let links = self.links.as_ref().map(|links| recorded(links, request.target()));
            SentRequest { links, ..copy_of(&mut request) }
        });
        if let (Some(recorder), Some(sent)) = (&self.recorder, &sent) {
            recorder.expect(sent);
        }
        let links = self.links.as_ref().and_then(|links| AnswerLinks::of(links, &mut request));
        let upstream = match self.backends.route(&mut request) {
            Ok(upstream) => upstream,
            Err(why) => {
                return Plan::text(StatusCode::NOT_FOUND, Origin::Upstream, format!("{why}\n"));
            }
        };
        if self.recorder.is_some() {
            keep_known_extensions(&mut request.headers);
        }
        let number = self
            .recorder
            .as_ref()
            .zip(sent.as_ref())
            .and_then(|(recorder, sent)| recorder.count(sent));
        let seen = SeenInformational::of(&mut request, links.as_ref());
        let exchange = self.recorder.clone().zip(sent);
        let asked = Asked { exchange, number, at: Instant::now() };
        let answered = upstream.forward(request).await;
        let waited = asked.at.elapsed();
        let exchange = asked.answered();
        let response = match answered {
            Ok(response) => response,
            Err(error) => {
                let fault = match &error {
                    UpstreamError::Broken { why, code, .. } => {
                        BackendFault::in_place_of_answer(why, *code, waited)
                    }
                    UpstreamError::Timeout { .. } => Some(BackendFault::silence()),
                    _ => None,
                };
                if let (Some((recorder, sent)), Some(number)) = (&exchange, number)
                    && let Some(fault) = fault
                {
                    recorder.add_fault(sent, number, fault);
                }
                return failed(&error);
            }
        };
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            return tunnel(response, exchange).await;
        }
        let (mut head, body) = response.into_parts();
        let form = head.extensions.remove::<LastForm>().and_then(|form| form.get());
        let recording = exchange.and_then(|(recorder, sent)| {
            let (status, headers) = (head.status, head.headers.clone());
            let mut recording = Recording::begin(recorder, sent, status, headers)?;
            recording.number = number;
            recording.form.clone_from(&form);
            recording.informational = seen.take();
            recording.waited = waited;
            let reason = head.extensions.get::<ReasonPhrase>();
            recording.reason = reason.map(|reason| Bytes::copy_from_slice(reason.as_bytes()));
            Some(recording)
        });
        let body = PassedBody::new(Tee::new(body, recording));
        let body = match links {
            Some(links) => links.rewrite(&mut head.headers, body).await,
            None => Body::Passed(body),
        };
        // hyper leaves out the length of what a 304 stands for (RFC 9110, section 8.6) where it knows that no body comes.
        let body = match body {
            Body::Passed(body)
                if head.status == StatusCode::NOT_MODIFIED
                    && head.headers.contains_key(CONTENT_LENGTH) =>
            {
                Body::Stream(body.into_stream())
            }
            body => body,
        };
        let mut plan = Plan::new(head.status, Origin::Upstream, body);
        plan.headers = head.headers;
        let reason = head.extensions.remove::<ReasonPhrase>();
        let reason = reason.map(|reason| Bytes::copy_from_slice(reason.as_bytes()));
        let layout = form.and_then(|form| form.layout.clone());
        plan.delivery = Effects { reason, layout, ..Effects::default() }.into();
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

    /// Ends the recording; see [`Recorder::end`].
    pub(crate) async fn end(&self, within: Duration) {
        if let Some(recorder) = &self.recorder {
            recorder.end(within).await;
        }
    }

    /// Waits until all exchanges that have ended are mappings on disk.
    #[cfg(test)]
    pub(crate) async fn flush(&self) {
        if let Some(recorder) = &self.recorder {
            recorder.flush().await;
        }
    }
}

/// A request whose answer has not begun. Where the client gives up before it does, the backend has stalled.
struct Asked {
    exchange: Option<(Recorder, SentRequest)>,
    /// The number of the request, where faults of the backend are recorded.
    number: Option<u64>,
    at: Instant,
}

impl Asked {
    /// The answer has begun, or failed.
    fn answered(mut self) -> Option<(Recorder, SentRequest)> {
        self.exchange.take()
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if let (Some((recorder, sent)), Some(number)) = (&self.exchange, self.number)
            && let Some(fault) = BackendFault::without_answer(self.at.elapsed())
        {
            recorder.add_fault(sent, number, fault);
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
    let origin = if request.forwarded { forward::Origin::of(request) } else { None };
    SentRequest { method, origin, target: request.target().to_owned(), headers, body, links: None }
}

/// The answer to an upgrade that the backend has accepted. What is said over a `WebSocket` is recorded; another
/// protocol is passed through.
async fn tunnel(
    mut response: http::Response<Incoming>,
    recorded: Option<(Recorder, SentRequest)>,
) -> Plan {
    let upgraded = match hyper::upgrade::on(&mut response).await {
        Ok(upgraded) => TokioIo::new(upgraded),
        Err(error) => {
            let why =
                format!("the backend changed the protocol, and its connection broke: {error}\n");
            return Plan::text(StatusCode::BAD_GATEWAY, Origin::Upstream, why);
        }
    };
    let (mut head, _) = response.into_parts();
    let form = head.extensions.remove::<LastForm>().and_then(|form| form.get());
    let protocol = head.headers.get(UPGRADE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let tunnel = match recorded {
        Some((recorder, sent)) if protocol.eq_ignore_ascii_case("websocket") => {
            match Recording::begin(recorder, sent, head.status, head.headers.clone()) {
                Some(recording) => Tunnel::new(Overheard::new(upgraded, recording)),
                None => Tunnel::new(upgraded),
            }
        }
        Some((recorder, sent)) => {
            let why = format!("{protocol:?} is passed through and not recorded, for");
            recorder.report_skipped(&sent, &why, "");
            Tunnel::new(upgraded)
        }
        None => Tunnel::new(upgraded),
    };
    let mut plan = Plan::new(head.status, Origin::Upstream, Body::Tunnel(tunnel));
    plan.headers = head.headers;
    let layout = form.and_then(|form| form.layout.clone());
    plan.delivery = Effects { layout, ..Effects::default() }.into();
    plan
}

fn failed(error: &UpstreamError) -> Plan {
    let status = match error {
        UpstreamError::Timeout { .. } => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::BAD_GATEWAY,
    };
    Plan::text(status, Origin::Upstream, format!("{error}\n"))
}
