//! mountebank imposters → stubs, each imposter in its own folder if there are several.
//!
//! The format: <https://www.mbtest.org/docs/api/contracts>. The first stub whose predicates all
//! hold answers; its responses rotate. Predicates compare without regard to case unless they say
//! otherwise.

mod atom;
mod predicate;

use serde_json::{Value, json};

use crate::document::{Keys, Node};

use super::scalar::scalar;
use super::stub::{ImportedStub, RequestPattern, Response, first_wins, in_turn};

/// A repetition becomes a state for each time: the most that one response may have.
const MAX_REPEAT: usize = 100;

pub(super) fn convert(root: &Node<'_>) -> Vec<ImportedStub> {
    let Some(keys) = root.keys() else { return Vec::new() };
    let imposters = keys.get("imposters").map_or_else(|| vec![root.clone()], |list| list.items());
    let several = imposters.len() > 1;
    let mut stubs = Vec::new();
    for (at, imposter) in imposters.iter().enumerate() {
        let mut own = convert_imposter(imposter);
        if several {
            let part = |key: &str| imposter.value().get(key).and_then(scalar);
            let folder = part("port").or_else(|| part("name")).unwrap_or_else(|| at.to_string());
            let folder =
                format!("imposter-{}", folder.replace(|c: char| !c.is_ascii_alphanumeric(), "-"));
            for stub in &mut own {
                stub.folder = Some(folder.clone());
            }
        }
        stubs.extend(own);
    }
    stubs
}

fn convert_imposter(imposter: &Node<'_>) -> Vec<ImportedStub> {
    let Some(keys) = imposter.keys() else { return Vec::new() };
    let protocol = keys.get("protocol").and_then(|node| scalar(node.value()));
    if !matches!(protocol.as_deref(), None | Some("http" | "https")) {
        let protocol = protocol.unwrap_or_default();
        imposter.warn(format!("the protocol {protocol:?} is not HTTP"), "only HTTP is served here");
        return Vec::new();
    }
    let default = keys.get("defaultResponse");
    let mut stubs = Vec::new();
    for (at, stub) in
        keys.get("stubs").map(|list| list.items()).unwrap_or_default().iter().enumerate()
    {
        stubs.extend(convert_stub(stub, at, default.as_ref()).unwrap_or_default());
    }
    first_wins(&mut stubs);
    match default {
        Some(node) => {
            if let Some(response) = is(&node, None) {
                let mut stub = ImportedStub::new("default", RequestPattern::default(), response);
                stub.set("priority", stubs.len() + 1);
                stubs.push(stub);
            }
        }
        None => imposter.warn(
            "mountebank answers 200 where no stub fits; here it is 404",
            "add a stub for any request with a high number as its priority",
        ),
    }
    stubs
}

fn convert_stub(
    node: &Node<'_>,
    at: usize,
    default: Option<&Node<'_>>,
) -> Option<Vec<ImportedStub>> {
    let keys = node.keys()?;
    let alternatives = match keys.get("predicates") {
        Some(list) => predicate::requests(&list.items())?,
        None => vec![RequestPattern::default()],
    };
    let mut responses = Vec::new();
    for response in keys.get("responses").map(|list| list.items()).unwrap_or_default() {
        responses.push(convert_response(&response, default)?);
    }
    if responses.is_empty() {
        responses.push((Response::status(200), 1));
    }
    let several = alternatives.len() > 1;
    if several && responses.len() > 1 {
        node.warn(
            "each alternative of the predicates takes turns by itself",
            "give the stubs one scenarioName by hand if they shall share their turns",
        );
    }
    let stubs = alternatives.iter().enumerate().flat_map(|(n, request)| {
        let name = if several { format!("stub {at}.{n}") } else { format!("stub {at}") };
        in_turn(&name, request, &responses, true)
    });
    Some(stubs.collect())
}

/// Reads a response, and how often it is repeated.
fn convert_response(node: &Node<'_>, default: Option<&Node<'_>>) -> Option<(Response, usize)> {
    let keys = node.keys()?;
    let mut response = if let Some(is_node) = keys.get("is") {
        is(&is_node, default)?
    } else if let Some(fault) = keys.get("fault") {
        let mut response = Response::default();
        let known = ["CONNECTION_RESET_BY_PEER", "RANDOM_DATA_THEN_CLOSE"];
        let name = fault.text().filter(|name| known.contains(name));
        let Some(name) = name else {
            fault.warn("the fault is not known", format!("known: {}", known.join(", ")));
            return None;
        };
        response.set("fault", name);
        response
    } else if let Some(proxy) = keys.get("proxy").and_then(|node| node.keys()) {
        let mut response = Response::default();
        response.set("proxyBaseUrl", proxy.get("to")?.text()?);
        if proxy.get("mode").is_some_and(|mode| mode.value() != "proxyTransparent") {
            proxy.node().warn(
                "the proxy forwards each request; it does not save the answers as stubs",
                "record with: standin record --upstream URL --to DIR",
            );
        }
        response
    } else {
        let what = keys.present().next().unwrap_or("nothing").to_owned();
        node.warn(format!("a response of the kind {what:?} has no equivalent"), "write the stub");
        return None;
    };
    let mut times = keys.get("repeat").and_then(|node| node.value().as_u64()).unwrap_or(1);
    let behaviors = keys.get("behaviors").or_else(|| keys.get("_behaviors"));
    for (name, value) in behaviors.iter().flat_map(settings) {
        match (name.as_str(), value.value().as_u64()) {
            ("wait", Some(time)) => response.set("fixedDelayMilliseconds", time),
            ("repeat", Some(count)) => times = count,
            _ => {
                value.warn(
                    format!("the behavior {name:?} has no equivalent"),
                    "a template can copy parts of the request: response-template",
                );
                return None;
            }
        }
    }
    let times = usize::try_from(times).unwrap_or(usize::MAX).max(1);
    if times > MAX_REPEAT {
        node.warn(format!("it is repeated {MAX_REPEAT} times at most"), "");
    }
    Some((response, times.min(MAX_REPEAT)))
}

/// Reads the behaviors, one object or a list of objects.
fn settings<'d>(node: &Node<'d>) -> Vec<(String, Node<'d>)> {
    let objects = if node.value().is_array() { node.items() } else { vec![node.clone()] };
    let of = |object: Node<'d>| {
        object
            .entries()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect::<Vec<_>>()
    };
    objects.into_iter().flat_map(of).collect()
}

/// Reads the response `is`, with what the default response adds.
fn is(node: &Node<'_>, default: Option<&Node<'_>>) -> Option<Response> {
    let keys = node.keys()?;
    let defaults: Option<Keys<'_>> = default.and_then(Node::keys);
    let get = |key: &'static str| {
        keys.get(key).or_else(|| defaults.as_ref().and_then(|keys| keys.get(key)))
    };
    let status = get("statusCode").and_then(|node| scalar(node.value()));
    let status = status.map_or(Some(200), |text| text.parse().ok());
    let Some(status) = status else {
        node.warn("the status is not a number", "");
        return None;
    };
    let mut response = Response::status(status);
    if let Some(headers) = get("headers").filter(|node| node.value().is_object()) {
        for (name, value) in headers.entries() {
            match value.value() {
                Value::Array(list) => {
                    for value in list.iter().filter_map(scalar) {
                        response.header(name, &value);
                    }
                }
                value => response.header(name, &scalar(value).unwrap_or_default()),
            }
        }
    }
    let binary = get("_mode").is_some_and(|node| node.value() == "binary");
    match get("body").as_ref().map(Node::value) {
        Some(Value::String(text)) if !text.is_empty() => {
            response.set(if binary { "base64Body" } else { "body" }, text.as_str());
        }
        Some(Value::String(_)) | None => {}
        // mountebank sends an object as indented JSON; what reads it sees the same.
        Some(json) => response.set("jsonBody", json!(json)),
    }
    Some(response)
}
