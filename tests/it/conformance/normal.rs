//! Replaces values that a server chooses itself by placeholders, so that the rest can be compared.

use std::collections::HashMap;

use fancy_regex::Regex;
use serde_json::{Map, Value};

/// Pattern and replacement, in the order in which they are applied.
const TEXTS: [(&str, &str); 10] = [
    // An age in a table: on a busy machine seconds pass since the object was made.
    ("^[1-9]s$", "0s"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uid$0>"),
    (r"(resource version: )\d+( \(\d+\))?", "$1<n>"),
    (r"(current: )\d+", "$1<n>"),
    (
        r"too old resource version: <n>|The resourceVersion for the provided watch is too old\.",
        "<watch too old>",
    ),
    (r"(in record \()\d+", "$1<n>"),
    (r#"(\\?"resourceVersion\\?":\s*\\?")\d+"#, "$1<rv>"),
    (r#"(?s)\\?"managedFields\\?":\s*\[.*?\],\s*(?=\\?"name\\?")"#, ""),
    (r"\bUp_\w{5}\b", "Up_<generated>"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "<time>"),
];

/// The address of the recorded server.
const RECORDED_ADDRESS: &str = "127.0.0.1:26443";

/// What is normalized in one case.
pub(super) struct Normal {
    namespace: String,
    /// The server's host and port.
    address: String,
    patterns: Vec<(Regex, &'static str)>,
}

impl Normal {
    pub(super) fn new(namespace: String, url: &str) -> Self {
        let address =
            url.trim_start_matches("http://").split('/').next().unwrap_or_default().to_owned();
        let compile =
            |(pattern, to): &(&str, &'static str)| (Regex::new(pattern).expect("a pattern"), *to);
        Self { namespace, address, patterns: TEXTS.iter().map(compile).collect() }
    }

    pub(super) fn text(&self, text: &str) -> String {
        let mut text =
            text.replace(&self.namespace, "<ns>").replace(&self.address, RECORDED_ADDRESS);
        for (pattern, to) in &self.patterns {
            text = pattern.replace_all(&text, *to).into_owned();
        }
        text
    }

    pub(super) fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.text(text).into(),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(map) => self.map(map),
            value => value.clone(),
        }
    }

    fn map(&self, map: &Map<String, Value>) -> Value {
        let mut out = Map::new();
        for (key, value) in map {
            let value = match (key.as_str(), value) {
                ("managedFields" | "selfLink", _) => continue,
                ("resourceVersion", Value::String(text)) if text != "0" && is_number(text) => {
                    "<rv>".into()
                }
                ("continue", Value::String(text)) if !text.is_empty() => "<continue>".into(),
                ("creationTimestamp" | "deletionTimestamp", value) if !value.is_null() => {
                    "<time>".into()
                }
                (_, value) => self.value(value),
            };
            out.insert(key.clone(), value);
        }
        let text = |key: &str| map.get(key).and_then(Value::as_str);
        if let (Some(base), Some(name)) = (text("generateName"), text("name"))
            && let Some(suffix) = name.strip_prefix(base).filter(|suffix| !suffix.is_empty())
        {
            let name = format!("{}<generated:{}>", self.text(base), suffix.len());
            out.insert("name".to_owned(), name.into());
        }
        out.into()
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Numbers the uids again, in the order of the sorted tree: equality is compared, not the order of
/// appearance in a recording.
pub(super) fn renumbered(value: &Value) -> Value {
    let pattern = regex::Regex::new("<uid[^>]*>").expect("a pattern");
    let mut numbers = HashMap::new();
    renumber(value, &pattern, &mut numbers)
}

fn renumber(value: &Value, pattern: &regex::Regex, numbers: &mut HashMap<String, usize>) -> Value {
    match value {
        Value::String(text) => {
            let number = |found: &regex::Captures<'_>| {
                let next = numbers.len() + 1;
                let number = *numbers.entry(found[0].to_owned()).or_insert(next);
                format!("<uid{number}>")
            };
            pattern.replace_all(text, number).into_owned().into()
        }
        Value::Array(items) => items.iter().map(|item| renumber(item, pattern, numbers)).collect(),
        Value::Object(map) => {
            let renumbered =
                map.iter().map(|(key, value)| (key.clone(), renumber(value, pattern, numbers)));
            Value::Object(renumbered.collect())
        }
        value => value.clone(),
    }
}
