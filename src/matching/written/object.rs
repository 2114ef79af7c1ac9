//! Assembly of JSON texts, with scalars coerced as Jackson does.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::raw::Raw;
use crate::java;

/// An object, its entries as JSON texts.
#[derive(Debug, Default)]
pub(super) struct Object(Vec<(String, String)>);

impl Object {
    /// Sets an entry; an existing one keeps its place.
    pub(super) fn set(&mut self, key: &str, json: String) {
        match self.0.iter_mut().find(|(other, _)| other == key) {
            Some((_, value)) => *value = json,
            None => self.0.push((key.to_owned(), json)),
        }
    }

    /// Sets an entry whose value is a string.
    pub(super) fn text(&mut self, from: &Fields<'_>, key: &str) {
        self.with(from, key, text);
    }

    /// Sets an entry whose value is an integer.
    pub(super) fn integer(&mut self, from: &Fields<'_>, key: &str) {
        self.scalar(from, key, integer);
    }

    /// Sets an entry whose value is a number.
    pub(super) fn number(&mut self, from: &Fields<'_>, key: &str) {
        self.scalar(from, key, number);
    }

    /// Sets an entry whose value is a boolean.
    pub(super) fn bool(&mut self, from: &Fields<'_>, key: &str) {
        self.scalar(from, key, bool);
    }

    /// Sets an entry whose value is an option of an operator, which Jackson's `asBoolean` reads: only the text
    /// true and whole numbers other than 0 are true besides true, and nothing is null.
    pub(super) fn flag(&mut self, from: &Fields<'_>, key: &str) {
        if let Some((_, value)) = from.0.iter().rev().find(|(other, _)| other == key) {
            let is_true = match value.string() {
                Some(text) => text.trim() == "true",
                None => match value.as_str() {
                    "true" => true,
                    number => number.parse::<i128>().is_ok_and(|number| number != 0),
                },
            };
            self.set(key, is_true.to_string());
        }
    }

    /// Sets an entry that is a string, and nothing else.
    pub(super) fn string(&mut self, from: &Fields<'_>, key: &str) {
        if let Some(text) = from.get(key).and_then(Raw::string) {
            self.set(key, quoted(&text));
        }
    }

    /// Returns whether a value is null: Jackson reads an empty string and `"null"` as null where no
    /// string is expected.
    fn scalar(&mut self, from: &Fields<'_>, key: &str, make: impl FnOnce(Raw<'_>) -> String) {
        let value = from.get(key);
        let is_null =
            |value: Raw<'_>| value.string().is_some_and(|text| matches!(text.trim(), "" | "null"));
        if let Some(value) = value.filter(|value| !is_null(*value)) {
            self.set(key, make(value));
        }
    }

    /// Sets an entry if it is missing.
    pub(super) fn set_missing(&mut self, key: &str, json: &str) {
        if !self.0.iter().any(|(other, _)| other == key) {
            self.set(key, json.to_owned());
        }
    }

    /// Copies an entry as written.
    pub(super) fn as_it_is(&mut self, from: &Fields<'_>, key: &str) {
        self.with(from, key, |value| value.as_str().to_owned());
    }

    /// Sets an entry converted from the written value, unless that is null.
    pub(super) fn with(
        &mut self,
        from: &Fields<'_>,
        key: &str,
        make: impl FnOnce(Raw<'_>) -> String,
    ) {
        if let Some(value) = from.get(key) {
            self.set(key, make(value));
        }
    }

    /// Returns the JSON text.
    pub(super) fn json(&self) -> String {
        let entries: Vec<String> =
            self.0.iter().map(|(key, value)| format!("{}:{value}", quoted(key))).collect();
        format!("{{{}}}", entries.join(","))
    }
}

/// The entries of an object that was read.
#[derive(Debug, Default)]
pub(super) struct Fields<'a>(Vec<(String, Raw<'a>)>);

impl<'a> Fields<'a> {
    /// Returns the entries of a value; empty if it is not an object.
    pub(super) fn of(raw: Raw<'a>) -> Self {
        Self(raw.entries())
    }

    /// Returns the value of a key; of a repeated one the last. Null counts as absent.
    pub(super) fn get(&self, key: &str) -> Option<Raw<'a>> {
        let (_, value) = self.0.iter().rev().find(|(other, _)| other == key)?;
        (value.as_str() != "null").then_some(*value)
    }

    /// Returns the first entry with one of the keys.
    pub(super) fn first_of(&self, keys: &[&str]) -> Option<(&str, Raw<'a>)> {
        let found = self.0.iter().find(|(key, _)| keys.contains(&key.as_str()));
        found.map(|(key, value)| (key.as_str(), *value))
    }
}

/// Returns a list of JSON texts.
pub(super) fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    format!("[{}]", items.join(","))
}

/// Returns an object with each of its values converted. Nulls are dropped.
pub(super) fn map(raw: Raw<'_>, make: impl Fn(Raw<'_>) -> String) -> String {
    let mut object = Object::default();
    for (key, value) in raw.entries() {
        if value.as_str() != "null" {
            object.set(&key, make(value));
        }
    }
    object.json()
}

/// Returns a JSON string.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Converts to a string; numbers and booleans are taken as written.
pub(super) fn text(raw: Raw<'_>) -> String {
    quoted(&raw.text())
}

/// Returns a whole number, which may be written as text or with a fraction.
pub(super) fn integer(raw: Raw<'_>) -> String {
    let text = raw.text();
    let text = text.trim();
    if text.parse::<i64>().is_ok() {
        return text.to_owned();
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => format!("{:.0}", number.trunc()),
        _ => raw.as_str().to_owned(),
    }
}

/// Returns a number, which may be written as text; one without a fraction gets one.
pub(super) fn number(raw: Raw<'_>) -> String {
    match raw.text().trim().parse::<f64>() {
        Ok(number) if number.is_finite() => serde_json::Value::from(number).to_string(),
        _ => raw.as_str().to_owned(),
    }
}

/// Returns header fields: a list of one value is that value, and what is no object is none
/// (`C/http/HttpHeadersJsonSerializer.java`).
pub(super) fn headers(raw: Raw<'_>) -> String {
    map(raw, |value| match value.items().as_slice() {
        [one] if value.is_list() => one.as_str().to_owned(),
        _ => value.as_str().to_owned(),
    })
}

/// Returns a list of strings, where numbers and booleans count as written.
pub(super) fn strings(raw: Raw<'_>) -> String {
    let null = |item: Raw<'_>| item.as_str() == "null";
    list(
        raw.items().into_iter().map(|item| if null(item) { "null".to_owned() } else { text(item) }),
    )
}

/// Normalizes base64, with padding and without stray bits. Other values stay unchanged.
pub(super) fn base64(raw: Raw<'_>) -> String {
    let bytes = raw.string().and_then(|text| java::base64::decode(&text).ok());
    bytes.map_or_else(|| raw.as_str().to_owned(), |bytes| quoted(&STANDARD.encode(bytes)))
}

/// Converts to a boolean, which may be written as a string or a number.
pub(super) fn bool(raw: Raw<'_>) -> String {
    let text = raw.text();
    let is_true = match text.trim().parse::<f64>() {
        Ok(number) => number != 0.0,
        Err(_) => text.trim().eq_ignore_ascii_case("true"),
    };
    is_true.to_string()
}

/// Converts free-form JSON: drops null entries of objects. Very deeply nested values stay
/// unchanged.
pub(super) fn without_nulls(raw: Raw<'_>) -> String {
    without_nulls_below(raw, 0)
}

/// The depth to which free-form JSON is converted.
const DEEPEST: usize = 128;

fn without_nulls_below(raw: Raw<'_>, depth: usize) -> String {
    if depth > DEEPEST {
        return raw.as_str().to_owned();
    }
    if raw.is_object() {
        return map(raw, |value| without_nulls_below(value, depth + 1));
    }
    if raw.is_list() {
        let items = raw.items().into_iter().map(|item| without_nulls_below(item, depth + 1));
        return list(items);
    }
    raw.as_str().to_owned()
}
