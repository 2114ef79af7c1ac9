//! One connection: hyper between the socket and the handler, and how it ends.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use http::header::{CONNECTION, CONTENT_LENGTH, HeaderValue, SEC_WEBSOCKET_ACCEPT, UPGRADE};
use http::{HeaderMap, Method, StatusCode};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioTimer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::message::{
    Body, BodyError, Fault, FaultAction, FaultPoint, Handler, Origin, Plan, Request, RequestBody,
};

use super::body::PlanBody;
use super::websocket;
use super::wire::{Control, Wire};
use super::{Limits, Logger};

/// How long what a client still sends is read after the last byte for it, so that it sees a FIN.
const LINGER: Duration = Duration::from_millis(500);

/// Serves a connection until it ends, or until `stopping` says so and what is in flight is done.
pub(super) async fn run<H: Handler>(
    stream: TcpStream,
    peer: SocketAddr,
    handler: Arc<H>,
    limits: Limits,
    log: Logger,
    mut stopping: watch::Receiver<bool>,
) {
    let control = Arc::new(Control::default());
    let service = {
        let (control, log) = (Arc::clone(&control), Arc::clone(&log));
        service_fn(move |request| {
            let (handler, control, log) =
                (Arc::clone(&handler), Arc::clone(&control), Arc::clone(&log));
            async move { answer(&*handler, request, peer, &control, &log).await }
        })
    };
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_header_size(limits.header_bytes)
        .max_buf_size(limits.header_bytes.max(8192) * 2)
        .max_headers(limits.header_count);
    let wire = Wire::new(stream, Arc::clone(&control));
    let mut connection = builder.serve_connection(wire, service);
    let result = tokio::select! {
        result = &mut connection => result,
        () = stopped(&mut stopping) => {
            std::pin::Pin::new(&mut connection).graceful_shutdown();
            (&mut connection).await
        }
    };
    let parts = connection.into_parts();
    let socket = parts.io.into_inner();
    if let (Some(stream), Ok(()), None) = (control.upgraded(), &result, control.ending()) {
        return websocket::run(socket, parts.read_buf.to_vec(), stream).await;
    }
    match (control.ending(), result) {
        (Some(action), _) => end(socket, &action).await,
        (None, Err(error)) => refuse(socket, peer, &error, &limits, &log).await,
        (None, Ok(())) => finish(socket).await,
    }
}

async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // A server that is gone has stopped too.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

/// The service's only error: nothing is to be written, the connection ends.
#[derive(Debug, thiserror::Error)]
#[error("the connection ends before the answer")]
struct EndsHere;

async fn answer<H: Handler>(
    handler: &H,
    request: hyper::Request<Incoming>,
    peer: SocketAddr,
    control: &Arc<Control>,
    log: &Logger,
) -> Result<hyper::Response<PlanBody>, EndsHere> {
    control.begin_answer();
    let (head, body) = request.into_parts();
    let is_head = head.method == Method::HEAD;
    let accept = websocket::accept(&head.headers);
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
        peer: Some(peer),
    };
    let handled = AssertUnwindSafe(handler.handle(request)).catch_unwind().await;
    let plan = handled.unwrap_or_else(|_| {
        log(&format!("a request of {peer} made the server panic; it was answered with 500"));
        let text = "the server failed on this request; this is a defect of the server\n";
        Plan::text(StatusCode::INTERNAL_SERVER_ERROR, Origin::Server, text)
    });
    if !plan.delay.is_zero() {
        tokio::time::sleep(plan.delay).await;
    }
    match (plan.body, accept) {
        (Body::WebSocket(stream), Some(accept)) if plan.fault.is_none() => {
            control.upgrade(stream);
            Ok(switching(plan.headers, accept))
        }
        (body, _) => perform(Plan { body, ..plan }, is_head, control),
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
    control: &Arc<Control>,
) -> Result<hyper::Response<PlanBody>, EndsHere> {
    let known = plan.body.known_len();
    let mut body = PlanBody::new(plan.body);
    match plan.fault {
        None => {}
        Some(Fault { at: FaultPoint::BeforeHeaders, action }) => {
            control.end(action);
            return Err(EndsHere);
        }
        Some(Fault { at: FaultPoint::AfterHeaders, action }) => {
            body = body.cut(0, action, Arc::clone(control));
        }
        Some(Fault { at: FaultPoint::AfterBytes(n), action }) => {
            body = body.cut(n, action, Arc::clone(control));
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

/// Performs an ending on the bare socket.
async fn end(mut socket: TcpStream, action: &FaultAction) {
    match action {
        FaultAction::Reset => {
            // SO_LINGER 0: the close that follows sends an RST.
            let _ = socket2::SockRef::from(&socket).set_linger(Some(Duration::ZERO));
        }
        FaultAction::Close => finish(socket).await,
        FaultAction::Garbage(bytes) => {
            let _ = socket.write_all(bytes).await;
            finish(socket).await;
        }
    }
}

/// Sends a FIN and reads on for a moment: closing with unread bytes would turn it into an RST.
async fn finish(mut socket: TcpStream) {
    let _ = socket.shutdown().await;
    let mut scratch = [0_u8; 4096];
    let drain = async { while matches!(socket.read(&mut scratch).await, Ok(read) if read > 0) {} };
    let _ = tokio::time::timeout(LINGER, drain).await;
}

/// Tells a client what was wrong with its request, where hyper would only close.
async fn refuse(
    mut socket: TcpStream,
    peer: SocketAddr,
    error: &hyper::Error,
    limits: &Limits,
    log: &Logger,
) {
    let (status, why) = if error.is_parse_too_large() {
        let what = format!(
            "the request's head is too large: at most {} bytes and {} header fields are read",
            limits.header_bytes, limits.header_count
        );
        ("431 Request Header Fields Too Large", what)
    } else if error.is_timeout() {
        let seconds = limits.header_timeout.as_secs_f32();
        ("408 Request Timeout", format!("the request's head did not arrive within {seconds} s"))
    } else if error.is_parse() {
        ("400 Bad Request", format!("this is not HTTP/1.1: {}", reason(error)))
    } else {
        // The client went away, or an answer's stream broke: there is nobody to tell.
        return;
    };
    log(&format!("{peer}: {status}: {why}"));
    let body = format!("{why}\n");
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    if socket.write_all(answer.as_bytes()).await.is_ok() {
        finish(socket).await;
    }
}

fn reason(error: &hyper::Error) -> String {
    let text = error.to_string();
    std::error::Error::source(error).map_or(text.clone(), |source| format!("{text}: {source}"))
}

/// Answers a connection that is one too many.
pub(super) async fn turn_away(mut socket: TcpStream, limit: usize) {
    let body = format!("the server has all the {limit} connections it allows\n");
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\n\
         retry-after: 1\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    if socket.write_all(answer.as_bytes()).await.is_ok() {
        finish(socket).await;
    }
}
