//! An exchange → a stub mapping: the format of recordings.
//!
//! It is `WireMock`'s own format, so that both replay it. Nothing in it changes from one recording of
//! the same exchange to the next but what the backend changed: keys are sorted, the name and the id
//! come from the request, and no time of day is written.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, DATE};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::matching::STREAM_TRANSFORMER;
use crate::message::Query;
use crate::secrets::{self, REDACTED};

use super::exchange::{Answered, Asked, Chunk, End};

/// Bodies larger than this stand in a file of their own, in bytes.
const MAX_INLINE: usize = 64 << 10;

/// How much of a path goes into a file's name, in characters.
const MAX_NAME: usize = 80;

/// The query parameters that are left out of a pattern: client libraries draw them at random.
const NOT_MATCHED: [&str; 1] = ["timeoutSeconds"];

/// The priority of stubs that ask for a representation of their own, before those for any.
const SPECIFIC: i32 = 4;

/// What is written for one exchange.
#[derive(Debug)]
pub(super) struct Recorded {
    /// The file's name.
    pub(super) name: String,
    pub(super) mapping: Value,
    /// A large body: name, content.
    pub(super) body_file: Option<(String, Bytes)>,
}

/// The mapping of an exchange, without secrets.
pub(super) fn of(asked: &Asked, answered: Answered) -> Recorded {
    let mut notes = Vec::new();
    let request = request(asked, &mut notes);
    // The key of the exchange: what is matched, so that a new token does not make a new file.
    let id = Uuid::new_v5(&Uuid::NAMESPACE_URL, request.to_string().as_bytes());
    let stem = stem(asked, &id);
    let (response, body_file) = response(asked, answered, &stem, &mut notes);
    let mut mapping = json!({
        "id": id.to_string(),
        "name": format!("{} {}", asked.method, path(&asked.target)),
        "request": request,
        "response": response,
    });
    if mapping["request"].get("headers").is_some() {
        mapping["priority"] = SPECIFIC.into();
    }
    if !notes.is_empty() {
        mapping["metadata"] = json!({"standin": {"notes": notes}});
    }
    Recorded { name: format!("{stem}.json"), mapping, body_file }
}

/// Whether an answer is recorded with its timing: a watch (Kubernetes' `watch=true`), events of a
/// server (`text/event-stream`), or JSON that says it is a stream.
pub(super) fn is_stream(asked: &Asked, headers: &HeaderMap) -> bool {
    let query = Query::parse(asked.target.split_once('?').map(|(_, query)| query));
    let watch = query.is_ok_and(|query| {
        query.first("watch").is_some_and(|value| matches!(value, "true" | "1" | ""))
            || query.first("follow").is_some_and(|value| matches!(value, "true" | "1"))
    });
    let media = media_type(headers);
    watch || media == "text/event-stream" || media_parameters(headers).contains("stream=watch")
}

fn path(target: &str) -> &str {
    target.split_once('?').map_or(target, |(path, _)| path)
}

fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    value.split(';').next().unwrap_or("").trim().to_ascii_lowercase()
}

fn media_parameters(headers: &HeaderMap) -> &str {
    headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("")
}

fn is_json(headers: &HeaderMap) -> bool {
    let media = media_type(headers);
    media == "application/json" || media.ends_with("+json")
}

/// The same request gives the same name: `get-apis-batch-v1-jobs-1a2b3c4d`.
fn stem(asked: &Asked, id: &Uuid) -> String {
    let mut words = asked.method.as_str().to_ascii_lowercase();
    for word in path(&asked.target).split(|c: char| !c.is_ascii_alphanumeric() && c != '.') {
        // Dots alone would be another directory's name.
        let word = word.trim_matches('.');
        if !word.is_empty() && words.len() + word.len() < MAX_NAME {
            words.push('-');
            words.push_str(word);
        }
    }
    let hash = id.simple().to_string();
    format!("{words}-{}", &hash[..8])
}

fn request(asked: &Asked, notes: &mut Vec<String>) -> Value {
    let mut request = Map::new();
    request.insert("method".to_owned(), asked.method.as_str().into());
    let query = asked.target.split_once('?').map(|(_, query)| query).filter(|q| !q.is_empty());
    match Query::parse(query) {
        Ok(parsed) if query.is_some() => {
            request.insert("urlPath".to_owned(), path(&asked.target).into());
            let parameters = query_patterns(&parsed, notes);
            if !parameters.is_empty() {
                request.insert("queryParameters".to_owned(), parameters.into());
            }
        }
        // No query, or one that cannot be decoded and so is matched as it stands.
        _ => {
            request.insert("url".to_owned(), asked.target.as_str().into());
        }
    }
    // The same URL gives a table, metadata or the objects, by what the client asks for.
    let accept = asked.headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    if let Some(accept) = accept.filter(|accept| accept.contains("as=")) {
        request.insert("headers".to_owned(), json!({"Accept": {"equalTo": accept}}));
    }
    if let Some(pattern) = body_pattern(asked, notes) {
        request.insert("bodyPatterns".to_owned(), json!([pattern]));
    }
    request.into()
}

fn query_patterns(query: &Query<'_>, notes: &mut Vec<String>) -> Map<String, Value> {
    let mut patterns = Map::new();
    for (name, _) in query.iter() {
        if patterns.contains_key(name) {
            continue;
        }
        if NOT_MATCHED.contains(&name) {
            notes.push(format!("any {name} matches"));
            continue;
        }
        let values: Vec<&str> = query.all(name).collect();
        let pattern = match values.as_slice() {
            _ if secrets::is_secret_name(name) => json!({"matches": ".*"}),
            [one] => json!({"equalTo": one}),
            many => {
                let each: Vec<Value> = many.iter().map(|one| json!({"equalTo": one})).collect();
                json!({"hasExactly": each})
            }
        };
        patterns.insert(name.to_owned(), pattern);
    }
    patterns
}

/// The pattern of a body, with any text where a secret stood.
fn body_pattern(asked: &Asked, notes: &mut Vec<String>) -> Option<Value> {
    let Some(body) = asked.body.bytes() else {
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
    if let Ok(mut value) = serde_json::from_str::<Value>(text) {
        secrets::redact(&mut value, "${json-unit.any-string}");
        return Some(json!({"equalToJson": value}));
    }
    if media_type(&asked.headers) == "application/x-www-form-urlencoded" {
        return Some(form_pattern(text));
    }
    Some(json!({"equalTo": text}))
}

fn form_pattern(text: &str) -> Value {
    let mut secret = false;
    let fields: Vec<String> = text
        .split('&')
        .map(|field| {
            let name = field.split_once('=').map_or(field, |(name, _)| name);
            let found = secrets::is_secret_name(name);
            secret |= found;
            let quoted = |text: &str| regex::escape(text);
            if found { format!("{}=[^&]*", quoted(name)) } else { quoted(field) }
        })
        .collect();
    if secret { json!({"matches": fields.join("&")}) } else { json!({"equalTo": text}) }
}

fn response(
    asked: &Asked,
    answered: Answered,
    stem: &str,
    notes: &mut Vec<String>,
) -> (Value, Option<(String, Bytes)>) {
    let mut response = Map::new();
    response.insert("status".to_owned(), answered.status.as_u16().into());
    let headers = response_headers(&answered.headers);
    if !headers.is_empty() {
        response.insert("headers".to_owned(), headers.into());
    }
    let mut body_file = None;
    let (body, parts) = answered.body.freeze();
    if is_stream(asked, &answered.headers) {
        stream(&body, parts, &mut response);
        if answered.end == End::ByClient {
            notes.push("the client ended the stream".to_owned());
        }
    } else {
        body_file = whole_body(body, &answered.headers, stem, &mut response);
    }
    (response.into(), body_file)
}

/// All but what is about this connection or this moment, and what is secret.
fn response_headers(headers: &HeaderMap) -> Map<String, Value> {
    let mut out = Map::new();
    for name in headers.keys() {
        if [CONTENT_LENGTH, DATE].contains(name) || secrets::is_secret_header(name) {
            continue;
        }
        let values: Vec<&str> =
            headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
        let value = match values.as_slice() {
            [] => continue,
            [one] => json!(one),
            many => json!(many),
        };
        out.insert(name.as_str().to_owned(), value);
    }
    out
}

fn whole_body(
    mut body: Bytes,
    headers: &HeaderMap,
    stem: &str,
    response: &mut Map<String, Value>,
) -> Option<(String, Bytes)> {
    if body.is_empty() {
        return None;
    }
    let plain = !headers.contains_key(CONTENT_ENCODING);
    let mut parsed = None;
    if plain && is_json(headers) {
        parsed = serde_json::from_slice::<Value>(&body).ok();
        if parsed.as_mut().is_some_and(|value| secrets::redact(value, REDACTED)) {
            body = parsed.as_ref().map_or_else(Bytes::new, |value| value.to_string().into());
        }
    }
    if body.len() > MAX_INLINE {
        let extension = match (&parsed, std::str::from_utf8(&body)) {
            (Some(_), _) => "json",
            (None, Ok(_)) => "txt",
            (None, Err(_)) => "bin",
        };
        let name = format!("{stem}.{extension}");
        response.insert("bodyFileName".to_owned(), name.as_str().into());
        return Some((name, body));
    }
    match (parsed.filter(is_exact), std::str::from_utf8(&body)) {
        (Some(value), _) => response.insert("jsonBody".to_owned(), value),
        (None, Ok(text)) => response.insert("body".to_owned(), text.into()),
        (None, Err(_)) => response.insert("base64Body".to_owned(), STANDARD.encode(&body).into()),
    };
    None
}

/// Whether a value says the same when it is written again: integers past 64 bits do not.
fn is_exact(value: &Value) -> bool {
    match value {
        Value::Number(number) => {
            !number.is_f64() || number.as_f64().is_some_and(|n| n.abs() < 9_007_199_254_740_992.0)
        }
        Value::Array(items) => items.iter().all(is_exact),
        Value::Object(map) => map.values().all(is_exact),
        _ => true,
    }
}

/// A stream as chunks with the pause before each, and whole for those who cannot play it.
fn stream(body: &Bytes, parts: Vec<Chunk>, response: &mut Map<String, Value>) {
    let chunks = match std::str::from_utf8(body) {
        Ok(_) => lines(&parts),
        Err(_) => parts,
    };
    let mut before = Duration::ZERO;
    let mut written = Vec::with_capacity(chunks.len());
    let mut whole = Vec::new();
    for chunk in &chunks {
        let bytes = redacted_lines(&chunk.bytes);
        let pause = chunk.at.saturating_sub(before).as_millis();
        before = chunk.at;
        whole.extend_from_slice(&bytes);
        let after = format!("{pause}ms");
        written.push(match std::str::from_utf8(&bytes) {
            Ok(text) => json!({"after": after, "body": text}),
            Err(_) => json!({"after": after, "base64Body": STANDARD.encode(&bytes)}),
        });
    }
    match String::from_utf8(whole) {
        Ok(text) => response.insert("body".to_owned(), text.into()),
        Err(error) => {
            response.insert("base64Body".to_owned(), STANDARD.encode(error.as_bytes()).into())
        }
    };
    response.insert("transformers".to_owned(), json!([STREAM_TRANSFORMER]));
    response.insert("transformerParameters".to_owned(), json!({"chunks": written}));
}

/// Text as it was completed line by line: an event is one chunk, however the network cut it.
fn lines(chunks: &[Chunk]) -> Vec<Chunk> {
    let mut out = Vec::new();
    let mut rest: Vec<u8> = Vec::new();
    for chunk in chunks {
        rest.extend_from_slice(&chunk.bytes);
        if let Some(end) = rest.iter().rposition(|byte| *byte == b'\n') {
            let after = rest.split_off(end + 1);
            let bytes = std::mem::replace(&mut rest, after).into();
            out.push(Chunk { at: chunk.at, bytes });
        }
    }
    if let Some(last) = chunks.last().filter(|_| !rest.is_empty()) {
        out.push(Chunk { at: last.at, bytes: rest.into() });
    }
    out
}

/// Lines of JSON without their secrets; lines without any stay as they are, byte for byte.
fn redacted_lines(bytes: &Bytes) -> Bytes {
    let mut out = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let mut value = serde_json::from_slice::<Value>(line).unwrap_or_default();
        if secrets::redact(&mut value, REDACTED) {
            out.extend_from_slice(value.to_string().as_bytes());
            out.extend(line.last().filter(|byte| **byte == b'\n'));
        } else {
            out.extend_from_slice(line);
        }
    }
    out.into()
}
