//! Rendering of objects: the last step of each verb that writes.

use std::sync::Arc;

use serde_json::Value;

use super::super::conversion;
use super::super::decode;
use super::super::meta;
use super::super::store::{Object, StoreChange};
use super::Call;
use super::built_in::built_in_rules;

/// Brings the numbers of a custom resource, or of a definition, to the form that Go writes: until then they are as they
/// were sent.
pub(super) fn normalize(call: &Call<'_>, value: &mut Value) {
    if built_in_rules(call).is_none() {
        decode::normalize(value);
    }
}

/// Renders an object with the revision of the next write.
pub(super) fn render(call: &Call<'_>, change: &StoreChange, mut value: Value) -> Arc<Object> {
    let version = conversion::to_stored(&call.served, call.conversions, &mut value);
    let revision = change.next_revision().to_string();
    meta::set(&mut value, "resourceVersion", revision.into());
    object(call, value, version)
}

/// Renders an object that is not stored (dry run): it keeps its revision, if any.
pub(super) fn render_dry(call: &Call<'_>, mut value: Value) -> Arc<Object> {
    let version = conversion::to_stored(&call.served, call.conversions, &mut value);
    object(call, value, version)
}

fn object(call: &Call<'_>, mut value: Value, version: Option<Arc<str>>) -> Arc<Object> {
    let of = &call.served.of;
    normalize(call, &mut value);
    let object = Object::render(Arc::clone(&of.stored_as), value, &of.selectable_paths());
    Arc::new(object.written_in(version))
}
