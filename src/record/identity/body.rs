//! The body of a request → its pattern: JSON by structure, forms by field, multipart bodies by part, GraphQL by
//! operation, other texts as they are, and bytes by themselves or by their digest.

use http::header::CONTENT_ENCODING;
use serde_json::{Map, Value, json};

use crate::message::decoded::{content_type, is_form, without_gzip};
use crate::message::parameters;

use super::super::clean::Clean;
use super::super::exchange::{SentBody, SentRequest};
use super::content::{self, Bytes};
use super::times::{self, TimeSpan};
use super::{drawn, marked, parts, signed_chunks};

/// Adds the pattern of a body to `request`, and the number of its conditions. Returns the digest of a body that no
/// pattern of a stub mapping can hold.
pub(super) fn pattern(
    sent: &SentRequest,
    clean: &Clean<'_>,
    notes: &mut Vec<String>,
    request: &mut Map<String, Value>,
    conditions: &mut i32,
) -> Option<Value> {
    let is_signed = signed_chunks::are_in(&sent.headers);
    let body = match sent.body.content() {
        SentBody::Whole(body) if body.is_empty() => return None,
        SentBody::Whole(body) => body,
        SentBody::Digest(_) if is_signed => {
            notes.push(signed_chunks::NOTE.to_owned());
            return None;
        }
        SentBody::Digest(of) => {
            *conditions += 1;
            return Some(content::digest(&of));
        }
    };
    if is_signed {
        let pattern = std::str::from_utf8(&body).ok().and_then(signed_chunks::pattern);
        match pattern {
            Some(pattern) => {
                *conditions += 1;
                request.insert("bodyPatterns".to_owned(), json!([pattern]));
            }
            None => notes.push(signed_chunks::NOTE.to_owned()),
        }
        return None;
    }
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
        let pattern = content::text_pattern(&sent.headers, text, clean);
        request.insert("bodyPatterns".to_owned(), json!([pattern]));
        return None;
    }
    match content::bytes(&plain, clean) {
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

/// The patterns of a form's fields; nothing where the text is not a form.
fn form(text: &str, clean: &Clean<'_>) -> Option<Map<String, Value>> {
    let fields = parameters::of_form(text, None);
    if fields.is_empty() || fields.iter().any(|(name, _)| name.is_empty()) {
        return None;
    }
    let mut patterns = Map::new();
    let span = TimeSpan::of(fields.iter().map(|(_, value)| &**value));
    for (name, _) in &fields {
        let values = fields.iter().filter(|(other, _)| other == name).map(|(_, value)| &**value);
        let one = |value: &str| {
            if drawn::is_drawn(name, value) || span.is_some_and(|span| span.begins(value)) {
                return json!({"matches": ".*"});
            }
            let marked = clean.marked_parameter(name, value);
            let marked = times::without_times(&marked).unwrap_or(marked);
            marked::value(value, &marked, ".*")
        };
        patterns.insert(name.to_string(), marked::values(values.map(one).collect()));
    }
    Some(patterns)
}
