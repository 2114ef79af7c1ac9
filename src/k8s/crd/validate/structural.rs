//! Structural schemas (`pkg/apiserver/schema/{convert,validation,complete}.go`).

use serde_json::{Map, Value};

use super::super::super::golang::{check_regex, quote};
use super::super::super::status::FieldError;

/// Why no structural schema can be made of a schema (`NewStructural`); nothing where it can.
pub(super) fn obstacle(schema: &Value) -> Option<String> {
    for (field, shown) in [
        ("id", "id"),
        ("$schema", "schema"),
        ("$ref", "$ref"),
        ("patternProperties", "patternProperties"),
        ("dependencies", "dependencies"),
        ("additionalItems", "additionalItems"),
        ("definitions", "definitions"),
    ] {
        let is_set = schema.get(field).is_some_and(|value| {
            !(value.as_str() == Some("")
                || value.as_object().is_some_and(Map::is_empty) && field != "additionalItems")
        });
        if is_set {
            return Some(format!("OpenAPIV3Schema '{shown}' is not supported"));
        }
    }
    let all = |field: &str| schema[field].as_array().into_iter().flatten();
    let junctors =
        schema.get("not").into_iter().chain(all("allOf")).chain(all("anyOf")).chain(all("oneOf"));
    if let Some(why) = junctors.into_iter().find_map(obstacle) {
        return Some(why);
    }
    if schema["x-kubernetes-preserve-unknown-fields"] == Value::Bool(false) {
        let why =
            "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined";
        return Some(why.to_owned());
    }
    if schema["items"].as_array().is_some_and(|items| !items.is_empty()) {
        return Some("OpenAPIV3Schema 'items' must be a schema, but is an array".to_owned());
    }
    let inner = schema.get("items").filter(|items| items.is_object()).into_iter();
    let inner = inner.chain(schema["properties"].as_object().into_iter().flat_map(Map::values));
    let inner = inner.chain(schema.get("additionalProperties").filter(|inner| inner.is_object()));
    inner.into_iter().find_map(obstacle)
}

/// Where a schema stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Root,
    Item,
    Field,
}

/// The violations of a schema that is to be structural (`ValidateStructural`), sorted by their text.
pub(super) fn validate(path: &str, schema: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    invariants(schema, Level::Root, path, &mut errors);
    for (junctor, place) in junctors(schema, path) {
        complete(junctor, schema, path, &place, &mut errors);
    }
    errors.sort_by_cached_key(ToString::to_string);
    errors
}

fn text<'v>(schema: &'v Value, field: &str) -> &'v str {
    schema[field].as_str().unwrap_or_default()
}

fn flag(schema: &Value, field: &str) -> bool {
    schema[field].as_bool().unwrap_or_default()
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema["properties"].as_object().into_iter().flatten()
}

const EMBEDDED: &str = "x-kubernetes-embedded-resource";
const INT_OR_STRING: &str = "x-kubernetes-int-or-string";
const PRESERVE: &str = "x-kubernetes-preserve-unknown-fields";

/// `validateStructuralInvariants`.
fn invariants(schema: &Value, level: Level, path: &str, errors: &mut Vec<FieldError>) {
    let kind = text(schema, "type");
    let embedded = flag(schema, EMBEDDED);
    let items = schema.get("items").filter(|items| items.is_object());
    if kind == "array" && items.is_none() {
        errors.push(FieldError::required(format!("{path}.items"), "must be specified"));
    }
    if let Some(items) = items {
        invariants(items, Level::Item, &format!("{path}.items"), errors);
    }
    for (name, property) in properties(schema) {
        invariants(property, Level::Field, &format!("{path}.properties[{name}]"), errors);
    }
    let additional = schema.get("additionalProperties");
    if let Some(additional) = additional {
        let path = format!("{path}.additionalProperties");
        if level == Level::Root {
            errors.push(FieldError::forbidden(&path, "must not be used at the root"));
        }
        if additional.is_object() {
            invariants(additional, Level::Field, &path, errors);
        }
    }
    for (field, other) in [(PRESERVE, flag(schema, PRESERVE)), (EMBEDDED, embedded)] {
        if flag(schema, INT_OR_STRING) && other {
            let why = "must be false if x-kubernetes-int-or-string is true";
            errors.push(FieldError::invalid(format!("{path}.{field}"), true, why));
        }
    }
    values(
        schema,
        is_int_or_string(&schema["anyOf"]),
        is_int_or_string(&schema["allOf"][0]["anyOf"]),
        path,
        errors,
    );
    let at_type = format!("{path}.type");
    if embedded && kind != "object" {
        let why = "must be object if x-kubernetes-embedded-resource is true";
        errors.push(wrong_type(&at_type, kind, why));
    } else if kind.is_empty() && !flag(schema, INT_OR_STRING) && !flag(schema, PRESERVE) {
        let why = match level {
            Level::Root => "must not be empty at the root",
            Level::Item => "must not be empty for specified array items",
            Level::Field => "must not be empty for specified object fields",
        };
        errors.push(FieldError::required(&at_type, why));
    }
    if embedded && additional.is_some() {
        let why = "must not be used if x-kubernetes-embedded-resource is set";
        errors.push(FieldError::forbidden(format!("{path}.additionalProperties"), why));
    }
    if level == Level::Root && !kind.is_empty() && kind != "object" {
        errors.push(FieldError::invalid(&at_type, quote(kind), "must be object at the root"));
    }
    let checks_metadata = level == Level::Root || embedded;
    for field in ["kind", "apiVersion"] {
        let Some(found) = schema["properties"].get(field).filter(|_| checks_metadata) else {
            continue;
        };
        let kind = text(found, "type");
        if kind != "string" {
            let path = format!("{path}.properties[{field}].type");
            errors.push(FieldError::invalid(path, quote(kind), "must be string"));
        }
    }
    if let Some(found) = schema["properties"].get("metadata") {
        metadata(found, checks_metadata, level, &format!("{path}.properties[metadata]"), errors);
    }
    if embedded && !flag(schema, PRESERVE) && properties(schema).next().is_none() {
        let why = "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields";
        errors.push(FieldError::required(format!("{path}.properties"), why));
    }
}

fn wrong_type(path: &str, found: &str, why: &str) -> FieldError {
    if found.is_empty() {
        FieldError::required(path, why)
    } else {
        FieldError::invalid(path, quote(found), why)
    }
}

/// `validateStructuralMetadataInvariants`.
fn metadata(schema: &Value, checked: bool, level: Level, path: &str, errors: &mut Vec<FieldError>) {
    let kind = text(schema, "type");
    if checked && kind != "object" {
        errors.push(FieldError::invalid(format!("{path}.type"), quote(kind), "must be object"));
    }
    if level != Level::Root {
        return;
    }
    let named = |(name, _): (&String, &Value)| matches!(name.as_str(), "name" | "generateName");
    let only_names = properties(schema).all(named);
    let others = schema.as_object().into_iter().flatten();
    let mut others =
        others.filter(|(field, _)| !matches!(field.as_str(), "type" | "default" | "properties"));
    if !only_names || others.next().is_some() {
        let why = "must not specify anything other than name and generateName, but metadata is implicitly specified";
        errors.push(FieldError::forbidden(path, why));
    }
}

/// Whether alternatives are an integer and a string.
fn is_int_or_string(any_of: &Value) -> bool {
    *any_of == serde_json::json!([{"type": "integer"}, {"type": "string"}])
}

/// `validateValueValidation`.
fn values(
    schema: &Value,
    skip_any: bool,
    skip_first: bool,
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    let all = |field: &str| schema[field].as_array().into_iter().flatten().enumerate();
    if !skip_any {
        for (index, inner) in all("anyOf") {
            nested(inner, false, &format!("{path}.anyOf[{index}]"), errors);
        }
    }
    for (index, inner) in all("allOf") {
        nested(inner, skip_first && index == 0, &format!("{path}.allOf[{index}]"), errors);
    }
    for (index, inner) in all("oneOf") {
        nested(inner, false, &format!("{path}.oneOf[{index}]"), errors);
    }
    if let Some(inner) = schema.get("not") {
        nested(inner, false, &format!("{path}.not"), errors);
    }
    let pattern = text(schema, "pattern");
    if let Err(why) = check_regex(pattern) {
        let why = format!("must be a valid regular expression, but isn't: {why}");
        errors.push(FieldError::invalid(format!("{path}.pattern"), quote(pattern), &why));
    }
}

/// The fields that a schema under a logical junctor must not have, with upstream's word for what they must be.
const FORBIDDEN: &[(&str, &str)] = &[
    ("type", "empty"),
    ("additionalProperties", "undefined"),
    ("default", "undefined"),
    ("title", "empty"),
    ("description", "empty"),
    ("nullable", "false"),
    (PRESERVE, "false"),
    (EMBEDDED, "false"),
    (INT_OR_STRING, "false"),
    ("x-kubernetes-list-map-keys", "empty"),
    ("x-kubernetes-list-type", "undefined"),
    ("x-kubernetes-map-type", "undefined"),
    ("x-kubernetes-validations", "empty"),
];

/// `validateNestedValueValidation`.
fn nested(schema: &Value, skip_any: bool, path: &str, errors: &mut Vec<FieldError>) {
    values(schema, skip_any, false, path, errors);
    if let Some(items) = schema.get("items").filter(|items| items.is_object()) {
        nested(items, false, &format!("{path}.items"), errors);
    }
    for (name, property) in properties(schema) {
        nested(property, false, &format!("{path}.properties[{name}]"), errors);
    }
    for (field, word) in FORBIDDEN {
        let Some(found) = schema.get(*field) else { continue };
        // `additionalProperties: false` says nothing there.
        if *field == "additionalProperties" && *found == Value::Bool(false) {
            continue;
        }
        errors.push(FieldError::forbidden(
            format!("{path}.{field}"),
            &format!("must be {word} to be structural"),
        ));
    }
    if schema["properties"].get("metadata").is_some() {
        let why = "must not be specified in a nested context";
        errors.push(FieldError::forbidden(format!("{path}.properties[metadata]"), why));
    }
}

/// The schemas under the logical junctors of a schema, with their paths, in upstream's order.
fn junctors<'v>(schema: &'v Value, path: &str) -> Vec<(&'v Value, String)> {
    let mut all: Vec<_> =
        schema.get("not").map(|inner| (inner, format!("{path}.not"))).into_iter().collect();
    for field in ["allOf", "anyOf", "oneOf"] {
        for (index, inner) in schema[field].as_array().into_iter().flatten().enumerate() {
            all.push((inner, format!("{path}.{field}[{index}]")));
        }
    }
    all
}

/// `validateNestedValueValidationCompleteness`: what a junctor speaks of is specified outside of it.
fn complete(nested: &Value, schema: &Value, path: &str, place: &str, errors: &mut Vec<FieldError>) {
    for (inner, place) in junctors(nested, place) {
        complete(inner, schema, path, &place, errors);
    }
    let missing = |path: String, place: &str| {
        FieldError::required(path, &format!("because it is defined in {place}"))
    };
    if let Some(items) = nested.get("items").filter(|items| items.is_object()) {
        let (path, place) = (format!("{path}.items"), format!("{place}.items"));
        match schema.get("items").filter(|items| items.is_object()) {
            Some(spine) => complete(items, spine, &path, &place, errors),
            None => errors.push(missing(path, &place)),
        }
    }
    for (name, property) in properties(nested) {
        let (path, place) =
            (format!("{path}.properties[{name}]"), format!("{place}.properties[{name}]"));
        match schema["properties"].get(name) {
            Some(spine) => complete(property, spine, &path, &place, errors),
            None => errors.push(missing(path, &place)),
        }
    }
}
