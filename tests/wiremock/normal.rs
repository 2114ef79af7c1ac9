//! Values that a server chooses by itself become placeholders, so that the rest can be compared.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde_json::{Map, Value, json};

use crate::case::Case;

static UUID: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").expect("a pattern")
});

/// Texts that name Java classes, or positions as WireMock's JSON parser counts them.
static JAVA: LazyLock<Regex> = LazyLock::new(|| {
    let texts = [
        r"\b(?:com|org|java|net)\.[a-z]+\.\w+",
        r"\[Source",
        "Unexpected character",
        "Unexpected end-of-input",
        "Unrecognized token",
        "END_OBJECT",
        "START_ARRAY",
        "VALUE_STRING",
        "near index",
        "Unclosed group",
        "LinkedHashMap",
        "Cannot ",
        "out of range",
        "Illegal base64",
        "null value in entry",
        "XML document structures",
        "end-of-input",
    ];
    Regex::new(&texts.join("|")).expect("a pattern")
});

/// Stands for any text where it is expected.
pub(crate) const ANY_TEXT: &str = "<any text>";

/// What is replaced in the answers of one case.
pub(crate) struct Normal {
    /// Ids that the case itself names.
    literal: HashSet<String>,
    /// The other ids, each with its placeholder.
    ids: HashMap<String, String>,
    /// Texts and placeholders, in the order in which they are replaced.
    addresses: Vec<(String, &'static str)>,
}

impl Normal {
    pub(crate) fn new(case: &Case, target: (&str, u16), backend: &str) -> Self {
        let ids = |step: &str| -> Vec<String> {
            UUID.find_iter(step).map(|id| id.as_str().to_owned()).collect()
        };
        let (host, port) = target;
        Self {
            literal: case.steps.iter().flat_map(|step| ids(step.get())).collect(),
            ids: HashMap::new(),
            addresses: vec![
                (format!("http://{backend}"), "<backend>"),
                (format!("{host}:{port}"), "<target>"),
                (backend.to_owned(), "<backend>"),
                (format!("localhost:{port}"), "<target>"),
            ],
        }
    }

    pub(crate) fn text(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        for (address, placeholder) in &self.addresses {
            text = text.replace(address, placeholder);
        }
        let placeholder = |found: &Captures<'_>| {
            let id = &found[0];
            if self.literal.contains(id) {
                return id.to_owned();
            }
            let next = self.ids.len() + 1;
            self.ids.entry(id.to_owned()).or_insert_with(|| format!("<uuid{next}>")).clone()
        };
        UUID.replace_all(&text, placeholder).into_owned()
    }

    pub(crate) fn value(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.text(text).into(),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(map) => self.map(map),
            value => value.clone(),
        }
    }

    /// An object's own ids are numbered before those in its other members.
    fn map(&mut self, map: &Map<String, Value>) -> Value {
        let mut members: Vec<_> = map.iter().collect();
        members.sort_by_key(|(key, _)| (!matches!(key.as_str(), "id" | "uuid"), *key));
        let mut out = Map::new();
        for (key, value) in members {
            if let Some(mask) = masked(key, value) {
                out.insert(key.clone(), mask);
                continue;
            }
            let value = self.value(value);
            let key = self.text(key);
            out.insert(key, value);
        }
        out.into()
    }
}

/// What stands for a member that differs from run to run.
fn masked(key: &str, value: &Value) -> Option<Value> {
    let mask = match (key, value) {
        ("timing", Value::Object(times)) => {
            Value::Object(times.keys().map(|name| (name.clone(), json!("<ms>"))).collect())
        }
        ("distance", Value::Number(distance)) => {
            if distance.as_f64() == Some(0.0) {
                json!(0)
            } else {
                json!("<above 0>")
            }
        }
        ("detail", Value::String(text)) if names_java(text) => json!(ANY_TEXT),
        (_, Value::Object(_) | Value::Array(_)) => return None,
        ("loggedDate" | "loggedDateString" | "timestamp", _) => json!("<time>"),
        ("version", _) => json!("<version>"),
        ("uptimeInSeconds" | "timeOffsetNanos", _) => json!("<n>"),
        _ => return None,
    };
    Some(mask)
}

/// Whether no other server can be expected to have this text.
pub(crate) fn names_java(text: &str) -> bool {
    JAVA.is_match(text)
}
