//! An exchange in `WireMock`'s shapes: a serve event (`C/stubbing/ServeEvent.java`), which clients
//! read strictly, and the logged request in it (`C/verification/LoggedRequest.java`), which may
//! have more fields. Data that `WireMock` does not have is in one of these, `standin`.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONTENT_TYPE, COOKIE, HOST, HeaderName};
use http::{Uri, Version};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::message::parameters::{self, Parameters};
use crate::message::{DEFAULT_WORLD, FaultPoint, Origin, decoded};

use super::exchange::Exchange;
use super::shown::{Fields, Shown, Text};

impl Exchange {
    /// Returns the JSON of `/__admin/requests`: a serve event of `WireMock`, with additional data
    /// in `request.standin`.
    pub fn to_json(&self) -> Value {
        serve_event(self)
    }

    /// Returns the request as JSON, as `/__admin/requests/find` shows it: a logged request of
    /// `WireMock`.
    pub(crate) fn request_to_json(&self) -> Value {
        logged_request(self)
    }
}

/// Returns a serve event.
fn serve_event(exchange: &Exchange) -> Value {
    let shown = Shown::of(exchange);
    let entry = &exchange.entry;
    let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(0);
    let (added, process) = (milliseconds(entry.delay()), milliseconds(entry.took));
    json!({
        "id": exchange.id.to_string(),
        "request": request(exchange, &shown),
        "stubMapping": stub_mapping(exchange),
        "responseDefinition": response_definition(exchange, &shown),
        "response": response(exchange, &shown),
        "wasMatched": exchange.origin != Origin::Unmatched,
        "timing": {
            "addedDelay": added,
            "processTime": process,
            // The answer is recorded before it is sent.
            "responseSendTime": 0,
            "serveTime": process,
            "totalTime": process + added,
        },
        "subEvents": sub_events(exchange, &shown),
    })
}

/// Returns a logged request.
fn logged_request(exchange: &Exchange) -> Value {
    request(exchange, &Shown::of(exchange))
}

fn request(exchange: &Exchange, shown: &Shown) -> Value {
    let entry = &exchange.entry;
    let origin = RequestOrigin::of(exchange);
    let headers = &shown.headers;
    let body = shown.body.text();
    let query = shown.target.split_once('?').map_or("", |(_, query)| query);
    let form = if decoded::is_form(&exchange.headers) { body.as_str() } else { "" };
    // Written by a clock of this program: it is not a date that cannot be one.
    let at = Timestamp::try_from(exchange.at).unwrap_or_default();
    let mut request = json!({
        "url": shown.target,
        "absoluteUrl": format!("{}{}", origin.url(), shown.target),
        "method": exchange.method.as_str().to_ascii_uppercase(),
        "clientIp": client_address(exchange, headers),
        "headers": fields(headers, |name| written(name, entry.version)),
        "cookies": cookies(headers),
        "browserProxyRequest": false,
        "loggedDate": at.as_millisecond(),
        "loggedDateString": format!("{at:.3}"),
        "body": body,
        "bodyAsBase64": STANDARD.encode(&shown.body.bytes),
        "protocol": format!("{:?}", entry.version),
        "scheme": origin.scheme,
        "host": origin.host,
        "port": origin.port,
        "queryParams": parameters(&parameters::of_query(query)),
        "formParams": parameters(&parameters::of_form(form, decoded::content_type(&exchange.headers))),
    });
    if let Some(standin) = standin(exchange) {
        request["standin"] = standin;
    }
    request
}

/// Returns the data that `WireMock` does not have, or `None` if there is none beyond an answering
/// stub or a miss.
fn standin(exchange: &Exchange) -> Option<Value> {
    let entry = &exchange.entry;
    let by_stub = matches!(exchange.origin, Origin::Stub(_) | Origin::Unmatched);
    let is_default = &*exchange.world == DEFAULT_WORLD;
    // A fault of the stub's own is in its mapping.
    let has_fault = exchange.fault.is_some()
        && entry.stub.as_ref().is_none_or(|stub| own_fault(&stub.mapping()).is_none());
    let mut standin = Map::new();
    if !by_stub || !is_default || has_fault {
        let duration = u64::try_from(entry.took.as_micros()).unwrap_or(u64::MAX);
        standin.insert("number".to_owned(), exchange.number.into());
        standin.insert("world".to_owned(), (*exchange.world).into());
        standin.insert("answeredBy".to_owned(), exchange.origin.label().into());
        standin.insert("id".to_owned(), json!(exchange.origin.id()));
        standin.insert("fault".to_owned(), exchange.fault.into());
        if let Some(at) = entry.fault_at() {
            standin.insert("faultAt".to_owned(), place(at));
        }
        standin.insert("durationMicroseconds".to_owned(), duration.into());
    }
    let is_known = !by_stub || exchange.hint().is_some() || entry.rule().is_some();
    if is_known && let Some((verb, resource)) = exchange.verb_and_resource() {
        standin.insert("verb".to_owned(), verb.into());
        standin.insert("resource".to_owned(), resource.into());
    }
    if let Some(rule) = entry.rule() {
        standin.insert("rule".to_owned(), (**rule).into());
    }
    if let Some(hint) = exchange.hint() {
        standin.insert("hint".to_owned(), hint.into());
    }
    // A body of which only the beginning is kept, with its length in bytes where that is known.
    if !entry.has_whole_body() {
        standin.insert("bodyCut".to_owned(), json!({"bytes": entry.body_length}));
    }
    let (response, whole) = entry.response_body();
    if whole.is_none_or(|whole| whole > response.len() as u64) {
        standin.insert("responseBodyCut".to_owned(), json!({"bytes": whole}));
    }
    (!standin.is_empty()).then(|| standin.into())
}

/// Returns a place within an answer, as scenarios write it.
fn place(at: FaultPoint) -> Value {
    match at {
        FaultPoint::BeforeHeaders => "before_headers".into(),
        FaultPoint::AfterHeaders => "after_headers".into(),
        FaultPoint::AfterBytes(bytes) => json!({"bytes": bytes}),
    }
}

fn stub_mapping(exchange: &Exchange) -> Value {
    if let Some(stub) = &exchange.entry.stub {
        return stub.mapping();
    }
    let id = exchange.no_stub.to_string();
    json!({
        "id": id,
        "uuid": id,
        "request": {"method": "ANY"},
        "response": no_definition(exchange),
    })
}

/// Returns the response of another origin in the form of a stub's response.
fn no_definition(exchange: &Exchange) -> Value {
    match exchange.origin {
        Origin::Unmatched => json!({"status": 404, "fromConfiguredStub": false}),
        _ => json!({"status": exchange.status.as_u16()}),
    }
}

/// Returns the response as the stub has it; rendered where it is a template.
fn response_definition(exchange: &Exchange, shown: &Shown) -> Value {
    let Some(stub) = &exchange.entry.stub else { return no_definition(exchange) };
    let mut definition = stub.mapping()["response"].take();
    let Some(fields) = definition.as_object_mut() else { return json!({"status": 200}) };
    let is_template = |names: &Value| {
        names.as_array().is_some_and(|names| names.iter().any(|name| name == "response-template"))
    };
    if fields.get("transformers").is_some_and(is_template) {
        render_body(fields, shown);
        if let Some(headers) = fields.get_mut("headers").and_then(Value::as_object_mut) {
            render_headers(headers, shown);
        }
    }
    definition
}

/// Puts the rendered body in its field (`applyTemplatedResponseBody` of `ResponseTemplateTransformer.java`): JSON stays
/// JSON, a file keeps its name, and bytes are no template.
fn render_body(definition: &mut Map<String, Value>, shown: &Shown) {
    let has = |field: &str| definition.get(field).is_some_and(|value| !value.is_null());
    let parameters = definition.get("transformerParameters");
    let is_plain_file = parameters.is_some_and(|of| of["disableBodyFileTemplating"] == true);
    let (is_text, is_json, is_file) = (has("body"), has("jsonBody"), has("bodyFileName"));
    if is_file && !is_text && !is_json && is_plain_file {
        return;
    }
    let text = shown.response_body.text();
    if !is_text && is_json {
        let rendered = serde_json::from_str(&text).unwrap_or_else(|_| text.into());
        definition.insert("jsonBody".to_owned(), rendered);
    } else if is_text || is_file {
        definition.insert("body".to_owned(), text.into());
    }
}

/// Puts the rendered values of header fields in place of their templates.
fn render_headers(definition: &mut Map<String, Value>, shown: &Shown) {
    for (name, value) in definition {
        let Ok(name) = HeaderName::try_from(name.as_str()) else { continue };
        let mut sent = shown.response_headers.all(&name).map(Value::from);
        match value {
            Value::Array(values) => {
                values.iter_mut().zip(sent).for_each(|(value, sent)| *value = sent);
            }
            value => *value = sent.next().unwrap_or_else(|| value.take()),
        }
    }
}

fn response(exchange: &Exchange, shown: &Shown) -> Value {
    // What the client reads then is the report, which is a sub-event.
    let unmatched = exchange.origin == Origin::Unmatched;
    let empty = Text::default();
    let body = if unmatched { &empty } else { &shown.response_body };
    let mut response = json!({
        "status": exchange.status.as_u16(),
        "body": body.text(),
        "bodyAsBase64": STANDARD.encode(&body.bytes),
    });
    let own = exchange.entry.stub.as_ref().map(|stub| stub.mapping());
    if let Some(fault) = own.as_ref().and_then(own_fault) {
        response["fault"] = fault.clone();
    }
    if !unmatched && !shown.response_headers.0.is_empty() {
        let own = own.as_ref().and_then(|mapping| mapping["response"]["headers"].as_object());
        let as_in_stub = |name: &HeaderName| {
            let is = |own: &&String| own.eq_ignore_ascii_case(name.as_str());
            let own = own.and_then(|own| own.keys().find(is));
            own.cloned().unwrap_or_else(|| written_name(name))
        };
        response["headers"] = fields(&shown.response_headers, as_in_stub);
    }
    response
}

/// Returns the fault that a stub mapping has.
fn own_fault(mapping: &Value) -> Option<&Value> {
    mapping["response"].get("fault").filter(|fault| !fault.is_null())
}

fn sub_events(exchange: &Exchange, shown: &Shown) -> Vec<Value> {
    let entry = &exchange.entry;
    let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(0);
    let own = entry.all_sub_events().into_iter().map(|(after, event)| {
        let mut shown = json!({"type": event.kind, "data": event.data});
        // What a pattern or a template complains of has no time in WireMock's journal.
        if !matches!(event.kind, "WARNING" | "ERROR" | "JSON_ERROR") {
            shown["timeOffsetNanos"] = nanoseconds(after).into();
        }
        shown
    });
    let mut events: Vec<Value> = own.collect();
    if exchange.origin == Origin::Unmatched {
        let media = shown.response_headers.all(&CONTENT_TYPE).next().unwrap_or_default();
        events.push(json!({
            "type": "REQUEST_NOT_MATCHED",
            "timeOffsetNanos": nanoseconds(entry.took),
            "data": {
                "status": exchange.status.as_u16(),
                "contentType": media.split(';').next(),
                "report": shown.response_body.text(),
            },
        }));
    }
    events
}

/// The origin that a request was sent to.
struct RequestOrigin {
    scheme: String,
    host: String,
    port: u16,
}

impl RequestOrigin {
    fn of(exchange: &Exchange) -> Self {
        let named = Uri::try_from(exchange.entry.origin_of_target()).ok();
        let of_connection = if exchange.entry.tls { "https" } else { "http" };
        let scheme = named.as_ref().and_then(Uri::scheme_str).unwrap_or(of_connection).to_owned();
        let host = exchange.headers.get(HOST).and_then(|value| value.to_str().ok());
        let authority = named.as_ref().and_then(Uri::authority).cloned();
        let authority = authority.or_else(|| host?.parse().ok());
        let default = if scheme == "https" { 443 } else { 80 };
        Self {
            port: authority.as_ref().and_then(http::uri::Authority::port_u16).unwrap_or(default),
            host: authority.map(|authority| authority.host().to_owned()).unwrap_or_default(),
            scheme,
        }
    }

    fn url(&self) -> String {
        let Self { scheme, host, port } = self;
        match (scheme.as_str(), port) {
            ("http", 80) | ("https", 443) => format!("{scheme}://{host}"),
            _ => format!("{scheme}://{host}:{port}"),
        }
    }
}

/// Returns the client's address, or the one that a proxy reports.
fn client_address(exchange: &Exchange, headers: &Fields) -> String {
    let forwarded = HeaderName::from_static("x-forwarded-for");
    let forwarded = headers.all(&forwarded).next().filter(|value| !value.is_empty());
    match (forwarded, exchange.entry.peer) {
        (Some(forwarded), _) => forwarded.to_owned(),
        (None, Some(peer)) => peer.ip().to_canonical().to_string(),
        (None, None) => String::new(),
    }
}

/// Fields by name, with a list where one has several values.
fn fields(fields: &Fields, name: impl Fn(&HeaderName) -> String) -> Value {
    let mut all: Map<String, Value> = Map::new();
    for (field, value) in &fields.0 {
        add(&mut all, name(field), value);
    }
    all.into()
}

/// Adds a value; where there is one already, it becomes a list.
fn add(all: &mut Map<String, Value>, name: String, value: &str) {
    match all.get_mut(&name) {
        None => {
            all.insert(name, value.into());
        }
        Some(Value::Array(values)) => values.push(value.into()),
        Some(first) => *first = json!([first.take(), value]),
    }
}

/// Returns the name of a field as it was sent; over HTTP/1.1, as clients write it.
fn written(name: &HeaderName, version: Version) -> String {
    if version == Version::HTTP_2 { name.as_str().to_owned() } else { written_name(name) }
}

/// Returns the name of a field as programs write it over HTTP/1.1. The case in which it was sent is
/// not kept.
pub(crate) fn written_name(name: &HeaderName) -> String {
    match name.as_str() {
        "etag" => return "ETag".to_owned(),
        "www-authenticate" => return "WWW-Authenticate".to_owned(),
        "te" => return "TE".to_owned(),
        _ => {}
    }
    let part = |part: &str| {
        let mut part = part.to_owned();
        if let Some(first) = part.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        part
    };
    name.as_str().split('-').map(part).collect::<Vec<_>>().join("-")
}

fn cookies(headers: &Fields) -> Value {
    let mut all = Map::new();
    for pair in headers.all(&COOKIE).flat_map(|line| line.split(';')) {
        if let Some((name, value)) = pair.trim().split_once('=') {
            add(&mut all, name.to_owned(), value.trim_matches('"'));
        }
    }
    all.into()
}

/// Returns the parameters of a query, as a logged request has them.
pub(crate) fn query_to_json(query: &str) -> Value {
    parameters(&parameters::of_query(query))
}

/// Returns the parameters of a query or a form: `{"a": {"key": "a", "values": ["1", "2"]}}`.
fn parameters(of: &Parameters<'_>) -> Value {
    let mut all: Map<String, Value> = Map::new();
    for (key, value) in of {
        let of_key = all.entry(&**key).or_insert_with(|| json!({"key": key, "values": []}));
        if let Some(values) = of_key["values"].as_array_mut() {
            values.push((**value).into());
        }
    }
    all.into()
}
