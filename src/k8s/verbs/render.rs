//! Rendering of objects: the last step of each verb that writes.

use std::sync::Arc;

use serde_json::Value;

use super::super::conversion;
use super::super::meta;
use super::super::store::{Object, StoreChange};
use super::Call;

/// Renders an object with the revision of the next write.
pub(super) fn render(call: &Call<'_>, change: &StoreChange, mut value: Value) -> Arc<Object> {
    conversion::to_stored(&call.served, &mut value);
    let revision = change.next_revision().to_string();
    meta::set(&mut value, "resourceVersion", revision.into());
    let of = &call.served.of;
    Arc::new(Object::render(Arc::clone(&of.stored_as), value, &of.selectable_paths()))
}

/// Renders an object that is not stored (dry run): it keeps its revision, if any.
pub(super) fn render_dry(call: &Call<'_>, mut value: Value) -> Arc<Object> {
    conversion::to_stored(&call.served, &mut value);
    let of = &call.served.of;
    Arc::new(Object::render(Arc::clone(&of.stored_as), value, &of.selectable_paths()))
}
