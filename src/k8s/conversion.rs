//! Versions of a custom resource, without a webhook that converts between them.
//!
//! Only `apiVersion` changes; but each version has the fields of its own schema, and defaults are those of the version
//! that is stored (`k8s.io/apiextensions-apiserver/pkg/apiserver/customresource_handler.go`,
//! `schemaCoercingConverter` and `unstructuredDefaulter`).

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use super::resource::{Served, TypeOrigin};
use super::schema::{self, Schema};
use super::store::Object;

/// The schema of the requested version, where it is not the version that is stored.
fn other_schema(served: &Served) -> Option<&Schema> {
    let version = served.version();
    let is_other = matches!(served.of.origin, TypeOrigin::Custom) && !version.storage;
    version.schema.as_deref().filter(|_| is_other)
}

/// Makes an object of the requested version one of the version that is stored.
pub(super) fn to_stored(served: &Served, value: &mut Value) {
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
    if let Some(schema) = other_schema(served) {
        schema::prune(schema, &mut value);
    }
    value
}

/// A stored object in the requested version; nothing where it is the same.
pub(super) fn shown(served: &Served, object: &Object) -> Option<Object> {
    other_schema(served)?;
    let paths = served.of.selectable_paths();
    Some(Object::render(Arc::clone(&object.resource), value(served, object), &paths))
}

/// Stored objects in the requested version.
pub(super) fn all<'o>(served: &Served, objects: &'o [Arc<Object>]) -> Cow<'o, [Arc<Object>]> {
    if other_schema(served).is_none() {
        return Cow::Borrowed(objects);
    }
    let shown = |object: &Arc<Object>| {
        self::shown(served, object).map_or_else(|| Arc::clone(object), Arc::new)
    };
    objects.iter().map(shown).collect()
}
