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
use http::header::HeaderName;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, DATE, IF_MATCH,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, ORIGIN, RANGE, VARY,
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::matching::STREAM_TRANSFORMER;
use crate::message::Query;
use crate::redact::{Known, MARK, Media, Pass, Redacted, Redactor};

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
pub(super) fn of(asked: &Asked, answered: Answered, redactor: &Redactor) -> Recorded {
    let mut notes = Vec::new();
    let (body, parts) = answered.body.freeze();
    let clean = Clean::of(asked, &answered.headers, &body, redactor);
    let request = request(asked, &answered.headers, &clean, &mut notes);
    // The key of the exchange: what is matched, so that a new token does not make a new file.
    let id = Uuid::new_v5(&Uuid::NAMESPACE_URL, request.to_string().as_bytes());
    let target = clean.target();
    let stem = stem(asked, path(&target), &id);
    let mut response = Map::new();
    response.insert("status".to_owned(), answered.status.as_u16().into());
    let headers = response_headers(&answered.headers, &clean);
    if !headers.is_empty() {
        response.insert("headers".to_owned(), headers.into());
    }
    let mut body_file = None;
    let plays = is_stream(asked, &answered.headers) || is_paced(&answered.headers, &parts);
    if plays && !answered.headers.contains_key(CONTENT_ENCODING) {
        stream(&body, parts, &clean, &mut response);
        if answered.end == End::ByClient {
            notes.push("the client ended the stream".to_owned());
        }
    } else {
        body_file = whole_body(body, &answered.headers, &clean, &stem, &mut response, &mut notes);
    }
    let mut mapping = json!({
        "id": id.to_string(),
        "name": format!("{} {}", asked.method, path(&target)),
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

/// What takes the secrets out of one exchange.
struct Clean<'r> {
    redactor: &'r Redactor,
    /// Makes pseudonyms.
    pass: Pass<'r>,
    /// Makes marks, for patterns.
    marks: Pass<'r>,
    /// Secrets of this exchange and of earlier ones, looked for wherever they are repeated.
    known: Known,
    target: &'r str,
    /// The answer's body, without what it tells to be secret by itself.
    answer: Redacted,
}

impl<'r> Clean<'r> {
    /// Goes through all of the exchange for what is secret in it.
    fn of(asked: &'r Asked, headers: &HeaderMap, body: &[u8], redactor: &'r Redactor) -> Self {
        let target = asked.target.as_str();
        let pass = redactor.pass(target);
        pass.target(target);
        for (name, value) in asked.headers.iter().chain(headers) {
            if let Ok(value) = value.to_str() {
                pass.header(name, value);
            }
        }
        if let Some(body) = asked.body.bytes() {
            pass.body(&Media::of(&asked.headers), &body);
        }
        let answer = pass.body(&Media::of(headers), body);
        let known = redactor.learn(&pass);
        Self { redactor, pass, marks: Redactor::marks(target), known, target, answer }
    }

    /// The target with pseudonyms.
    fn target(&self) -> String {
        self.redactor.without(&self.known, self.pass.target(self.target))
    }

    fn header(&self, name: &HeaderName, value: &str) -> String {
        self.redactor.without(&self.known, self.pass.header(name, value))
    }

    /// The whole body of the answer.
    fn answer(&self, headers: &HeaderMap, bytes: &[u8]) -> Redacted {
        // What is text is gone through once, and then for what the rest of the exchange tells.
        let seen = match &self.answer {
            Redacted::Changed(new) => new,
            _ => bytes,
        };
        if headers.contains_key(CONTENT_ENCODING) {
            return self.body(headers, bytes);
        }
        match (&self.answer, std::str::from_utf8(seen)) {
            (Redacted::Opaque(why), _) => Redacted::Opaque(why.clone()),
            (_, Err(_)) => self.body(headers, bytes),
            (first, Ok(text)) => {
                let new = self.redactor.without(&self.known, text.to_owned()).into_bytes();
                let same = *first == Redacted::Same && new == seen;
                if same { Redacted::Same } else { Redacted::Changed(new) }
            }
        }
    }

    /// A body, or a piece of one.
    fn body(&self, headers: &HeaderMap, bytes: &[u8]) -> Redacted {
        self.pass.coded(&Media::of(headers), bytes, &|text| {
            let new = self.pass.changed(text).unwrap_or_else(|| text.to_owned());
            let new = self.redactor.without(&self.known, new);
            (new != text).then_some(new)
        })
    }

    /// A text with a mark for each secret.
    fn marked(&self, text: &str) -> String {
        let new = self.marks.changed(text).unwrap_or_else(|| text.to_owned());
        Redactor::marked(&self.known, new)
    }

    /// The value of a header field with a mark for each secret.
    fn marked_header(&self, name: &HeaderName, value: &str) -> String {
        Redactor::marked(&self.known, self.marks.header(name, value))
    }

    /// A part of the target with a mark for each secret.
    fn marked_target(&self, text: &str) -> String {
        Redactor::marked(&self.known, self.marks.target(text))
    }
}

/// The pattern that a text with marks makes: what stands at a mark may be anything of a kind.
fn pattern(marked: &str, anything: &str) -> String {
    // An ampersand means nothing by itself, and reads better so.
    let quoted = |part: &str| regex::escape(part).replace(r"\&", "&");
    marked.split(MARK).map(quoted).collect::<Vec<_>>().join(anything)
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

/// Whether an answer of another kind came in pieces with pauses between them: it comes so again. A large
/// one is a download, whose pauses are those of the network.
fn is_paced(headers: &HeaderMap, parts: &[Chunk]) -> bool {
    const LARGEST: usize = 1 << 20;
    const PAUSE: Duration = Duration::from_millis(50);
    let size: usize = parts.iter().map(|part| part.bytes.len()).sum();
    let paused = parts.windows(2).any(|pair| pair[1].at.saturating_sub(pair[0].at) >= PAUSE);
    paused && size <= LARGEST && !headers.contains_key(CONTENT_LENGTH)
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
fn stem(asked: &Asked, path: &str, id: &Uuid) -> String {
    let mut words = asked.method.as_str().to_ascii_lowercase();
    for word in path.split(|c: char| !c.is_ascii_alphanumeric() && c != '.') {
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

fn request(
    asked: &Asked,
    answered: &HeaderMap,
    clean: &Clean<'_>,
    notes: &mut Vec<String>,
) -> Value {
    let mut request = Map::new();
    request.insert("method".to_owned(), asked.method.as_str().into());
    let query = asked.target.split_once('?').map(|(_, query)| query).filter(|q| !q.is_empty());
    match Query::parse(query) {
        Ok(parsed) if query.is_some() => {
            url(&mut request, ["urlPath", "urlPathPattern"], path(&asked.target), clean);
            let parameters = query_patterns(&parsed, clean, notes);
            if !parameters.is_empty() {
                request.insert("queryParameters".to_owned(), parameters.into());
            }
        }
        // No query, or one that cannot be decoded and so is matched as it stands.
        _ => url(&mut request, ["url", "urlPattern"], &asked.target, clean),
    }
    let headers = header_patterns(asked, answered, clean);
    if !headers.is_empty() {
        request.insert("headers".to_owned(), headers.into());
    }
    if let Some(pattern) = body_pattern(asked, clean, notes) {
        request.insert("bodyPatterns".to_owned(), json!([pattern]));
    }
    request.into()
}

/// Header fields that the answer depends on: those of conditions and ranges, those that the answer names in
/// `Vary`, and an `Accept` for a table or for metadata, which Kubernetes answers with at the same URL.
fn header_patterns(asked: &Asked, answered: &HeaderMap, clean: &Clean<'_>) -> Map<String, Value> {
    const ALWAYS: [HeaderName; 6] =
        [RANGE, IF_RANGE, IF_MATCH, IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE];
    // Compression is not asked for while recording, and the origin of a page is any.
    const NEVER: [HeaderName; 2] = [ACCEPT_ENCODING, ORIGIN];
    let mut patterns = Map::new();
    let mut put = |name: &HeaderName, wanted: bool| {
        let value = asked.headers.get(name).and_then(|value| value.to_str().ok());
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
    let varies = answered.get_all(VARY).iter().filter_map(|value| value.to_str().ok());
    for name in varies.flat_map(|value| value.split(',')) {
        if let Ok(name) = HeaderName::from_bytes(name.trim().as_bytes())
            && !NEVER.contains(&name)
        {
            put(&name, true);
        }
    }
    let accept = asked.headers.get(ACCEPT).and_then(|value| value.to_str().ok());
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

/// The URL as it stands, or as a pattern where something in it is secret.
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
            let marked = clean.marks.parameter(name, value);
            let marked = Redactor::marked(&clean.known, marked);
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

/// The pattern of a body, with anything where a secret stood.
fn body_pattern(asked: &Asked, clean: &Clean<'_>, notes: &mut Vec<String>) -> Option<Value> {
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
    let marked = clean.marked(text);
    // A boundary is drawn anew for each request.
    let marked = match boundary(&asked.headers) {
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

/// What separates the parts of a multipart body (RFC 2046, section 5.1.1).
fn boundary(headers: &HeaderMap) -> Option<&str> {
    let parameters = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    if !parameters.trim_start().to_ascii_lowercase().starts_with("multipart/") {
        return None;
    }
    let at = parameters.to_ascii_lowercase().find("boundary=")? + "boundary=".len();
    let value = parameters[at..].split(';').next()?.trim().trim_matches('"');
    (!value.is_empty()).then_some(value)
}

/// Any text, or any number, in the place of each value in which a secret stood.
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

/// All but what is about this connection or this moment.
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

/// Whether a value comes out as the bytes that came in: the order of keys, spaces and numbers may not. The
/// answer `null` is no body where a stub has it as JSON.
fn is_exact(value: &Value, body: &[u8]) -> bool {
    !value.is_null() && value.to_string().as_bytes() == body
}

/// A stream as chunks with the pause before each, and whole for those who cannot play it.
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
