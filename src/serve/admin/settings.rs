//! `WireMock`'s settings of all stubs: shown, replaced, added to.

use http::Method;
use serde_json::json;

use crate::message::Plan;

use super::super::context::RequestContext;
use super::super::stub_settings::{GlobalSettings, read_extended};
use super::reply::{AdminError, empty, ok};

/// Shows or replaces the settings.
pub(super) fn all(
    context: &RequestContext,
    method: &Method,
    body: &[u8],
) -> Result<Plan, AdminError> {
    let shared = &context.shared;
    if matches!(*method, Method::POST | Method::PUT) {
        let settings = GlobalSettings::read(body).map_err(AdminError::Json)?;
        shared.change_settings(|now| *now = settings.clone())?;
        return Ok(empty());
    }
    Ok(ok(&json!({"settings": shared.stub_settings().to_json()})))
}

/// Adds to the extended settings.
pub(super) fn extend(context: &RequestContext, body: &[u8]) -> Result<Plan, AdminError> {
    let more = read_extended(body).map_err(AdminError::Json)?;
    context.shared.change_settings(|settings| settings.extend(&more))?;
    Ok(ok(&json!({})))
}
