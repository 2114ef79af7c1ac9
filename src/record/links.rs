//! Links while recording: the client gets those that lead to the proxy, the recording keeps those of the backend and
//! says which they are.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt as _, stream};
use http::header::{CONTENT_LENGTH, HeaderName};
use http::{HeaderMap, HeaderValue};
use serde_json::{Map, Value, json};

use crate::links::{
    ClientBase, LINKS_PARAMETER, LINKS_TRANSFORMER, Links, Rewriting, is_rewritten, kept_because,
};
use crate::message::{Body, BodyStream, Request};

/// A body up to this size, in bytes, is read before its head is sent, so that its length can be announced.
const ANNOUNCED: usize = 64 << 10;

/// How long such a body is waited for. A slower one goes out in chunks.
const PATIENCE: Duration = Duration::from_millis(100);

/// The links in the answer to one request.
#[derive(Debug)]
pub(super) struct AnswerLinks {
    links: Arc<Links>,
    base: ClientBase,
    target: String,
}

impl AnswerLinks {
    /// For the answer to a request, whose fields that name the server are rewritten for the backend.
    pub(super) fn of(links: &Arc<Links>, request: &mut Request) -> Option<Self> {
        let base = ClientBase::of(request)?;
        let target = request.target().to_owned();
        links.fields_to_backend(&mut request.headers, &target, &base);
        Some(Self { links: Arc::clone(links), base, target })
    }

    /// The body of an answer for the client, with its header fields.
    pub(super) async fn rewrite(self, headers: &mut HeaderMap, mut body: BodyStream) -> Body {
        let Self { links, base, target } = self;
        links.fields_to_client(headers, &target, &base);
        if !is_rewritten(headers) {
            return Body::Stream(body);
        }
        let length =
            headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        let mut begun = Bytes::new();
        if length.is_some_and(|length: usize| length <= ANNOUNCED) {
            let mut read = BytesMut::new();
            let whole = tokio::time::timeout(PATIENCE, async {
                while let Some(piece) = body.next().await {
                    read.extend_from_slice(&piece?);
                }
                Ok(())
            });
            let whole = whole.await;
            begun = read.freeze();
            match whole {
                Ok(Ok(())) if Some(begun.len()) == length => {
                    if let Some(new) = links.to_client(&begun, &base) {
                        headers.insert(CONTENT_LENGTH, new.len().into());
                        begun = new.into();
                    }
                    return Body::Bytes(begun);
                }
                // An answer without a body, or a broken one: it goes on as it came.
                Ok(end) => {
                    let end = stream::iter(end.err().map(Err));
                    let begun = (!begun.is_empty()).then_some(Ok(begun));
                    return Body::Stream(Box::pin(stream::iter(begun).chain(end)));
                }
                Err(_) => {}
            }
        }
        headers.remove(CONTENT_LENGTH);
        let begun = (!begun.is_empty()).then_some(Ok(begun));
        pieces(links, base, Box::pin(stream::iter(begun).chain(body)))
    }
}

/// A body that is rewritten while it arrives.
fn pieces(links: Arc<Links>, base: ClientBase, body: BodyStream) -> Body {
    let rewriting = Rewriting::new(&links, base);
    let pieces = stream::unfold(Some((body, rewriting)), move |state| {
        let links = Arc::clone(&links);
        async move {
            let (mut body, mut rewriting) = state?;
            loop {
                let (ready, next) = match body.next().await {
                    Some(Ok(piece)) => (Ok(rewriting.push(&links, piece)), Some((body, rewriting))),
                    Some(Err(error)) => (Err(error), None),
                    None => (Ok(rewriting.finish(&links)), None),
                };
                match (ready, next) {
                    (Ok(ready), Some(next)) if ready.is_empty() => (body, rewriting) = next,
                    (Ok(ready), None) if ready.is_empty() => return None,
                    (ready, next) => return Some((ready, next)),
                }
            }
        }
    });
    Body::Stream(Box::pin(pieces))
}

/// Says in a mapping which links are in its answer. `target` is that of its request, `file` the content of the file
/// that has its body.
pub(super) fn mark(links: &Links, target: &str, mapping: &mut Value, file: Option<&[u8]>) {
    let Some(response) = mapping.get_mut("response").and_then(Value::as_object_mut) else { return };
    let headers = fields(response);
    let in_fields = links.are_in_fields(&headers, target);
    let in_body = file.map_or_else(|| are_in_body(links, response), |bytes| links.are_in(bytes));
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
fn are_in_body(links: &Links, response: &Map<String, Value>) -> bool {
    let text = |value: Option<&Value>| {
        value.and_then(Value::as_str).is_some_and(|text| links.are_in(text.as_bytes()))
    };
    let decoded = |value: Option<&Value>| {
        let bytes = value.and_then(Value::as_str).and_then(|text| STANDARD.decode(text).ok());
        bytes.is_some_and(|bytes| links.are_in(&bytes))
    };
    text(response.get("body"))
        || decoded(response.get("base64Body"))
        || response.get("jsonBody").is_some_and(|json| links.are_in(json.to_string().as_bytes()))
}
