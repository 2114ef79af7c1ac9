//! A JSON schema as `WireMock`'s validator (networknt's json-schema-validator) reads it: keywords
//! with invalid values are ignored, where a strict validator rejects the whole schema.

use serde_json::{Map, Value};

/// The types of JSON Schema. `any` is networknt's own, and allows everything.
const TYPES: [&str; 7] = ["string", "integer", "number", "object", "array", "boolean", "null"];

/// Converts a schema to one that a strict validator accepts, with the same meaning.
pub(super) fn read(schema: &mut Value) {
    match schema {
        Value::Object(keywords) => object(keywords),
        Value::Bool(_) => {}
        // Values other than objects and booleans have no keywords.
        _ => *schema = Value::Bool(true),
    }
}

fn object(keywords: &mut Map<String, Value>) {
    let names: Vec<String> = keywords.keys().cloned().collect();
    for name in names {
        let Some(value) = keywords.get_mut(&name) else { continue };
        if !keyword(&name, value) {
            keywords.remove(&name);
        }
    }
    types(keywords);
    allow_null(keywords);
}

/// Normalizes the value of a keyword; returns whether the keyword has an effect.
fn keyword(name: &str, value: &mut Value) -> bool {
    match name {
        "multipleOf" => value.as_f64().is_some_and(|number| number > 0.0),
        "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties"
        | "minContains" | "maxContains" => {
            value.as_f64().is_some_and(|number| number >= 0.0 && number.fract() == 0.0)
        }
        "required" => {
            let Value::Array(names) = value else { return false };
            for name in names.iter_mut().filter(|name| !name.is_string()) {
                *name = name.to_string().into();
            }
            names.sort_by_key(Value::to_string);
            names.dedup();
            true
        }
        "pattern" | "format" | "$id" | "$comment" | "title" | "description" => value.is_string(),
        "uniqueItems" => value.is_boolean(),
        "properties" | "definitions" | "$defs" | "dependentSchemas" => {
            let Value::Object(schemas) = value else { return false };
            schemas.values_mut().for_each(read);
            true
        }
        "patternProperties" => {
            if let Value::Object(schemas) = value {
                schemas.values_mut().for_each(read);
            }
            true
        }
        "dependencies" | "dependentRequired" => {
            let Value::Object(entries) = value else { return false };
            entries.retain(|_, entry| entry.is_array() || entry.is_object());
            true
        }
        "anyOf" | "allOf" => schemas(value) != Some(0),
        "oneOf" => {
            schemas(value);
            true
        }
        "additionalProperties" | "unevaluatedProperties" => {
            match value {
                Value::Object(keywords) => object(keywords),
                Value::Bool(_) => {}
                _ => *value = Value::Bool(false),
            }
            true
        }
        "contains" | "propertyNames" => {
            let is_schema = value.is_object() || value.is_boolean();
            if is_schema {
                read(value);
            }
            is_schema
        }
        "not" => {
            read(value);
            true
        }
        "items" | "prefixItems" | "additionalItems" | "unevaluatedItems" | "if" | "then"
        | "else" => {
            match value {
                Value::Object(keywords) => object(keywords),
                Value::Array(_) => {
                    schemas(value);
                }
                _ => {}
            }
            true
        }
        _ => true,
    }
}

/// Reads the schemas of a list; returns how many there are.
fn schemas(value: &mut Value) -> Option<usize> {
    let list = value.as_array_mut()?;
    list.iter_mut().for_each(read);
    Some(list.len())
}

/// Normalizes `type`: an unknown type matches no value.
fn types(keywords: &mut Map<String, Value>) {
    let Some(kind) = keywords.get_mut("type") else { return };
    let known = |kind: &Value| kind.as_str().is_some_and(|kind| TYPES.contains(&kind));
    let exists = match kind {
        Value::String(name) if name == "any" => {
            keywords.remove("type");
            return;
        }
        Value::Array(kinds) => {
            kinds.retain(known);
            kinds.sort_by_key(Value::to_string);
            kinds.dedup();
            !kinds.is_empty()
        }
        kind => known(kind),
    };
    if !exists {
        keywords.remove("type");
        keywords.insert("not".to_owned(), Value::Bool(true));
    }
}

/// Applies OpenAPI's `nullable`: null is allowed in addition to the type.
fn allow_null(keywords: &mut Map<String, Value>) {
    if keywords.get("nullable") != Some(&Value::Bool(true)) {
        return;
    }
    if let Some(kind) = keywords.get_mut("type").filter(|kind| kind.is_string()) {
        *kind = Value::Array(vec![kind.take(), "null".into()]);
    }
    if let Some(Value::Array(values)) = keywords.get_mut("enum") {
        values.push(Value::Null);
    }
}

/// Takes out of a schema of draft 4 what the draft does not know, and so has no effect: truth values as schemas,
/// and exclusive bounds that are numbers.
pub(super) fn as_draft_4(schema: &mut Value) {
    let Value::Object(keywords) = schema else {
        *schema = Value::Object(Map::new());
        return;
    };
    for name in ["exclusiveMinimum", "exclusiveMaximum"] {
        if keywords.get(name).is_some_and(Value::is_number) {
            keywords.remove(name);
        }
    }
    for (name, value) in keywords.iter_mut() {
        match (name.as_str(), value) {
            ("properties" | "definitions" | "patternProperties", Value::Object(schemas)) => {
                schemas.values_mut().for_each(as_draft_4);
            }
            ("items" | "allOf" | "anyOf" | "oneOf", Value::Array(schemas)) => {
                schemas.iter_mut().for_each(as_draft_4);
            }
            // Both may be truth values in this draft too.
            ("additionalItems" | "additionalProperties", schema @ Value::Object(_)) => {
                as_draft_4(schema);
            }
            ("items" | "not", schema) => as_draft_4(schema),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn draft_4_knows_no_truth_values_as_schemas_and_no_numbers_as_exclusive_bounds() {
        let table = [
            (json!(false), json!({})),
            (json!({"exclusiveMinimum": 5, "minimum": 1}), json!({"minimum": 1})),
            (
                json!({"exclusiveMinimum": true, "minimum": 1}),
                json!({"exclusiveMinimum": true, "minimum": 1}),
            ),
            (
                json!({"properties": {"a": true}, "items": false, "additionalProperties": false}),
                json!({"properties": {"a": {}}, "items": {}, "additionalProperties": false}),
            ),
            (
                json!({"enum": [true], "anyOf": [true, {"type": "null"}]}),
                json!({"enum": [true], "anyOf": [{}, {"type": "null"}]}),
            ),
        ];
        for (mut schema, expected) in table {
            as_draft_4(&mut schema);
            assert_eq!(schema, expected);
        }
    }
}
