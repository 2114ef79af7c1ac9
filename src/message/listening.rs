//! How a server treats connections before any request is read on them.

use std::time::Duration;

use super::fault::FaultAction;

/// How connections are treated. It may change while the server runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Listening {
    /// Whether connections are accepted and served.
    pub(crate) mode: ListenMode,
    /// The most connections at once, and what happens to further ones.
    pub(crate) bound: Option<(usize, Excess)>,
    /// The fault of TLS handshakes.
    pub(crate) tls: Option<HandshakeFault>,
    /// How often all connections were cut: they are cut each time this grows.
    pub(crate) cuts: u64,
}

/// Whether connections are accepted and served.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum ListenMode {
    #[default]
    Open,
    /// The listening socket is closed: clients see "connection refused".
    Refuse,
    /// Connections are accepted, but nothing is read or sent on them.
    Silent,
}

/// What happens to a connection beyond the bound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Excess {
    /// It waits in the queue of the system, connected and not served.
    #[default]
    Wait,
    /// TCP FIN at once.
    Close,
    /// TCP RST at once.
    Reset,
}

/// A fault of a TLS handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum HandshakeFault {
    /// The certificate is for another host.
    WrongName,
    /// The certificate has expired.
    Expired,
    /// The certificate is of a CA that the client does not know.
    UnknownCa,
    /// The connection ends after the client's first message.
    Cut,
}

/// When a connection that waits for its next request is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Idle {
    /// How long after the answer; without a time when the next request arrives, which gets no answer.
    pub(crate) after: Option<Duration>,
    /// Whether by TCP RST, in place of FIN.
    pub(crate) reset: bool,
}

impl Idle {
    /// Returns what happens to the connection.
    pub(crate) fn action(self) -> FaultAction {
        if self.reset { FaultAction::Reset } else { FaultAction::Close }
    }
}
