//! `metadata` as typed data: `v1.ObjectMeta`
//! (`k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta/coerce.go`).

use serde_json::{Map, Value, json};

use super::super::golang::{self, GoType, STRING, Struct};

static OWNER: Struct = Struct {
    package: "v1",
    name: "OwnerReference",
    fields: &[
        ("apiVersion", STRING),
        ("kind", STRING),
        ("name", STRING),
        ("uid", GoType::Text("types.UID")),
        ("controller", GoType::Bool),
        ("blockOwnerDeletion", GoType::Bool),
    ],
};

static MANAGED: Struct = Struct {
    package: "v1",
    name: "ManagedFieldsEntry",
    fields: &[
        ("manager", STRING),
        ("operation", GoType::Text("v1.ManagedFieldsOperationType")),
        ("apiVersion", STRING),
        ("time", GoType::Time),
        ("fieldsType", STRING),
        ("fieldsV1", GoType::Any),
        ("subresource", STRING),
    ],
};

static OBJECT_META: Struct = Struct {
    package: "v1",
    name: "ObjectMeta",
    fields: &[
        ("annotations", GoType::Texts),
        ("creationTimestamp", GoType::Time),
        ("deletionGracePeriodSeconds", GoType::Int),
        ("deletionTimestamp", GoType::Time),
        ("finalizers", GoType::List(&STRING)),
        ("generateName", STRING),
        ("generation", GoType::Int),
        ("labels", GoType::Texts),
        ("managedFields", GoType::List(&GoType::Struct(&MANAGED))),
        ("name", STRING),
        ("namespace", STRING),
        ("ownerReferences", GoType::List(&GoType::Struct(&OWNER))),
        ("resourceVersion", STRING),
        ("selfLink", STRING),
        ("uid", GoType::Text("types.UID")),
    ],
};

/// Makes `metadata` of an object what upstream's typed `ObjectMeta` would be: unknown fields are removed, and
/// their paths returned; empty values are removed.
///
/// # Errors
/// Go's message for a field of the wrong type.
pub(in super::super) fn coerce(object: &mut Map<String, Value>) -> Result<Vec<String>, String> {
    let metadata = object.entry("metadata").or_insert_with(|| json!({}));
    if metadata.is_null() {
        *metadata = json!({});
    }
    let unknown = golang::decode(metadata, &OBJECT_META)?;
    if let Value::Object(metadata) = metadata {
        // A pointer keeps its zero.
        metadata.retain(|name, value| name == "deletionGracePeriodSeconds" || !is_empty(value));
        for owner in
            metadata.get_mut("ownerReferences").and_then(Value::as_array_mut).into_iter().flatten()
        {
            // These are written even where they are empty.
            for name in ["apiVersion", "kind", "name", "uid"] {
                if owner.get(name).is_none() {
                    owner[name] = "".into();
                }
            }
        }
    }
    Ok(unknown.iter().map(|path| format!("metadata.{path}")).collect())
}

/// Removes the fields of `metadata` that have the wrong type (`DropMalformedFields`): an applied object is
/// typed by its schema, and the server sets these fields.
pub(in super::super) fn drop_malformed(object: &mut Value) {
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else {
        return;
    };
    metadata.retain(|name, value| {
        let mut alone = json!({ name: value });
        golang::decode(&mut alone, &OBJECT_META).is_ok()
    });
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Number(number) => number.as_i64() == Some(0),
        Value::Bool(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_decoded_as_typed_data() {
        let mut object = json!({"metadata": {
            "name": "a", "extra": 1, "labels": {}, "annotations": {"x": null}, "creationTimestamp": null,
            "deletionGracePeriodSeconds": 0, "ownerReferences": [{"uid": "1", "frob": 1}],
        }});
        let unknown = coerce(object.as_object_mut().unwrap()).unwrap();
        assert_eq!(unknown, ["metadata.extra", "metadata.ownerReferences[0].frob"]);
        let owner = json!({"apiVersion": "", "kind": "", "name": "", "uid": "1"});
        assert_eq!(
            object,
            json!({"metadata": {
                "name": "a", "annotations": {"x": ""}, "deletionGracePeriodSeconds": 0, "ownerReferences": [owner],
            }})
        );
    }

    #[test]
    fn a_field_of_the_wrong_type_has_gos_message() {
        for (metadata, message) in [
            (json!([]), "json: cannot unmarshal array into Go value of type v1.ObjectMeta"),
            (
                json!({"name": true}),
                "json: cannot unmarshal bool into Go struct field ObjectMeta.name of type string",
            ),
            (
                json!({"managedFields": [{"operation": 1}]}),
                "json: cannot unmarshal number into Go struct field ManagedFieldsEntry.managedFields.operation of \
                 type v1.ManagedFieldsOperationType",
            ),
        ] {
            let mut object = json!({"metadata": metadata});
            assert_eq!(coerce(object.as_object_mut().unwrap()).unwrap_err(), message);
        }
    }
}
