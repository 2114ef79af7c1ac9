//! The answer of a stub: a response, or a request to proxy.

use crate::message::Plan;

use super::proxy_request::ProxyRequest;

/// An answer of a stub.
#[derive(Debug)]
pub(crate) enum StubAnswer {
    /// A complete response.
    Plan(Plan),
    /// A request to be sent to another server.
    Proxy(Box<ProxyRequest>),
}
