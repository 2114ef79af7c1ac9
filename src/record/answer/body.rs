//! The body of an answer → one of the forms that a mapping has for it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::matching::compact_json;
use crate::message::decoded::without_gzip;
use crate::redact::Redacted;

use super::super::clean::Clean;
use super::super::text::{Json, Object, json as raw};
use super::large::{binary_without_secrets, is_searched};
use super::{BodyContent, BodyFile, media_type};

/// Larger bodies get a file of their own, in bytes.
const MAX_INLINE: usize = 64 << 10;

/// A shorter text is readable as it is, in bytes.
const MIN_READABLE: usize = 80;

/// What of a body is not in the response.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) file: Option<BodyFile>,
    pub(super) readable: Option<Json>,
}

/// The body without its secrets; empty, with a note, where it cannot be told what it holds.
pub(super) fn without_secrets(
    body: Bytes,
    headers: &HeaderMap,
    clean: &Clean<'_>,
    notes: &mut Vec<String>,
) -> Bytes {
    let searched = if is_searched(headers, &body) {
        clean.answer(headers, &body)
    } else {
        binary_without_secrets(&body, clean)
    };
    match searched {
        Redacted::Same => body,
        Redacted::Changed(new) => new.into(),
        Redacted::Opaque(why) => {
            notes.push(format!("the body is not recorded, since it may hold secrets: {why}"));
            Bytes::new()
        }
    }
}

/// Writes a body: as JSON where that has the same bytes when it is sent, as a text, in base64, or to a file.
pub(super) fn write(body: &Bytes, headers: &HeaderMap, response: &mut Object) -> Written {
    if body.is_empty() {
        return Written::default();
    }
    let is_packed = headers.contains_key(CONTENT_ENCODING);
    let text = std::str::from_utf8(body).ok().filter(|_| !is_packed);
    if body.len() > MAX_INLINE {
        let extension = match text {
            _ if is_packed => "bin",
            Some(text) if is_json(headers) && json_of(text).is_some() => "json",
            Some(_) => "txt",
            None => "bin",
        };
        let content = BodyContent::Held(body.clone());
        return Written { file: Some(BodyFile { extension, content }), readable: None };
    }
    let Some(text) = text else {
        response.insert("base64Body".to_owned(), raw(STANDARD.encode(body)));
        let plain = without_gzip(headers, body);
        let readable = std::str::from_utf8(&plain).ok().filter(|_| *plain != **body);
        return Written { file: None, readable: readable.map(readable_form) };
    };
    let parsed = is_json(headers).then(|| json_of(text)).flatten();
    let Some(parsed) = parsed else {
        response.insert("body".to_owned(), raw(text));
        return Written::default();
    };
    // `null` as `jsonBody` of a stub means no body.
    if text != "null" && compact_json(text).as_deref() == Some(text) {
        response.insert("jsonBody".to_owned(), parsed);
        return Written::default();
    }
    response.insert("body".to_owned(), raw(text));
    Written { file: None, readable: (text.len() >= MIN_READABLE).then_some(parsed) }
}

/// A body that is written in chunks, as JSON for people.
pub(super) fn readable(body: &[u8], headers: &HeaderMap) -> Option<Json> {
    let text = std::str::from_utf8(body).ok().filter(|text| text.len() >= MIN_READABLE)?;
    (is_json(headers) && !headers.contains_key(CONTENT_ENCODING)).then(|| json_of(text))?
}

/// A text as people read it: JSON where it is some.
fn readable_form(text: &str) -> Json {
    json_of(text).unwrap_or_else(|| raw(text))
}

/// A text as JSON; nothing where it is none, or has a number that cannot be loaded again (1E400).
fn json_of(text: &str) -> Option<Json> {
    serde_json::from_str::<Value>(text).ok()?;
    RawValue::from_string(text.to_owned()).ok()
}

fn is_json(headers: &HeaderMap) -> bool {
    let media = media_type(headers);
    media == "application/json" || media.ends_with("+json")
}
