//! `CustomResourceDefinition`s as objects, as upstream's apiextensions controllers handle them: a written
//! definition is served at once, a deleted one is removed with its objects.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::resource::{GroupResource, Registry, ResourceType};
use super::super::status::FieldError;
use super::super::store::{Object, StoreChange};
use super::super::{crd, meta};

/// Whether a type is `CustomResourceDefinition`.
pub(super) fn is_definition(of: &ResourceType) -> bool {
    of.plural() == "customresourcedefinitions" && of.group() == "apiextensions.k8s.io"
}

/// Sets the defaults of a new definition.
pub(super) fn set_defaults(value: &mut Value) {
    let kind = value["spec"]["names"]["kind"].as_str().unwrap_or_default().to_owned();
    if !kind.is_empty() {
        let names = &mut value["spec"]["names"];
        for (name, default) in
            [("singular", kind.to_lowercase()), ("listKind", format!("{kind}List"))]
        {
            if names[name].as_str().unwrap_or_default().is_empty() {
                names[name] = default.into();
            }
        }
    }
    if value["spec"].is_object() && value["spec"]["conversion"].is_null() {
        value["spec"]["conversion"] = json!({"strategy": "None"});
    }
}

/// The violations of a definition.
pub(super) fn validate(value: &Value) -> Vec<FieldError> {
    match crd::resource_type(value) {
        Ok(_) => Vec::new(),
        Err(error) => {
            let steps: Vec<&str> = error.key.split('.').collect();
            let at = steps.iter().try_fold(value, |value, step| value.get(step));
            let shown = at.map_or_else(|| "\"\"".to_owned(), Value::to_string);
            vec![FieldError::invalid(error.key, shown, &error.message)]
        }
    }
}

/// Serves the type of a written definition, and sets the definition's status.
pub(super) fn register(change: &mut StoreChange, object: &Arc<Object>, now: Timestamp) {
    let mut value = object.value("apiextensions.k8s.io/v1", "CustomResourceDefinition");
    let Ok(of) = crd::resource_type(&value) else {
        // It was validated before it was written.
        return;
    };
    let mut types = Registry::clone(change.types());
    types.insert(of);
    change.set_types(types);
    let status = crd::status(&value, now);
    if value["status"] != status {
        value["status"] = status;
        let revision = change.next_revision().to_string();
        meta::set(&mut value, "resourceVersion", revision.into());
        let resource = Arc::clone(&object.resource);
        change.put(Arc::new(Object::render(resource, value, &[])));
    }
}

/// Stops serving the type of a definition. Its objects are removed first, each with an event.
pub(super) fn unregister(change: &mut StoreChange, definition: &Object) {
    let Some((plural, group)) = definition.meta.name.split_once('.') else {
        return;
    };
    let resource = GroupResource::new(group, plural);
    let collection = change.snapshot().collection(&resource);
    let keys: Vec<_> = collection
        .map(|objects| objects.range("", "").map(|object| object.key.clone()).collect())
        .unwrap_or_default();
    for key in keys {
        change.remove(&resource, &key);
    }
    let mut types = Registry::clone(change.types());
    types.remove(&resource);
    change.set_types(types);
    change.rely_on_all(&Arc::new(resource));
}
