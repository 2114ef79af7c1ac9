//! The body of a request → its pattern: JSON by structure, forms by field, multipart bodies by part, GraphQL by
//! operation, other texts as they are, and bytes by themselves or by their digest.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use serde_json::{Map, Value, json};

use crate::message::decoded::{content_type, is_form, without_gzip};
use crate::message::{BodyDigest, parameters};
use crate::redact::{MARK, Redacted};

use super::super::clean::Clean;
use super::super::exchange::{SentBody, SentRequest};
use super::{drawn, graphql, marked, parts};

/// Larger bodies that are no text are matched by their digest, in bytes.
pub(super) const MAX_BINARY: usize = 16 << 10;

/// Adds the pattern of a body to `request`, and the number of its conditions. Returns the digest of a body that no
/// pattern of a stub mapping can hold.
pub(super) fn pattern(
    sent: &SentRequest,
    clean: &Clean<'_>,
    notes: &mut Vec<String>,
    request: &mut Map<String, Value>,
    conditions: &mut i32,
) -> Option<Value> {
    let body = match sent.body.content() {
        SentBody::Whole(body) if body.is_empty() => return None,
        SentBody::Whole(body) => body,
        SentBody::Digest(of) => {
            *conditions += 1;
            return Some(digest(&of));
        }
    };
    // Stubs look at what a compressed body holds.
    let plain = without_gzip(&sent.headers, &body);
    if is_form(&sent.headers)
        && let Ok(text) = std::str::from_utf8(&plain)
        && let Some(fields) = form(text, clean)
    {
        *conditions += i32::try_from(fields.len()).unwrap_or(i32::MAX);
        request.insert("formParameters".to_owned(), fields.into());
        return None;
    }
    if let Some(parts) = parts::patterns(content_type(&sent.headers), &plain, clean) {
        *conditions += i32::try_from(parts.len()).unwrap_or(i32::MAX);
        request.insert("multipartPatterns".to_owned(), parts.into());
        return None;
    }
    *conditions += 1;
    let is_packed = sent.headers.contains_key(CONTENT_ENCODING) && plain.len() == body.len();
    if let Ok(text) = std::str::from_utf8(&plain)
        && !is_packed
    {
        let pattern = text_pattern(&sent.headers, text, clean);
        request.insert("bodyPatterns".to_owned(), json!([pattern]));
        return None;
    }
    match bytes(&plain, clean) {
        Bytes::Pattern(pattern) => {
            request.insert("bodyPatterns".to_owned(), json!([pattern]));
            None
        }
        Bytes::Digest(digest) => Some(digest),
        Bytes::Secret => {
            *conditions -= 1;
            notes.push("the request's body may hold secrets and is not matched".to_owned());
            None
        }
    }
}

/// How bytes are matched.
pub(super) enum Bytes {
    Pattern(Value),
    Digest(Value),
    /// Not at all: they may hold secrets.
    Secret,
}

/// The pattern of bytes that are no text.
pub(super) fn bytes(bytes: &[u8], clean: &Clean<'_>) -> Bytes {
    if clean.body(&HeaderMap::new(), bytes) != Redacted::Same {
        return Bytes::Secret;
    }
    if bytes.len() <= MAX_BINARY {
        return Bytes::Pattern(json!({"binaryEqualTo": STANDARD.encode(bytes)}));
    }
    Bytes::Digest(digest(&BodyDigest::of(bytes)))
}

fn digest(of: &BodyDigest) -> Value {
    let hex: String = of.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    json!({"sha256": hex, "length": of.length})
}

/// The patterns of a form's fields; nothing where the text is no form.
fn form(text: &str, clean: &Clean<'_>) -> Option<Map<String, Value>> {
    let fields = parameters::of_form(text);
    if fields.is_empty() || fields.iter().any(|(name, _)| name.is_empty()) {
        return None;
    }
    let mut patterns = Map::new();
    for (name, _) in &fields {
        let values = fields.iter().filter(|(other, _)| other == name).map(|(_, value)| &**value);
        let one = |value: &str| {
            if drawn::is_drawn(name, value) {
                return json!({"matches": ".*"});
            }
            let marked = clean.marked_parameter(name, value);
            marked::value(value, &marked, ".*")
        };
        patterns.insert(name.to_string(), marked::values(values.map(one).collect()));
    }
    Some(patterns)
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
        graphql::relax(&mut value);
        any_at_marks(&mut value, "");
        return json!({"equalToJson": value});
    }
    if !marked.contains(MARK) {
        return json!({"equalTo": text});
    }
    json!({"matches": marked::regex(&marked, r"[\s\S]*")})
}

/// Replaces each value with a secret, and each that is drawn, by a placeholder for any text or any number.
fn any_at_marks(value: &mut Value, name: &str) {
    match value {
        Value::String(text) if text.starts_with(MARK) && text.ends_with('0') => {
            "${json-unit.any-number}".clone_into(text);
        }
        Value::String(text) if text.contains(MARK) || drawn::is_drawn(name, text) => {
            "${json-unit.any-string}".clone_into(text);
        }
        Value::Number(number) if drawn::is_drawn_number(name, number) => {
            *value = "${json-unit.any-number}".into();
        }
        Value::Array(items) => items.iter_mut().for_each(|item| any_at_marks(item, name)),
        Value::Object(map) => map.iter_mut().for_each(|(name, value)| any_at_marks(value, name)),
        _ => {}
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
