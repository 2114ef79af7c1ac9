//! Pruning of fields that the schema does not declare
//! (`k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning`).

use serde_json::Value;

use super::{Additional, Schema};

/// Removes unknown fields of an object and returns their dotted paths, for `fieldValidation`.
///
/// `apiVersion`, `kind` and `metadata` of the object itself are kept.
pub(crate) fn prune(schema: &Schema, value: &mut Value) -> Vec<String> {
    let mut dropped = Vec::new();
    walk(schema, value, "", true, &mut dropped);
    dropped
}

fn walk(
    schema: &Schema,
    value: &mut Value,
    path: &str,
    object_root: bool,
    dropped: &mut Vec<String>,
) {
    match value {
        Value::Object(map) => {
            let keep_unknown =
                schema.preserve_unknown || matches!(schema.additional, Additional::Allowed(true));
            map.retain(|name, found| {
                if object_root && matches!(name.as_str(), "apiVersion" | "kind" | "metadata") {
                    return true;
                }
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                if let Some(property) = schema.properties.get(name) {
                    walk(property, found, &path, property.embedded, dropped);
                } else if let Additional::Schema(inner) = &schema.additional {
                    walk(inner, found, &path, inner.embedded, dropped);
                } else if !keep_unknown {
                    dropped.push(path);
                    return false;
                }
                true
            });
        }
        Value::Array(list) => {
            if let Some(items) = &schema.items {
                for (index, item) in list.iter_mut().enumerate() {
                    walk(items, item, &format!("{path}[{index}]"), items.embedded, dropped);
                }
            }
        }
        _ => {}
    }
}
