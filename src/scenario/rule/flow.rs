//! Renders a value as YAML on one line, in the style of scenario files.

use serde_json::Value;

/// Renders a value in flow style: `{status: 500, headers: {a: b}}`.
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

/// Returns a string, quoted where necessary.
fn plain(text: &str) -> String {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./$@%".contains(&byte);
    let word = !text.is_empty()
        && text.bytes().all(safe)
        && text.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric() || first == b'/');
    if word { text.to_owned() } else { format!("{text:?}") }
}
