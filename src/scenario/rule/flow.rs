//! A value as YAML on one line, as people write it in a scenario.

use serde_json::Value;

/// `{status: 500, headers: {a: b}}`.
pub(in crate::scenario) fn flow(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let entries: Vec<String> =
                map.iter().map(|(key, value)| format!("{}: {}", plain(key), flow(value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        Value::Array(list) => {
            let items: Vec<String> = list.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Value::String(text) => plain(text),
        value => value.to_string(),
    }
}

/// Returns a text, in quotes where it needs them.
fn plain(text: &str) -> String {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./$@%".contains(&byte);
    let word = !text.is_empty()
        && text.bytes().all(safe)
        && text.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric() || first == b'/');
    if word { text.to_owned() } else { format!("{text:?}") }
}
