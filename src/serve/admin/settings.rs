//! `WireMock`'s settings for all stubs.

use http::Method;
use serde_json::json;

use crate::message::Plan;

use super::super::context::RequestContext;
use super::reply::{empty, ok};

pub(super) fn answer(_context: &RequestContext, method: &Method, _body: &[u8]) -> Plan {
    if *method == Method::POST || *method == Method::PUT {
        empty()
    } else {
        ok(&json!({"settings": {}}))
    }
}
