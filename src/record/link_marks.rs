//! Which links a recording has: a mapping says it for its answer, whose text stays as the backend sent it.

use std::cell::Cell;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{HOST, HeaderName};
use http::{HeaderMap, HeaderValue};
use serde_json::{Map, Value, json};

use crate::links::{
    Backend, LINKS_PARAMETER, LINKS_TRANSFORMER, Links, is_compressed, is_rewritten, kept_because,
};
use crate::redact::recoded;

use super::answer::FoundLinks;
use super::exchange::SentRequest;

/// Where the links of a body are.
#[derive(Debug)]
pub(super) enum BodyLinks<'b> {
    /// In the body that the response of the mapping has.
    InResponse,
    /// In this content of a file.
    InFile(&'b [u8]),
    /// They were found while a large body was read.
    Found(FoundLinks),
}

/// Says in a mapping which links are in its answer.
pub(super) fn mark(links: &Links, sent: &SentRequest, mapping: &mut Value, body: &BodyLinks<'_>) {
    let Some(response) = mapping.get_mut("response").and_then(Value::as_object_mut) else { return };
    let headers = fields(response);
    let in_body = |links: &Links, response: &Map<String, Value>| match body {
        BodyLinks::InResponse => are_in_body(links, &headers, response),
        BodyLinks::InFile(bytes) => are_in(links, &headers, bytes),
        BodyLinks::Found(found) => found.to_backends,
    };
    let own_in_body = |own: &Links, response: &Map<String, Value>| match body {
        BodyLinks::Found(found) => found.to_own,
        _ => in_body(own, response),
    };
    // A backend that knows where its client found it writes that.
    let own = own_base(sent).filter(|own| {
        let own = Links::new(vec![own.clone()]);
        own_in_body(&own, response) || headers.values().any(|value| own.are_in(value.as_bytes()))
    });
    let all = own.map(|own| links.and(own));
    let in_own = all.as_ref().is_some_and(|all| own_in_body(all, response));
    let links = all.as_ref().unwrap_or(links);
    let in_fields = links.are_in_fields(&headers, &sent.target);
    let in_body = in_own || in_body(links, response);
    if in_fields || in_body && is_rewritten(&headers) {
        let parameters = links.parameters();
        add(response, "transformers", LINKS_TRANSFORMER.into());
        response.entry("transformerParameters").or_insert_with(|| json!({}))[LINKS_PARAMETER] =
            parameters;
    }
    if let Some(why) = kept_because(&headers).filter(|_| in_body) {
        let notes = &mut mapping["metadata"]["standin"]["notes"];
        if notes.is_null() {
            *notes = json!([]);
        }
        if let Value::Array(notes) = notes {
            notes.push(format!("links to the backend in the body stay as they are: {why}").into());
        }
    }
}

fn add(response: &mut Map<String, Value>, key: &str, value: Value) {
    match response.entry(key).or_insert_with(|| json!([])) {
        Value::Array(list) => list.push(value),
        other => *other = json!([value]),
    }
}

/// The header fields of a mapping's response.
fn fields(response: &Map<String, Value>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, values) in response.get("headers").and_then(Value::as_object).into_iter().flatten() {
        let list = values.as_array().map_or(std::slice::from_ref(values), Vec::as_slice);
        for value in list.iter().filter_map(Value::as_str) {
            if let (Ok(name), Ok(value)) =
                (name.parse::<HeaderName>(), HeaderValue::from_str(value))
            {
                headers.append(name, value);
            }
        }
    }
    headers
}

/// Whether the body in a mapping's response has links.
fn are_in_body(links: &Links, headers: &HeaderMap, response: &Map<String, Value>) -> bool {
    let text = |value: Option<&Value>| {
        value.and_then(Value::as_str).is_some_and(|text| links.are_in(text.as_bytes()))
    };
    let decoded = |value: Option<&Value>| {
        let bytes = value.and_then(Value::as_str).and_then(|text| STANDARD.decode(text).ok());
        bytes.is_some_and(|bytes| are_in(links, headers, &bytes))
    };
    text(response.get("body"))
        || decoded(response.get("base64Body"))
        || response.get("jsonBody").is_some_and(|json| links.are_in(json.to_string().as_bytes()))
}

/// The server that was asked, as a backend that links may lead to.
pub(super) fn own_base(sent: &SentRequest) -> Option<Backend> {
    let host = sent.headers.get(HOST)?.to_str().ok()?;
    Backend::new(&format!("http://{host}"), "").ok()
}

/// Whether the bytes of a body have links, also behind their compression.
fn are_in(links: &Links, headers: &HeaderMap, bytes: &[u8]) -> bool {
    if !is_compressed(headers) {
        return links.are_in(bytes);
    }
    let found = Cell::new(false);
    // Nothing is changed: this only looks.
    let looked_at = recoded(headers, bytes, &|text| {
        found.set(links.are_in(text));
        None
    });
    looked_at.is_some() || found.get()
}
