//! HTTP/2 on one connection (RFC 9113): many requests at once, each a stream.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::sync::watch;

use crate::message::{Handler, Idle};

use super::TransportLimits;
use super::answer::{Over, answer};
use super::client::{Client, stopped};
use super::connection_errors::ConnectionErrors;
use super::framed::Framed;
use super::frames::Frames;
use super::in_use::{InUse, Use};
use super::reason::EndsHere;
use super::socket::Socket;

/// How many streams a client may open and reset before they are accepted; more end the connection
/// (CVE-2023-44487).
const PENDING_RESETS: usize = 20;

/// How long a client may take to close a connection that has ended with a `GOAWAY`.
const LINGER: Duration = Duration::from_millis(500);

/// The initial window of a connection (RFC 9113, section 6.9.2), in bytes.
const MIN_CONNECTION_WINDOW: u32 = 65_535;

/// Serves a connection until it ends, is idle for too long, or the server stops.
pub(super) async fn run<H: Handler>(
    socket: Socket,
    client: Client,
    handler: Arc<H>,
    limits: TransportLimits,
    connection_errors: Arc<ConnectionErrors>,
    mut stopping: watch::Receiver<bool>,
) {
    let settings = handler.http2();
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .auto_date_header(false)
        .max_concurrent_streams(settings.max_concurrent_streams.unwrap_or(limits.streams))
        .max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX))
        .max_pending_accept_reset_streams(PENDING_RESETS);
    if let Some(window) = settings.initial_window {
        // All streams share the window of the connection, which is never smaller than its initial one.
        builder
            .initial_stream_window_size(window)
            .initial_connection_window_size(window.max(MIN_CONNECTION_WINDOW));
    }
    let peer = client.peer;
    let used = Arc::new(Use::default());
    let frames = Arc::new(Frames::default());
    let service = {
        let (connection_errors, used) = (Arc::clone(&connection_errors), Arc::clone(&used));
        let frames = Arc::clone(&frames);
        service_fn(move |request| {
            used.begun.fetch_add(1, Ordering::AcqRel);
            let in_use = InUse(Arc::clone(&used));
            let stream = frames.accept();
            let (handler, client) = (Arc::clone(&handler), client.clone());
            let (connection_errors, frames) = (Arc::clone(&connection_errors), Arc::clone(&frames));
            async move {
                let over = Over::Http2(&frames, stream);
                let mut response =
                    answer(&*handler, request, &client, over, &connection_errors).await?;
                response.body_mut().while_used(in_use);
                Ok::<_, EndsHere>(response)
            }
        })
    };
    let connection =
        builder.serve_connection(TokioIo::new(Framed::new(socket, Arc::clone(&frames))), service);
    let mut connection = std::pin::pin!(connection);
    let result = tokio::select! {
        result = &mut connection => result,
        () = idle(&used, &limits) => {
            connection.as_mut().graceful_shutdown();
            // The server does not wait for a client that does not close the connection.
            tokio::time::timeout(limits.drain, connection).await.unwrap_or(Ok(()))
        }
        () = ended(&frames) => return,
        idle = idle_fault(&used, &frames) => {
            frames.end(idle);
            return;
        }
        () = stopped(&mut stopping) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result
        && let Some(why) = client_error(&error)
    {
        connection_errors.report("http2", &format!("{peer}: HTTP/2: {why}"));
    }
}

/// Completes when the connection has had no request for the idle timeout.
async fn idle(used: &Use, limits: &TransportLimits) {
    loop {
        let before = used.begun.load(Ordering::Acquire);
        tokio::time::sleep(limits.idle_timeout).await;
        let (begun, done) = (used.begun.load(Ordering::Acquire), used.done.load(Ordering::Acquire));
        if begun == before && done == begun {
            return;
        }
    }
}

/// Completes when the connection was idle for the time that an answer sets, or when the next
/// request has arrived.
async fn idle_fault(used: &Use, frames: &Frames) -> Idle {
    loop {
        let Some(idle) = frames.idle() else {
            frames.idle_changed().await;
            continue;
        };
        let Some(after) = idle.after else {
            if frames.is_ended() {
                return idle;
            }
            frames.idle_changed().await;
            continue;
        };
        used.quiet().await;
        let before = used.begun.load(Ordering::Acquire);
        tokio::time::sleep(after).await;
        let (begun, done) = (used.begun.load(Ordering::Acquire), used.done.load(Ordering::Acquire));
        if begun == before && done == begun {
            return idle;
        }
    }
}

/// Completes when a `GOAWAY` has ended the connection and its client has had time to react.
async fn ended(frames: &Frames) {
    frames.finished().await;
    tokio::time::sleep(LINGER).await;
}

/// Returns the error of the client, or `None` if it only closed the connection.
fn client_error(error: &hyper::Error) -> Option<String> {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if cause.is::<std::io::Error>() {
            return None;
        }
        source = cause.source();
    }
    let cause = std::error::Error::source(error);
    Some(cause.map_or_else(|| error.to_string(), ToString::to_string))
}
