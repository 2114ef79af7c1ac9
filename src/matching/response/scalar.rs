//! Numbers and texts of mappings, as leniently as `WireMock`'s parser reads them: numbers may be written as
//! texts, and texts as numbers.

use std::borrow::Cow;

use serde_json::Value;

use crate::document::Node;

/// Reads a text, which may be written as a number or a truth value.
pub(super) fn text<'d>(node: &Node<'d>) -> Option<Cow<'d, str>> {
    match node.value() {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(_) | Value::Bool(_) => Some(Cow::Owned(node.value().to_string())),
        _ => {
            node.expected("a text");
            None
        }
    }
}

/// Reads a whole number of 32 bits, which may be written as a text; a fraction is cut off, and an empty text is
/// 0.
pub(super) fn integer(node: &Node<'_>) -> Option<i64> {
    let number = match node.value() {
        Value::Number(number) => {
            #[expect(clippy::cast_possible_truncation, reason = "it is cut off")]
            let cut = || number.as_f64().map(|number| number as i64);
            number.as_i64().or_else(cut)
        }
        Value::String(text) if text.trim().is_empty() => Some(0),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let number = number.filter(|number| i32::try_from(*number).is_ok());
    if number.is_none() {
        node.expected("a whole number");
    }
    number
}

/// Reads a number, which may be written as a text; an empty one is 0.
pub(super) fn number(node: &Node<'_>) -> Option<f64> {
    let number = match node.value() {
        Value::Number(number) => number.as_f64(),
        Value::String(text) if text.trim().is_empty() => Some(0.0),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let number = number.filter(|number: &f64| number.is_finite());
    if number.is_none() {
        node.expected("a number");
    }
    number
}
