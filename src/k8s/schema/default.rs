//! Defaulting (`k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting/{prunenulls,algorithm}.go`).

use serde_json::Value;

use super::{Additional, Schema};

/// Removes the nulls of objects that are neither nullable nor have a default
/// (`PruneNonNullableNullsWithoutDefaults`).
pub(crate) fn prune_nulls(schema: &Schema, value: &mut Value) {
    match value {
        Value::Object(map) => map.retain(|name, found| {
            let of = match (schema.properties.get(name), &schema.additional) {
                (Some(property), _) => property,
                (None, Additional::Schema(inner)) => inner,
                (None, _) => return true,
            };
            if found.is_null() && !of.nullable && of.default.is_none() {
                return false;
            }
            prune_nulls(of, found);
            true
        }),
        Value::Array(list) => {
            if let Some(items) = &schema.items {
                for item in list {
                    prune_nulls(items, item);
                }
            }
        }
        _ => {}
    }
}

/// Sets the defaults of absent values. A null that is not nullable counts as absent.
pub(crate) fn apply_defaults(schema: &Schema, value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (name, property) in &schema.properties {
                if let Some(default) = &property.default
                    && map.get(name).is_none_or(|found| found.is_null() && !property.nullable)
                {
                    map.insert(name.clone(), default.clone());
                }
            }
            for (name, found) in map {
                match (schema.properties.get(name), &schema.additional) {
                    (Some(property), _) => apply_defaults(property, found),
                    (None, Additional::Schema(inner)) => apply_to_item(inner, found),
                    (None, _) => {}
                }
            }
        }
        Value::Array(list) => {
            if let Some(items) = &schema.items {
                for item in list {
                    apply_to_item(items, item);
                }
            }
        }
        _ => {}
    }
}

/// Sets the defaults of a value in a list or in a map of values; they have a default where they are null.
fn apply_to_item(schema: &Schema, value: &mut Value) {
    if value.is_null()
        && !schema.nullable
        && let Some(default) = &schema.default
    {
        *value = default.clone();
    }
    apply_defaults(schema, value);
}
