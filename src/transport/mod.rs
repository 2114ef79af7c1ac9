//! Sockets in, plans out: the only module that knows hyper and tokio's network.
//!
//! ```text
//! accept (listen) → one task per connection (connection) → hyper http1 over the wire wrapper (wire)
//!     request head and lazy body → Handler → Plan → body (pacing, byte faults) → wire (ending)
//! ```
//!
//! Engines decide what goes wrong; here it is performed, exact to the byte: a reset is a TCP RST, a
//! close is a FIN, garbage stands outside of HTTP's framing.

mod body;
mod connection;
mod listen;
mod websocket;
mod wire;

#[cfg(test)]
mod tests;

pub use listen::{Listener, Served, serve};

use std::sync::Arc;
use std::time::Duration;

/// A line for people.
pub type Logger = Arc<dyn Fn(&str) + Send + Sync>;

/// The bounds of the transport. The defaults suit tests and small machines.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The most bytes that a request's line and header fields may have together.
    pub header_bytes: usize,
    /// The most header fields that a request may have.
    pub header_count: usize,
    /// How long a client may take to send a request's head, also between requests.
    pub header_timeout: Duration,
    /// The most connections at once; one more is answered with 503 and closed.
    pub connections: usize,
    /// How long requests in flight may go on once the server stops.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_bytes: 64 << 10,
            header_count: 256,
            header_timeout: Duration::from_secs(30),
            connections: 16_384,
            drain: Duration::from_millis(700),
        }
    }
}
