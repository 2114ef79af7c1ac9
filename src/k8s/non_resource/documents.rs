//! `/openapi/v2` and `/openapi/v3`: negotiation, entity tags and immutable addresses
//! (`k8s.io/kube-openapi/pkg/{handler,handler3}`).

use crate::message::{Body, Plan};
use http::StatusCode;
use http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_TYPE, ETAG, EXPIRES, HeaderName, HeaderValue, IF_NONE_MATCH,
    LOCATION, VARY,
};
use serde_json::{Value, json};

use super::super::aggregation::Groups;
use super::super::openapi::{Document, DocumentCache, DocumentKey};
use super::super::resource::Registry;
use super::super::{ApiRequest, openapi, output};
use super::protobuf;

/// The media types by which clients ask for the protobuf form of the document of version 2.
const PROTOBUF: [&str; 2] =
    [protobuf::MEDIA_TYPE, "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"];

/// `/openapi/v2`.
pub(super) fn v2(types: &Registry, cache: &DocumentCache, request: &ApiRequest<'_>) -> Plan {
    let content = types.content();
    let make = || Document::new(&openapi::v2(types));
    match accepted(request, &PROTOBUF) {
        None => empty(StatusCode::NOT_ACCEPTABLE),
        Some(Form::Json) => {
            document(request, &cache.get(DocumentKey::V2(content), make), "application/json")
        }
        Some(Form::Other) => {
            let make = || {
                let json = openapi::v2(types);
                // Both forms have the tag of the text.
                Document { text: protobuf::document(&json).into(), ..Document::new(&json) }
            };
            let made = cache.get(DocumentKey::V2Protobuf(content), make);
            document(request, &made, protobuf::MEDIA_TYPE)
        }
    }
}

/// `/openapi/v3`: the index of the documents, with their hashes.
pub(super) fn index(groups: &Groups<'_>, cache: &DocumentCache) -> Plan {
    let media = HeaderValue::from_static("text/plain; charset=utf-8");
    let types = groups.types();
    let make = || Document::new(&openapi::index(types, cache));
    let own = cache.get(DocumentKey::Index(types.content()), make);
    let mut text = own.text.clone();
    let others = groups.openapi();
    if !others.is_empty() {
        let mut index: Value = serde_json::from_slice(&text).unwrap_or_default();
        for (name, url) in others {
            index["paths"][name] = json!({"serverRelativeURL": url});
        }
        text = index.to_string().into();
    }
    output::plan(StatusCode::OK, media, Body::Bytes(text))
}

/// `/openapi/v3/PATH`, at an address with the right hash for ever.
pub(super) fn v3(document: &Document, path: &str, request: &ApiRequest<'_>) -> Plan {
    if accepted(request, &[]).is_none() {
        return empty(StatusCode::NOT_ACCEPTABLE);
    }
    let Document { hash, .. } = document;
    let asked = request.query.first("hash").filter(|hash| !hash.is_empty());
    if asked.is_some_and(|asked| asked != hash) {
        let mut plan = empty(StatusCode::MOVED_PERMANENTLY);
        put(&mut plan, CONTENT_TYPE, "application/json");
        put(&mut plan, ETAG, &format!("\"{hash}\""));
        put(&mut plan, LOCATION, &format!("/openapi/v3/{path}?hash={hash}"));
        return plan;
    }
    let mut plan = self::document(request, document, "application/json");
    if asked.is_some() {
        put(&mut plan, CACHE_CONTROL, "public, immutable");
        let year = jiff::SignedDuration::from_hours(365 * 24);
        let until = request.now.checked_add(year).unwrap_or(request.now);
        put(&mut plan, EXPIRES, &until.strftime("%a, %d %b %Y %H:%M:%S UTC").to_string());
    }
    plan
}

/// The address below `/openapi/v3` that has nothing: 404 without a body.
pub(super) fn absent() -> Plan {
    let mut plan = empty(StatusCode::NOT_FOUND);
    plan.headers.remove(VARY);
    plan
}

fn document(request: &ApiRequest<'_>, document: &Document, media: &'static str) -> Plan {
    let Document { text, hash } = document;
    let tag = format!("\"{hash}\"");
    let known = request.headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let mut plan = if known.is_some_and(|known| known == "*" || known.contains(&*tag)) {
        empty(StatusCode::NOT_MODIFIED)
    } else {
        let media = HeaderValue::from_static(media);
        output::plan(StatusCode::OK, media, Body::Bytes(text.clone()))
    };
    put(&mut plan, ETAG, &tag);
    put(&mut plan, VARY, "Accept");
    plan
}

fn empty(status: StatusCode) -> Plan {
    let mut plan = output::plan(status, HeaderValue::from_static(""), Body::Empty);
    plan.headers.remove(CONTENT_TYPE);
    put(&mut plan, VARY, "Accept");
    plan
}

fn put(plan: &mut Plan, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        plan.headers.insert(name, value);
    }
}

/// A form of a document.
enum Form {
    Json,
    Other,
}

/// The first form that the client accepts: JSON, or one of `others`.
fn accepted(request: &ApiRequest<'_>, others: &[&str]) -> Option<Form> {
    let given = request.headers.get_all(ACCEPT).iter().filter(|value| !value.is_empty());
    let mut accepted = given.peekable();
    if accepted.peek().is_none() {
        return Some(Form::Json);
    }
    let clauses =
        accepted.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    let mut media = clauses.map(|clause| clause.split(';').next().unwrap_or_default().trim());
    media.find_map(|media| match media {
        "application/json" | "application/*" | "*/*" | "*" | "*/json" => Some(Form::Json),
        other => others.contains(&other).then_some(Form::Other),
    })
}
