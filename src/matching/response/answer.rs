//! What a stub answers to a request: a response, or who has it.

use crate::message::Plan;

use super::proxy_request::ProxyRequest;

/// An answer of a stub.
#[derive(Debug)]
pub(crate) enum StubAnswer {
    /// It is there.
    Plan(Plan),
    /// Another server has it.
    Proxy(Box<ProxyRequest>),
}
