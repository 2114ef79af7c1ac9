//! HTTP archives (HAR 1.2) → observations. Unlike an import, requests without an answer are what matters here.
//!
//! The format: <https://w3c.github.io/web-performance/specs/HAR/Overview.html>. What browsers say
//! about a request that failed is in `_error` (Chromium, `net/base/net_error_list.h`); the status
//! is 0 then.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::outcome::Answer;
use super::route::is_watch;
use super::{Observation, Observed, Outcome};

pub(super) fn read(json: &Value) -> Observed {
    let mut observed = Observed::default();
    let mut left_out = 0;
    for entry in json["log"]["entries"].as_array().into_iter().flatten() {
        match observation(entry) {
            Some(observation) => observed.observations.push(observation),
            None => left_out += 1,
        }
    }
    if left_out > 0 {
        observed
            .notes
            .push(format!("{left_out} entries are no requests over HTTP, or were cancelled"));
    }
    observed.observations.sort_by_key(|observation| observation.at);
    observed
}

fn observation(entry: &Value) -> Option<Observation> {
    let (request, response) = (&entry["request"], &entry["response"]);
    let method = request["method"].as_str()?.to_ascii_uppercase();
    let url = request["url"].as_str()?;
    let (_, rest) = url.split_once("://").filter(|(scheme, _)| scheme.starts_with("http"))?;
    let target = rest.find('/').map_or("/", |at| &rest[at..]).split('#').next()?.to_owned();
    let began = entry["startedDateTime"].as_str();
    let began = began.and_then(|time| time.parse::<jiff::Timestamp>().ok());
    let at = began
        .and_then(|time| Duration::try_from(time.duration_since(jiff::Timestamp::UNIX_EPOCH)).ok());
    let milliseconds = |value: &Value| {
        let time = value.as_f64().filter(|time| *time >= 0.0)?;
        Duration::try_from_secs_f64(time / 1000.0).ok()
    };
    let whole = milliseconds(&entry["time"]);
    let watches = is_watch(&method, &target);
    let took = if watches { whole } else { milliseconds(&entry["timings"]["wait"]).or(whole) };
    let outcome = outcome(response, &target, watches)?;
    Some(Observation { at, method, target, took, outcome })
}

/// Returns the outcome of an entry, or `None` if the client itself gave the request up.
fn outcome(response: &Value, target: &str, watches: bool) -> Option<Outcome> {
    let error = response["_error"].as_str().unwrap_or_default();
    let content = &response["content"];
    let size = content["size"].as_u64().unwrap_or_default();
    let status = response["status"].as_u64().and_then(|status| u16::try_from(status).ok())?;
    if status == 0 {
        let before = json!("before_headers");
        return Some(match error.trim_start_matches("net::") {
            "ERR_CONNECTION_RESET" | "ERR_CONNECTION_REFUSED" | "ERR_HTTP2_PROTOCOL_ERROR" => {
                Outcome::broken("reset", &before)
            }
            "ERR_EMPTY_RESPONSE" | "ERR_CONNECTION_CLOSED" | "ERR_CONNECTION_ABORTED" => {
                Outcome::broken("close", &before)
            }
            "ERR_INVALID_HTTP_RESPONSE" => Outcome::broken("garbage", &before),
            "ERR_TIMED_OUT" | "ERR_CONNECTION_TIMED_OUT" => Outcome::never(),
            _ => return None,
        });
    }
    let headers = headers(response);
    let announced: Option<u64> =
        headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let broke = matches!(
        error.trim_start_matches("net::"),
        "ERR_INCOMPLETE_CHUNKED_ENCODING" | "ERR_CONTENT_LENGTH_MISMATCH" | "ERR_CONNECTION_RESET"
    );
    // The size of a body that was compressed is another one.
    let is_plain = !headers.contains_key(http::header::CONTENT_ENCODING);
    let transferred = response["bodySize"].as_i64().and_then(|size| u64::try_from(size).ok());
    let is_short = announced.zip(transferred).is_some_and(|(announced, sent)| {
        is_plain && sent > 0 && sent < announced && size < announced
    });
    if status < 400 && (broke || is_short) {
        let place = if size == 0 { json!("after_headers") } else { json!({ "bytes": size }) };
        let word = if error.ends_with("RESET") { "reset" } else { "close" };
        return Some(Outcome::broken(word, &place));
    }
    let text = content["text"].as_str().unwrap_or_default();
    let decoded = (content["encoding"] == "base64").then(|| STANDARD.decode(text).ok()).flatten();
    let body = decoded.as_deref().unwrap_or(text.as_bytes());
    if watches && status == 200 {
        let text = String::from_utf8_lossy(body);
        let last = text.lines().rfind(|line| !line.trim().is_empty());
        let last: Option<Value> = last.and_then(|line| serde_json::from_str(line).ok());
        let expired =
            last.is_some_and(|event| event["type"] == "ERROR" && event["object"]["code"] == 410);
        return Some(Outcome::WatchEnded { expired });
    }
    let whole = !text.is_empty() || size == 0;
    Some(Outcome::of_answer(&Answer { status, headers, body, whole }, target))
}

fn headers(message: &Value) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for field in message["headers"].as_array().into_iter().flatten() {
        let name =
            field["name"].as_str().and_then(|name| HeaderName::from_bytes(name.as_bytes()).ok());
        let value = field["value"].as_str().and_then(|value| HeaderValue::from_str(value).ok());
        if let (Some(name), Some(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    headers
}
