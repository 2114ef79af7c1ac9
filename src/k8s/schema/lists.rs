//! Lists that are sets or maps have each item once
//! (`k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype/validation.go`).

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::super::golang::json_text;
use super::super::status::FieldError;
use super::{Additional, ListType, Schema, shown};

/// The duplicates in the lists of a whole object.
pub(crate) fn validate(schema: &Schema, object: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    walk(schema, object, "", &mut errors);
    errors
}

fn walk(schema: &Schema, value: &Value, path: &str, errors: &mut Vec<FieldError>) {
    match value {
        Value::Object(map) => walk_map(schema, map, path, errors),
        Value::Array(list) => {
            match schema.list_type {
                ListType::Set => {
                    for index in repeated(list.iter().map(Some)) {
                        let path = format!("{path}[{index}]");
                        errors.push(FieldError::duplicate(path, shown(&list[index])));
                    }
                }
                ListType::Map => map_list(schema, list, path, errors),
                ListType::Atomic => {}
            }
            let Some(items) = schema.items.as_deref().filter(|items| has_lists(items)) else {
                return;
            };
            for (index, item) in list.iter().enumerate() {
                walk(items, item, &format!("{path}[{index}]"), errors);
            }
        }
        _ => {}
    }
}

fn walk_map(schema: &Schema, map: &Map<String, Value>, path: &str, errors: &mut Vec<FieldError>) {
    if let Additional::Schema(inner) = &schema.additional {
        for (name, value) in map.iter().filter(|(_, value)| value.is_object() || value.is_array()) {
            walk(inner, value, &format!("{path}[{name}]"), errors);
        }
    }
    for (name, value) in map.iter().filter(|(_, value)| value.is_object() || value.is_array()) {
        if let Some(property) = schema.properties.get(name) {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            walk(property, value, &path, errors);
        }
    }
}

/// Whether values of a schema can hold lists.
fn has_lists(schema: &Schema) -> bool {
    schema.items.is_some()
        || !schema.properties.is_empty()
        || matches!(schema.additional, Additional::Schema(_))
}

/// The indexes of the items that stand the second time; `None` is an item without a key.
fn repeated<'v>(items: impl Iterator<Item = Option<&'v Value>>) -> Vec<usize> {
    let mut seen: HashMap<Option<String>, u32> = HashMap::new();
    let mut found = Vec::new();
    for (index, item) in items.enumerate() {
        let times = seen.entry(item.map(Value::to_string)).or_default();
        *times += 1;
        if *times == 2 {
            found.push(index);
        }
    }
    found
}

/// `validateListMap`.
fn map_list(schema: &Schema, list: &[Value], path: &str, errors: &mut Vec<FieldError>) {
    for (index, item) in list.iter().enumerate() {
        if !item.is_object() && !item.is_null() {
            let why = "must be an object for an array of list-type map";
            errors.push(FieldError::invalid(format!("{path}[{index}]"), shown(item), why));
            return;
        }
    }
    let names = &schema.list_map_keys;
    let key = |item: &Value| -> Value {
        let present = names.iter().filter_map(|name| Some((name.clone(), item.get(name)?.clone())));
        Value::Object(present.collect())
    };
    let keys: Vec<Value> = list.iter().map(key).collect();
    for index in repeated(keys.iter().map(Some)) {
        errors.push(FieldError::duplicate(format!("{path}[{index}]"), json_text(&keys[index])));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_repeated_item_is_named_once() {
        let schema = Schema::parse(&json!({"type": "object", "properties": {
            "s": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
            "m": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["a", "b"],
                  "items": {"type": "object", "properties": {"in": {
                      "type": "array", "x-kubernetes-list-type": "set", "items": {"type": "integer"}}}}},
        }}))
        .unwrap();
        let errors = |value: &Value| -> Vec<String> {
            validate(&schema, value).iter().map(ToString::to_string).collect()
        };
        assert_eq!(errors(&json!({"s": ["x", "y", "x", "x"]})), ["s[2]: Duplicate value: \"x\""]);
        assert_eq!(
            errors(
                &json!({"m": [{"a": 1, "b": 2}, {"a": 1}, {"a": 1, "b": 2, "in": [1, 1]}, {"a": 1}]})
            ),
            [
                "m[2]: Duplicate value: {\"a\":1,\"b\":2}",
                "m[3]: Duplicate value: {\"a\":1}",
                "m[2].in[1]: Duplicate value: 1",
            ]
        );
        assert_eq!(
            errors(&json!({"m": [1]})),
            ["m[0]: Invalid value: 1: must be an object for an array of list-type map"]
        );
    }
}
