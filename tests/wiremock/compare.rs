//! What was expected against what came.

use serde_json::Value;
use similar::TextDiff;

use crate::normal::ANY_TEXT;

/// Equality, with numbers by value and the placeholder that stands for any text.
pub(crate) fn same(want: &Value, got: &Value) -> bool {
    match (want, got) {
        (Value::String(want), Value::String(got)) => want == ANY_TEXT || want == got,
        (Value::Object(want), Value::Object(got)) => {
            want.len() == got.len()
                && want.iter().all(|(key, want)| got.get(key).is_some_and(|got| same(want, got)))
        }
        (Value::Array(want), Value::Array(got)) => {
            want.len() == got.len() && want.iter().zip(got).all(|(want, got)| same(want, got))
        }
        (Value::Number(want), Value::Number(got)) => {
            // As floats only where they are written differently: 1 is 1.0.
            want == got || (want.is_f64() != got.is_f64() && want.as_f64() == got.as_f64())
        }
        (want, got) => want == got,
    }
}

/// The lines that differ, in the values as they are printed.
pub(crate) fn difference(want: &Value, got: &Value) -> String {
    text_difference(&format!("{want:#}"), &format!("{got:#}"))
}

/// The lines that differ.
pub(crate) fn text_difference(want: &str, got: &str) -> String {
    let diff = TextDiff::from_lines(want, got);
    diff.unified_diff().context_radius(2).header("expected", "got").to_string()
}
