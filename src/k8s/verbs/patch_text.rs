//! What a patch has touched of an object, with the texts of its values: upstream's library of patches
//! (`gopkg.in/evanphx/json-patch.v4`) keeps each value as it was sent until something goes into it, and writes the levels
//! that it went into in the order of names. Errors about a patched object show that text.
//!
//! The result is an object for each level that was gone into, a list for each list, and a text of JSON for each value that
//! was sent.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::super::limits::MAX_DEPTH;

/// An operation of a JSON Patch, as far as it says where values go.
#[derive(serde::Deserialize)]
struct Operation<'t> {
    #[serde(default)]
    op: String,
    #[serde(default)]
    path: String,
    from: Option<String>,
    #[serde(borrow)]
    value: Option<&'t RawValue>,
}

/// What the operations of a JSON Patch touch; nothing of a text that is no such patch.
pub(super) fn of_operations(text: &str) -> Value {
    let mut touched = Value::Object(Map::new());
    let operations: Vec<Operation<'_>> = serde_json::from_str(text).unwrap_or_default();
    for operation in &operations {
        for pointer in operation.from.iter().chain([&operation.path]) {
            parent(&mut touched, pointer);
        }
        let Some((place, name)) = parent(&mut touched, &operation.path) else { continue };
        match (&*operation.op, operation.value) {
            ("add" | "replace", Some(value)) => {
                place.insert(name, value.get().into());
            }
            ("remove" | "move" | "copy", _) => drop(place.remove(&name)),
            _ => {}
        }
    }
    touched
}

/// What a merge patch touches: every object and list of it.
pub(super) fn of_merge(text: &str) -> Value {
    let whole: Result<&RawValue, _> = serde_json::from_str(text);
    whole.map_or(Value::Null, |whole| gone_into(whole.get(), MAX_DEPTH))
}

/// The level that holds the value of a pointer, which is gone into, and the name of the value there.
fn parent<'v>(
    touched: &'v mut Value,
    pointer: &str,
) -> Option<(&'v mut Map<String, Value>, String)> {
    let mut parts =
        pointer.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~"));
    let mut name = parts.next()?;
    let mut at = touched;
    let mut depth = 0;
    for next in parts {
        // No object is deeper, and a value that is would be dropped by recursion.
        depth += 1;
        if depth > MAX_DEPTH {
            return None;
        }
        at = level(at)?.entry(name).or_insert_with(|| Value::Object(Map::new()));
        name = next;
    }
    Some((level(at)?, name))
}

/// A value as a level: one that was sent is gone into. A list is one by its places.
fn level(value: &mut Value) -> Option<&mut Map<String, Value>> {
    if let Value::String(text) = value {
        let fields: Option<BTreeMap<String, &RawValue>> = serde_json::from_str(text).ok();
        let items: Option<Vec<&RawValue>> = serde_json::from_str(text).ok();
        let items = items.into_iter().flatten().enumerate();
        let items = items.map(|(index, item)| (index.to_string(), item));
        let all = fields.into_iter().flatten().chain(items);
        *value =
            all.map(|(name, text)| (name, Value::from(text.get()))).collect::<Map<_, _>>().into();
    }
    value.as_object_mut()
}

/// A value that is gone into to its end.
fn gone_into(text: &str, depth: usize) -> Value {
    let fields: Result<BTreeMap<String, &RawValue>, _> = serde_json::from_str(text);
    if let (Ok(fields), 1..) = (fields, depth) {
        let all = fields.into_iter();
        let all = all.map(|(name, text)| (name, gone_into(text.get(), depth - 1)));
        return all.collect::<Map<_, _>>().into();
    }
    let items: Result<Vec<&RawValue>, _> = serde_json::from_str(text);
    if let (Ok(items), 1..) = (items, depth) {
        return items.iter().map(|text| gone_into(text.get(), depth - 1)).collect();
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_stay_as_they_are_sent_until_something_goes_into_them() {
        let text = r#"[{"op":"add","path":"/spec/a","value":{"z": 1, "b": {"y":2,"x":3}}}]"#;
        assert_eq!(of_operations(text), json!({"spec": {"a": r#"{"z": 1, "b": {"y":2,"x":3}}"#}}));
        let text = r#"[{"op":"add","path":"/a","value":{"z":1,"b":{"y":2,"x":3}}},
            {"op":"replace","path":"/a/c","value":"\u00e9"},{"op":"remove","path":"/d/0/e"}]"#;
        assert_eq!(
            of_operations(text),
            json!({"a": {"b": r#"{"y":2,"x":3}"#, "c": r#""\u00e9""#, "z": "1"}, "d": {"0": {}}})
        );
    }

    #[test]
    fn a_merge_goes_into_everything() {
        assert_eq!(
            of_merge(r#"{"a":{"b":[{"c":1.50}],"d":"x"}}"#),
            json!({"a": {"b": [{"c": "1.50"}], "d": "\"x\""}})
        );
    }
}
