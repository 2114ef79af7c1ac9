//! Whole objects inside of objects: `x-kubernetes-embedded-resource`
//! (`k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta`).

use serde_json::{Map, Value};

use super::super::golang::{json_text, quote};
use super::super::meta::{self, NameRule};
use super::super::names;
use super::super::status::FieldError;
use super::{Additional, Schema};

/// Makes the metadata of embedded objects typed. Returns the paths of unknown fields, which are removed.
///
/// # Errors
/// Upstream's message for a value of the wrong type.
pub(crate) fn coerce(schema: &Schema, value: &mut Value) -> Result<Vec<String>, String> {
    coerce_value(schema, value).map_err(|error| error.to_string())
}

/// As [`coerce`], with the violation as a field error; paths begin with a dot.
///
/// # Errors
/// The first value of the wrong type.
pub(crate) fn coerce_value(schema: &Schema, value: &mut Value) -> Result<Vec<String>, FieldError> {
    let mut unknown = Vec::new();
    if schema.embeds {
        coerce_at(schema, value, "", &mut unknown)?;
        unknown.sort_unstable();
    }
    Ok(unknown)
}

/// As [`coerce_value`], for a whole object; paths begin with a field.
///
/// # Errors
/// The first value of the wrong type.
pub(crate) fn coerce_whole(map: &mut Map<String, Value>) -> Result<(), FieldError> {
    coerce_object(map, "", &mut Vec::new()).map_err(|mut error| {
        error.field = error.field.trim_start_matches('.').to_owned();
        error
    })
}

fn coerce_at(
    schema: &Schema,
    value: &mut Value,
    path: &str,
    unknown: &mut Vec<String>,
) -> Result<(), FieldError> {
    match value {
        Value::Object(map) => {
            if schema.embedded {
                coerce_object(map, path, unknown)?;
            }
            for (name, value) in map {
                if let Some((schema, path)) = below(schema, name, path) {
                    coerce_at(schema, value, &path, unknown)?;
                }
            }
        }
        Value::Array(list) => {
            let Some(items) = &schema.items else { return Ok(()) };
            for (index, item) in list.iter_mut().enumerate() {
                coerce_at(items, item, &format!("{path}[{index}]"), unknown)?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn coerce_object(
    map: &mut Map<String, Value>,
    path: &str,
    unknown: &mut Vec<String>,
) -> Result<(), FieldError> {
    for field in ["apiVersion", "kind"] {
        if let Some(found) = map.get(field).filter(|found| !found.is_string()) {
            let field = format!("{path}.{field}");
            return Err(FieldError::invalid(field, json_text(found), "must be a string"));
        }
    }
    if let Some(shown) = map.get("metadata").map(json_text) {
        let dropped = meta::coerce(map)
            .map_err(|why| FieldError::invalid(format!("{path}.metadata"), shown, &why))?;
        unknown.extend(dropped.into_iter().map(|dropped| format!("{path}.{dropped}")));
    }
    Ok(())
}

/// The violations of embedded objects.
pub(crate) fn validate(schema: &Schema, value: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if schema.embeds {
        validate_at(schema, value, "", &mut errors);
    }
    errors
}

fn validate_at(schema: &Schema, value: &Value, path: &str, errors: &mut Vec<FieldError>) {
    match value {
        Value::Object(map) => {
            if schema.embedded {
                validate_object(map, path, errors);
            }
            for (name, value) in map {
                if let Some((schema, path)) = below(schema, name, path) {
                    validate_at(schema, value, &path, errors);
                }
            }
        }
        Value::Array(list) => {
            let Some(items) = &schema.items else { return };
            for (index, item) in list.iter().enumerate() {
                validate_at(items, item, &format!("{path}[{index}]"), errors);
            }
        }
        _ => {}
    }
}

/// `validateEmbeddedResource`.
fn validate_object(map: &Map<String, Value>, path: &str, errors: &mut Vec<FieldError>) {
    for field in ["apiVersion", "kind"] {
        if !map.contains_key(field) {
            errors.push(FieldError::required(format!("{path}.{field}"), ""));
        }
    }
    for field in ["apiVersion", "kind"] {
        let Some(text) = map.get(field).and_then(Value::as_str) else { continue };
        let mut invalid = |why: &str| {
            errors.push(FieldError::invalid(format!("{path}.{field}"), quote(text), why));
        };
        if text.is_empty() {
            invalid("must not be empty");
        } else if field == "apiVersion" {
            if text.matches('/').count() > 1 {
                invalid(&format!("unexpected GroupVersion string: {text}"));
            }
        } else {
            let problems = names::dns_1035_label(&text.to_lowercase());
            if !problems.is_empty() {
                let problems = problems.join(",");
                invalid(&format!("may have mixed case, but should otherwise match: {problems}"));
            }
        }
    }
    if let Some(metadata) = map.get("metadata") {
        // A template has no name yet.
        let mut object = Map::from_iter([("metadata".to_owned(), metadata.clone())]).into();
        if meta::text(&object, "name").is_empty() {
            meta::set(&mut object, "name", "fakename".into());
        }
        errors.extend(meta::validate(&object, NameRule::PathSegment).into_iter().map(
            |mut error| {
                error.field = format!("{path}.{}", error.field);
                error
            },
        ));
    }
}

/// The schema and the path of a field.
fn below<'s>(schema: &'s Schema, name: &str, path: &str) -> Option<(&'s Schema, String)> {
    if let Some(property) = schema.properties.get(name) {
        let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        return property.embeds.then_some((property, path));
    }
    match &schema.additional {
        Additional::Schema(inner) if inner.embeds => Some((inner, format!("{path}[{name}]"))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema() -> Schema {
        Schema::parse(&json!({"type": "object", "properties": {"spec": {
            "type": "object",
            "properties": {"template": {
                "type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true,
            }},
        }}}))
        .unwrap()
    }

    #[test]
    fn embedded_metadata_is_typed() {
        let template =
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "bogus": 1}});
        let mut value = json!({"spec": {"template": template}});
        assert_eq!(coerce(&schema(), &mut value).unwrap(), ["spec.template.metadata.bogus"]);
        assert_eq!(value["spec"]["template"]["metadata"], json!({"name": "a"}));
        let mut value = json!({"spec": {"template": {"metadata": {"labels": {"a": 1}}}}});
        assert_eq!(
            coerce(&schema(), &mut value).unwrap_err(),
            "spec.template.metadata: Invalid value: {\"labels\":{\"a\":1}}: json: cannot unmarshal number into Go struct \
             field ObjectMeta.labels of type string"
        );
    }

    #[test]
    fn an_embedded_object_has_a_version_and_a_kind() {
        let problems = |template: Value| -> Vec<String> {
            let value = json!({"spec": {"template": template}});
            validate(&schema(), &value).iter().map(ToString::to_string).collect()
        };
        assert_eq!(
            problems(json!({})),
            ["spec.template.apiVersion: Required value", "spec.template.kind: Required value"]
        );
        assert_eq!(problems(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {}})), [""; 0]);
        let wrong = problems(
            json!({"apiVersion": "a/b/c", "kind": "P d", "metadata": {"labels": {"a b": ""}}}),
        );
        assert_eq!(wrong.len(), 3);
        assert_eq!(
            wrong[0],
            "spec.template.apiVersion: Invalid value: \"a/b/c\": unexpected GroupVersion string: a/b/c"
        );
        assert!(
            wrong[1].starts_with("spec.template.kind: Invalid value: \"P d\": may have mixed case")
        );
        assert!(wrong[2].starts_with("spec.template.metadata.labels: Invalid value: \"a b\""));
    }
}
