//! Scalars of files in which numbers and truth values stand for texts.

use serde_json::Value;

/// Returns a scalar as text; nothing for null, lists and objects.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}
