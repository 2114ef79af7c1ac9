//! `MockServer` expectations → stubs.
//!
//! The format: <https://www.mock-server.com/mock_server/creating_expectations.html>. Expectations of a higher priority
//! come first, then older ones. Texts are regular expressions for the whole value, as stubs have them too.

mod body;
mod field;

use serde_json::{Value, json};

use crate::document::{Keys, Node};

use super::regex;
use super::scalar::scalar;
use super::stub::{ImportedStub, RequestPattern, Response, first_wins, in_turn};
use field::{Wanted, fields};

/// The largest N of an expectation that answers N times, which becomes N states.
const MAX_TIMES: u64 = 100;

pub(super) fn convert(root: &Node<'_>) -> Vec<ImportedStub> {
    let list = if root.value().is_array() { root.items() } else { vec![root.clone()] };
    let mut ordered: Vec<(i64, usize, &Node<'_>)> = list
        .iter()
        .enumerate()
        .map(|(at, node)| {
            (node.value().get("priority").and_then(Value::as_i64).unwrap_or(0), at, node)
        })
        .collect();
    ordered.sort_by_key(|(priority, at, _)| (std::cmp::Reverse(*priority), *at));
    let mut stubs: Vec<ImportedStub> = ordered
        .into_iter()
        .flat_map(|(_, at, node)| expectation(node, at).unwrap_or_default())
        .collect();
    first_wins(&mut stubs);
    stubs
}

fn expectation(node: &Node<'_>, at: usize) -> Option<Vec<ImportedStub>> {
    let keys = node.keys()?;
    let id = keys.get("id").and_then(|node| scalar(node.value()));
    let name = id.unwrap_or_else(|| format!("expectation {at}"));
    let request = match keys.get("httpRequest") {
        Some(node) => request(&node)?,
        None => RequestPattern::default(),
    };
    let response = answer(node, &keys)?;
    if let Some(node) = keys.get("timeToLive")
        && node.value().get("unlimited") != Some(&json!(true))
    {
        node.warn("the stub does not expire", "a scenario's timeline changes answers with time");
    }
    let times = keys.get("times");
    let unlimited =
        times.as_ref().is_none_or(|node| node.value().get("unlimited") == Some(&json!(true)));
    let count = times.as_ref().and_then(|node| node.value().get("remainingTimes")?.as_u64());
    match (unlimited, count, times) {
        (false, Some(count), Some(times)) => {
            if count > MAX_TIMES {
                times.warn(
                    format!("it answers without end: {count} times are more than {MAX_TIMES}"),
                    "a scenario counts: steps: [{times: N, then: …}]",
                );
                return Some(vec![ImportedStub::new(name, request, response)]);
            }
            let count = usize::try_from(count).unwrap_or(1);
            Some(limited(&name, &request, response, count))
        }
        _ => Some(vec![ImportedStub::new(name, request, response)]),
    }
}

/// Returns stubs that answer a number of times, and then no longer.
fn limited(
    name: &str,
    request: &RequestPattern,
    response: Response,
    count: usize,
) -> Vec<ImportedStub> {
    let mut stubs = in_turn(name, request, &[(response, count)], false);
    if let Some(last) = stubs.last_mut() {
        last.set("scenarioName", name);
        if last.mapping.get("requiredScenarioState").is_none() {
            last.set("requiredScenarioState", "Started");
        }
        last.set("newScenarioState", "spent");
    }
    stubs
}

/// Converts the action of the expectation.
fn answer(node: &Node<'_>, keys: &Keys<'_>) -> Option<Response> {
    if let Some(node) = keys.get("httpResponse") {
        return response(&node.keys()?);
    }
    if let Some(forward) = keys.get("httpForward").and_then(|node| node.keys()) {
        let part = |key| forward.get(key).and_then(|node| scalar(node.value()));
        let scheme = part("scheme").unwrap_or_else(|| "HTTP".to_owned()).to_ascii_lowercase();
        let host = part("host").unwrap_or_else(|| "localhost".to_owned());
        let port = part("port").unwrap_or_else(|| "80".to_owned());
        let mut response = Response::default();
        response.set("proxyBaseUrl", format!("{scheme}://{host}:{port}"));
        delay(&forward, &mut response);
        return Some(response);
    }
    if let Some(error) = keys.get("httpError").and_then(|node| node.keys()) {
        let mut response = Response::default();
        if error.get("responseBytes").is_some() {
            error.node().warn("the bytes are not kept: random ones are sent", "");
            response.set("fault", "RANDOM_DATA_THEN_CLOSE");
        } else {
            response.set("fault", "EMPTY_RESPONSE");
        }
        delay(&error, &mut response);
        return Some(response);
    }
    let what = keys.present().find(|key| key.starts_with("http") && *key != "httpRequest");
    node.warn(
        format!("{} has no equivalent", what.unwrap_or("an expectation without an action")),
        "write the stub; response-template and proxyBaseUrl are there",
    );
    None
}

fn request(node: &Node<'_>) -> Option<RequestPattern> {
    let keys = node.keys()?;
    let mut request = RequestPattern::default();
    if keys.get("specUrlOrPayload").is_some() {
        node.warn("an OpenAPI document decides here", "import it: standin import openapi.yaml");
        return None;
    }
    if let Some(node) = keys.get("method") {
        let wanted = Wanted::read(&node)?;
        let plain = regex::is_plain(&wanted.text);
        match (plain, wanted.text.is_empty(), wanted.negated) {
            (_, true, _) => {}
            (true, _, false) => request.set("method", wanted.text.to_ascii_uppercase()),
            (true, _, true) => {
                request.set("method", json!({"noneOf": [wanted.text.to_ascii_uppercase()]}));
            }
            (false, ..) => {
                let names: Vec<&str> = wanted.text.split('|').collect();
                if !names.iter().all(|name| regex::is_plain(name)) {
                    node.warn("a method has no pattern here", "write a stub a method");
                    return None;
                }
                let key = if wanted.negated { "noneOf" } else { "oneOf" };
                request.set("method", json!({key: names}));
            }
        }
    }
    if let Some(node) = keys.get("path") {
        let wanted = Wanted::read(&node)?;
        if keys.get("pathParameters").is_some() && wanted.text.contains('{') {
            request.set("urlPathTemplate", wanted.text);
        } else if wanted.negated {
            request.set("urlPathPattern", format!("(?!(?:{})$).*", wanted.text));
        } else if regex::is_plain(&wanted.text) {
            if !wanted.text.is_empty() {
                request.set("urlPath", wanted.text);
            }
        } else {
            request.set("urlPathPattern", wanted.text);
        }
    }
    for (key, list) in [
        ("pathParameters", keys.get("pathParameters")),
        ("queryParameters", keys.get("queryStringParameters")),
        ("headers", keys.get("headers")),
        ("cookies", keys.get("cookies")),
    ] {
        if let Some(node) = list {
            fields(&node, key, &mut request)?;
        }
    }
    if let Some(node) = keys.get("body") {
        body::add(&node, &mut request)?;
    }
    if let Some(node) = keys.get("secure") {
        request.set("scheme", if node.value() == &json!(true) { "https" } else { "http" });
    }
    if let Some(node) = keys.get("socketAddress") {
        node.warn("the socket address is not matched", "");
    }
    Some(request)
}

fn response(keys: &Keys<'_>) -> Option<Response> {
    let status = keys.get("statusCode").and_then(|node| node.value().as_u64()).unwrap_or(200);
    let mut response = Response::status(u16::try_from(status).unwrap_or(200));
    if let Some(reason) = keys.get("reasonPhrase").and_then(|node| scalar(node.value())) {
        response.set("statusMessage", reason);
    }
    if let Some(node) = keys.get("headers") {
        for (name, values) in field::pairs(&node) {
            for value in values {
                response.header(&name, &value);
            }
        }
    }
    if let Some(node) = keys.get("cookies") {
        for (name, values) in field::pairs(&node) {
            for value in values {
                response.header("Set-Cookie", &format!("{name}={value}"));
            }
        }
    }
    if let Some(node) = keys.get("body") {
        body::answer(&node, &mut response)?;
    }
    delay(keys, &mut response);
    if let Some(node) = keys.get("connectionOptions") {
        node.warn("connection options are not kept", "a fault or a scenario ends connections");
    }
    Some(response)
}

/// `delay: {timeUnit, value}`.
fn delay(keys: &Keys<'_>, response: &mut Response) {
    let Some(node) = keys.get("delay") else { return };
    let unit = node.value().get("timeUnit").and_then(Value::as_str).unwrap_or("MILLISECONDS");
    let value = node.value().get("value").and_then(Value::as_u64).unwrap_or(0);
    let milliseconds = match unit {
        "NANOSECONDS" => value / 1_000_000,
        "MICROSECONDS" => value / 1000,
        "MILLISECONDS" => value,
        "SECONDS" => value.saturating_mul(1000),
        "MINUTES" => value.saturating_mul(60_000),
        "HOURS" => value.saturating_mul(3_600_000),
        _ => {
            node.warn(format!("the time unit {unit:?} is not known"), "");
            return;
        }
    };
    response.set("fixedDelayMilliseconds", milliseconds);
}
