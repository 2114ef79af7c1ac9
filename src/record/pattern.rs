//! A request → the pattern that matches it again, and no other request.

use http::HeaderMap;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    IF_RANGE, IF_UNMODIFIED_SINCE, ORIGIN, RANGE, VARY,
};
use serde_json::{Map, Value, json};

use crate::message::Query;
use crate::redact::MARK;

use super::clean::Clean;
use super::exchange::{SentRequest, path_of};

/// The query parameters that are left out of a pattern: client libraries draw them at random.
const NOT_MATCHED: [&str; 1] = ["timeoutSeconds"];

/// The pattern of a request.
pub(super) fn request(
    sent: &SentRequest,
    answer: &HeaderMap,
    clean: &Clean<'_>,
    notes: &mut Vec<String>,
) -> Value {
    let mut request = Map::new();
    request.insert("method".to_owned(), sent.method.as_str().into());
    let query = sent.target.split_once('?').map(|(_, query)| query).filter(|q| !q.is_empty());
    match Query::parse(query) {
        Ok(parsed) if query.is_some() => {
            url(&mut request, ["urlPath", "urlPathPattern"], path_of(&sent.target), clean);
            let parameters = query_patterns(&parsed, clean, notes);
            if !parameters.is_empty() {
                request.insert("queryParameters".to_owned(), parameters.into());
            }
        }
        // No query, or one that cannot be decoded and is matched as it is.
        _ => url(&mut request, ["url", "urlPattern"], &sent.target, clean),
    }
    let headers = header_patterns(sent, answer, clean);
    if !headers.is_empty() {
        request.insert("headers".to_owned(), headers.into());
    }
    if let Some(pattern) = body_pattern(sent, clean, notes) {
        request.insert("bodyPatterns".to_owned(), json!([pattern]));
    }
    request.into()
}

/// Header fields that the answer depends on: those of conditions and ranges, those in its `Vary`, and an `Accept`
/// that asks Kubernetes for a table or for metadata at the same URL.
fn header_patterns(
    sent: &SentRequest,
    answer: &HeaderMap,
    clean: &Clean<'_>,
) -> Map<String, Value> {
    const ALWAYS: [HeaderName; 6] =
        [RANGE, IF_RANGE, IF_MATCH, IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE];
    // A recording is uncompressed, and serves pages of all origins.
    const NEVER: [HeaderName; 2] = [ACCEPT_ENCODING, ORIGIN];
    let mut patterns = Map::new();
    let mut put = |name: &HeaderName, wanted: bool| {
        let value = sent.headers.get(name).and_then(|value| value.to_str().ok());
        let pattern = match value.map(|value| (value, clean.marked_header(name, value))) {
            Some((_, marked)) if marked.contains(MARK) => {
                json!({"matches": pattern(&marked, ".+")})
            }
            Some((value, _)) => json!({"equalTo": value}),
            None if wanted => json!({"absent": true}),
            None => return,
        };
        patterns.insert(title(name), pattern);
    };
    for name in &ALWAYS {
        put(name, false);
    }
    let varies = answer.get_all(VARY).iter().filter_map(|value| value.to_str().ok());
    for name in varies.flat_map(|value| value.split(',')) {
        if let Ok(name) = HeaderName::from_bytes(name.trim().as_bytes())
            && !NEVER.contains(&name)
        {
            put(&name, true);
        }
    }
    let accept = sent.headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    if accept.is_some_and(|accept| accept.contains("as=")) {
        put(&ACCEPT, false);
    }
    patterns
}

/// A field's name as people write it: `If-None-Match`.
fn title(name: &HeaderName) -> String {
    let words = name.as_str().split('-').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_ascii_uppercase() + rest
    });
    words.collect::<Vec<_>>().join("-")
}

/// The URL as it is, or as a pattern where it has a secret.
fn url(request: &mut Map<String, Value>, names: [&str; 2], text: &str, clean: &Clean<'_>) {
    let marked = clean.marked_target(text);
    if marked.contains(MARK) {
        request.insert(names[1].to_owned(), pattern(&marked, "[^/?&]+").into());
    } else {
        request.insert(names[0].to_owned(), text.into());
    }
}

fn query_patterns(
    query: &Query<'_>,
    clean: &Clean<'_>,
    notes: &mut Vec<String>,
) -> Map<String, Value> {
    let mut patterns = Map::new();
    for (name, _) in query.iter() {
        if patterns.contains_key(name) {
            continue;
        }
        if NOT_MATCHED.contains(&name) {
            notes.push(format!("any {name} matches"));
            continue;
        }
        let one = |value: &&str| {
            let marked = clean.marked_parameter(name, value);
            if marked.contains(MARK) {
                json!({"matches": pattern(&marked, ".*")})
            } else {
                json!({"equalTo": value})
            }
        };
        let values: Vec<&str> = query.all(name).collect();
        let pattern = match values.as_slice() {
            [value] => one(value),
            many => json!({"hasExactly": many.iter().map(one).collect::<Vec<Value>>()}),
        };
        patterns.insert(name.to_owned(), pattern);
    }
    patterns
}

/// The pattern of a body, in which anything matches a secret.
fn body_pattern(sent: &SentRequest, clean: &Clean<'_>, notes: &mut Vec<String>) -> Option<Value> {
    let Some(body) = sent.body.bytes() else {
        notes.push("the request's body is too large to be matched".to_owned());
        return None;
    };
    if body.is_empty() {
        return None;
    }
    let Ok(text) = std::str::from_utf8(&body) else {
        notes.push("the request's body is not text and is not matched".to_owned());
        return None;
    };
    let marked = clean.marked(text);
    // A boundary is random in each request.
    let marked = match boundary(&sent.headers) {
        Some(boundary) => marked.replace(boundary, MARK_TEXT),
        None => marked,
    };
    if let Ok(mut value) = serde_json::from_str::<Value>(&marked) {
        any_at_marks(&mut value);
        return Some(json!({"equalToJson": value}));
    }
    if !marked.contains(MARK) {
        return Some(json!({"equalTo": text}));
    }
    let is_form = !text.contains(['\n', '<', ' ']) && text.contains('=');
    let anything = if is_form { "[^&]*" } else { r"[\s\S]*" };
    Some(json!({"matches": pattern(&marked, anything)}))
}

/// [`MARK`] as a text.
const MARK_TEXT: &str = "\u{E000}";

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

/// Replaces each value with a secret by a placeholder for any text or any number.
fn any_at_marks(value: &mut Value) {
    match value {
        Value::String(text) if text.starts_with(MARK) && text.ends_with('0') => {
            "${json-unit.any-number}".clone_into(text);
        }
        Value::String(text) if text.contains(MARK) => {
            "${json-unit.any-string}".clone_into(text);
        }
        Value::Array(items) => items.iter_mut().for_each(any_at_marks),
        Value::Object(map) => map.values_mut().for_each(any_at_marks),
        _ => {}
    }
}

/// The pattern of a text with marks: at each mark it allows `anything`.
fn pattern(marked: &str, anything: &str) -> String {
    // An ampersand needs no escape, and reads better without.
    let quoted = |part: &str| regex::escape(part).replace(r"\&", "&");
    marked.split(MARK).map(quoted).collect::<Vec<_>>().join(anything)
}
