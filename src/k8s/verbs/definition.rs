//! `CustomResourceDefinition`s as objects, as upstream's apiextensions controllers handle them: a written definition is
//! served once its names are accepted, a deleted one when its objects are gone.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::super::crd;
use super::super::definitions;
use super::super::resource::ResourceType;
use super::super::status::FieldError;
use super::super::store::{Object, StoreChange};

/// Whether a type is `CustomResourceDefinition`.
pub(super) fn is_definition(of: &ResourceType) -> bool {
    definitions::is_definition(&of.group_resource)
}

/// Sets the fields of a new definition that the server sets (`strategy.PrepareForCreate`).
pub(super) fn begin(value: &mut Value) {
    if let Value::Object(map) = value {
        map.remove("status");
    }
    value["status"] = crd::initial_status(value);
}

/// Sets the fields of a changed definition that the server sets (`strategy.PrepareForUpdate`).
pub(super) fn begin_update(value: &mut Value) {
    let stored = crd::stored_versions(value);
    value["status"]["storedVersions"] = stored;
}

/// The violations of a definition; `old` is the one that it replaces.
pub(super) fn validate(value: &Value, old: Option<&Value>) -> Vec<FieldError> {
    match old {
        Some(old) => crd::validate_update(value, old),
        None => crd::validate_new(value),
    }
}

/// Serves the type of a written definition, and sets the definition's status.
pub(super) fn register(change: &mut StoreChange, object: &Arc<Object>, now: Timestamp) {
    if object.meta.terminating {
        return;
    }
    definitions::accept(change, &object.key, now);
}

/// Marks a definition as being deleted, and deletes its objects. Returns the marked definition; it is removed as
/// soon as it has no objects.
pub(super) fn terminate(
    change: &mut StoreChange,
    definition: &Object,
    now: Timestamp,
    mut delete: impl FnMut(&mut StoreChange, &Arc<Object>),
) -> Arc<Object> {
    let mut value = definitions::value(definition);
    crd::terminating(&mut value, now);
    let marked = definitions::put(change, value);
    if let Some(resource) = definitions::defined(&marked) {
        let resource = Arc::new(resource);
        let collection = change.snapshot().collection(&resource);
        let inside: Vec<_> =
            collection.map(|objects| objects.range("", "").cloned().collect()).unwrap_or_default();
        for object in inside {
            delete(change, &object);
        }
        change.rely_on_all(&resource);
        definitions::finish(change, &marked.key);
    }
    marked
}

/// The definition that a dry run of a deletion would leave.
pub(super) fn terminated(definition: &Object, now: Timestamp) -> Value {
    let mut value = definitions::value(definition);
    crd::terminating(&mut value, now);
    value
}

/// The warnings about a new or changed definition.
pub(super) fn warnings(value: &Value, old: Option<&Value>) -> Vec<String> {
    crd::format_warnings(value, old)
}
