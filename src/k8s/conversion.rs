//! Versions of a custom resource, without a webhook that converts between them, and the forms of built-in types that
//! are stored in another one ([`convert`]).
//!
//! Only `apiVersion` changes; but each version has the fields of its own schema, and defaults are those of the version
//! that is stored (`k8s.io/apiextensions-apiserver/pkg/apiserver/customresource_handler.go`,
//! `schemaCoercingConverter` and `unstructuredDefaulter`).

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use super::core::convert::{self, Conversion};
use super::resource::{Served, TypeOrigin};
use super::schema::{self, Schema};
use super::store::Object;

/// The conversion of a built-in type that is stored in another form than the requested one.
pub(super) fn built_in(served: &Served) -> Option<&'static Conversion> {
    if !served.of.is_built_in() || served.is_stored_form() {
        return None;
    }
    convert::find(served.of.group(), &served.version().name, &served.of.kind)
}

/// Whether objects are shown in another form than that in which they are stored.
fn is_converted(served: &Served) -> bool {
    built_in(served).is_some() || other_schema(served).is_some()
}

/// The schema of the requested version, where it is not the version that is stored.
fn other_schema(served: &Served) -> Option<&Schema> {
    let version = served.version();
    let is_other = matches!(served.of.origin, TypeOrigin::Custom) && !version.storage;
    version.schema.as_deref().filter(|_| is_other)
}

/// Makes an object of the requested version one of the version that is stored.
pub(super) fn to_stored(served: &Served, value: &mut Value) {
    if let Some(conversion) = built_in(served) {
        conversion.to_stored(value);
        return;
    }
    let storage = served.of.storage();
    let is_other = matches!(served.of.origin, TypeOrigin::Custom) && !served.version().storage;
    if let Some(schema) = storage.schema.as_deref().filter(|_| is_other) {
        schema::prune(schema, value);
        schema::prune_nulls(schema, value);
        schema::apply_defaults(schema, value);
    }
}

/// A stored object as a value of the requested version.
pub(super) fn value(served: &Served, object: &Object) -> Value {
    let mut value = object.value(&served.api_version, &served.of.kind);
    if let Some(conversion) = built_in(served) {
        conversion.to_own(&mut value);
    }
    if let Some(schema) = other_schema(served) {
        schema::prune(schema, &mut value);
    }
    value
}

/// A stored object in the requested version; nothing where it is the same.
pub(super) fn shown(served: &Served, object: &Object) -> Option<Object> {
    if !is_converted(served) {
        return None;
    }
    let paths = served.of.selectable_paths();
    Some(Object::render(Arc::clone(&object.resource), value(served, object), &paths))
}

/// Stored objects in the requested version.
pub(super) fn all<'o>(served: &Served, objects: &'o [Arc<Object>]) -> Cow<'o, [Arc<Object>]> {
    if !is_converted(served) {
        return Cow::Borrowed(objects);
    }
    let shown = |object: &Arc<Object>| {
        self::shown(served, object).map_or_else(|| Arc::clone(object), Arc::new)
    };
    objects.iter().map(shown).collect()
}

/// Brings an object of the requested form through the stored one, where it has another: `change` sets there what the
/// requested form has no fields for.
pub(super) fn through_stored(served: &Served, value: &mut Value, change: impl FnOnce(&mut Value)) {
    if let Some(conversion) = built_in(served) {
        if conversion.to_internal(value).is_some() {
            change(value);
        }
        conversion.to_own(value);
    }
}

/// The form of an object that the rules of its type are about, where it is another one than that requested.
pub(super) fn checked(served: &Served, value: &Value) -> Option<Value> {
    let conversion = built_in(served).filter(|conversion| conversion.checks_stored)?;
    let mut value = value.clone();
    conversion.to_internal(&mut value)?;
    Some(value)
}
