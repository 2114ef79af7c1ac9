//! The content of a body, or of a part of one → its pattern.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::message::{BodyDigest, json_rpc};
use crate::redact::{MARK, Redacted};

use super::super::answer::is_searched;
use super::super::clean::Clean;
use super::times::{self, TimeSpan};
use super::{drawn, graphql, marked, markup, xml};

/// Larger bodies that are not text are matched by their digest, in bytes.
const MAX_BINARY: usize = 16 << 10;

/// How bytes are matched.
pub(super) enum Bytes {
    Pattern(Value),
    Digest(Value),
    /// Not at all: they may hold secrets.
    Secret,
}

/// The pattern of bytes that are not text.
pub(super) fn bytes(bytes: &[u8], clean: &Clean<'_>) -> Bytes {
    if is_searched(&HeaderMap::new(), bytes)
        && clean.body(&HeaderMap::new(), bytes) != Redacted::Same
    {
        return Bytes::Secret;
    }
    if bytes.len() <= MAX_BINARY {
        return Bytes::Pattern(json!({"binaryEqualTo": STANDARD.encode(bytes)}));
    }
    Bytes::Digest(digest(&BodyDigest::of(bytes)))
}

/// The digest of a body, for the metadata of its mapping.
pub(super) fn digest(of: &BodyDigest) -> Value {
    let hex: String = of.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    json!({"sha256": hex, "length": of.length})
}

/// The pattern of a text, in which anything matches a secret.
pub(super) fn text_pattern(headers: &HeaderMap, text: &str, clean: &Clean<'_>) -> Value {
    let marked = clean.marked(text);
    // A boundary is random in each request.
    let marked = match boundary(headers) {
        Some(boundary) => marked.replace(boundary, &MARK.to_string()),
        None => marked,
    };
    if let Ok(mut value) = serde_json::from_str::<Value>(&marked)
        && (value.is_object() || value.is_array())
    {
        let sent = value.clone();
        graphql::relax(&mut value);
        relax_calls(&mut value);
        let span = TimeSpan::of(scalars(&value).iter().map(String::as_str));
        any_at_marks(&mut value, "", span);
        // The tree has its numbers as floats.
        return if value == sent && has_long_number(text) {
            json!({"equalToJson": text})
        } else {
            json!({"equalToJson": value})
        };
    }
    if is_graphql(headers)
        && let Some(pattern) = graphql::text(&marked)
    {
        return pattern;
    }
    let marked = markup::marked(&lines_marked(&marked));
    let marked =
        times::without_times(&marked).filter(|new| is_short_pattern(new)).unwrap_or(marked);
    if let Some(pattern) = xml::pattern(&marked) {
        return pattern;
    }
    if !marked.contains(MARK) {
        return json!({"equalTo": text});
    }
    json!({"matches": marked::regex(&marked, r"[\s\S]*")})
}

/// Whether a pattern may be made of a text, which a log with many times is too long for.
fn is_short_pattern(marked: &str) -> bool {
    const LONGEST: usize = 64 << 10;
    const MOST_MARKS: usize = 32;
    marked.len() <= LONGEST && marked.matches(MARK).count() <= MOST_MARKS
}

/// Whether a body is an operation as a whole.
fn is_graphql(headers: &HeaderMap) -> bool {
    let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    media.to_ascii_lowercase().starts_with("application/graphql")
}

/// Whether a text of JSON may have a number with more digits than a float has.
fn has_long_number(text: &str) -> bool {
    const EXACT: usize = 15;
    let is_of_number = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    text.as_bytes().split(|byte| !is_of_number(byte)).any(|digits| digits.len() > EXACT)
}

/// JSON lines with marks in place of drawn texts; other texts as they are.
fn lines_marked(text: &str) -> String {
    let mark = |line: &str| {
        let mut drawn = Vec::new();
        match serde_json::from_str::<Value>(line) {
            Ok(value) if value.is_object() => drawn_texts(&value, "", &mut drawn),
            _ => return line.to_owned(),
        }
        drawn.iter().fold(line.to_owned(), |line, text| {
            line.replace(&Value::from(text.as_str()).to_string(), &format!("\"{MARK}\""))
        })
    };
    text.split_inclusive('\n').map(mark).collect()
}

fn drawn_texts(value: &Value, name: &str, found: &mut Vec<String>) {
    match value {
        Value::String(text) if drawn::is_drawn(name, text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| drawn_texts(item, name, found)),
        Value::Object(map) => {
            map.iter().for_each(|(name, value)| drawn_texts(value, name, found));
        }
        _ => {}
    }
}

/// Allows any ids of JSON-RPC calls: the answer gets those of its request.
fn relax_calls(value: &mut Value) {
    if json_rpc::ids(value).is_empty() {
        return;
    }
    let calls = match value {
        Value::Array(calls) => calls.as_mut_slice(),
        call => std::slice::from_mut(call),
    };
    for id in calls.iter_mut().filter_map(|call| call.get_mut("id")) {
        match id {
            Value::String(_) => *id = "${json-unit.any-string}".into(),
            Value::Number(_) => *id = "${json-unit.any-number}".into(),
            _ => {}
        }
    }
}

/// Replaces each value with a secret, and each that is drawn, by a placeholder for any text or any number.
fn any_at_marks(value: &mut Value, name: &str, span: Option<TimeSpan>) {
    let begins = |text: &str| span.is_some_and(|span| span.begins(text));
    match value {
        Value::String(text) if text.starts_with(MARK) && text.ends_with('0') => {
            "${json-unit.any-number}".clone_into(text);
        }
        Value::String(text)
            if text.contains(MARK)
                || drawn::is_drawn(name, text)
                || begins(text)
                || times::without_times(text).is_some() =>
        {
            "${json-unit.any-string}".clone_into(text);
        }
        Value::Number(number)
            if drawn::is_drawn_number(name, number) || begins(&number.to_string()) =>
        {
            *value = "${json-unit.any-number}".into();
        }
        Value::Array(items) => items.iter_mut().for_each(|item| any_at_marks(item, name, span)),
        Value::Object(map) => {
            map.iter_mut().for_each(|(name, value)| any_at_marks(value, name, span));
        }
        _ => {}
    }
}

/// The texts and numbers of a document.
fn scalars(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Number(number) => vec![number.to_string()],
        Value::Array(items) => items.iter().flat_map(scalars).collect(),
        Value::Object(map) => map.values().flat_map(scalars).collect(),
        Value::Null | Value::Bool(_) => Vec::new(),
    }
}

/// The boundary of a multipart body (RFC 2046, section 5.1.1).
fn boundary(headers: &HeaderMap) -> Option<&str> {
    let parameters = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    if !parameters.trim_start().to_ascii_lowercase().starts_with("multipart/") {
        return None;
    }
    let at = parameters.to_ascii_lowercase().find("boundary=")? + "boundary=".len();
    let value = parameters[at..].split(';').next()?.trim().trim_matches('"');
    (!value.is_empty()).then_some(value)
}
