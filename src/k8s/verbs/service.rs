//! What a service is allocated when it is created or changed, before it is validated (`beginCreate`, `beginUpdate` in
//! `pkg/registry/core/service/storage/storage.go`).

use std::sync::Arc;

use serde_json::Value;

use super::super::core::rules;
use super::super::services::{self, Allocated, Unavailable};
use super::super::status::ApiError;
use super::super::store::StoreChange;
use super::{Call, validate};

/// Whether the call is for services themselves.
fn is_service(call: &Call<'_>) -> bool {
    let of = &call.served.of;
    of.is_built_in()
        && of.group().is_empty()
        && of.plural() == "services"
        && call.info.subresource.is_empty()
}

/// Gives a service the families, addresses and node ports that it has not. Other objects get nothing.
///
/// # Errors
/// 422 for what it cannot have, 500 where nothing is left.
pub(super) fn allocate(
    call: &Call<'_>,
    change: &mut StoreChange,
    service: &mut Value,
    old: Option<&Value>,
    dry_run: bool,
) -> Result<Allocated, ApiError> {
    if !is_service(call) {
        return Ok(Allocated::default());
    }
    let ranges = &call.config.services;
    let errors = rules::complete_families(service, old, &ranges.families());
    if !errors.is_empty() {
        return Err(validate::invalid(call, service, &errors));
    }
    let has_ports = matches!(service["spec"]["type"].as_str(), Some("NodePort" | "LoadBalancer"));
    if has_ports || !services::has_address_objects(change) {
        // Nothing but the services themselves says who has what.
        change.rely_on_all(&Arc::clone(&call.served.of.stored_as));
    }
    let request =
        services::Request { ranges, snapshot: change.snapshot(), seed: call.nonce, dry_run };
    services::allocate(&request, service, old).map_err(|why| match why {
        Unavailable::Invalid(error) => validate::invalid(call, service, &[error]),
        Unavailable::Internal(why) => ApiError::internal(&why),
        Unavailable::Plain(why) => ApiError::unclassified(why),
    })
}

/// Stores who has the addresses of a service, which is stored next.
pub(super) fn store(
    call: &Call<'_>,
    change: &mut StoreChange,
    service: &Value,
    allocated: &Allocated,
) {
    services::release(change, &allocated.given_up);
    services::hold(change, service, &allocated.taken, call.now);
}
