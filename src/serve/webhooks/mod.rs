//! Requests that stubs send after their answer. They never delay an answer, and their outcome is in the journal.

mod under_way;

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::exchange::{query_to_json, written_name};
use crate::matching::{Stub, WebhookRequest};
use crate::message::{BodyStream, Request, RequestBody, SubEvent};
use crate::record::SendError;
use crate::redact::{Media, Redacted};

use super::context::RequestContext;
use super::proxied::in_words_of_apache;
use super::stub_answers;

pub(crate) use under_way::WebhooksUnderWay;

/// How many webhooks may wait or be under way; more are not sent.
const MOST: usize = 1_000;

/// How much of an answer the journal shows, in bytes.
const SHOWN: usize = 64 << 10;

/// A webhook that waits or is under way, until it is dropped.
struct UnderWay(RequestContext);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.shared.webhooks.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The exchange that webhooks belong to.
#[derive(Clone)]
pub(super) struct After {
    /// Its number in the journal; nothing where it is not kept.
    pub(super) exchange: Option<u64>,
    /// Its id there.
    pub(super) id: Uuid,
    /// How long its answer waits.
    pub(super) delay: Duration,
}

/// Sends the webhooks of a stub that has answered a request.
pub(super) fn send(context: &RequestContext, request: &Request, stub: &Arc<Stub>, after: &After) {
    if !stub.has_webhooks() {
        return;
    }
    let requests =
        stub_answers::with_context(context, request, Some(after.id), |of| stub.webhooks(of));
    for request in requests {
        match request {
            Ok(request) => begin(context, request, after, stub),
            Err(why) => {
                let text = format!("Exception thrown while configuring webhook: {why}");
                failed(context, after, stub, &text);
            }
        }
    }
}

fn begin(context: &RequestContext, request: WebhookRequest, after: &After, stub: &Arc<Stub>) {
    let event = sent_event(context, &request);
    add_event(context, after, event);
    let under_way = context.shared.webhooks.0.fetch_add(1, Ordering::Relaxed);
    let held = UnderWay(context.clone());
    let what = format!("Failed to fire webhook {} {}", request.method, request.url);
    if under_way >= MOST {
        let text = format!("{what}: {MOST} others wait already");
        return failed(context, after, stub, &text);
    }
    let (after, stub) = (after.clone(), Arc::clone(stub));
    tokio::spawn(async move {
        let UnderWay(context) = &held;
        tokio::time::sleep(after.delay + request.delay).await;
        let url = request.url.clone();
        let text = match perform(context, request).await {
            Ok(event) => return add_event(context, &after, event),
            Err(SendError::Denied) => {
                let title = title(&stub);
                format!(
                    "The target webhook address {url} specified by stub {title} is denied in WireMock's configuration."
                )
            }
            Err(error) => format!("{what}: {}", in_words_of_apache(&url, &error.to_string())),
        };
        failed(context, &after, &stub, &text);
    });
}

/// What people call a stub.
fn title(stub: &Stub) -> Cow<'_, str> {
    stub.name().map_or_else(|| stub.id.to_string().into(), Cow::Borrowed)
}

/// Puts a failure into the journal and into the log, both without secrets.
fn failed(context: &RequestContext, after: &After, stub: &Stub, text: &str) {
    let settings = &context.shared.settings;
    let text = settings.redactor.line(text);
    settings.log.line(&format!("webhook of stub {}: {text}", title(stub)));
    add_event(context, after, SubEvent::error(text));
}

fn add_event(context: &RequestContext, after: &After, event: SubEvent) {
    if let Some(number) = after.exchange {
        context.shared.journal.add_sub_event(number, event);
    }
}

async fn perform(context: &RequestContext, webhook: WebhookRequest) -> Result<SubEvent, SendError> {
    let WebhookRequest { method, url, headers, body, .. } = webhook;
    let uri: Uri = url.parse().map_err(|error| SendError::Network(format!("{error}")))?;
    if uri.scheme().is_none() || uri.host().is_none() {
        return Err(SendError::Network(format!("{url:?} is not an absolute URL")));
    }
    let body = if body.is_empty() { RequestBody::Empty } else { RequestBody::Bytes(body) };
    let mut request = http::Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    let client = context.shared.outbound().map_err(SendError::Network)?;
    let (head, stream) = client.send(request).await?.into_parts();
    let body = first_bytes(stream).await?;
    let mut data = shown(context, &url, &head.headers, &body);
    data.insert("status".to_owned(), head.status.as_u16().into());
    Ok(SubEvent { kind: "WEBHOOK_RESPONSE", data, ..SubEvent::new("", "") })
}

async fn first_bytes(mut stream: BodyStream) -> Result<Bytes, SendError> {
    let mut read = BytesMut::new();
    while read.len() < SHOWN
        && let Some(piece) = stream.next().await
    {
        let piece = piece.map_err(|error| SendError::Network(error.to_string()))?;
        read.extend_from_slice(&piece[..piece.len().min(SHOWN - read.len())]);
    }
    Ok(read.freeze())
}

/// A webhook as a logged request (`C/verification/LoggedRequest.java`), of which one without a body has none.
fn sent_event(context: &RequestContext, request: &WebhookRequest) -> SubEvent {
    let redactor = &context.shared.settings.redactor;
    let url = redactor.target(&request.url).clone();
    let mut data = shown(context, &request.url, &request.headers, &request.body);
    if request.body.is_empty() {
        data.remove("body");
        data.remove("bodyAsBase64");
    }
    let uri = request.url.parse::<Uri>().ok();
    let path = uri.as_ref().and_then(|uri| uri.path_and_query().map(ToString::to_string));
    let path = path.map(|path| redactor.target(&path).clone());
    let query =
        path.as_deref().and_then(|path| path.split_once('?')).map_or("", |(_, query)| query);
    data.insert("queryParams".to_owned(), query_to_json(query));
    data.insert("formParams".to_owned(), json!({}));
    if let Some(uri) = &uri {
        let default = if uri.scheme_str() == Some("https") { 443 } else { 80 };
        data.insert("scheme".to_owned(), uri.scheme_str().into());
        data.insert("host".to_owned(), uri.host().into());
        data.insert("port".to_owned(), uri.port_u16().unwrap_or(default).into());
    }
    let at = context.world.clock.now();
    data.insert("loggedDate".to_owned(), at.as_millisecond().into());
    data.insert("loggedDateString".to_owned(), format!("{at:.3}").into());
    data.insert("browserProxyRequest".to_owned(), false.into());
    data.insert("url".to_owned(), path.into());
    data.insert("absoluteUrl".to_owned(), url.into());
    data.insert("method".to_owned(), request.method.as_str().into());
    SubEvent { kind: "WEBHOOK_REQUEST", data, ..SubEvent::new("", "") }
}

/// Header fields and a body as the journal shows them, without secrets.
fn shown(
    context: &RequestContext,
    url: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Map<String, Value> {
    let redactor = &context.shared.settings.redactor;
    let pass = (!redactor.is_off()).then(|| redactor.pass(url));
    let mut fields = Map::new();
    for name in headers.keys() {
        let values = headers.get_all(name).iter().map(|value: &HeaderValue| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            let hidden = |name: &HeaderName| pass.as_ref().map(|pass| pass.header(name, &value));
            Value::from(hidden(name).unwrap_or_else(|| value.clone()))
        });
        let mut values: Vec<Value> = values.collect();
        let value = if values.len() == 1 { values.remove(0) } else { Value::Array(values) };
        fields.insert(written_name(name), value);
    }
    let body: Cow<'_, [u8]> = match pass.map(|pass| pass.body(&Media::of(headers), body)) {
        None | Some(Redacted::Same) => Cow::Borrowed(body),
        Some(Redacted::Changed(bytes)) => Cow::Owned(bytes),
        Some(Redacted::Opaque(_)) => Cow::Borrowed(&[]),
    };
    let text = String::from_utf8_lossy(&body);
    Map::from_iter([
        ("headers".to_owned(), json!(fields)),
        ("body".to_owned(), json!(text)),
        ("bodyAsBase64".to_owned(), json!(STANDARD.encode(&body))),
    ])
}
