//! Configurations that are applied without an owner: those of mutating policies (`ApplyStructuredMergeDiff` in
//! `k8s.io/apiserver/pkg/admission/plugin/policy/mutating/patch/smd.go`).

use serde_json::Value;

use super::super::schema::{Kind, Schema};
use super::collect::fields_of;
use super::typed::{self, Type};

/// An object merged with a configuration.
///
/// # Errors
/// What the schema does not hold, and atomic parts, which a configuration would replace as a whole.
pub(in super::super) fn merged(
    live: &Value,
    configuration: &Value,
    schema: Option<&Schema>,
) -> Result<Value, String> {
    let of = Type::of_object(schema);
    fields_of(configuration, of).map_err(|problems| {
        let what = match problems.as_slice() {
            [one] => one.clone(),
            many => format!("errors:\n  {}", many.join("\n  ")),
        };
        format!("failed to convert patch object to typed object: {what}")
    })?;
    if let Some(why) = find_null(configuration, of, "") {
        return Err(format!("failed to convert patch object to typed object: {why}"));
    }
    let mut atomic = Vec::new();
    find_atomic(configuration, of, "", &mut atomic);
    if !atomic.is_empty() {
        let atomic = atomic.join(", ");
        return Err(format!(
            "invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: {atomic}"
        ));
    }
    Ok(typed::merge(live, configuration, of))
}

/// What upstream says of a null: it is a value of CEL, which no type takes.
fn find_null(value: &Value, of: Type<'_>, path: &str) -> Option<String> {
    match value {
        Value::Null => {
            let schema = of.schema.filter(|schema| !schema.int_or_string)?;
            let why = match schema.kind? {
                Kind::Object => "expected map, got &{NULL_VALUE}",
                Kind::Array => "expected list, got &{NULL_VALUE}",
                Kind::Boolean => "expected boolean, got &{NULL_VALUE}",
                Kind::String if schema.format.is_some() => "expected any scalar, got &{NULL_VALUE}",
                Kind::String => "expected string, got &value.valueUnstructured{Value:0}",
                Kind::Integer | Kind::Number => {
                    "expected numeric (int or float), got structpb.NullValue"
                }
            };
            Some(format!("{path}: {why}"))
        }
        Value::Object(map) => map.iter().find_map(|(name, value)| {
            find_null(value, of.field(name).0, &format!("{path}.{name}"))
        }),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, item)| find_null(item, of.item(), &format!("{path}[{index}]"))),
        _ => None,
    }
}

/// Adds the paths of lists, maps and structs that have no parts of their own (`findAtomics`). Entries of maps are not
/// looked into.
fn find_atomic(value: &Value, of: Type<'_>, path: &str, found: &mut Vec<String>) {
    if (value.is_object() || value.is_array()) && !of.is_granular(value) {
        found.push(path.to_owned());
    }
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                if let (field, true) = of.field(name) {
                    find_atomic(value, field, &format!("{path}.{name}"), found);
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                find_atomic(item, of.item(), &format!("{path}[{index}]"), found);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema() -> Schema {
        Schema::parse(&json!({"type": "object", "properties": {"spec": {
            "type": "object",
            "properties": {
                "count": {"type": "integer"},
                "words": {"type": "array", "items": {"type": "string"}},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                "selector": {"type": "object", "x-kubernetes-map-type": "atomic",
                    "properties": {"a": {"type": "string"}}},
                "parts": {"type": "array",
                    "items": {"type": "object", "properties": {
                        "name": {"type": "string"}, "args": {"type": "array", "items": {"type": "string"}}}},
                    "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
            },
        }}}))
        .unwrap()
    }

    #[test]
    fn a_configuration_is_merged_by_the_types_of_the_schema() {
        let live = json!({"spec": {"count": 1, "labels": {"a": "1"}, "words": ["x"],
            "parts": [{"name": "a", "args": ["q"]}, {"name": "b"}]}});
        let configuration =
            json!({"spec": {"count": 2, "labels": {"b": "2"}, "parts": [{"name": "c"}]}});
        let wanted = json!({"spec": {"count": 2, "labels": {"a": "1", "b": "2"}, "words": ["x"],
            "parts": [{"name": "a", "args": ["q"]}, {"name": "b"}, {"name": "c"}]}});
        assert_eq!(merged(&live, &configuration, Some(&schema())), Ok(wanted));
    }

    #[test]
    fn what_the_schema_does_not_hold_and_what_is_atomic_is_refused() {
        let atomic = "invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ";
        let typed = "failed to convert patch object to typed object: ";
        for (configuration, why) in [
            (json!({"spec": {"words": ["y"]}}), format!("{atomic}.spec.words")),
            (json!({"spec": {"selector": {"a": "b"}}}), format!("{atomic}.spec.selector")),
            (
                json!({"spec": {"parts": [{"name": "a", "args": []}]}}),
                format!("{atomic}.spec.parts[0].args"),
            ),
            (
                json!({"spec": {"labels": null}}),
                format!("{typed}.spec.labels: expected map, got &{{NULL_VALUE}}"),
            ),
            (json!({"spec": {"no": 1}}), format!("{typed}.spec.no: field not declared in schema")),
            (
                json!({"spec": {"no": 1}, "status": 1}),
                format!(
                    "{typed}errors:\n  .spec.no: field not declared in schema\n  .status: field not declared in schema"
                ),
            ),
        ] {
            assert_eq!(merged(&json!({}), &configuration, Some(&schema())), Err(why));
        }
    }
}
