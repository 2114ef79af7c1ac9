//! Defaulting (`k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting`).

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

/// Sets the defaults of absent values. A null that is not nullable counts as absent where there is a default.
pub(crate) fn apply_defaults(schema: &Schema, value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (name, property) in &schema.properties {
                if let Some(default) = &property.default {
                    let missing = match map.get(name) {
                        None => true,
                        Some(found) => found.is_null() && !property.nullable,
                    };
                    if missing {
                        map.insert(name.clone(), default.clone());
                    }
                }
                if let Some(found) = map.get_mut(name) {
                    apply_defaults(property, found);
                }
            }
            if let Additional::Schema(inner) = &schema.additional {
                for (name, found) in map.iter_mut() {
                    if !schema.properties.contains_key(name) {
                        apply_defaults(inner, found);
                    }
                }
            }
        }
        Value::Array(list) => {
            if let Some(items) = &schema.items {
                for item in list {
                    apply_defaults(items, item);
                }
            }
        }
        _ => {}
    }
}
