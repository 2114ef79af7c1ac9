//! One request → the handler's plan → one response, the same for HTTP/1.1 and HTTP/2.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::{FutureExt, StreamExt};
use http::header::{
    CONNECTION, CONTENT_LENGTH, HOST, HeaderValue, SEC_WEBSOCKET_ACCEPT, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, Method, StatusCode, Version, request};
use hyper::body::{Body as _, Incoming};

use crate::message::{
    Body, BodyError, ClientCertificate, Fault, FaultPoint, Handler, Origin, Plan, Request,
    RequestBody,
};

use super::body::{Ending, PlanBody};
use super::complaints::Complaints;
use super::websocket;
use super::wire::{Control, Takeover};

/// Whose requests a connection carries.
#[derive(Debug, Clone)]
pub(super) struct Client {
    pub(super) peer: SocketAddr,
    /// What it showed in the TLS handshake.
    pub(super) certificate: Option<Arc<ClientCertificate>>,
}

/// The service's only error: nothing is to be written, the connection or stream ends.
#[derive(Debug, thiserror::Error)]
#[error("the connection ends before the answer")]
pub(super) struct EndsHere;

/// Answers a request. `control` is that of the connection where it carries one request at a time;
/// without it the answer is a stream among others.
pub(super) async fn answer<H: Handler>(
    handler: &H,
    request: hyper::Request<Incoming>,
    client: &Client,
    control: Option<&Arc<Control>>,
    complaints: &Complaints,
) -> Result<hyper::Response<PlanBody>, EndsHere> {
    let (mut head, body) = request.into_parts();
    let is_head = head.method == Method::HEAD;
    // HTTP/1.0 knows no chunks, and who says that this is the last request has the connection closed.
    let says_close = |value: &HeaderValue| {
        let words = value.as_bytes().split(|byte| *byte == b',');
        words.map(<[u8]>::trim_ascii).any(|word| word.eq_ignore_ascii_case(b"close"))
    };
    let closes = head.headers.get_all(CONNECTION).iter().any(says_close);
    let chunked = head.version == Version::HTTP_11 && !closes;
    let accept = if let Some(control) = control {
        control.begin_answer();
        websocket::accept(&head.headers)
    } else {
        name_host(&mut head);
        None
    };
    let body = if body.is_end_stream() {
        RequestBody::Empty
    } else {
        let stream = http_body_util::BodyDataStream::new(body);
        RequestBody::Stream(Box::pin(
            stream.map(|item| item.map_err(|error| BodyError::Broken(error.to_string()))),
        ))
    };
    let request = Request {
        method: head.method,
        uri: head.uri,
        version: head.version,
        headers: head.headers,
        body,
        peer: Some(client.peer),
        certificate: client.certificate.clone(),
    };
    // In a box, which is gone when the answer is there: what a connection holds while a stream is idle
    // does not hold the state of deciding it.
    let handled = AssertUnwindSafe(Box::pin(handler.handle(request))).catch_unwind().await;
    let plan = handled.unwrap_or_else(|_| {
        let peer = client.peer;
        complaints.tell(
            "panic",
            &format!("a request of {peer} made the server panic; it was answered with 500"),
        );
        let text = "the server failed on this request; this is a defect of the server\n";
        Plan::text(StatusCode::INTERNAL_SERVER_ERROR, Origin::Server, text)
    });
    if !plan.delay.is_zero() {
        tokio::time::sleep(plan.delay).await;
    }
    // Where the connection is the answer's own, a stream goes on without hyper and its buffers: it may
    // be idle for hours.
    let framed = |name| plan.headers.contains_key(name);
    let chunked = chunked
        && !(is_head || framed(CONTENT_LENGTH) || framed(TRANSFER_ENCODING))
        && !matches!(plan.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let own = control.filter(|_| plan.fault.is_none() && plan.pace.is_none() && chunked);
    match (plan.body, own, accept) {
        (Body::WebSocket(stream), Some(control), Some(accept)) => {
            control.take_over(Takeover::WebSocket(stream));
            Ok(switching(plan.headers, accept))
        }
        (Body::Stream(stream) | Body::WebSocket(stream), Some(control), _) => {
            control.take_over(Takeover::Chunked(stream));
            let mut response = hyper::Response::new(PlanBody::taken_over(Arc::clone(control)));
            *response.status_mut() = plan.status;
            *response.headers_mut() = plan.headers;
            Ok(response)
        }
        (body, ..) => perform(Plan { body, ..plan }, is_head, control),
    }
}

/// HTTP/2 has the host in a field of its own (RFC 9113, section 8.3.1); stubs look at `Host`.
fn name_host(head: &mut request::Parts) {
    if let Some(authority) = head.uri.authority()
        && !head.headers.contains_key(HOST)
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
    {
        head.headers.insert(HOST, host);
    }
}

/// 101: what follows is no longer HTTP.
fn switching(headers: HeaderMap, accept: HeaderValue) -> hyper::Response<PlanBody> {
    let mut response = hyper::Response::new(PlanBody::new(Body::Empty));
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    *response.headers_mut() = headers;
    let headers = response.headers_mut();
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    response
}

fn perform(
    plan: Plan,
    is_head: bool,
    control: Option<&Arc<Control>>,
) -> Result<hyper::Response<PlanBody>, EndsHere> {
    let known = plan.body.known_len();
    let mut body = PlanBody::new(plan.body);
    if let Some(pace) = plan.pace {
        body = body.paced(pace);
    }
    if let Some(Fault { at, action }) = plan.fault {
        let ending = match control {
            Some(control) => Ending::Connection(action, Arc::clone(control)),
            None => Ending::Stream,
        };
        match at {
            FaultPoint::BeforeHeaders => {
                ending.mark();
                return Err(EndsHere);
            }
            FaultPoint::AfterHeaders => body = body.cut(0, ending),
            FaultPoint::AfterBytes(n) => body = body.cut(n, ending),
        }
    }
    let mut response = hyper::Response::new(body);
    *response.status_mut() = plan.status;
    *response.headers_mut() = plan.headers;
    if let Some(length) = known.filter(|_| is_head) {
        response.headers_mut().entry(CONTENT_LENGTH).or_insert_with(|| length.into());
    }
    Ok(response)
}
