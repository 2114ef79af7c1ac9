//! Pruning of fields that the schema does not declare
//! (`k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning/algorithm.go`).

use serde_json::{Map, Value};

use super::{Additional, Schema};

/// Removes unknown fields of an object and returns their dotted paths, sorted, for `fieldValidation`.
///
/// `apiVersion`, `kind` and `metadata` of the object itself are kept.
pub(crate) fn prune(schema: &Schema, value: &mut Value) -> Vec<String> {
    prune_value(schema, value, true)
}

/// Removes unknown fields of a value, which is a whole object where `is_object` says so.
pub(crate) fn prune_value(schema: &Schema, value: &mut Value, is_object: bool) -> Vec<String> {
    let mut pruning = Pruning { is_object, path: String::new(), dropped: Vec::new() };
    pruning.walk(Some(schema), value, is_object || schema.embedded);
    pruning.dropped.sort_unstable();
    pruning.dropped
}

struct Pruning {
    /// Whether the value is a whole object: what its `metadata` lacks in a schema is not unknown.
    is_object: bool,
    path: String,
    dropped: Vec<String>,
}

/// Whether a field belongs to every object.
fn is_meta(name: &str) -> bool {
    matches!(name, "apiVersion" | "kind" | "metadata")
}

impl Pruning {
    /// Prunes a value; without a schema nothing in it is known. `embedded` tells that it is a whole object.
    fn walk(&mut self, schema: Option<&Schema>, value: &mut Value, embedded: bool) {
        if let Some(schema) = schema.filter(|schema| schema.preserve_unknown) {
            return self.keep(schema, value, embedded);
        }
        match value {
            Value::Object(map) => self.walk_map(schema, map, embedded),
            Value::Array(list) => {
                let items = schema.and_then(|schema| schema.items.as_deref());
                for (index, item) in list.iter_mut().enumerate() {
                    let inner = items.is_some_and(|items| items.embedded);
                    self.below(&format!("[{index}]"), |pruning| pruning.walk(items, item, inner));
                }
            }
            _ => {}
        }
    }

    fn walk_map(&mut self, schema: Option<&Schema>, map: &mut Map<String, Value>, embedded: bool) {
        map.retain(|name, found| {
            if embedded && is_meta(name) {
                return true;
            }
            let inner = match schema.map_or(Field::Unknown, |schema| field(schema, name)) {
                Field::Known(inner) => Some(inner),
                Field::Allowed => None,
                Field::Unknown => {
                    if !(is_meta(name) && self.path.is_empty() && self.is_object) {
                        let path = joined(&self.path, name);
                        self.dropped.push(path);
                    }
                    return false;
                }
            };
            let embedded = inner.is_some_and(|inner| inner.embedded);
            self.below(name, |pruning| pruning.walk(inner, found, embedded));
            true
        });
    }

    /// Keeps unknown fields, and prunes below the known ones.
    fn keep(&mut self, schema: &Schema, value: &mut Value, embedded: bool) {
        match value {
            Value::Object(map) => {
                for (name, found) in map {
                    if embedded && is_meta(name) {
                        continue;
                    }
                    let inner = match field(schema, name) {
                        Field::Known(inner) => Some(inner),
                        Field::Allowed => None,
                        Field::Unknown => continue,
                    };
                    let embedded = inner.is_some_and(|inner| inner.embedded);
                    self.below(name, |pruning| pruning.walk(inner, found, embedded));
                }
            }
            Value::Array(list) => {
                let Some(items) = schema.items.as_deref() else { return };
                for (index, item) in list.iter_mut().enumerate() {
                    let inner = items.embedded;
                    self.below(&format!("[{index}]"), |pruning| pruning.keep(items, item, inner));
                }
            }
            _ => {}
        }
    }

    fn below(&mut self, step: &str, inside: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        if !(self.path.is_empty() || step.starts_with('[')) {
            self.path.push('.');
        }
        self.path.push_str(step);
        inside(self);
        self.path.truncate(length);
    }
}

/// What a schema says of a field.
enum Field<'s> {
    Known(&'s Schema),
    /// The field may have any value.
    Allowed,
    Unknown,
}

fn field<'s>(schema: &'s Schema, name: &str) -> Field<'s> {
    if let Some(property) = schema.properties.get(name) {
        return Field::Known(property);
    }
    match &schema.additional {
        Additional::Schema(inner) => Field::Known(inner),
        Additional::Allowed(_) => Field::Allowed,
        Additional::Unsaid => Field::Unknown,
    }
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pruned(schema: &Value, value: &Value) -> (Value, Vec<String>) {
        let mut value = value.clone();
        let dropped = prune(&Schema::parse(schema).unwrap(), &mut value);
        (value, dropped)
    }

    #[test]
    fn what_has_no_schema_is_empty() {
        let schema = json!({"type": "object", "properties": {
            "any": {"type": "object", "additionalProperties": true},
            "list": {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "string"}}}},
        }});
        let value = json!({
            "apiVersion": "v1", "kind": "A", "metadata": {"x": 1},
            "any": {"a": {"b": 1}, "c": 2}, "list": [{"a": "1", "b": "2"}, 5], "z": 1,
        });
        let (kept, dropped) = pruned(&schema, &value);
        assert_eq!(
            kept,
            json!({
                "apiVersion": "v1", "kind": "A", "metadata": {"x": 1},
                "any": {"a": {}, "c": 2}, "list": [{"a": "1"}, 5],
            })
        );
        assert_eq!(dropped, ["any.a.b", "list[0].b", "z"]);
    }

    #[test]
    fn known_fields_of_a_preserving_object_are_pruned() {
        let schema = json!({"type": "object", "properties": {"a": {
            "type": "object", "x-kubernetes-preserve-unknown-fields": true,
            "properties": {"known": {"type": "object", "properties": {"b": {"type": "string"}}}},
        }}});
        let value = json!({"a": {"known": {"b": "1", "c": 1}, "other": {"c": 1}}});
        let (kept, dropped) = pruned(&schema, &value);
        assert_eq!(kept, json!({"a": {"known": {"b": "1"}, "other": {"c": 1}}}));
        assert_eq!(dropped, ["a.known.c"]);
    }
}
