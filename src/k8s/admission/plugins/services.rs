//! `DenyServiceExternalIPs` (`plugin/pkg/admission/network/denyserviceexternalips`).

use serde_json::Value;

use super::super::super::status::ApiError;
use super::Request;

/// Refuses external addresses that a service had not before.
pub(super) fn check_external_addresses(
    request: &Request<'_>,
    new: &Value,
    old: Option<&Value>,
) -> Result<(), ApiError> {
    let list =
        |service: &Value| service["spec"]["externalIPs"].as_array().cloned().unwrap_or_default();
    let before = old.map(list).unwrap_or_default();
    if list(new).iter().all(|address| before.contains(address)) {
        return Ok(());
    }
    Err(request.forbidden(new, "Use of external IPs is denied by admission control"))
}
