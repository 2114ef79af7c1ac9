//! An exchange → a stub mapping (`C/recording/RequestPatternTransformer.java`,
//! `LoggedResponseDefinitionTransformer.java`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::exchange::{Slot, written_name};
use crate::message::{Query, Request};
use crate::redact::{MARK, Redactor};

use super::names;
use super::secrets::{Secrets, pattern};
use super::spec::{BodyPattern, RecordSpec};

/// A stub mapping that is being made.
#[derive(Debug)]
pub(super) struct Made {
    /// The path of the request.
    pub(super) path: String,
    /// The pattern of requests.
    pub(super) request: Value,
    mapping: Map<String, Value>,
    media: String,
    body: Bytes,
}

/// The mapping of an exchange, without its secrets.
pub(super) fn of(slot: &Slot, spec: &RecordSpec, redactor: &Redactor) -> Made {
    let request = slot.request();
    let (headers, body) = slot.response();
    let (headers, body) = unzipped(headers, body);
    let sent = request.body.bytes().map_or(&[][..], |bytes| bytes);
    let answer = (&headers, &body[..]);
    let secrets = Secrets::of(redactor, request.target(), &request.headers, sent, answer);
    let (response, body, notes) = response(slot, &headers, body, &secrets);
    let path = request.path().to_owned();
    let mut mapping = Map::new();
    mapping.insert("name".to_owned(), names::of_path(&path).into());
    mapping.insert("response".to_owned(), response.into());
    if spec.persist {
        mapping.insert("persistent".to_owned(), true.into());
    }
    if let Some(notes) = notes {
        mapping.insert("metadata".to_owned(), json!({"standin": {"notes": [notes]}}));
    }
    let media = media(&headers);
    Made { path, request: self::request(&request, spec, &secrets), mapping, media, body }
}

impl Made {
    /// Sets a key of the mapping.
    pub(super) fn set(&mut self, key: &str, value: String) {
        self.mapping.insert(key.to_owned(), value.into());
    }

    /// The mapping, and a file where its body is one: from which sizes on texts and other bodies are.
    pub(super) fn finish(mut self, extract: Option<[u64; 2]>) -> (Value, Option<(String, Bytes)>) {
        let id = Uuid::new_v4().to_string();
        self.mapping.insert("request".to_owned(), std::mem::take(&mut self.request));
        self.set("id", id.clone());
        self.set("uuid", id.clone());
        let is_text = names::is_text(&self.media);
        let length = if is_text {
            String::from_utf8_lossy(&self.body).chars().count()
        } else {
            self.body.len()
        };
        let limit = extract.map_or(u64::MAX, |[text, binary]| if is_text { text } else { binary });
        let mut file = None;
        if length as u64 > limit {
            let name = self.mapping["name"].as_str().unwrap_or_default();
            let extension = names::extension(&self.path, &self.media, &self.body);
            let name = names::of_file(name, &id, &extension);
            self.mapping["response"]["bodyFileName"] = name.as_str().into();
            file = Some((name, self.body));
        } else if is_text && !self.body.is_empty() {
            let text = String::from_utf8_lossy(&self.body).into_owned();
            self.mapping["response"]["body"] = text.into();
        } else if !self.body.is_empty() {
            self.mapping["response"]["base64Body"] = STANDARD.encode(&self.body).into();
        }
        (self.mapping.into(), file)
    }
}

/// The pattern of a request.
fn request(request: &Request, spec: &RecordSpec, secrets: &Secrets<'_>) -> Value {
    let mut out = Map::new();
    out.insert("method".to_owned(), request.method.as_str().into());
    let query = Query::parse(request.query()).unwrap_or_default();
    let keys = if query.iter().next().is_some() {
        ["urlPath", "urlPathPattern"]
    } else {
        ["url", "urlPattern"]
    };
    let url = if keys[0] == "url" { request.target() } else { request.path() };
    match secrets.target(url) {
        Ok(()) => out.insert(keys[0].to_owned(), url.into()),
        Err(pattern) => out.insert(keys[1].to_owned(), pattern.into()),
    };
    let mut parameters = Map::new();
    for (name, _) in query.iter() {
        let values: Vec<Value> =
            query.all(name).map(|value| secrets.parameter_pattern(name, value)).collect();
        parameters.insert(name.to_owned(), json!({"hasExactly": values}));
    }
    if !parameters.is_empty() {
        out.insert("queryParameters".to_owned(), parameters.into());
    }
    let mut headers = Map::new();
    for (name, header, any_case) in &spec.capture {
        if let Some(value) = request.header(header.as_str()) {
            let mut pattern = secrets.header_pattern(header, value);
            if let Some(any_case) = any_case
                && pattern.get("equalTo").is_some()
            {
                pattern["caseInsensitive"] = (*any_case).into();
            }
            headers.insert(name.clone(), pattern);
        }
    }
    if !headers.is_empty() {
        out.insert("headers".to_owned(), headers.into());
    }
    if let Some(body) = request.body.bytes().filter(|body| !body.is_empty()) {
        let media = media(&request.headers);
        out.insert(
            "bodyPatterns".to_owned(),
            json!([body_pattern(body, &media, &spec.body, secrets)]),
        );
    }
    out.into()
}

fn body_pattern(body: &[u8], media: &str, wanted: &BodyPattern, secrets: &Secrets<'_>) -> Value {
    let text = String::from_utf8_lossy(body);
    let marked = secrets.marked(&text);
    let is_secret = marked.contains(MARK);
    let matches = || json!({"matches": pattern(&marked, r"[\s\S]*")});
    let equal_to = |any_case: bool| {
        if is_secret { matches() } else { json!({"equalTo": text, "caseInsensitive": any_case}) }
    };
    let xml = || if is_secret { matches() } else { json!({"equalToXml": text}) };
    let json = |array_order: Option<bool>, extra_elements: Option<bool>| {
        let text = if is_secret { without_marks(&marked) } else { text.clone().into_owned() };
        let mut pattern = json!({"equalToJson": text});
        for (key, flag) in
            [("ignoreArrayOrder", array_order), ("ignoreExtraElements", extra_elements)]
        {
            if let Some(flag) = flag {
                pattern[key] = flag.into();
            }
        }
        pattern
    };
    match *wanted {
        BodyPattern::EqualTo { any_case } => equal_to(any_case),
        BodyPattern::EqualToJson { array_order, extra_elements } => {
            json(array_order, extra_elements)
        }
        BodyPattern::EqualToXml => xml(),
        BodyPattern::Auto { array_order, extra_elements, any_case } => match media {
            media if media.contains("json") => json(Some(array_order), Some(extra_elements)),
            media if media.contains("xml") => xml(),
            "multipart/form-data" => json!({"anything": "(always)"}),
            media if !media.is_empty() && !names::is_text(media) => {
                json!({"binaryEqualTo": STANDARD.encode(body)})
            }
            _ => equal_to(any_case),
        },
    }
}

/// JSON in which any value stands for one with marks.
fn without_marks(marked: &str) -> String {
    fn any(value: &mut Value) {
        match value {
            Value::String(text) if text.contains(MARK) => {
                "${json-unit.ignore}".clone_into(text);
            }
            Value::Array(items) => items.iter_mut().for_each(any),
            Value::Object(map) => map.values_mut().for_each(any),
            _ => {}
        }
    }
    match serde_json::from_str::<Value>(marked) {
        Ok(mut value) => {
            any(&mut value);
            value.to_string()
        }
        Err(_) => marked.replace(MARK, "0"),
    }
}

/// The response without its body, the body, and what is to be said about it.
fn response(
    slot: &Slot,
    headers: &HeaderMap,
    body: Bytes,
    secrets: &Secrets<'_>,
) -> (Map<String, Value>, Bytes, Option<&'static str>) {
    let mut response = Map::new();
    response.insert("status".to_owned(), slot.status().as_u16().into());
    let mut fields = Map::new();
    for name in headers.keys().filter(|name| ![CONTENT_LENGTH, TRANSFER_ENCODING].contains(name)) {
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        let values: Vec<Value> = values.map(|value| secrets.header(name, value).into()).collect();
        let value = match <[Value; 1]>::try_from(values) {
            Ok([one]) => one,
            Err(many) => many.into(),
        };
        fields.insert(written_name(name), value);
    }
    if !fields.is_empty() {
        response.insert("headers".to_owned(), fields.into());
    }
    let whole = slot.has_whole_response();
    match secrets.body(headers, body) {
        Some(body) if whole => (response, body, None),
        Some(body) => (response, body, Some("only the beginning of the body is recorded")),
        None => {
            let why = "the body is not recorded, since it may hold secrets and cannot be read";
            (response, Bytes::new(), Some(why))
        }
    }
}

fn media(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The answer as it was before gzip; another coding stays, with the field that names it.
fn unzipped(mut headers: HeaderMap, body: Bytes) -> (HeaderMap, Bytes) {
    let is_gzip = headers.get(CONTENT_ENCODING).is_some_and(|coding| coding == "gzip");
    match is_gzip.then(|| gunzip(&body)).flatten() {
        Some(plain) => {
            headers.remove(CONTENT_ENCODING);
            (headers, plain.into())
        }
        None => (headers, body),
    }
}

#[cfg(feature = "gzip")]
fn gunzip(body: &[u8]) -> Option<Vec<u8>> {
    use std::io::Read as _;

    /// The most that a body may become, in bytes.
    const MOST: u64 = 16 << 20;
    let mut plain = Vec::new();
    let read = flate2::read::MultiGzDecoder::new(body).take(MOST + 1).read_to_end(&mut plain);
    (read.is_ok() && plain.len() as u64 <= MOST).then_some(plain)
}

#[cfg(not(feature = "gzip"))]
fn gunzip(_: &[u8]) -> Option<Vec<u8>> {
    None
}
