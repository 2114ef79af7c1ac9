//! Near misses: the stubs that are nearest to a request, and the requests that are nearest to a pattern
//! (`C/verification/NearMissCalculator.java`).

use http::header::{HOST, HeaderName, HeaderValue};
use http::{Method, Uri};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::document::{Node, read_body};
use crate::exchange::{Lookup, Slot};
use crate::matching::{ComparedPart, MissSearch, NearMiss, RequestQuery, StubSet, compared_parts};
use crate::message::{Asked, Plan, Request, RequestBody};

use super::super::super::context::RequestContext;
use super::super::reply::{AdminError, absent, ok};
use super::find::{own, pause};
use super::is_own;

/// How many near misses of one request or pattern are shown.
const SHOWN: usize = 3;

/// Of how many unmatched requests near misses are looked for: the newest.
const REQUESTS: usize = 1000;

/// The stubs that are nearest to each request that nothing answered, the newest request first.
pub(super) async fn of_unmatched(context: &RequestContext) -> Plan {
    let stubs = context.shared.stubs.load_full();
    let journal = &context.shared.journal;
    let mut slots = own(context, Lookup::Unmatched).await;
    slots.reverse();
    slots.truncate(REQUESTS);
    let mut shown = Vec::new();
    for slot in slots {
        let nearest = nearest(&stubs, slot.request()).await;
        let request = journal.exchange(slot).request_to_json();
        shown.extend(nearest.iter().map(|near| near_stub(&request, near)));
    }
    ok(&json!({"nearMisses": shown}))
}

/// The stubs that are nearest to a request that the body describes, as a logged request.
pub(super) async fn of_request(context: &RequestContext, body: &[u8]) -> Result<Plan, AdminError> {
    let (written, request) = logged_request(body)?;
    let stubs = context.shared.stubs.load_full();
    let nearest = nearest(&stubs, request).await;
    let shown: Vec<Value> = nearest.iter().map(|near| near_stub(&written, near)).collect();
    Ok(ok(&json!({"nearMisses": shown})))
}

/// The stubs that are nearest to a request of the journal, each beside it, part by part.
pub(super) async fn differences(context: &RequestContext, id: Uuid) -> Result<Plan, AdminError> {
    let journal = &context.shared.journal;
    let Some(slot) = journal.find(id).filter(|slot| is_own(context, slot)) else {
        return Ok(absent());
    };
    journal.settle(std::slice::from_ref(&slot)).await;
    let request = slot.request();
    let stubs = context.shared.stubs.load_full();
    let redactor = &context.shared.settings.redactor;
    let asked = Asked::new(&request);
    let mut search = MissSearch::new(&stubs);
    while search.step(&asked) {
        tokio::task::yield_now().await;
    }
    let shown = |near: NearMiss| {
        let scenario = near.stub.scenario();
        let state = scenario.map(|scenario| context.world.stub_states.get(&scenario.name));
        let parts = compared_parts(&near.stub, &asked, state.as_deref(), redactor);
        let parts: Vec<Value> = parts.into_iter().map(part).collect();
        json!({"stubMapping": near.stub.mapping(), "distance": near.distance, "parts": parts})
    };
    let nearest: Vec<Value> = search.nearest().into_iter().map(shown).collect();
    Ok(ok(&json!({"nearest": nearest})))
}

fn part(of: ComparedPart) -> Value {
    let ComparedPart { part, expected, actual, difference } = of;
    json!({"part": part, "expected": expected, "actual": actual, "difference": difference})
}

/// The requests of the journal that are nearest to a pattern.
pub(super) async fn of_pattern(context: &RequestContext, body: &[u8]) -> Result<Plan, AdminError> {
    let query = RequestQuery::read(body).map_err(AdminError::Json)?;
    let journal = &context.shared.journal;
    // The newest comes first among equally near ones.
    let slots = own(context, Lookup::All).await.into_iter().rev();
    let mut nearest: Vec<(f64, Slot)> = Vec::new();
    for (at, slot) in slots.enumerate() {
        let distance = query.distance(&slot.request());
        let place = nearest.partition_point(|(other, _)| *other <= distance);
        if place < SHOWN {
            nearest.insert(place, (distance, slot));
            nearest.truncate(SHOWN);
        }
        pause(at).await;
    }
    let shown: Vec<Value> = nearest
        .into_iter()
        .map(|(distance, slot)| {
            json!({
                "request": journal.exchange(slot).request_to_json(),
                "requestPattern": query.to_json(),
                "matchResult": match_result(distance),
            })
        })
        .collect();
    Ok(ok(&json!({"nearMisses": shown})))
}

/// The search, with pauses in which other requests are answered.
async fn nearest(stubs: &StubSet, request: Request) -> Vec<NearMiss> {
    let asked = Asked::new(&request);
    let mut search = MissSearch::new(stubs);
    while search.step(&asked) {
        tokio::task::yield_now().await;
    }
    search.nearest()
}

fn near_stub(request: &Value, near: &NearMiss) -> Value {
    json!({
        "request": request,
        "stubMapping": near.stub.mapping(),
        "matchResult": match_result(near.distance),
    })
}

fn match_result(distance: f64) -> Value {
    json!({"subEvents": [], "diffDescriptions": [], "distance": distance})
}

/// Reads a logged request: the request, and what is shown of it again.
fn logged_request(body: &[u8]) -> Result<(Value, Request), AdminError> {
    let read = |node: &Node<'_>| {
        if !node.value().is_object() {
            node.expected("a logged request: {\"url\": \"/a\", \"method\": \"GET\", ..}");
        }
        Some(node.value().clone())
    };
    let value = read_body(body, read).map_err(AdminError::Json)?;
    let url = value["url"].as_str().unwrap_or("/");
    // WireMock compares any text; a request has a path.
    let url = if url.starts_with('/') { url.to_owned() } else { format!("/{url}") };
    let bad =
        |what: &str| AdminError::Invalid(format!("{what} of the logged request is not valid"));
    let uri: Uri = url.parse().map_err(|_| bad("url"))?;
    let method = value["method"].as_str().unwrap_or("GET");
    let mut request = Request::new(Method::GET, "/");
    request.method = Method::from_bytes(method.as_bytes()).map_err(|_| bad("method"))?;
    request.uri = uri;
    let absolute = value["absoluteUrl"].as_str().and_then(|url| url.parse::<Uri>().ok());
    if let Some(host) = absolute.as_ref().and_then(Uri::authority) {
        let host = HeaderValue::from_str(host.as_str()).map_err(|_| bad("absoluteUrl"))?;
        request.headers.insert(HOST, host);
    }
    for (name, values) in value["headers"].as_object().into_iter().flatten() {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad("headers"))?;
        let values = match values {
            Value::Array(values) => values.as_slice(),
            value => std::slice::from_ref(value),
        };
        request.headers.remove(&name);
        for text in values.iter().filter_map(Value::as_str) {
            let value = HeaderValue::from_str(text).map_err(|_| bad("headers"))?;
            request.headers.append(&name, value);
        }
    }
    let body = value["bodyAsBase64"].as_str().and_then(base64);
    let body = body.or_else(|| Some(value["body"].as_str()?.as_bytes().to_vec()));
    if let Some(body) = body.filter(|body| !body.is_empty()) {
        request.body = RequestBody::Bytes(body.into());
    }
    Ok((value, request))
}

fn base64(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}
