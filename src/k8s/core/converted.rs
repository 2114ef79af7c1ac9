//! Conversions of numbers for [`super::decode`], and what Go says of values that cannot be converted
//! (`k8s.io/apimachinery/pkg/runtime/converter.go`).

use serde_json::{Number, Value};

use super::types::GoKind;

/// A number as Go converts it to an integer type: bits that the type does not hold are lost. A fraction is not
/// converted.
pub(super) fn wrapped(number: &Number, bits: u32) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "as Go's conversion of an integral float")]
    let whole = match (number.as_i64(), number.as_f64()) {
        (Some(whole), _) => whole,
        (None, Some(float)) if float.fract().abs() <= 0.0 => float as i64,
        _ => return None,
    };
    let [first, second, third, fourth, ..] = whole.to_le_bytes();
    Some(match bits {
        8 => first.into(),
        32 => i32::from_le_bytes([first, second, third, fourth]).into(),
        _ => whole,
    })
}

/// Whether an integer type holds a number.
pub(super) fn fits(number: &Number, bits: u32) -> bool {
    number.as_i64().is_some_and(|value| match bits {
        8 => u8::try_from(value).is_ok(),
        32 => i32::try_from(value).is_ok(),
        _ => true,
    })
}

/// The message about a value of a map that has the wrong type (`fromUnstructured`).
pub(super) fn cannot_convert(value: &Value, kind: &GoKind) -> String {
    let found = match value {
        Value::Bool(_) => "bool",
        Value::Number(number) if !number.is_i64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "slice",
        _ => "map",
    };
    match (kind, value) {
        (GoKind::Struct(_) | GoKind::Any(_), _) => format!("cannot restore struct from: {found}"),
        (GoKind::Map(..), _) => format!("cannot restore map from {found}"),
        (GoKind::List(..) | GoKind::Bytes, _) => format!("cannot restore slice from {found}"),
        // Go converts numbers to strings, and numbers among each other.
        (GoKind::Text(name), Value::Number(number)) if number.is_i64() => {
            format!("cannot convert {found} to {name}")
        }
        (GoKind::Int { name, .. } | GoKind::Float(name), Value::Number(_)) => {
            format!("cannot convert {found} to {name}")
        }
        (GoKind::Text(_), _) => "unrecognized type: string".to_owned(),
        (GoKind::Bool(_), _) => "unrecognized type: bool".to_owned(),
        (GoKind::Int { bits, .. }, _) => format!("unrecognized type: int{bits}"),
        _ => format!("unrecognized type: {}", kind.name()),
    }
}
