//! Defaulting (`k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting`).

use serde_json::Value;

use super::{Additional, Schema};

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
