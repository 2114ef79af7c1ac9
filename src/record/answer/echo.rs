//! What an answer repeats of its request: what the client has drawn to know the answer by.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Map, Value, json};

use crate::links::is_compressed;
use crate::message::decoded::{content_type, is_form};
use crate::message::echo::{ECHO_PARAMETER, ECHO_TRANSFORMER, RequestParts, RequestPlace, edits};
use crate::message::parameters;
use crate::redact::Redacted;

use super::super::clean::Clean;
use super::super::exchange::SentRequest;
use super::super::identity::is_echoed;

/// A shorter value may stand in an answer by chance, in bytes.
const SHORTEST: usize = 8;

/// The most values of one request.
const MOST: usize = 32;

/// The values that an answer repeats, as the recording has them, by their places in the request.
#[derive(Debug)]
pub(super) struct Echoes(Map<String, Value>);

impl Echoes {
    /// Those that stand in the header fields of an answer, as they are written, or in its body.
    pub(super) fn of(
        sent: &SentRequest,
        headers: &HeaderMap,
        fields: &BTreeMap<String, Value>,
        body: &Bytes,
        clean: &Clean<'_>,
    ) -> Option<Self> {
        let drawn = drawn(sent);
        if drawn.is_empty() {
            return None;
        }
        let text = std::str::from_utf8(body).ok().filter(|_| !is_compressed(headers));
        let fields = Value::from_iter(fields.clone()).to_string();
        let has = |text: &str, value: &str| !edits(text, &[(value, "")]).is_empty();
        let mut found = Map::new();
        // What is secret has its pseudonym in both.
        let target = clean.target();
        let query = target.split_once('?').map(|(_, query)| query).unwrap_or_default();
        let cleaned = sent.headers.iter().filter_map(|(name, value)| {
            let value = clean.header(name, value.to_str().ok()?);
            Some((name.clone(), value.parse().ok()?))
        });
        let cleaned: HeaderMap = cleaned.collect();
        let sent_body = sent.body.bytes().unwrap_or_default();
        let sent_body = match clean.body(&sent.headers, &sent_body) {
            Redacted::Changed(new) => new.into(),
            Redacted::Same => sent_body,
            Redacted::Opaque(_) => Bytes::new(),
        };
        let parts = RequestParts { query, headers: &cleaned, body: &sent_body };
        for place in drawn {
            let Some(value) = place.value(parts).filter(|value| value.len() >= SHORTEST) else {
                continue;
            };
            if has(&fields, &value) || text.is_some_and(|text| has(text, &value)) {
                found.insert(place.to_string(), value.into());
            }
        }
        (!found.is_empty()).then_some(Self(found))
    }

    /// Says in a response that it has these values.
    pub(super) fn mark(self, response: &mut Value) {
        match &mut response["transformers"] {
            Value::Array(list) => list.push(ECHO_TRANSFORMER.into()),
            none => *none = json!([ECHO_TRANSFORMER]),
        }
        response["transformerParameters"][ECHO_PARAMETER] = self.0.into();
    }
}

/// The places of what the client has drawn.
fn drawn(sent: &SentRequest) -> Vec<RequestPlace> {
    let mut places = Vec::new();
    let query = sent.target.split_once('?').map(|(_, query)| query).unwrap_or_default();
    for (name, value) in parameters::of_query(query) {
        if is_echoed(&name, &value, false) {
            places.push(RequestPlace::Query(name.into()));
        }
    }
    for (name, value) in &sent.headers {
        if value.to_str().is_ok_and(|value| is_echoed(name.as_str(), value, true)) {
            places.push(RequestPlace::Header(name.as_str().into()));
        }
    }
    let body = sent.body.bytes().unwrap_or_default();
    if is_form(&sent.headers)
        && let Ok(text) = std::str::from_utf8(&body)
    {
        for (name, value) in parameters::of_form(text, content_type(&sent.headers)) {
            if is_echoed(&name, &value, false) {
                places.push(RequestPlace::Form(name.into()));
            }
        }
    } else if body.trim_ascii_start().starts_with(b"{")
        && let Ok(value) = serde_json::from_slice(&body)
    {
        drawn_in(&value, "", "", &mut places);
    }
    places.truncate(MOST);
    places
}

fn drawn_in(value: &Value, name: &str, pointer: &str, places: &mut Vec<RequestPlace>) {
    match value {
        Value::String(text) if is_echoed(name, text, false) => {
            places.push(RequestPlace::Json(pointer.into()));
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                drawn_in(item, name, &format!("{pointer}/{at}"), places);
            }
        }
        Value::Object(map) => {
            for (name, item) in map {
                let step = name.replace('~', "~0").replace('/', "~1");
                drawn_in(item, name, &format!("{pointer}/{step}"), places);
            }
        }
        _ => {}
    }
}
