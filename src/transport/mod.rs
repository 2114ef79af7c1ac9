//! The transport: accepts connections and performs plans. The only module that uses hyper's server
//! and tokio's network.
//!
//! ```text
//! accept (listen) → one task per connection (connection) → first bytes (socket) → TLS, if any
//!     → CONNECT of a forward proxy ([forward]), where it is one
//!     → [http1] over the wire wrapper (wire), or [http2] over one that follows frames ([framed], [frames])
//!       and sends some heads slowly ([marked_head], [marked_writer])
//!     request head and lazy body → Handler → Plan → [answer] performs its delivery ([deliver])
//!     → hyper sends all of it ([body], its [piece]s), or only its head, and the rest is sent without hyper:
//!       streams and disturbed bodies ([framing]), answers with a long delay ([stalled]), messages ([websocket]);
//!       informational answers, and heads in the layout of a backend ([interim])
//! ```
//!
//! Engines decide how an answer is delivered; the transport performs it, exact to the byte: a reset is a TCP RST,
//! a close is a FIN, garbage is outside of HTTP's framing. On HTTP/2 all of them end the stream with
//! `RST_STREAM`, since other requests share the connection. Only a `GOAWAY` ends the connection.

mod answer;
mod body;
mod client;
mod connection;
mod connection_errors;
mod date;
mod deliver;
mod door;
mod exact;
mod forward;
mod frame_types;
mod framed;
mod frames;
mod framing;
mod head;
mod head_timer;
mod http1;
mod http2;
mod idle_timer;
mod in_use;
mod interim;
mod listen;
mod marked_head;
mod marked_writer;
mod open;
mod piece;
mod raw_head;
mod reason;
mod response;
mod socket;
mod stalled;
mod tunnel;
mod unsent;
mod upload;
#[cfg(feature = "websocket")]
mod websocket;
#[cfg(not(feature = "websocket"))]
#[path = "websocket_off.rs"]
mod websocket;
mod wire;

#[cfg(test)]
mod tests;

#[cfg(not(feature = "record"))]
pub(crate) use forward::direct;
pub(crate) use forward::{Dial, ForwardProxy};
pub(crate) use listen::{Listener, PortOptions, Served, serve};
pub(crate) use open::OpenConnections;

use std::sync::Arc;
use std::time::Duration;

/// Receives log lines.
pub(crate) type Logger = Arc<dyn Fn(&str) + Send + Sync>;

/// The bounds of connections and requests, for [`Bounds::transport`](crate::Bounds::transport).
///
/// ```
/// let mut bounds = standin::Bounds::default();
/// bounds.transport.connections = 10;
/// bounds.transport.header_timeout = std::time::Duration::from_secs(1);
/// let builder = standin::Server::builder().bounds(bounds);
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct TransportLimits {
    /// The most bytes of a request line and its header fields; 64 KiB by default.
    pub header_bytes: usize,
    /// The most header fields of one request; 100 by default.
    pub header_count: usize,
    /// How long the head of a request may take, also between requests; 30 s by default.
    pub header_timeout: Duration,
    /// The most bytes of request bodies in memory, of all requests together; 256 MiB by default. A request
    /// above it is answered with 503.
    pub body_bytes: usize,
    /// How long a request body may make no progress while it is read; 30 s by default. Then it is answered
    /// with 408.
    pub body_timeout: Duration,
    /// How long a TLS handshake may take; 10 s by default.
    pub handshake_timeout: Duration,
    /// The most concurrent streams of one HTTP/2 connection; 100 by default, like an API server's
    /// (`k8s.io/apiserver/pkg/server/secure_serving.go`).
    pub streams: u32,
    /// How long an HTTP/2 connection may be without a request; 90 s by default.
    pub idle_timeout: Duration,
    /// The most connections; 16,384 by default. Further ones are answered with 503 and closed.
    pub connections: usize,
    /// How long requests in flight may take to finish once the server stops; 700 ms by default.
    pub drain: Duration,
    /// How long an HTTP/1.1 connection without a request stays open once the server stops: a proxy may have sent one on
    /// it that is not there yet. Its answer says `Connection: close`. No time by default; 500 ms for a program that shares
    /// a store.
    pub linger: Duration,
}

impl Default for TransportLimits {
    fn default() -> Self {
        Self {
            header_bytes: 64 << 10,
            // More than hyper's own 100 cost each request an allocation.
            header_count: 100,
            header_timeout: Duration::from_secs(30),
            body_bytes: 256 << 20,
            body_timeout: Duration::from_secs(30),
            handshake_timeout: Duration::from_secs(10),
            streams: 100,
            idle_timeout: Duration::from_secs(90),
            connections: 16_384,
            drain: Duration::from_millis(700),
            linger: Duration::ZERO,
        }
    }
}
