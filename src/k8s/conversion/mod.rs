//! Versions of a type: objects are stored in one, and shown in the one that a request names.
//!
//! ```text
//! stored object ── [value], [shown] → object of the requested version
//! object of the requested version ── [to_stored] → object of the version that is stored
//! ```
//!
//! Built-in types have conversions of their own ([`forms`]). Of a custom resource without a webhook only `apiVersion` changes; but each version has the fields of its own schema, and defaults are
//! those of the version that is stored (`k8s.io/apiextensions-apiserver/pkg/apiserver/customresource_handler.go`,
//! `schemaCoercingConverter` and `unstructuredDefaulter`). A webhook is called by the server, never here: what it has
//! answered so far is in the request's [`Conversions`], and what is missing there is recorded.

mod forms;
mod metadata;
mod review;
mod service;
mod table;
#[cfg(test)]
mod tests;

pub(super) use forms::{built_in, checked, in_form, through_stored};
pub(crate) use review::ReviewError;
pub(super) use service::endpoint_of_service;
pub(crate) use service::{Address as ServiceAddress, address};
pub(crate) use table::{ConversionRequest, Conversions, Pending};

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use super::meta;
use super::resource::{ResourceType, Served, TypeOrigin, Version, split_api_version};
use super::schema::{self, Schema};
use super::store::Object;
use super::webhook::ConversionWebhook;

/// The version in which an object is written.
fn written_version<'o>(of: &'o ResourceType, object: &'o Object) -> &'o str {
    object.version.as_deref().unwrap_or(&of.storage().name)
}

/// The `apiVersion` of an object as it is written.
pub(super) fn written_api_version(of: &ResourceType, object: &Object) -> String {
    of.api_version(written_version(of, object))
}

/// The webhook that makes an object one of the requested version, where it is not.
fn webhook<'s>(served: &'s Served, object: &Object) -> Option<&'s Arc<ConversionWebhook>> {
    let webhook = served.of.webhook.as_ref()?;
    (written_version(&served.of, object) != &*served.version().name).then_some(webhook)
}

/// The schema of the requested version, where it is not the version that is stored.
fn other_schema(served: &Served) -> Option<&Schema> {
    let version = served.version();
    let is_other = matches!(served.of.origin, TypeOrigin::Custom) && !version.storage;
    version.schema.as_deref().filter(|_| is_other && served.of.webhook.is_none())
}

/// Takes what storage does not keep out of an object: its revision is set when it is read.
fn take_revision(value: &mut Value) -> Value {
    let metadata = value["metadata"].as_object_mut();
    metadata.and_then(|metadata| metadata.remove("resourceVersion")).unwrap_or_default()
}

/// Leaves only the fields of a version in a converted object.
fn fit(version: &Version, value: &mut Value) {
    if let Some(schema) = version.schema.as_deref() {
        schema::prune(schema, value);
        schema::prune_nulls(schema, value);
    }
}

/// Makes an object of the requested version one of the version that is stored. Returns the version in which it is
/// written; nothing for types that have no versions of their own.
pub(super) fn to_stored(
    served: &Served,
    conversions: &Conversions,
    value: &mut Value,
) -> Option<Arc<str>> {
    let of = &served.of;
    if let Some(conversion) = built_in(served) {
        conversion.to_stored(value);
    }
    if !matches!(of.origin, TypeOrigin::Custom) {
        return None;
    }
    if conversions.keep_versions() && of.webhook.is_some() {
        return Some(as_written(served, value));
    }
    let storage = of.storage();
    if !served.version().storage {
        if let Some(webhook) = &of.webhook {
            let revision = take_revision(value);
            let desired = of.api_version(&storage.name);
            *value = conversions
                .write(webhook, std::mem::take(value), &desired)
                .unwrap_or_else(|unconverted| unconverted);
            meta::set(value, "resourceVersion", revision);
        }
        fit(storage, value);
        if let Some(schema) = storage.schema.as_deref() {
            schema::apply_defaults(schema, value);
        }
    }
    Some(Arc::clone(&storage.name))
}

/// The version that a value names.
fn as_written(served: &Served, value: &Value) -> Arc<str> {
    let (_, name) = split_api_version(value["apiVersion"].as_str().unwrap_or_default());
    let version = served.of.versions.iter().find(|version| *version.name == *name);
    Arc::clone(&version.unwrap_or_else(|| served.version()).name)
}

/// Makes an object of a file one that is stored: no webhook is asked when files are loaded, and the object stays in
/// its version. Returns the version in which it is written.
pub(super) fn to_seeded(served: &Served, value: &mut Value) -> Option<Arc<str>> {
    to_stored(served, &Conversions::keeping_versions(), value)
}

/// A stored object as a value of the requested version; the error is the object as it is stored, where the webhook has
/// not converted it.
fn converted(
    served: &Served,
    conversions: &Conversions,
    object: &Object,
    webhook: &Arc<ConversionWebhook>,
) -> Result<Value, Value> {
    let of = &served.of;
    let written = written_version(of, object);
    let mut value = object.value(&of.api_version(written), &of.kind);
    if conversions.keep_versions() {
        return Ok(value);
    }
    let Some(version) = of.versions.iter().find(|version| *version.name == *written) else {
        conversions.fail(&format!(
            "request to convert CR from an invalid group/version: {}",
            of.api_version(written)
        ));
        return Err(value);
    };
    let revision = take_revision(&mut value);
    if let Some(schema) = version.schema.as_deref() {
        schema::apply_defaults(schema, &mut value);
    }
    let mut value = conversions.read(webhook, value, &served.api_version)?;
    fit(served.version(), &mut value);
    meta::set(&mut value, "resourceVersion", revision);
    Ok(value)
}

/// A stored object as a value of the requested version.
pub(super) fn value(served: &Served, conversions: &Conversions, object: &Object) -> Value {
    if let Some(webhook) = webhook(served, object) {
        return converted(served, conversions, object, webhook).unwrap_or_else(|stored| stored);
    }
    let mut value = object.value(&served.api_version, &served.of.kind);
    if let Some(conversion) = built_in(served) {
        conversion.to_own(&mut value);
    }
    if let Some(schema) = other_schema(served) {
        schema::prune(schema, &mut value);
    }
    value
}

/// An object of one version as one of another version of its type. Where a webhook has not converted it yet, the object
/// is not right, and [`Conversions::pending`] says so.
pub(super) fn between(
    from: &Served,
    to: &Served,
    conversions: &Conversions,
    mut value: Value,
) -> Value {
    let stored_in = to_stored(from, conversions, &mut value);
    if let Some(conversion) = built_in(to) {
        conversion.to_own(&mut value);
    }
    if let (Some(webhook), Some(version)) = (&to.of.webhook, stored_in)
        && version != to.version().name
    {
        let revision = take_revision(&mut value);
        value = conversions
            .write(webhook, value, &to.api_version)
            .unwrap_or_else(|unconverted| unconverted);
        fit(to.version(), &mut value);
        meta::set(&mut value, "resourceVersion", revision);
    }
    value["apiVersion"] = (*to.api_version).into();
    value["kind"] = (*to.of.kind).into();
    value
}

/// Whether a stored object is shown as it is.
pub(super) fn is_same(served: &Served, object: &Object) -> bool {
    webhook(served, object).is_none()
        && other_schema(served).is_none()
        && built_in(served).is_none()
}

fn render(served: &Served, object: &Object, value: Value) -> Object {
    let paths = served.of.selectable_paths();
    let shown = Object::render(Arc::clone(&object.resource), value, &paths);
    let is_custom = matches!(served.of.origin, TypeOrigin::Custom);
    shown.written_in(is_custom.then(|| Arc::clone(&served.version().name)))
}

/// A stored object in the requested version; nothing where it is the same.
pub(super) fn shown(served: &Served, conversions: &Conversions, object: &Object) -> Option<Object> {
    if is_same(served, object) {
        return None;
    }
    Some(render(served, object, value(served, conversions, object)))
}

/// Stored objects in the requested version.
pub(super) fn all<'o>(
    served: &Served,
    conversions: &Conversions,
    objects: &'o [Arc<Object>],
) -> Cow<'o, [Arc<Object>]> {
    if objects.iter().all(|object| is_same(served, object)) {
        return Cow::Borrowed(objects);
    }
    let shown = |object: &Arc<Object>| {
        self::shown(served, conversions, object).map_or_else(|| Arc::clone(object), Arc::new)
    };
    objects.iter().map(shown).collect()
}

/// Whether objects have to be converted before they are selected: a webhook may change labels and fields.
pub(super) fn precedes_selection(served: &Served) -> bool {
    served.of.webhook.is_some()
}

/// A stored object in the requested version, before it is selected; nothing while the webhook has not converted it.
pub(super) fn seen(
    served: &Served,
    conversions: &Conversions,
    object: &Arc<Object>,
) -> Option<Arc<Object>> {
    let Some(webhook) = webhook(served, object) else { return Some(Arc::clone(object)) };
    let value = converted(served, conversions, object, webhook).ok()?;
    Some(Arc::new(render(served, object, value)))
}
