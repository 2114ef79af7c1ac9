//! An exchange → a span, with the names that OpenTelemetry has for what servers know (semantic conventions for HTTP).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::header::USER_AGENT;

use crate::Exchange;
use crate::message::Origin;

use super::messages::{KeyValue, Span, SpanKind, Status, StatusCode, Value};
use super::parent::Parent;

/// Flags of a span: the trace is recorded (W3C), and its parent is of another process (OTLP).
const RECORDED: u32 = 0x1;
const WITH_PARENT: u32 = RECORDED | 0x300;

/// The span of an exchange; nothing where its client does not record the trace.
pub(super) fn of(exchange: &Exchange) -> Option<Span> {
    let parent = Parent::of(&exchange.headers);
    if parent.as_ref().is_some_and(|parent| !parent.is_sampled) {
        return None;
    }
    let random = || uuid::Uuid::new_v4().into_bytes();
    let (trace, parent_span, state, flags) = match parent {
        Some(Parent { trace, span, state, .. }) => (trace, span.to_vec(), state, WITH_PARENT),
        None => (random(), Vec::new(), String::new(), RECORDED),
    };
    let began = exchange.at.checked_sub(exchange.took).unwrap_or(exchange.at);
    let status = exchange.status;
    Some(Span {
        trace_id: trace.to_vec(),
        // The first half of a random UUID has the fewest fixed bits.
        span_id: random()[..8].to_vec(),
        trace_state: state,
        parent_span_id: parent_span,
        name: name(exchange),
        kind: SpanKind::Server.into(),
        start_time_unix_nano: nanoseconds(began),
        // With the time that the response waits on purpose: the client sees it too.
        end_time_unix_nano: nanoseconds(exchange.at + exchange.delay()),
        attributes: attributes(exchange),
        status: status
            .is_server_error()
            .then(|| Status { message: String::new(), code: StatusCode::Error.into() }),
        flags,
    })
}

/// The method and what it is about: few different names, so no paths.
fn name(exchange: &Exchange) -> String {
    if exchange.origin == Origin::Kubernetes
        && let Some((verb, resource)) = exchange.verb_and_resource()
    {
        return format!("{verb} {resource}");
    }
    match exchange.stub_name() {
        Some(name) => format!("{} {name}", exchange.method),
        None => exchange.method.to_string(),
    }
}

fn attributes(exchange: &Exchange) -> Vec<KeyValue> {
    let mut all = Vec::new();
    let mut put = |key: &str, value: Option<Value>| {
        all.extend(value.map(|value| KeyValue::new(key, value)));
    };
    let target = exchange.shown_target();
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (&*target, None),
    };
    put("http.request.method", Some(exchange.method.as_str().into()));
    put("http.response.status_code", Some(i64::from(exchange.status.as_u16()).into()));
    put("url.scheme", Some(if exchange.is_tls() { "https" } else { "http" }.into()));
    put("url.path", Some(path.into()));
    put("url.query", query.map(Value::from));
    put("user_agent.original", exchange.shown_header(&USER_AGENT).map(Value::from));
    put("client.address", exchange.peer().map(|peer| peer.ip().to_string().into()));
    put("client.port", exchange.peer().map(|peer| i64::from(peer.port()).into()));
    put("error.type", exchange.status.is_server_error().then(|| exchange.status.as_str().into()));
    put("standin.stage", Some(exchange.origin.label().into()));
    put("standin.world", Some((&*exchange.world).into()));
    put("standin.rule", exchange.rule().map(Value::from));
    put("standin.fault", exchange.fault.map(Value::from));
    put("standin.stub", exchange.origin.id().map(|id| id.to_string().into()));
    put("standin.exchange", Some(exchange.id.to_string().into()));
    let delay = i64::try_from(exchange.delay().as_millis()).ok().filter(|delay| *delay > 0);
    put("standin.delay_ms", delay.map(Value::from));
    if let Some((verb, resource)) =
        exchange.verb_and_resource().filter(|_| exchange.origin == Origin::Kubernetes)
    {
        put("standin.verb", Some(verb.into()));
        put("standin.resource", Some(resource.into()));
    }
    all
}

fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
