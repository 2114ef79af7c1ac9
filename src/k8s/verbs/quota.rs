//! The bounds and quotas of a namespace: the last check of an object before it is stored, and what it counts.

use std::sync::Arc;

use serde_json::Value;

use super::super::admission::limit_ranges;
use super::super::admission::quotas::{self, Charged};
use super::super::meta;
use super::super::resource::GroupResource;
use super::super::status::ApiError;
use super::super::store::{Object, StoreChange};
use super::Call;

/// Sets the requests and limits that the containers of a new pod leave out.
pub(super) fn set_defaults(call: &Call<'_>, change: &StoreChange, value: &mut Value) {
    if is(call, &["pods"]) {
        limit_ranges::set_defaults(change.snapshot(), &call.info.namespace, value);
    }
}

/// Checks an object against the limits and quotas of its namespace, and counts it in the change.
///
/// # Errors
/// 403 with upstream's reason.
pub(super) fn charge(
    call: &Call<'_>,
    change: &mut StoreChange,
    new: &Value,
    old: Option<&Value>,
    dry_run: bool,
) -> Result<(), ApiError> {
    let of = &call.served.of;
    if !of.namespaced || !call.info.subresource.is_empty() {
        return Ok(());
    }
    let name = meta::text(new, "name");
    let forbidden = |why: String| ApiError::forbidden(&of.group_resource, name, &why);
    let bounded = if old.is_none() {
        &["pods", "persistentvolumeclaims"][..]
    } else {
        &["persistentvolumeclaims"]
    };
    let ends = old.is_some_and(meta::is_terminating);
    if is(call, bounded) && !ends {
        limit_ranges::check(change.snapshot(), of.plural(), new).map_err(forbidden)?;
    }
    let charged = Charged { resource: &of.group_resource, new, old };
    let changed = quotas::charge(change.snapshot(), charged).map_err(forbidden)?;
    if dry_run {
        return Ok(());
    }
    for (object, quota) in changed {
        put(change, &object, quota);
    }
    Ok(())
}

/// Stores a quota with another status.
fn put(change: &mut StoreChange, object: &Object, mut quota: Value) {
    let types = Arc::clone(change.types());
    let Some(of) = types.get(&GroupResource::new("", "resourcequotas")) else { return };
    let revision = change.next_revision().to_string();
    meta::set(&mut quota, "resourceVersion", revision.into());
    let resource = Arc::clone(&object.resource);
    change.put(Arc::new(Object::render(resource, quota, &of.selectable_paths())));
}

/// Whether the call is for one of some types of the core group.
fn is(call: &Call<'_>, plurals: &[&str]) -> bool {
    let of = &call.served.of;
    of.is_built_in() && of.group().is_empty() && plurals.contains(&of.plural())
}
