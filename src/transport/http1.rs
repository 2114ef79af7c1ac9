//! HTTP/1.1 on one connection, and how the connection ends.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;

use crate::message::{FaultAction, Handler, Idle, Plan};

use super::answer::{Over, answer};
use super::client::{Client, stopped};
use super::connection_errors::ConnectionErrors;
use super::framing::{self, Sent};
use super::head_timer::HeadTimer;
use super::idle_timer::IdleTimer;
use super::socket::Socket;
use super::wire::{Control, Takeover, Wire};
use super::{TransportLimits, tunnel, unsent, websocket};

/// How long a client's bytes are read after the end of the connection, so that the client sees a
/// FIN.
const LINGER: Duration = Duration::from_millis(500);

/// hyper's default limit of header fields, which needs no allocation per request.
const HYPERS_HEADER_COUNT: usize = 100;

/// A chunk whose size is not a number.
const MALFORMED_CHUNK: &[u8] = b"zz\r\nthis chunk has no size\r\n";

/// Serves a connection until it ends, or until the server stops and requests in flight are done.
pub(super) async fn run<H: Handler>(
    mut socket: Socket,
    client: Client,
    handler: Arc<H>,
    limits: TransportLimits,
    connection_errors: Arc<ConnectionErrors>,
    mut stopping: watch::Receiver<bool>,
) {
    // Boxed, so that an idle stream does not hold room for it.
    let mut resumed = Resumed::default();
    loop {
        let shared = (&*handler, &limits, &*connection_errors);
        let turn = serve(socket, &mut resumed, &client, shared, &mut stopping);
        // Boxed, so that it is freed while a stream continues.
        let Some((back, read, takeover)) = Box::pin(turn).await else {
            return;
        };
        match takeover {
            Takeover::WebSocket(stream) => {
                return websocket::run(back, read.to_vec(), stream).await;
            }
            Takeover::Conversation(conversation) => {
                let said = websocket::converse(back, read.to_vec(), &conversation);
                return tokio::select! {
                    () = Box::pin(said) => {}
                    () = stopped(&mut stopping) => {}
                };
            }
            Takeover::Tunnel(end) => {
                let passed = tunnel::run(back, &read, end);
                return tokio::select! {
                    () = Box::pin(passed) => {}
                    () = stopped(&mut stopping) => {}
                };
            }
            Takeover::Body(outside) => {
                match framing::run(back, read, outside, limits.header_bytes).await {
                    Sent::Whole(next) => socket = next,
                    Sent::Last(last) => return finish(last).await,
                    Sent::Fault(last, action) => return end(last, &action).await,
                    Sent::Gone => return,
                }
            }
            Takeover::Stalled(stalled) => {
                let waited = Box::pin(stalled.wait(back, read, limits.header_bytes));
                let waited = tokio::select! {
                    waited = waited => waited,
                    () = stopped(&mut stopping) => return,
                };
                let Some((next, plan)) = waited else { return };
                socket = next;
                resumed.plan = Some(Box::new(plan));
                continue;
            }
        }
        if *stopping.borrow() {
            return finish(socket).await;
        }
    }
}

/// The state that a connection passes to the next run of hyper.
#[derive(Default)]
struct Resumed {
    /// The answer to the next request, if already decided.
    plan: Option<Box<Plan>>,
    /// When the connection ends after the last answer.
    idle: Option<Idle>,
}

/// How hyper's part of a connection ended.
enum Ended {
    Hyper(hyper::Result<()>),
    Stopping,
    Timeout,
    Idle(FaultAction),
}

/// Serves requests until the answer to one continues without hyper. Returns the socket, the bytes
/// read after that request, and the answer, or `None` if the connection has ended.
async fn serve<H: Handler>(
    socket: Socket,
    resumed: &mut Resumed,
    client: &Client,
    (handler, limits, connection_errors): (&H, &TransportLimits, &ConnectionErrors),
    stopping: &mut watch::Receiver<bool>,
) -> Option<(Socket, Bytes, Takeover)> {
    let plan = resumed.plan.take().map(|plan| *plan);
    let control = Arc::new(Control::resuming(plan, resumed.idle.take()));
    if *stopping.borrow() {
        control.end_with_next();
    }
    let mut builder = http1::Builder::new();
    builder
        .header_read_timeout(None)
        .auto_date_header(false)
        .max_header_size(limits.header_bytes)
        .max_buf_size(limits.header_bytes.max(8192) * 2);
    if limits.header_count != HYPERS_HEADER_COUNT {
        builder.max_headers(limits.header_count);
    }
    let wire = Wire::new(socket, Arc::clone(&control));
    let service = service_fn(|request| {
        let answer = answer(handler, request, client, Over::Http1(&control), connection_errors);
        if control.ends_with_next() { answer.into_last() } else { answer }
    });
    let mut connection = builder.serve_connection(wire, service);
    let mut timer = HeadTimer::new(limits.header_timeout);
    let mut idle = IdleTimer::default();
    let ended = {
        let watched = stopping.clone();
        let mut stopped = std::pin::pin!(stopped(stopping));
        let mut watches = false;
        poll_fn(|cx| {
            if let Poll::Ready(result) = Pin::new(&mut connection).poll(cx) {
                return Poll::Ready(Ended::Hyper(result));
            }
            // Once polled, it wakes this task; until then a flag is enough.
            if !watches || watched.has_changed().unwrap_or(true) {
                watches = true;
                if stopped.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Ended::Stopping);
                }
            }
            if let Poll::Ready(action) = idle.poll(&control, cx) {
                return Poll::Ready(Ended::Idle(action));
            }
            timer.poll(&control, cx).map(|()| Ended::Timeout)
        })
        .await
    };
    let result = match ended {
        Ended::Hyper(result) => result,
        Ended::Stopping => {
            let mut ended = None;
            // A request may be on its way to an idle connection.
            if !limits.linger.is_zero() && control.end_with_next() {
                ended = tokio::time::timeout(limits.linger, &mut connection).await.ok();
            }
            if let Some(result) = ended {
                result
            } else {
                Pin::new(&mut connection).graceful_shutdown();
                (&mut connection).await
            }
        }
        Ended::Idle(action) => {
            end(connection.into_parts().io.into_inner(), &action).await;
            return None;
        }
        Ended::Timeout => {
            let socket = connection.into_parts().io.into_inner();
            refuse(socket, client, &Refusal::Late(limits.header_timeout), connection_errors).await;
            return None;
        }
    };
    let parts = connection.into_parts();
    let socket = parts.io.into_inner();
    resumed.idle = control.idle();
    if control.ending().is_none()
        && let Some(takeover) = control.take_takeover()
        && (result.is_ok() || control.is_leaving())
    {
        return Some((socket, parts.read_buf, takeover));
    }
    match (control.ending(), result) {
        (Some(action), _) => end(socket, &action).await,
        (None, Err(error)) => {
            // If the client disconnected or an answer's stream failed, nobody can be informed.
            if let Some(refusal) = Refusal::of(&error, limits, control.wants_error_answer()) {
                refuse(socket, client, &refusal, connection_errors).await;
            }
        }
        (None, Ok(())) => finish(socket).await,
    }
    None
}

/// Ends a connection with a fault.
async fn end(mut socket: Socket, action: &FaultAction) {
    let last: &[u8] = match action {
        FaultAction::Reset | FaultAction::ResetStream(_) => {
            // An RST discards what is still queued.
            let _ = socket.flush().await;
            unsent::wait(socket.tcp()).await;
            // SO_LINGER 0: the close that follows sends an RST.
            let _ = socket2::SockRef::from(socket.tcp()).set_linger(Some(Duration::ZERO));
            return;
        }
        FaultAction::Close | FaultAction::GoAway { .. } => &[],
        FaultAction::Garbage(bytes) => bytes,
        FaultAction::MalformedChunk => MALFORMED_CHUNK,
    };
    if !last.is_empty() {
        let _ = socket.write_all(last).await;
        let _ = socket.flush().await;
    }
    finish(socket).await;
}

/// Sends a FIN and keeps reading briefly: a socket that is closed with unread bytes sends an RST.
pub(super) async fn finish(mut socket: impl AsyncRead + AsyncWrite + Unpin) {
    let _ = socket.shutdown().await;
    let drain = async {
        // Allocated here, so that a connection does not hold it while it serves.
        let mut scratch = vec![0_u8; 4096];
        while matches!(socket.read(&mut scratch).await, Ok(read) if read > 0) {}
    };
    let _ = tokio::time::timeout(LINGER, Box::pin(drain)).await;
}

/// Why a request is refused for which hyper would only close the connection.
enum Refusal {
    /// Its head did not arrive in time.
    Late(Duration),
    /// Its head cannot be parsed: the status, the reason, and whether an answer can still be sent.
    Unreadable { status: &'static str, why: String, answers: bool },
}

impl Refusal {
    fn of(error: &hyper::Error, limits: &TransportLimits, answers: bool) -> Option<Self> {
        if error.is_parse_too_large() {
            let why = format!(
                "the request's head is too large: at most {} bytes and {} header fields are read",
                limits.header_bytes, limits.header_count
            );
            let status = "431 Request Header Fields Too Large";
            Some(Self::Unreadable { status, why, answers })
        } else if error.is_parse() {
            let why = format!("this is not HTTP/1.1: {}", reason(error));
            Some(Self::Unreadable { status: "400 Bad Request", why, answers })
        } else {
            None
        }
    }
}

/// Answers a request that hyper cannot parse with the reason.
async fn refuse(
    mut socket: Socket,
    client: &Client,
    refusal: &Refusal,
    connection_errors: &ConnectionErrors,
) {
    let late;
    let (status, why, answers) = match refusal {
        Refusal::Late(timeout) => {
            let seconds = timeout.as_secs_f32();
            late = format!("the request's head did not arrive within {seconds} s");
            ("408 Request Timeout", &late, true)
        }
        Refusal::Unreadable { status, why, answers } => (*status, why, *answers),
    };
    connection_errors.report(status, &format!("{}: {status}: {why}", client.peer));
    if answers {
        write_error(&mut socket, status, "", why).await;
    }
    finish(socket).await;
}

/// Writes an error answer of the transport itself, without a handler.
pub(super) async fn write_error(
    socket: &mut (impl AsyncWrite + Unpin),
    status: &str,
    fields: &str,
    why: &str,
) {
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\n{fields}connection: close\r\n\r\n{why}\n",
        why.len() + 1
    );
    // A client that has closed the connection gets no answer.
    if socket.write_all(answer.as_bytes()).await.is_ok() {
        let _ = socket.flush().await;
    }
}

fn reason(error: &hyper::Error) -> String {
    let text = error.to_string();
    std::error::Error::source(error).map_or(text.clone(), |source| format!("{text}: {source}"))
}
