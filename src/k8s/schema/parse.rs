//! `openAPIV3Schema` → [`Schema`].

use serde_json::Value;

use super::{Additional, Bound, Kind, ListType, Never, Schema, SchemaPattern};

/// The maximum nesting of a schema: far more than published CRDs have.
const MAX_DEPTH: usize = 128;

impl Schema {
    /// Parses a schema.
    ///
    /// # Errors
    /// The path and the reason, as `path: reason`.
    pub(crate) fn parse(value: &Value) -> Result<Self, String> {
        parse(value, "openAPIV3Schema", 0)
    }
}

fn parse(value: &Value, path: &str, depth: usize) -> Result<Schema, String> {
    let Value::Object(map) = value else {
        return Err(format!("{path}: must be an object"));
    };
    if depth > MAX_DEPTH {
        return Err(format!("{path}: nested deeper than {MAX_DEPTH} levels"));
    }
    let flag = |key: &str| value[key].as_bool().unwrap_or_default();
    let count = |key: &str| value[key].as_u64();
    let is_negative = |key: &str| value[key].as_i64().is_some_and(|count| count < 0);
    let child = |value: &Value, step: &str| parse(value, &format!("{path}.{step}"), depth + 1);
    let list = |key: &str| -> Result<Vec<Schema>, String> {
        let items = value[key].as_array().into_iter().flatten().enumerate();
        items.map(|(index, item)| child(item, &format!("{key}[{index}]"))).collect()
    };
    let bound = |key: &str, exclusive: &str| {
        value[key].as_f64().map(|value| Bound { value, exclusive: flag(exclusive) })
    };
    let mut schema = Schema {
        kind: kind(value, path)?,
        format: value["format"].as_str().map(str::to_owned),
        nullable: flag("nullable"),
        default: map.get("default").filter(|default| !default.is_null()).cloned(),
        allowed: value["enum"].as_array().cloned().unwrap_or_default(),
        minimum: bound("minimum", "exclusiveMinimum"),
        maximum: bound("maximum", "exclusiveMaximum"),
        multiple_of: value["multipleOf"].as_f64(),
        min_length: count("minLength"),
        max_length: count("maxLength"),
        min_items: count("minItems"),
        max_items: count("maxItems"),
        unique_items: flag("uniqueItems"),
        min_properties: count("minProperties"),
        max_properties: count("maxProperties"),
        never: Never {
            text: is_negative("maxLength"),
            list: is_negative("maxItems"),
            object: is_negative("maxProperties"),
        },
        all_of: list("allOf")?,
        any_of: list("anyOf")?,
        one_of: list("oneOf")?,
        preserve_unknown: flag("x-kubernetes-preserve-unknown-fields"),
        int_or_string: flag("x-kubernetes-int-or-string"),
        embedded: flag("x-kubernetes-embedded-resource"),
        atomic_map: value["x-kubernetes-map-type"] == "atomic",
        list_type: match value["x-kubernetes-list-type"].as_str() {
            Some("map") => ListType::Map,
            Some("set") => ListType::Set,
            _ => ListType::Atomic,
        },
        ..Schema::default()
    };
    let texts = |key: &str| {
        let items = value[key].as_array().into_iter().flatten();
        items.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    schema.required = texts("required");
    schema.list_map_keys = texts("x-kubernetes-list-map-keys");
    if let Some(text) = value["pattern"].as_str() {
        let pattern = SchemaPattern::new(text).map_err(|why| format!("{path}.pattern: {why}"))?;
        schema.pattern = Some(pattern).filter(|_| !text.is_empty());
    }
    for (name, property) in value["properties"].as_object().into_iter().flatten() {
        schema.properties.insert(name.clone(), child(property, &format!("properties[{name}]"))?);
    }
    schema.additional = match &value["additionalProperties"] {
        Value::Null => Additional::Unsaid,
        Value::Bool(allowed) => Additional::Allowed(*allowed),
        inner => Additional::Schema(Box::new(child(inner, "additionalProperties")?)),
    };
    if let inner @ Value::Object(_) = &value["items"] {
        schema.items = Some(Box::new(child(inner, "items")?));
    }
    if let inner @ Value::Object(_) = &value["not"] {
        schema.not = Some(Box::new(child(inner, "not")?));
    }
    let additional = match &schema.additional {
        Additional::Schema(inner) => inner.embeds,
        _ => false,
    };
    schema.embeds = schema.embedded
        || additional
        || schema.properties.values().any(|property| property.embeds)
        || schema.items.as_ref().is_some_and(|items| items.embeds);
    #[cfg(feature = "cel")]
    rules(value, &mut schema);
    Ok(schema)
}

/// The rules of a schema.
#[cfg(feature = "cel")]
fn rules(value: &Value, schema: &mut Schema) {
    let rules = value["x-kubernetes-validations"].as_array().into_iter().flatten();
    schema.rules = rules.map(super::rules::Rule::parse).collect();
    let below = |reaches: fn(&Schema) -> bool| {
        let additional = match &schema.additional {
            Additional::Schema(inner) => reaches(inner),
            _ => false,
        };
        !schema.rules.is_empty()
            || additional
            || schema.properties.values().any(reaches)
            || schema.items.as_deref().is_some_and(reaches)
    };
    schema.has_rules = below(|inner| inner.has_rules);
    schema.reaches_rules =
        below(|inner| inner.reaches_rules) || schema.all_of.iter().any(|inner| inner.reaches_rules);
}

fn kind(value: &Value, path: &str) -> Result<Option<Kind>, String> {
    Ok(match value["type"].as_str() {
        None | Some("") => None,
        Some("object") => Some(Kind::Object),
        Some("array") => Some(Kind::Array),
        Some("string") => Some(Kind::String),
        Some("integer") => Some(Kind::Integer),
        Some("number") => Some(Kind::Number),
        Some("boolean") => Some(Kind::Boolean),
        Some(other) => return Err(format!("{path}.type: unknown type {other:?}")),
    })
}
