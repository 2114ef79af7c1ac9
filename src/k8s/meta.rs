//! `metadata` of objects: decoding it as typed data, setting the server's fields, validating it
//! (`k8s.io/apimachinery/pkg/api/validation/objectmeta.go`).

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::golang::quote;
use super::names;
use super::status::FieldError;

/// The Go type of each field of `ObjectMeta`, as messages name it.
const FIELDS: &[(&str, &str)] = &[
    ("annotations", "map[string]string"),
    ("creationTimestamp", "time"),
    ("deletionGracePeriodSeconds", "int64"),
    ("deletionTimestamp", "time"),
    ("finalizers", "[]string"),
    ("generateName", "string"),
    ("generation", "int64"),
    ("labels", "map[string]string"),
    ("managedFields", "[]v1.ManagedFieldsEntry"),
    ("name", "string"),
    ("namespace", "string"),
    ("ownerReferences", "[]v1.OwnerReference"),
    ("resourceVersion", "string"),
    ("selfLink", "string"),
    ("uid", "types.UID"),
];

/// A time as the API writes it: RFC 3339, whole seconds, UTC.
pub(super) fn time_text(now: Timestamp) -> String {
    now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Makes `metadata` what upstream's typed `ObjectMeta` would be: unknown fields are removed and returned,
/// nulls and empty values are removed.
///
/// # Errors
/// Go's message for a field of the wrong type.
pub(super) fn coerce(object: &mut Map<String, Value>) -> Result<Vec<String>, String> {
    let metadata = object.entry("metadata").or_insert_with(|| json!({}));
    if metadata.is_null() {
        *metadata = json!({});
    }
    let Value::Object(metadata) = metadata else {
        let found = go_kind(metadata);
        return Err(format!("json: cannot unmarshal {found} into Go value of type v1.ObjectMeta"));
    };
    let mut unknown = Vec::new();
    let mut problem = None;
    metadata.retain(|name, value| {
        let Some((_, kind)) = FIELDS.iter().find(|(field, _)| field == name) else {
            unknown.push(format!("metadata.{name}"));
            return false;
        };
        if problem.is_none() {
            problem = wrong_type(name, kind, value);
        }
        !is_empty(value)
    });
    problem.map_or(Ok(unknown), Err)
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

/// The name that Go's `encoding/json` has for the kind of a value (`decode.go`, `UnmarshalTypeError`).
pub(super) fn go_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn wrong_type(name: &str, kind: &str, value: &Value) -> Option<String> {
    let unfit = |value: &Value, kind: &str| {
        let found = go_kind(value);
        Some(format!(
            "json: cannot unmarshal {found} into Go struct field ObjectMeta.{name} of type {kind}"
        ))
    };
    let not_text = |value: &&Value| !value.is_string() && !value.is_null();
    match (kind, value) {
        (_, Value::Null) => None,
        ("string" | "types.UID", value) if !value.is_string() => unfit(value, kind),
        ("int64", value) if value.as_i64().is_none() => match value {
            Value::Number(number) => Some(format!(
                "json: cannot unmarshal number {number} into Go struct field ObjectMeta.{name} of type int64"
            )),
            value => unfit(value, kind),
        },
        ("map[string]string", Value::Object(map)) => {
            map.values().find(not_text).and_then(|v| unfit(v, "string"))
        }
        ("[]string", Value::Array(list)) => {
            list.iter().find(not_text).and_then(|v| unfit(v, "string"))
        }
        (kind, Value::Array(list)) if kind.starts_with("[]v1.") => {
            list.iter().find(|item| !item.is_object()).and_then(|v| unfit(v, &kind[2..]))
        }
        (kind, value) if kind.starts_with("map") || kind.starts_with("[]") => unfit(value, kind),
        ("time", Value::String(text)) => {
            let parsed = text.parse::<Timestamp>();
            parsed.is_err().then(|| {
                format!("parsing time {0} as \"2006-01-02T15:04:05Z07:00\": cannot parse {0} as \"2006\"", quote(text))
            })
        }
        ("time", value) => unfit(value, "string"),
        _ => None,
    }
}

/// A text field of `metadata`, empty when absent.
pub(super) fn text<'v>(object: &'v Value, field: &str) -> &'v str {
    object["metadata"][field].as_str().unwrap_or_default()
}

/// The finalizers.
pub(super) fn finalizers(object: &Value) -> Vec<&str> {
    let list = object["metadata"]["finalizers"].as_array();
    list.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Whether the object is being deleted.
pub(super) fn is_terminating(object: &Value) -> bool {
    object["metadata"]["deletionTimestamp"].is_string()
}

/// Sets a field of `metadata`; a null removes it.
pub(super) fn set(object: &mut Value, field: &str, value: Value) {
    let Some(map) = object["metadata"].as_object_mut() else {
        object["metadata"] = json!({ field: value });
        return;
    };
    if value.is_null() {
        map.remove(field);
    } else {
        map.insert(field.to_owned(), value);
    }
}

/// Validates `metadata`. `label_name` requires names to be DNS labels, not subdomains.
pub(super) fn validate(object: &Value, label_name: bool) -> Vec<FieldError> {
    let rule = if label_name { names::label } else { names::subdomain };
    let mut errors = Vec::new();
    let generate = text(object, "generateName");
    if !generate.is_empty() {
        // A prefix may end in a dash or a dot: the generated suffix follows.
        let whole = format!("{}a", generate.trim_end_matches(['-', '.']));
        let problems = rule(&whole).into_iter();
        errors.extend(
            problems.map(|why| FieldError::invalid("metadata.generateName", quote(generate), &why)),
        );
    }
    let name = text(object, "name");
    if name.is_empty() {
        errors.push(FieldError::required("metadata.name", "name or generateName is required"));
    }
    let problems = if name.is_empty() { Vec::new() } else { rule(name) };
    errors
        .extend(problems.iter().map(|why| FieldError::invalid("metadata.name", quote(name), why)));
    if object["metadata"]["generation"].as_i64().is_some_and(i64::is_negative) {
        let value = &object["metadata"]["generation"];
        errors.push(FieldError::invalid(
            "metadata.generation",
            value,
            "must be greater than or equal to 0",
        ));
    }
    check_labels(object, &mut errors);
    check_annotations(object, &mut errors);
    check_owners(object, &mut errors);
    for finalizer in finalizers(object) {
        let problems = names::qualified_name(finalizer);
        errors.extend(
            problems
                .iter()
                .map(|why| FieldError::invalid("metadata.finalizers", quote(finalizer), why)),
        );
        if problems.is_empty() && !finalizer.contains('/') && !is_standard_finalizer(finalizer) {
            let why = "name is neither a standard finalizer name nor is it fully qualified";
            errors.push(FieldError::invalid("metadata.finalizers", quote(finalizer), why));
        }
    }
    errors
}

fn is_standard_finalizer(name: &str) -> bool {
    matches!(name, "kubernetes" | "orphan" | "foregroundDeletion")
}

fn check_labels(object: &Value, errors: &mut Vec<FieldError>) {
    let field = "metadata.labels";
    for (key, value) in object["metadata"]["labels"].as_object().into_iter().flatten() {
        let problems = names::qualified_name(key);
        errors.extend(problems.iter().map(|why| FieldError::invalid(field, quote(key), why)));
        let value = value.as_str().unwrap_or_default();
        let problems = names::label_value(value);
        errors.extend(problems.iter().map(|why| FieldError::invalid(field, quote(value), why)));
    }
}

/// The maximum size of all annotations of an object, in bytes (`TotalAnnotationSizeLimitB`).
const MAX_ANNOTATIONS: usize = 256 * 1024;

fn check_annotations(object: &Value, errors: &mut Vec<FieldError>) {
    let field = "metadata.annotations";
    let mut total = 0;
    for (key, value) in object["metadata"]["annotations"].as_object().into_iter().flatten() {
        let problems = names::qualified_name(&key.to_lowercase());
        errors.extend(problems.iter().map(|why| FieldError::invalid(field, quote(key), why)));
        total += key.len() + value.as_str().unwrap_or_default().len();
    }
    if total > MAX_ANNOTATIONS {
        errors.push(FieldError::too_long(field, MAX_ANNOTATIONS as u64));
    }
}

fn check_owners(object: &Value, errors: &mut Vec<FieldError>) {
    let mut controller: Option<String> = None;
    let owners = object["metadata"]["ownerReferences"].as_array().into_iter().flatten();
    for (index, owner) in owners.enumerate() {
        let field = |name: &str| format!("metadata.ownerReferences[{index}].{name}");
        for (name, missing) in [
            ("apiVersion", "version must not be empty"),
            ("kind", "must not be empty"),
            ("name", "must not be empty"),
            ("uid", "must not be empty"),
        ] {
            if owner[name].as_str().unwrap_or_default().is_empty() {
                errors.push(FieldError::invalid(field(name), quote(""), missing));
            }
        }
        if owner["controller"] == true {
            let name = owner["name"].as_str().unwrap_or_default().to_owned();
            if let Some(first) = &controller {
                let why = format!(
                    "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {name}"
                );
                errors.push(FieldError::invalid("metadata.ownerReferences", quote(""), &why));
            }
            controller.get_or_insert(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_decoded_as_typed_data() {
        let mut object =
            json!({"metadata": {"name": "a", "extra": 1, "labels": {}, "creationTimestamp": null}});
        let unknown = coerce(object.as_object_mut().unwrap()).unwrap();
        assert_eq!(unknown, ["metadata.extra"]);
        assert_eq!(object, json!({"metadata": {"name": "a"}}));
        let mut object = json!({"metadata": {"name": true}});
        assert_eq!(
            coerce(object.as_object_mut().unwrap()).unwrap_err(),
            "json: cannot unmarshal bool into Go struct field ObjectMeta.name of type string"
        );
        let mut object = json!({"metadata": {"labels": {"a": 1}}});
        assert_eq!(
            coerce(object.as_object_mut().unwrap()).unwrap_err(),
            "json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string"
        );
    }

    #[test]
    fn names_and_finalizers_are_checked() {
        let errors = validate(&json!({"metadata": {}}), false);
        assert_eq!(
            errors[0].to_string(),
            "metadata.name: Required value: name or generateName is required"
        );
        let errors = validate(&json!({"metadata": {"name": "a", "finalizers": ["bare"]}}), false);
        assert!(errors[0].to_string().contains("neither a standard finalizer name"), "{errors:?}");
        assert!(
            validate(&json!({"metadata": {"name": "a", "generateName": "a-"}}), true).is_empty()
        );
    }
}
