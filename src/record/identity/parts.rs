//! The parts of a multipart body → their patterns. The boundary between them is random, and matched by nothing.

use http::HeaderMap;
use serde_json::{Map, Value, json};

use crate::message::multipart::{self, Part, field_name};
use crate::redact::MARK;

use super::super::clean::Clean;
use super::content::{self, Bytes};
use super::{drawn, marked};

/// The patterns of the parts; nothing where the body has none that can be told apart.
pub(super) fn patterns(
    content_type: Option<&str>,
    body: &[u8],
    clean: &Clean<'_>,
) -> Option<Vec<Value>> {
    let parts = multipart::parts(content_type, body).filter(|parts| !parts.is_empty())?;
    parts.iter().map(|part| pattern(part, &body[part.content.clone()], clean)).collect()
}

/// The pattern of one part; nothing for a part that says nothing of itself.
fn pattern(part: &Part, content: &[u8], clean: &Clean<'_>) -> Option<Value> {
    let disposition = part.header("content-disposition").next()?;
    let name = field_name(part).unwrap_or_default();
    let mut pattern = Map::new();
    let mut headers = Map::new();
    headers.insert("Content-Disposition".to_owned(), json!({"equalTo": disposition}));
    pattern.insert("headers".to_owned(), headers.into());
    pattern.insert("matchingType".to_owned(), "ANY".into());
    if let Some(one) = content_pattern(&name, content, clean) {
        pattern.insert("bodyPatterns".to_owned(), json!([one]));
    }
    Some(pattern.into())
}

fn content_pattern(name: &str, bytes: &[u8], clean: &Clean<'_>) -> Option<Value> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return match content::bytes(bytes, clean) {
            Bytes::Pattern(pattern) => Some(pattern),
            // A large file is known by its name.
            Bytes::Digest(_) | Bytes::Secret => None,
        };
    };
    if drawn::is_drawn(name, text) {
        return None;
    }
    let marked = clean.marked_parameter(name, text);
    if marked.contains(MARK) {
        return Some(json!({"matches": marked::regex(&marked, r"[\s\S]*")}));
    }
    Some(content::text_pattern(&HeaderMap::new(), text, clean))
}
