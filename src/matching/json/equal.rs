//! When two JSON values are equal: numbers by value, whatever way they are written.

use serde_json::{Number, Value};

/// A text that is the same for values that are equal: numbers by value, and lists in one order where
/// their order does not count.
pub(super) fn canonical(value: &Value, any_order: bool) -> String {
    match value {
        Value::Number(number) => match whole(number) {
            Some(whole) => whole.to_string(),
            None => format!("{:?}", number.as_f64()),
        },
        Value::Array(list) => {
            let mut items: Vec<String> =
                list.iter().map(|item| canonical(item, any_order)).collect();
            if any_order {
                items.sort_unstable();
            }
            format!("[{}]", items.join(","))
        }
        Value::Object(map) => {
            let mut fields: Vec<(&String, String)> =
                map.iter().map(|(key, value)| (key, canonical(value, any_order))).collect();
            fields.sort_unstable();
            let fields: Vec<String> =
                fields.iter().map(|(key, value)| format!("{key:?}:{value}")).collect();
            format!("{{{}}}", fields.join(","))
        }
        scalar => scalar.to_string(),
    }
}

pub(super) fn scalars_equal(expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::Number(a), Value::Number(b)) => numbers_equal(a, b),
        _ => expected == actual,
    }
}

/// Compares by value, without losing the low digits of large whole numbers.
fn numbers_equal(a: &Number, b: &Number) -> bool {
    match (whole(a), whole(b)) {
        (Some(a), Some(b)) => a == b,
        (None, None) => a.as_f64() == b.as_f64(),
        _ => false,
    }
}

fn whole(number: &Number) -> Option<i128> {
    if let Some(number) = number.as_i64() {
        return Some(number.into());
    }
    if let Some(number) = number.as_u64() {
        return Some(number.into());
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole and within i128 by the check in front"
    )]
    number.as_f64().filter(|f| f.fract() == 0.0 && f.abs() < 1e38).map(|f| f as i128)
}
