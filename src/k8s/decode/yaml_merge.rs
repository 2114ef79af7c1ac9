//! Merge keys and aliases of YAML: values that are put into others (`go.yaml.in/yaml/v2`, `decode.go`).

use serde_json::{Map, Value};

use super::super::golang::syntax;

/// Adds the fields of a merge key's value. Of several objects the first one has precedence.
pub(super) fn merge(map: &mut Map<String, Value>, value: Value) -> Result<(), String> {
    const WANTED: &str = "yaml: map merge requires map or sequence of maps as the value";
    match value {
        Value::Object(fields) => map.extend(fields),
        Value::Array(list) => {
            for item in list.into_iter().rev() {
                let Value::Object(fields) = item else { return Err(WANTED.to_owned()) };
                map.extend(fields);
            }
        }
        _ => return Err(WANTED.to_owned()),
    }
    Ok(())
}

/// How many values a value has.
pub(super) fn count(value: &Value) -> usize {
    match value {
        Value::Array(list) => 1 + list.iter().map(count).sum::<usize>(),
        Value::Object(map) => 1 + map.values().map(count).sum::<usize>(),
        _ => 1,
    }
}

/// A value as `%#v` prints what YAML decodes to: maps have keys of any type there.
pub(super) fn go_syntax(value: &Value) -> String {
    syntax(value).replace("map[string]interface {}", "map[interface {}]interface {}")
}
