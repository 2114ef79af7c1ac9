//! Schemas → example values: the given example, or else a value that the schema allows.

use serde_json::{Map, Value, json};

use super::reference::Document;

/// How deep a value is made; what a schema repeats below is left out.
const MAX_DEPTH: usize = 12;

/// How many values one example may have.
const MAX_VALUES: usize = 10_000;

/// How many items and characters a minimum may ask for.
const MAX_LENGTH: u64 = 100;

/// Makes one example.
pub(super) struct Generator<'g, 'd> {
    document: &'g Document<'d>,
    depth: usize,
    values: usize,
}

impl<'g, 'd> Generator<'g, 'd> {
    pub(super) fn new(document: &'g Document<'d>) -> Self {
        Self { document, depth: 0, values: 0 }
    }

    /// Returns a value, or `None` if a reference is broken or the schema nests too deeply.
    pub(super) fn value(&mut self, schema: &'d Value) -> Option<Value> {
        self.values += 1;
        if self.depth >= MAX_DEPTH || self.values > MAX_VALUES {
            return None;
        }
        self.depth += 1;
        let value = self.document.resolve(schema).and_then(|schema| self.resolved(schema));
        self.depth -= 1;
        value
    }

    fn resolved(&mut self, schema: &'d Value) -> Option<Value> {
        if schema == &json!(true) {
            return Some(json!({}));
        }
        for written in ["/example", "/examples/0", "/const", "/default", "/enum/0"] {
            if let Some(value) = schema.pointer(written) {
                return Some(value.clone());
            }
        }
        if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
            return self.all_of(schema, parts);
        }
        for choice in ["oneOf", "anyOf"] {
            if let Some(list) = schema.get(choice).and_then(Value::as_array)
                && let Some(value) = list.iter().find_map(|schema| self.value(schema))
            {
                return Some(value);
            }
        }
        match type_of(schema)? {
            "object" => self.object(schema),
            "array" => self.array(schema),
            "string" => Some(text(schema).into()),
            "integer" => Some(integer(schema)),
            "number" => Some(number(schema)),
            "boolean" => Some(true.into()),
            "null" => Some(Value::Null),
            _ => None,
        }
    }

    /// Returns the objects of all parts in one; a part that is not an object replaces all.
    fn all_of(&mut self, schema: &'d Value, parts: &'d [Value]) -> Option<Value> {
        let mut all = Map::new();
        for part in parts {
            match self.value(part)? {
                Value::Object(fields) => all.extend(fields),
                other => return Some(other),
            }
        }
        if schema.get("properties").is_some()
            && let Some(Value::Object(own)) = self.object(schema)
        {
            all.extend(own);
        }
        Some(all.into())
    }

    fn object(&mut self, schema: &'d Value) -> Option<Value> {
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let mut fields = Map::new();
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, property) in properties.into_iter().flatten() {
            let resolved = self.document.resolve(property);
            if resolved.is_some_and(|property| property.get("writeOnly") == Some(&json!(true))) {
                continue;
            }
            match self.value(property) {
                Some(value) => {
                    fields.insert(name.clone(), value);
                }
                // Without a required property this is not a value of the schema.
                None if required.contains(&name.as_str()) => return None,
                None => {}
            }
        }
        if fields.is_empty()
            && let Some(more @ Value::Object(_)) = schema.get("additionalProperties")
            && let Some(value) = self.value(more)
        {
            fields.insert("key".to_owned(), value);
        }
        Some(fields.into())
    }

    fn array(&mut self, schema: &'d Value) -> Option<Value> {
        let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(1).min(MAX_LENGTH);
        let Some(items) = schema.get("items") else { return Some(json!([])) };
        let Some(item) = self.value(items) else {
            return (schema.get("minItems").is_none() || least == 0).then(|| json!([]));
        };
        let most = schema.get("maxItems").and_then(Value::as_u64).unwrap_or(u64::MAX);
        let count = usize::try_from(least.max(1).min(most)).unwrap_or(1);
        Some(vec![item; count].into())
    }
}

/// Returns the type, or what its keywords speak of. Of several the first that is not null.
fn type_of(schema: &Value) -> Option<&str> {
    match schema.get("type") {
        Some(Value::String(name)) => return Some(name),
        Some(Value::Array(names)) => {
            let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
            return names.iter().find(|name| **name != "null").or(names.first()).copied();
        }
        _ => {}
    }
    let has = |key: &str| schema.get(key).is_some();
    if has("properties") || has("additionalProperties") {
        Some("object")
    } else if has("items") {
        Some("array")
    } else if has("pattern") || has("format") || has("minLength") {
        Some("string")
    } else if has("minimum") || has("maximum") {
        Some("number")
    } else {
        schema.is_object().then_some("object")
    }
}

fn text(schema: &Value) -> String {
    let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
    let known = match format {
        "date-time" => "2024-01-01T00:00:00Z",
        "date" => "2024-01-01",
        "time" => "00:00:00Z",
        "duration" => "P1D",
        "uuid" => "00000000-0000-4000-8000-000000000000",
        "email" | "idn-email" => "user@example.com",
        "uri" | "url" | "iri" => "https://example.com/",
        "uri-reference" | "iri-reference" => "/path",
        "hostname" | "idn-hostname" => "example.com",
        "ipv4" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        "byte" => "dGV4dA==",
        _ => "text",
    };
    let length = |key: &str| schema.get(key).and_then(Value::as_u64);
    let least = length("minLength").unwrap_or(0).min(MAX_LENGTH);
    let most = length("maxLength").unwrap_or(u64::MAX);
    let mut text = known.to_owned();
    while (text.len() as u64) < least {
        text.push('x');
    }
    text.truncate(usize::try_from(most).unwrap_or(usize::MAX).min(text.len()));
    text
}

fn integer(schema: &Value) -> Value {
    let bound = |key: &str| schema.get(key).and_then(Value::as_i64);
    let above = bound("exclusiveMinimum").map(|low| low.saturating_add(1));
    let below = bound("exclusiveMaximum").map(|high| high.saturating_sub(1));
    let low = bound("minimum").or(above);
    let high = bound("maximum").or(below);
    let step = bound("multipleOf").filter(|step| *step > 0).unwrap_or(1);
    let mut value = low.unwrap_or(1.min(high.unwrap_or(1)));
    let rest = value.rem_euclid(step);
    if rest != 0 {
        value = value.saturating_add(step - rest);
    }
    value.into()
}

fn number(schema: &Value) -> Value {
    let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
    let low = bound("minimum").or_else(|| bound("exclusiveMinimum").map(|low| low + 0.5));
    let high = bound("maximum").or_else(|| bound("exclusiveMaximum").map(|high| high - 0.5));
    json!(low.or(high.map(|high| high.min(1.5))).unwrap_or(1.5))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(document: &Value, schema: &str) -> Option<Value> {
        Generator::new(&Document::new(document)).value(document.pointer(schema).unwrap())
    }

    #[test]
    fn values_follow_the_schema() {
        let table = [
            (json!({"type": "integer", "minimum": 3, "multipleOf": 5}), json!(5)),
            (json!({"type": "integer", "maximum": -2}), json!(-2)),
            (json!({"type": ["null", "string"], "maxLength": 2}), json!("te")),
            (json!({"enum": ["a", "b"]}), json!("a")),
            (
                json!({"type": "array", "items": {"type": "boolean"}, "minItems": 2}),
                json!([true, true]),
            ),
            (
                json!({"allOf": [{"properties": {"a": {"const": 1}}}, {"properties": {"b": {"const": 2}}}]}),
                json!({"a": 1, "b": 2}),
            ),
            (
                json!({"properties": {"p": {"type": "string", "writeOnly": true}, "id": {"type": "string", "format": "uuid"}}}),
                json!({"id": "00000000-0000-4000-8000-000000000000"}),
            ),
        ];
        for (schema, value) in table {
            assert_eq!(made(&json!({"s": schema}), "/s"), Some(value), "{schema}");
        }
    }

    #[test]
    fn recursion_ends() {
        let node = json!({"properties": {
            "name": {"type": "string"},
            "children": {"type": "array", "items": {"$ref": "#/node"}},
        }});
        let made = made(&json!({"node": node}), "/node").unwrap();
        assert_eq!(made["children"][0]["name"], "text");
        let endless =
            json!({"node": {"required": ["next"], "properties": {"next": {"$ref": "#/node"}}}});
        assert_eq!(super::tests::made(&endless, "/node"), None);
        assert_eq!(super::tests::made(&json!({"a": {"$ref": "#/a"}}), "/a"), None);
    }
}
