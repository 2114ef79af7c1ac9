//! Hoverfly's delays by URL (`globalActions`) → delays of stubs.

use regex::Regex;
use serde_json::{Value, json};

use crate::document::Node;

use super::super::stub::ImportedStub;
use super::matcher::{list_of, parts};

/// A delay, and the requests that it is for.
#[derive(Debug)]
pub(super) struct UrlDelay {
    /// Of host and path.
    url: Regex,
    /// Any method where it is empty.
    method: String,
    /// In milliseconds.
    delay: u64,
}

/// Reads the delays of a simulation. Those that are drawn are reported.
pub(super) fn read(actions: &Node<'_>) -> Vec<UrlDelay> {
    let Some(keys) = actions.keys() else { return Vec::new() };
    if let Some(node) = keys.get("delaysLogNormal")
        && node.value().as_array().is_some_and(|list| !list.is_empty())
    {
        node.warn(
            "log-normal delays by URL are not converted",
            "a scenario adds one to paths: rules: [{match: {path: /a/**}, delay: {median: 400ms, p99: 3s}}]",
        );
    }
    let delays = keys.get("delays").map(|node| node.items()).unwrap_or_default();
    delays.iter().filter_map(one).collect()
}

fn one(node: &Node<'_>) -> Option<UrlDelay> {
    let value = node.value();
    let url = Regex::new(value["urlPattern"].as_str().unwrap_or_default());
    let Ok(url) = url else {
        node.warn("the delay is left out: its urlPattern is no regular expression", "");
        return None;
    };
    let method = value["httpMethod"].as_str().unwrap_or_default().to_owned();
    Some(UrlDelay { url, method, delay: value["delay"].as_u64().unwrap_or_default() })
}

/// Gives a stub the first delay that is for its requests, where it has none of its own. Of a path that is a pattern the
/// text of the pattern counts.
pub(super) fn add(stub: &mut ImportedStub, request: &Value, delays: &[UrlDelay]) {
    let text = |key: &str| {
        let first = list_of(&request[key]).first()?;
        parts(first).1.as_str()
    };
    let url =
        format!("{}{}", text("destination").unwrap_or_default(), text("path").unwrap_or_default());
    let method = text("method").unwrap_or_default();
    let is_for = |delay: &&UrlDelay| {
        let same_method = delay.method.is_empty() || delay.method.eq_ignore_ascii_case(method);
        same_method && delay.url.is_match(&url)
    };
    let response = &mut stub.mapping["response"];
    if response.get("fixedDelayMilliseconds").is_none()
        && response.get("delayDistribution").is_none()
        && let Some(found) = delays.iter().find(is_for)
    {
        response["fixedDelayMilliseconds"] = json!(found.delay);
    }
}
