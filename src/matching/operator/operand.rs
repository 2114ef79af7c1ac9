//! Operands: the JSON of an operand, and the options next to it.

use serde_json::Value;

use crate::document::Node;
use crate::java::json::{Json, Reader};

/// The keys next to an operator. Like Jackson's `findValue`, which `WireMock` uses, this also
/// searches nested values.
#[derive(Debug)]
pub(super) struct Options<'d> {
    node: &'d Value,
}

impl<'d> Options<'d> {
    /// Creates the options of the object that holds the operator.
    pub(super) fn of(node: &'d Value) -> Self {
        Self { node }
    }

    pub(super) fn get(&self, key: &str) -> Option<&'d Value> {
        find(self.node, key)
    }

    pub(super) fn text(&self, key: &str) -> Option<&'d str> {
        self.get(key)?.as_str()
    }
}

fn find<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    match value {
        Value::Object(map) => {
            map.get(key).or_else(|| map.values().find_map(|value| find(value, key)))
        }
        Value::Array(items) => items.iter().find_map(|value| find(value, key)),
        _ => None,
    }
}

/// Reads a boolean like Jackson's `asBoolean`: the string `true` and every whole number except 0 are
/// true.
pub(super) fn as_bool(value: &Value) -> bool {
    match value {
        Value::Bool(value) => *value,
        Value::String(text) => text.trim() == "true",
        Value::Number(number) => !number.is_f64() && number.as_f64() != Some(0.0),
        _ => false,
    }
}

/// Reads the JSON of an operand, given directly or in a string.
pub(super) fn json_operand(operand: &Node<'_>) -> Option<Json> {
    match operand.value() {
        // A string holds JSON; to expect a JSON string, it is quoted once more.
        Value::String(text) => Json::read(text, Reader::Jackson)
            .map_err(|why| {
                operand.error(format!("not JSON: {why}"), "give JSON, or a text that holds JSON");
            })
            .ok(),
        value => Some(exact(operand).unwrap_or_else(|| Json::of(value))),
    }
}

/// Returns a value in one line, with its keys in the order of the text.
pub(super) fn as_written(node: &Node<'_>) -> String {
    let value = node.value();
    let text = value.as_object().filter(|map| map.len() > 1).and_then(|_| from_text(node));
    text.map_or_else(|| value.to_string(), |json| json.to_string())
}

/// Restores numbers with a decimal point from the text, because serde loses digits.
fn exact(operand: &Node<'_>) -> Option<Json> {
    fn has_fraction(value: &Value) -> bool {
        match value {
            Value::Number(number) => number.is_f64(),
            Value::Array(items) => items.iter().any(has_fraction),
            Value::Object(map) => map.values().any(has_fraction),
            _ => false,
        }
    }
    if !has_fraction(operand.value()) {
        return None;
    }
    from_text(operand)
}

/// Reads a value anew from the text that it was read from.
fn from_text(operand: &Node<'_>) -> Option<Json> {
    let place = operand.place()?;
    let text = &operand.decoder().source().text;
    let mut start = 0;
    for _ in 1..place.line {
        start += text[start..].find('\n')? + 1;
    }
    let (offset, _) = text[start..].char_indices().nth(place.column - 1)?;
    let found = Json::read_first(&text[start + offset..]).ok()?;
    // The place is that of another value where the text is not JSON.
    (found.to_serde() == *operand.value()).then_some(found)
}
