//! What every verb that writes does last: gives the object its bytes, and lets an emptied namespace go.

use std::sync::Arc;

use serde_json::Value;

use super::super::meta;
use super::super::store::{Object, Transaction};
use super::Call;

/// Renders an object with the revision it gets.
pub(super) fn render(call: &Call<'_>, transaction: &Transaction, mut value: Value) -> Arc<Object> {
    let revision = transaction.next_revision().to_string();
    meta::set(&mut value, "resourceVersion", revision.into());
    let of = &call.served.of;
    Arc::new(Object::render(Arc::clone(&of.group_resource), value, &of.selectable_paths()))
}

/// Renders an object that is not stored (dry run): it keeps the revision it has, if any.
pub(super) fn render_dry(call: &Call<'_>, value: Value) -> Arc<Object> {
    let of = &call.served.of;
    Arc::new(Object::render(Arc::clone(&of.group_resource), value, &of.selectable_paths()))
}

/// Lets a terminating namespace go when its last object has gone.
pub(in super::super) fn namespace_is_empty_now(transaction: &mut Transaction, namespace: &str) {
    let resource = super::super::resource::GroupResource::new("", "namespaces");
    let found = transaction.state.snapshot.get(&resource, namespace);
    let Some(found) = found.filter(|found| found.meta.terminating).cloned() else {
        return;
    };
    let value = found.value("v1", "Namespace");
    let occupied = transaction
        .state
        .snapshot
        .collections()
        .any(|(of, collection)| **of != resource && collection.count(namespace) > 0);
    if !occupied && meta::finalizers(&value).is_empty() {
        transaction.remove(&resource, namespace);
    }
}
