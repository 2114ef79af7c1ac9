//! A fault of the connection: where in an answer it strikes, and what it does.

use bytes::Bytes;

/// A fault of the connection that ends an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where in the answer.
    pub at: FaultPoint,
    /// What happens.
    pub action: FaultAction,
}

/// Where in an answer a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultPoint {
    /// No byte of the answer is sent.
    BeforeHeaders,
    /// The status line and the header fields are sent, and no byte of the body.
    AfterHeaders,
    /// The header fields and this many bytes of the body are sent; all of a shorter body.
    AfterBytes(u64),
}

/// What a fault does to the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultAction {
    /// TCP RST: the client sees "connection reset by peer". Over HTTP/2 it ends only the stream.
    Reset,
    /// TCP FIN: the client sees the connection end. Over HTTP/2 it ends only the stream.
    Close,
    /// These raw bytes, outside of HTTP's framing, then FIN.
    Garbage(Bytes),
    /// A chunk whose size is not a number (RFC 9112, section 7.1), then FIN.
    MalformedChunk,
    /// `RST_STREAM` with this code (RFC 9113, section 6.4); TCP RST over HTTP/1.1.
    ResetStream(u32),
    /// `GOAWAY` (RFC 9113, section 6.8); over HTTP/1.1 the connection ends.
    GoAway {
        /// The error code.
        code: u32,
        /// The last stream that the server may have processed.
        last: LastStream,
    },
}

/// The last stream that a `GOAWAY` names: requests on later streams were not processed, and may be sent
/// again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastStream {
    /// That of the request: it is answered, then the connection ends.
    This,
    /// None: the request was not processed.
    None,
}

impl Fault {
    /// Creates a fault before any byte of the answer.
    #[must_use]
    pub fn before_headers(action: FaultAction) -> Self {
        Self { at: FaultPoint::BeforeHeaders, action }
    }
}

impl FaultAction {
    /// Returns one word for the journal and the console.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Close => "close",
            Self::Garbage(_) => "garbage",
            Self::MalformedChunk => "malformed_chunk",
            Self::ResetStream(_) => "rst_stream",
            Self::GoAway { .. } => "goaway",
        }
    }
}
