//! What differs in two answers.

use serde_json::Value;

use crate::step::Step;

/// A difference between two answers.
#[derive(Debug)]
pub(crate) struct Difference {
    /// What is shown of it.
    pub(crate) text: String,
    /// Where it is: shrinking keeps it.
    pub(crate) kind: String,
    /// Equal for what is probably the same difference.
    pub(crate) signature: String,
}

/// The difference of two normalized answers.
pub(crate) fn difference(step: &Step, want: &Value, got: &Value) -> Difference {
    let (want_text, got_text) = (format!("{want:#}"), format!("{got:#}"));
    let diff = similar::TextDiff::from_lines(&want_text, &got_text);
    let text = diff.unified_diff().context_radius(2).header("real", "here").to_string();
    let place = first(want, got, String::new()).unwrap_or_default();
    let at = |value: &Value| general(&value.pointer(&place).unwrap_or(&Value::Null).to_string());
    let statuses = format!("{} {} {}", step.method, want["status"], got["status"]);
    // A header or the form differs whatever the message is.
    let message = if place.starts_with("/body") { &want["body"]["message"] } else { &Value::Null };
    let message = general(&message.to_string());
    Difference {
        text,
        kind: statuses.clone(),
        signature: format!("{statuses} {place} {} {} {message}", at(want), at(got)),
    }
}

/// Where two values first differ, as a JSON pointer.
fn first(a: &Value, b: &Value, place: String) -> Option<String> {
    if a == b {
        return None;
    }
    match (a, b) {
        (Value::Object(x), Value::Object(y)) => {
            let keys: std::collections::BTreeSet<&String> = x.keys().chain(y.keys()).collect();
            for key in keys {
                let null = &Value::Null;
                let (left, right) = (x.get(key).unwrap_or(null), y.get(key).unwrap_or(null));
                let step = key.replace('~', "~0").replace('/', "~1");
                if let Some(found) = first(left, right, format!("{place}/{step}")) {
                    return Some(found);
                }
            }
            Some(place)
        }
        (Value::Array(x), Value::Array(y)) => {
            let mut pairs = x.iter().zip(y).enumerate();
            let found = pairs.find_map(|(at, (x, y))| first(x, y, format!("{place}/{at}")));
            Some(found.unwrap_or(place))
        }
        _ => Some(place),
    }
}

/// A text without the values that it quotes, and without its digits; cut short.
fn general(text: &str) -> String {
    let mut out = String::new();
    let mut quoted = false;
    for letter in text.replace("\\\"", "'").chars() {
        match letter {
            '\'' => quoted = !quoted,
            letter if letter.is_ascii_digit() => {}
            letter if !quoted => out.push(letter),
            _ => {}
        }
    }
    out.chars().take(200).collect()
}
