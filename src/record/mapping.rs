//! An exchange → a stub mapping: the format of recordings.
//!
//! It is `WireMock`'s own format, so that both replay it. Two recordings of the same exchange differ only in what
//! the backend changed: keys are sorted, the name and the id come from the request, and no time of day is written.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, DATE};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::matching::STREAM_TRANSFORMER;
use crate::message::Query;
use crate::redact::{Redacted, Redactor};

use super::clean::Clean;
use super::exchange::{Chunk, End, ReceivedAnswer, SentRequest, path_of};
use super::link_marks;
use super::pattern::request;

/// Larger bodies get a file of their own, in bytes.
const MAX_INLINE: usize = 64 << 10;

/// The most of a path that goes into a file's name, in characters.
const MAX_NAME: usize = 80;

/// The priority of stubs for any client and any representation. Those for one of them come before.
const ANY: i32 = 5;

/// The files of one exchange.
#[derive(Debug)]
pub(super) struct RecordedFiles {
    /// The file's name.
    pub(super) name: String,
    pub(super) mapping: Value,
    /// A large body: name, content.
    pub(super) body_file: Option<(String, Bytes)>,
}

/// The mapping of an exchange, without secrets.
pub(super) fn of(sent: &SentRequest, answer: ReceivedAnswer, redactor: &Redactor) -> RecordedFiles {
    let mut notes = Vec::new();
    let (body, parts) = answer.body.freeze();
    let clean = Clean::of(sent, &answer.headers, &body, redactor);
    let request = request(sent, &answer.headers, &clean, &mut notes);
    let credentials = clean.credentials();
    let id = id(&request, credentials.as_ref());
    let target = clean.target();
    let stem = stem(sent, path_of(&target), &id);
    let mut response = Map::new();
    response.insert("status".to_owned(), answer.status.as_u16().into());
    let headers = response_headers(&answer.headers, &clean);
    if !headers.is_empty() {
        response.insert("headers".to_owned(), headers.into());
    }
    let mut body_file = None;
    let timed = is_stream(sent, &answer.headers) || is_paced(&answer.headers, &parts);
    if timed && !answer.headers.contains_key(CONTENT_ENCODING) {
        stream(&body, parts, &clean, &mut response);
        if answer.end == End::ByClient {
            notes.push("the client ended the stream".to_owned());
        }
    } else {
        body_file = whole_body(body, &answer.headers, &clean, &stem, &mut response, &mut notes);
    }
    let mut mapping = json!({
        "id": id.to_string(),
        "name": format!("{} {}", sent.method, path_of(&target)),
        "request": request,
        "response": response,
    });
    let conditions = [mapping["request"].get("headers").is_some(), credentials.is_some()];
    let conditions = conditions.into_iter().map(i32::from).sum::<i32>();
    if conditions > 0 {
        mapping["priority"] = (ANY - conditions).into();
    }
    if let Some(credentials) = credentials {
        mapping["metadata"]["standin"]["credentials"] = credentials;
    }
    if !notes.is_empty() {
        mapping["metadata"]["standin"]["notes"] = notes.into();
    }
    if let Some(of) = &sent.links {
        let file = body_file.as_ref().map(|(_, bytes)| &**bytes);
        link_marks::mark(of, sent, &mut mapping, file);
    }
    RecordedFiles { name: format!("{stem}.json"), mapping, body_file }
}

/// The id of an exchange: the same for the same request of the same client.
fn id(request: &Value, credentials: Option<&Value>) -> Uuid {
    let mut name = request.to_string();
    if let Some(credentials) = credentials {
        name.push_str(&credentials.to_string());
    }
    Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes())
}

/// Whether an answer is recorded with its timing: a watch (Kubernetes' `watch=true`), events of a
/// server (`text/event-stream`), or JSON that says it is a stream.
pub(super) fn is_stream(sent: &SentRequest, headers: &HeaderMap) -> bool {
    let query = Query::parse(sent.target.split_once('?').map(|(_, query)| query));
    let watch = query.is_ok_and(|query| {
        query.first("watch").is_some_and(|value| matches!(value, "true" | "1" | ""))
            || query.first("follow").is_some_and(|value| matches!(value, "true" | "1"))
    });
    let media = media_type(headers);
    watch || media == "text/event-stream" || media_parameters(headers).contains("stream=watch")
}

/// Whether an answer of another kind arrived with pauses, and is replayed with them. A large one is a download,
/// whose pauses are those of the network.
fn is_paced(headers: &HeaderMap, parts: &[Chunk]) -> bool {
    const LARGEST: usize = 1 << 20;
    const PAUSE: Duration = Duration::from_millis(50);
    let size: usize = parts.iter().map(|part| part.bytes.len()).sum();
    let paused = parts.windows(2).any(|pair| pair[1].at.saturating_sub(pair[0].at) >= PAUSE);
    paused && size <= LARGEST && !headers.contains_key(CONTENT_LENGTH)
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
fn stem(sent: &SentRequest, path: &str, id: &Uuid) -> String {
    let mut words = sent.method.as_str().to_ascii_lowercase();
    for word in path.split(|c: char| !c.is_ascii_alphanumeric() && c != '.') {
        // A word of dots would name another directory.
        let word = word.trim_matches('.');
        if !word.is_empty() && words.len() + word.len() < MAX_NAME {
            words.push('-');
            words.push_str(word);
        }
    }
    let hash = id.simple().to_string();
    format!("{words}-{}", &hash[..8])
}

/// The header fields of the answer, without those of this connection or this moment.
fn response_headers(headers: &HeaderMap, clean: &Clean<'_>) -> Map<String, Value> {
    let mut out = Map::new();
    for name in headers.keys() {
        if [CONTENT_LENGTH, DATE].contains(name) {
            continue;
        }
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        let values: Vec<String> = values.map(|value| clean.header(name, value)).collect();
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
    clean: &Clean<'_>,
    stem: &str,
    response: &mut Map<String, Value>,
    notes: &mut Vec<String>,
) -> Option<(String, Bytes)> {
    match clean.answer(headers, &body) {
        Redacted::Same => {}
        Redacted::Changed(new) => body = new.into(),
        Redacted::Opaque(why) => {
            notes.push(format!("the body is not recorded, since it may hold secrets: {why}"));
            body = Bytes::new();
        }
    }
    if body.is_empty() {
        return None;
    }
    let plain = !headers.contains_key(CONTENT_ENCODING);
    let parsed = (plain && is_json(headers)).then(|| serde_json::from_slice::<Value>(&body).ok());
    let parsed = parsed.flatten();
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
    match (parsed.filter(|value| is_exact(value, &body)), std::str::from_utf8(&body)) {
        (Some(value), _) => response.insert("jsonBody".to_owned(), value),
        (None, Ok(text)) => response.insert("body".to_owned(), text.into()),
        (None, Err(_)) => response.insert("base64Body".to_owned(), STANDARD.encode(&body).into()),
    };
    None
}

/// Whether a value is rendered as the bytes that it was parsed from, with the same order of keys, spaces and
/// numbers. `null` is not: as `jsonBody` of a stub it means no body.
fn is_exact(value: &Value, body: &[u8]) -> bool {
    !value.is_null() && value.to_string().as_bytes() == body
}

/// Writes a stream as chunks with the pause before each, and whole for servers without the transformer.
fn stream(body: &Bytes, parts: Vec<Chunk>, clean: &Clean<'_>, response: &mut Map<String, Value>) {
    let chunks = match std::str::from_utf8(body) {
        Ok(_) => lines(&parts),
        Err(_) => parts,
    };
    let mut before = Duration::ZERO;
    let mut written = Vec::with_capacity(chunks.len());
    let mut whole = Vec::new();
    for chunk in &chunks {
        let bytes = match clean.body(&HeaderMap::new(), &chunk.bytes) {
            Redacted::Same => chunk.bytes.clone(),
            Redacted::Changed(new) => new.into(),
            Redacted::Opaque(_) => Bytes::new(),
        };
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

/// Text in chunks of whole lines, at the time when each was complete: an event is one chunk, however the network
/// cut it.
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
