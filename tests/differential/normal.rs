//! What a server chooses by itself becomes a placeholder, so that the rest can be compared.

use std::collections::HashMap;

use regex::Regex;
use serde_json::{Map, Value, json};

use crate::client::Reply;
use crate::step::Step;
use crate::wire;

/// The headers that are compared.
const HEADERS: [&str; 7] = [
    "allow",
    "cache-control",
    "content-encoding",
    "content-type",
    "location",
    "retry-after",
    "warning",
];

/// Pattern and replacement, in the order in which they are applied.
const TEXTS: [(&str, &str); 7] = [
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "<time>"),
    (r"(resource version: )\d+( \(\d+\))?", "$1<n>"),
    (r"(current: |in record \(|in the precondition \()\d{2,}", "$1<n>"),
    (r#"(resourceVersion: ")\d{2,}"#, "$1<rv>"),
    (r#"(\\*"resourceVersion\\*":\s*\\*")[1-9]\d*"#, "$1<rv>"),
    (r#"("continue":\s*")[^"]+"#, "$1<continue>"),
    (r"^\d{1,2}s$", "<age>"),
];

/// What is normalized in one round, on one server.
pub(crate) struct Normal {
    namespace: String,
    /// The server's host and port.
    address: String,
    patterns: Vec<(Regex, &'static str)>,
    uid: Regex,
    /// Numbers of uids, revisions and generated names, in the order of their first appearance.
    numbers: HashMap<String, usize>,
}

impl Normal {
    pub(crate) fn new(namespace: &str, url: &str) -> Self {
        let pattern = |text: &str| Regex::new(text).expect("a pattern");
        Self {
            namespace: namespace.to_owned(),
            address: url.rsplit('/').next().unwrap_or_default().to_owned(),
            patterns: TEXTS.iter().map(|(from, to)| (pattern(from), *to)).collect(),
            uid: pattern("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
            numbers: HashMap::new(),
        }
    }

    /// What counts of an answer.
    pub(crate) fn reply(&mut self, step: &Step, reply: &Reply) -> Value {
        let mut headers = Map::new();
        for name in HEADERS {
            let values: Vec<String> = reply
                .headers
                .get_all(name)
                .iter()
                .map(|value| self.text(&String::from_utf8_lossy(value.as_bytes())))
                .collect();
            if !values.is_empty() {
                headers.insert(name.to_owned(), json!(values));
            }
        }
        let media = reply.headers.get("content-type").and_then(|media| media.to_str().ok());
        if media.is_some_and(|media| media.starts_with("application/vnd.kubernetes.protobuf")) {
            let fields = if step.watch && reply.status == 200 {
                wire::events(&reply.body).into()
            } else {
                wire::object(&reply.body).unwrap_or_else(|| json!("not an object"))
            };
            return json!({"status": reply.status, "headers": headers, "fields": self.value(&fields)});
        }
        let text = generated(step, String::from_utf8_lossy(&reply.body).into_owned());
        if step.watch && reply.status == 200 {
            let events: Vec<Value> = text.lines().filter_map(|line| self.event(line)).collect();
            return json!({"status": reply.status, "headers": headers, "events": events});
        }
        match serde_json::from_str::<Value>(&text) {
            Ok(body) => json!({
                "status": reply.status, "headers": headers,
                "body": self.value(&body), "lines": text.lines().count(),
            }),
            Err(_) => json!({"status": reply.status, "headers": headers, "text": self.text(&text)}),
        }
    }

    /// An event; bookmarks come when a server likes, but for the one after the initial events.
    fn event(&mut self, line: &str) -> Option<Value> {
        let event: Value = serde_json::from_str(line).unwrap_or_else(|_| line.into());
        let last = &event["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"];
        if event["type"] == "BOOKMARK" && last.is_null() {
            return None;
        }
        Some(self.value(&event))
    }

    fn text(&mut self, text: &str) -> String {
        let mut text = text.replace(&self.namespace, "<ns>").replace(&self.address, "<address>");
        let uid = self.uid.clone();
        text = uid
            .replace_all(&text, |found: &regex::Captures<'_>| self.number("uid", &found[0]))
            .into_owned();
        for (pattern, to) in &self.patterns {
            text = pattern.replace_all(&text, *to).into_owned();
        }
        text
    }

    fn number(&mut self, what: &str, value: &str) -> String {
        let next = self.numbers.len() + 1;
        format!("<{what}{}>", self.numbers.entry(value.to_owned()).or_insert(next))
    }

    fn value(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.text(text).into(),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(map) => self.map(map),
            value => value.clone(),
        }
    }

    fn map(&mut self, map: &Map<String, Value>) -> Value {
        let text = |key: &str| map.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let of_object = text("uid").is_some();
        let mut out = Map::new();
        for (key, value) in map {
            let value = match (key.as_str(), value) {
                ("resourceVersion", Value::String(text)) if is_number(text) => {
                    if of_object {
                        self.number("rv", text).into()
                    } else {
                        "<rv>".into()
                    }
                }
                ("continue", Value::String(text)) if !text.is_empty() => "<continue>".into(),
                (_, value) => self.value(value),
            };
            out.insert(self.text(key), value);
        }
        if let (Some(base), Some(name)) = (text("generateName"), text("name"))
            && let Some(suffix) = name.strip_prefix(base.get(..58).unwrap_or(base))
            && !suffix.is_empty()
        {
            let name = format!("{}<generated:{}>", self.text(base), suffix.len());
            out.insert("name".to_owned(), name.into());
        }
        out.into()
    }
}

/// A revision that a server gave.
fn is_number(text: &str) -> bool {
    text != "0" && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Generated names in messages: a base of the request, and five of the letters that suffixes have.
fn generated(step: &Step, text: String) -> String {
    let body: Value =
        serde_json::from_str(step.body.as_deref().unwrap_or_default()).unwrap_or_default();
    let Some(base) = body["metadata"]["generateName"].as_str().filter(|base| !base.is_empty())
    else {
        return text;
    };
    // As it is in a message, and as it is in one that quotes it.
    let once = json!(base).to_string();
    let twice = json!(once).to_string();
    let mut text = text;
    for base in [once.trim_matches('"'), twice.trim_matches(['"', '\\'])] {
        let pattern = format!("({})[bcdfghjklmnpqrstvwxz2456789]{{5}}\\b", regex::escape(base));
        let pattern = Regex::new(&pattern).expect("an escaped text");
        text = pattern.replace_all(&text, "$1<generated>").into_owned();
    }
    text
}
