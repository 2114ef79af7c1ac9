//! Header fields, parameters and cookies of expectations: maps, or lists of names with values.

use serde_json::{Value, json};

use crate::document::Node;

use super::super::regex;
use super::super::scalar::scalar;
use super::super::stub::RequestPattern;

/// A text that may be negated: `"!text"`, or `{"not": true, "value": "text"}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) text: String,
    pub(super) negated: bool,
    /// Whether it may be missing: a name that begins with `?`.
    optional: bool,
}

impl Wanted {
    /// Reads a text; a schema in its place has no equivalent.
    pub(super) fn read(node: &Node<'_>) -> Option<Self> {
        let found = Self::of(node.value());
        if found.is_none() {
            node.warn("a schema in place of a text has no equivalent", "write a pattern");
        }
        found
    }

    fn of(value: &Value) -> Option<Self> {
        if let Some(text) = scalar(value) {
            let (text, negated) = match text.strip_prefix('!') {
                Some(rest) => (rest.to_owned(), true),
                None => (text, false),
            };
            let (text, optional) = match text.strip_prefix('?') {
                Some(rest) => (rest.to_owned(), true),
                None => (text, false),
            };
            return Some(Self { text, negated, optional });
        }
        if let Some(schema) = value.get("schema") {
            return Some(Self { text: regex_of(schema)?, negated: false, optional: false });
        }
        let text = scalar(value.get("value")?)?;
        let flag = |key: &str| value.get(key) == Some(&json!(true));
        Some(Self { text, negated: flag("not"), optional: flag("optional") })
    }

    /// Returns the operator for a value.
    pub(super) fn pattern(&self) -> Value {
        let operator = if regex::is_plain(&self.text) { "equalTo" } else { "matches" };
        let plain = json!({operator: self.text});
        if self.negated { json!({"not": plain}) } else { plain }
    }
}

/// Returns the regular expression for the texts of a simple schema, or `None` if it says more than
/// type, values or pattern.
fn regex_of(schema: &Value) -> Option<String> {
    let map = schema.as_object()?;
    let known = ["type", "pattern", "enum", "format"];
    if !map.keys().all(|key| known.contains(&key.as_str())) {
        return None;
    }
    if let Some(values) = map.get("enum").and_then(Value::as_array) {
        let texts = values.iter().map(|value| Some(regex::literal(&scalar(value)?)));
        return Some(texts.collect::<Option<Vec<_>>>()?.join("|"));
    }
    let pattern = map.get("pattern").and_then(Value::as_str).map(regex::anywhere);
    match map.get("type").and_then(Value::as_str) {
        Some("integer") => Some("-?[0-9]+".to_owned()),
        Some("number") => Some(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?".to_owned()),
        Some("boolean") => Some("true|false".to_owned()),
        Some("string") | None => Some(pattern.unwrap_or_else(|| ".*".to_owned())),
        Some(_) => None,
    }
}

/// Adds the fields of a list of the request pattern.
pub(super) fn fields(node: &Node<'_>, list: &str, request: &mut RequestPattern) -> Option<()> {
    for (name, values) in entries(node) {
        let name = Wanted::of(&name)?;
        if !regex::is_plain(&name.text) {
            node.warn(
                format!("the name {:?} is a pattern", name.text),
                "names are literal here: write a stub for each",
            );
            return None;
        }
        let mut each = Vec::new();
        for value in &values {
            let Some(wanted) = Wanted::of(value) else {
                node.warn(format!("{:?} is matched by a schema", name.text), "write a pattern");
                return None;
            };
            each.push(wanted.pattern());
        }
        let mut pattern = match each.len() {
            0 => json!({"matches": ".*"}),
            1 => each.swap_remove(0),
            // All of them have to be among the values.
            _ if list != "cookies" && list != "pathParameters" => json!({"includes": each}),
            _ => json!({"and": each}),
        };
        if name.negated {
            // The name is not there with these values.
            pattern =
                if values.is_empty() { json!({"absent": true}) } else { json!({"not": pattern}) };
        } else if name.optional {
            pattern = json!({"or": [pattern, {"absent": true}]});
        }
        request.field(list, &name.text, pattern);
    }
    Some(())
}

/// Names with their values, as texts.
pub(super) fn pairs(node: &Node<'_>) -> Vec<(String, Vec<String>)> {
    let texts = |(name, values): (Value, Vec<Value>)| {
        (scalar(&name).unwrap_or_default(), values.iter().filter_map(scalar).collect())
    };
    entries(node).into_iter().map(texts).collect()
}

/// Names with their values, in either form.
fn entries(node: &Node<'_>) -> Vec<(Value, Vec<Value>)> {
    let values = |value: &Value| match value {
        Value::Array(list) => list.clone(),
        // `{"schema": …}` and the like stay as they are.
        one => vec![one.clone()],
    };
    match node.value() {
        Value::Object(map) => map
            .iter()
            .filter(|(name, _)| *name != "keyMatchStyle")
            .map(|(name, value)| (json!(name), values(value)))
            .collect(),
        Value::Array(list) => list
            .iter()
            .filter_map(|pair| {
                let value = pair.get("values").or_else(|| pair.get("value"));
                Some((pair.get("name")?.clone(), value.map(values).unwrap_or_default()))
            })
            .collect(),
        _ => Vec::new(),
    }
}
