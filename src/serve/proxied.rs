//! Answers of stubs that another server has (`C/http/ProxyResponseRenderer.java`).

use http::StatusCode;

use crate::matching::ProxyRequest;
use crate::message::{Asked, Origin, Plan};

use super::context::RequestContext;

/// Passes a request on, and gives the answer with what the stub adds to it.
#[expect(clippy::unused_async, reason = "the backend is asked here")]
pub(super) async fn answer(
    _context: &RequestContext,
    _asked: &Asked<'_>,
    to: ProxyRequest,
) -> Plan {
    let text = format!("this build passes no request on to {}\n", to.base_url);
    Plan::text(StatusCode::NOT_IMPLEMENTED, Origin::Stub(to.stub), text)
}
