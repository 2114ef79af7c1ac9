//! Upgraded connections: the bytes of a backend, or a recorded conversation.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};

/// Both directions of a connection.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// The other end of an upgraded connection. Bytes are copied in both directions until both sides
/// have ended.
pub struct Tunnel(pub(crate) Box<dyn Duplex>);

impl Tunnel {
    /// Creates a tunnel to `end`.
    #[must_use]
    pub(crate) fn new(end: impl Duplex + 'static) -> Self {
        Self(Box::new(end))
    }
}

impl std::fmt::Debug for Tunnel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tunnel")
    }
}

/// The messages of a `WebSocket`, in the order in which they were seen.
pub(crate) type Conversation = Arc<[Turn]>;

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Turn {
    /// Whether the client sends it. The server waits for it, regardless of its content.
    pub(crate) by_client: bool,
    /// How long after the previous message or the upgrade.
    pub(crate) after: Duration,
    pub(crate) message: Message,
    /// The lengths of its frames, in bytes; empty where it is in one.
    pub(crate) frames: Box<[usize]>,
}

/// What a message is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Message {
    Text(Bytes),
    Binary(Bytes),
    Ping(Bytes),
    Pong(Bytes),
    /// The end: a code and a reason (RFC 6455, section 7.4). Without a code it is 1005, and without a frame
    /// 1006.
    Close(u16, Bytes),
}

/// The code of a close frame without one (RFC 6455, section 7.4.1).
#[cfg(any(feature = "record", feature = "websocket"))]
pub(crate) const NO_CODE: u16 = 1005;

/// The code of an end without a close frame.
#[cfg(any(feature = "record", feature = "websocket"))]
pub(crate) const ABNORMAL: u16 = 1006;
