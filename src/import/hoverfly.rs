//! Hoverfly simulations → stubs: each pair becomes one.
//!
//! The format: <https://docs.hoverfly.io/en/latest/pages/reference/simulationschema.html>. The
//! first matching pair answers. State becomes a scenario, since both are values that answers set
//! and requests require.

mod delays;
mod matcher;
mod template;

use std::collections::BTreeMap;
use std::path::{Component, Path};

use serde_json::{Value, json};

use crate::document::{Keys, Node};

use super::scalar::scalar;
use super::stub::{ImportedStub, RequestPattern, Response, first_wins};
use matcher::{Subject, list, pattern};

/// Converts a simulation. `folder` is that of the simulation: bodies may be files in it.
pub(super) fn convert(root: &Node<'_>, folder: &Path) -> Vec<ImportedStub> {
    let Some(data) = root.keys().and_then(|keys| keys.get("data")?.keys()) else {
        return Vec::new();
    };
    let pairs = data.get("pairs").map(|node| node.items()).unwrap_or_default();
    let several_hosts = {
        let mut hosts: Vec<String> = pairs.iter().filter_map(destination).collect();
        hosts.sort_unstable();
        hosts.dedup();
        hosts.len() > 1
    };
    let delays = data.get("globalActions").map(|node| delays::read(&node)).unwrap_or_default();
    let convert = |(at, node): (usize, &Node<'_>)| {
        let mut stub = pair(node, at, several_hosts, folder)?;
        delays::add(&mut stub, &node.value()["request"], &delays);
        Some(stub)
    };
    let mut stubs: Vec<ImportedStub> = pairs.iter().enumerate().filter_map(convert).collect();
    first_wins(&mut stubs);
    stubs
}

/// Reads the host of a pair, as it is written.
fn destination(pair: &Node<'_>) -> Option<String> {
    Some(pair.value().pointer("/request/destination")?.to_string())
}

fn pair(node: &Node<'_>, at: usize, several_hosts: bool, folder: &Path) -> Option<ImportedStub> {
    let keys = node.keys()?;
    let (Some(asked), Some(answer)) = (keys.get("request"), keys.get("response")) else {
        node.warn("the pair has no request or no response", "");
        return None;
    };
    let request = request(&asked.keys()?, several_hosts)?;
    let answered = answer.keys()?;
    let response = response(&answered)?;
    let name = format!("pair {at} {}", title(asked.value()));
    let mut stub = ImportedStub::new(name.trim(), request, response);
    if let Some(file) = answered.get("bodyFile")
        && let Some(name) = stub.mapping["response"]["bodyFileName"].as_str()
    {
        let path = Path::new(name);
        let is_beside = path.components().all(|part| matches!(part, Component::Normal(_)));
        if is_beside && folder.join(path).is_file() {
            stub.body_file = Some(path.to_path_buf());
        } else {
            file.warn(
                format!("the file {name:?} is not beside the simulation"),
                "copy it to __files/",
            );
        }
    }
    state(&mut stub, &asked, &answered)?;
    if let Some(labels) = keys.get("labels") {
        stub.set("metadata", json!({"labels": labels.value()}));
    }
    Some(stub)
}

/// Method and path, for the stub's name.
fn title(request: &Value) -> String {
    let first = |key: &str| {
        let value = request.get(key)?;
        let value = value.pointer("/0/value").or_else(|| value.get("exactMatch")).unwrap_or(value);
        value.as_str().map(str::to_owned)
    };
    [first("method"), first("path")].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn request(keys: &Keys<'_>, several_hosts: bool) -> Option<RequestPattern> {
    let mut request = RequestPattern::default();
    if let Some(node) = keys.get("method") {
        match exact(&node).as_deref() {
            Some("*") | None => {
                let matchers = list(&node);
                if let [one] = matchers.as_slice()
                    && let ("regex", Value::String(regex)) = matcher::parts(one.value())
                    && let Some(methods) = matcher::methods(regex)
                {
                    request.set("method", json!({"oneOf": methods}));
                } else if !matchers.iter().all(|matcher| is_any(matcher.value())) {
                    node.warn(
                        "a method is matched exactly, by a list such as GET|POST, or not at all",
                        "write a stub for each method",
                    );
                    return None;
                }
            }
            Some(method) => request.set("method", method.to_ascii_uppercase()),
        }
    }
    if let Some(node) = keys.get("path") {
        match exact(&node) {
            Some(path) => request.set("urlPath", path),
            None => request.set("urlPathPattern", matcher::regex_of(&list(&node))?),
        }
    }
    // The scheme is left out: the stand-in is reached by its own.
    if let Some(node) = keys.get("destination").filter(|_| several_hosts) {
        request.set("host", pattern(&list(&node), Subject::Host)?);
    }
    match keys.get("query") {
        Some(node) if matcher::older(node.value()).is_some() || node.value().is_string() => {
            whole_query(&node, &mut request)?;
        }
        query => fields(query, "queryParameters", &mut request)?,
    }
    fields(keys.get("queriesWithMatchers"), "queryParameters", &mut request)?;
    for list in [keys.get("headers"), keys.get("headersWithMatchers")] {
        fields(list, "headers", &mut request)?;
    }
    for node in keys.get("deprecatedQuery").iter().flat_map(list) {
        whole_query(&node, &mut request)?;
    }
    if let Some(node) = keys.get("body") {
        for matcher in list(&node) {
            if is_any(matcher.value()) {
                continue;
            }
            let (kind, value) = matcher::parts(matcher.value());
            if kind == "form" {
                let form = matcher.keys().and_then(|keys| keys.get("value"));
                fields(form, "formParameters", &mut request)?;
                continue;
            }
            // No body is an empty text here.
            request.body(if kind == "exact" && value == &json!("") {
                json!({"absent": true})
            } else {
                pattern(&[matcher], Subject::Body)?
            });
        }
    }
    Some(request)
}

/// Reads the whole query as one text, as older schemas have it: its parameters, where it is matched
/// exactly.
fn whole_query(node: &Node<'_>, request: &mut RequestPattern) -> Option<()> {
    let ("exact", Value::String(text)) = matcher::parts(node.value()) else {
        if is_any(node.value()) {
            return Some(());
        }
        node.warn("a pattern for the whole query is not converted", "write one for each parameter");
        return None;
    };
    let mut by_name: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let decoded = |text: &str| {
        let text = text.replace('+', " ");
        percent_encoding::percent_decode_str(&text).decode_utf8_lossy().into_owned()
    };
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        by_name.entry(decoded(name)).or_default().push(json!({"equalTo": decoded(value)}));
    }
    for (name, mut values) in by_name {
        let one =
            if values.len() == 1 { values.swap_remove(0) } else { json!({"hasExactly": values}) };
        request.field("queryParameters", &name, one);
    }
    Some(())
}

/// Lists of matchers by name.
fn fields(node: Option<Node<'_>>, key: &str, request: &mut RequestPattern) -> Option<()> {
    let Some(node) = node.filter(|node| node.value().is_object()) else { return Some(()) };
    for (name, matchers) in node.entries() {
        request.field(key, name, pattern(&list(&matchers), Subject::Value)?);
    }
    Some(())
}

/// Reads the text of a single exact matcher.
fn exact(node: &Node<'_>) -> Option<String> {
    let matchers = list(node);
    let [one] = matchers.as_slice() else { return None };
    let (kind, value) = matcher::parts(one.value());
    let chained = one.value().get("doMatch").is_some_and(|chained| !chained.is_null());
    let value = value.as_str()?;
    (kind == "exact" && !chained).then(|| value.to_owned())
}

/// Returns whether a matcher accepts anything.
fn is_any(matcher: &Value) -> bool {
    match matcher::parts(matcher) {
        ("glob", Value::String(text)) => text == "*",
        ("regex", Value::String(text)) => text == ".*",
        _ => false,
    }
}

fn response(keys: &Keys<'_>) -> Option<Response> {
    let status = keys.get("status").and_then(|node| node.value().as_u64()).unwrap_or(200);
    let mut response = Response::status(u16::try_from(status).unwrap_or(200));
    if let Some(headers) = keys.get("headers").filter(|node| node.value().is_object()) {
        for (name, values) in headers.entries() {
            for value in values.value().as_array().into_iter().flatten() {
                response.header(name, value.as_str().unwrap_or_default());
            }
        }
    }
    let templated = keys.get("templated").is_some_and(|node| node.value() == &json!(true));
    let encoded = keys.get("encodedBody").is_some_and(|node| node.value() == &json!(true));
    if let Some(node) = keys.get("bodyFile") {
        if let Some(name) = node.value().as_str().filter(|name| !name.is_empty()) {
            response.set("bodyFileName", name);
        }
    } else if let Some(node) = keys.get("body") {
        let body = node.text()?;
        if templated {
            let Some(text) = template::translate(body) else {
                node.warn(
                    "the template has parts that have no equivalent",
                    "write the stub with the transformer response-template",
                );
                return None;
            };
            response.set("body", text);
            response.set("transformers", json!(["response-template"]));
        } else if !body.is_empty() {
            response.set(if encoded { "base64Body" } else { "body" }, body);
        }
    }
    if let Some(delay) = keys.get("fixedDelay").and_then(|node| node.value().as_u64())
        && delay > 0
    {
        response.set("fixedDelayMilliseconds", delay);
    }
    if let Some(node) = keys.get("logNormalDelay") {
        let part = |key: &str| node.value().get(key).and_then(Value::as_f64);
        match (part("median"), part("mean")) {
            (Some(median), Some(mean)) if median > 0.0 && mean >= median => {
                // Of a log-normal distribution: mean = median * exp(sigma² / 2).
                let sigma = (2.0 * (mean / median).ln()).sqrt();
                let mut delay = json!({"type": "lognormal", "median": median, "sigma": sigma});
                if let Some(most) = part("max").filter(|most| *most > 0.0) {
                    delay["maxValue"] = most.into();
                }
                response.set("delayDistribution", delay);
            }
            _ => node.warn("a log-normal delay needs a median, and a mean above it", ""),
        }
    }
    if let Some(node) = keys.get("postServeAction")
        && node.value().as_str().is_some_and(|name| !name.is_empty())
    {
        node.warn("post-serve actions are not converted", "a webhook is a serveEventListener");
    }
    Some(response)
}

/// `requiresState`, `transitionsState` and `removesState` as a scenario.
fn state(stub: &mut ImportedStub, request: &Node<'_>, response: &Keys<'_>) -> Option<()> {
    let required = request.keys().and_then(|keys| keys.get("requiresState"));
    let (moved, removed) = (response.get("transitionsState"), response.get("removesState"));
    let pairs = |node: &Option<Node<'_>>| -> Vec<(String, String)> {
        let map = node.as_ref().and_then(|node| node.value().as_object());
        let pair = |(key, value): (&String, &Value)| (key.clone(), state_of(key, value));
        map.into_iter().flatten().map(pair).collect()
    };
    let (needs, moves) = (pairs(&required), pairs(&moved));
    let removes: Vec<String> = removed
        .as_ref()
        .and_then(|node| node.value().as_array())
        .into_iter()
        .flatten()
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect();
    let mut names: Vec<&String> = needs.iter().chain(&moves).map(|(name, _)| name).collect();
    names.extend(&removes);
    names.sort_unstable();
    names.dedup();
    match names.as_slice() {
        [] => {}
        [name] => {
            stub.set("scenarioName", name.as_str());
            if let Some((_, state)) = needs.first() {
                stub.set("requiredScenarioState", state.as_str());
            }
            match moves.first() {
                Some((_, state)) => stub.set("newScenarioState", state.as_str()),
                None if !removes.is_empty() => stub.set("newScenarioState", "Started"),
                None => {}
            }
        }
        _ => {
            request.warn(
                "the pair uses several states at once",
                "a stub belongs to one scenario: write one stub for each combination",
            );
            return None;
        }
    }
    Some(())
}

/// Hoverfly starts keys of the form `sequence:N` at 1; scenarios start at `Started`.
fn state_of(key: &str, value: &Value) -> String {
    let text = scalar(value).unwrap_or_default();
    if key.starts_with("sequence:") && text == "1" { "Started".to_owned() } else { text }
}
