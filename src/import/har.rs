//! HTTP archives (HAR 1.2) → exchanges: what browsers, mitmproxy and other proxies save.
//!
//! The format: <https://w3c.github.io/web-performance/specs/HAR/Overview.html>. Bodies in it are
//! decompressed. The entries are sorted by start time.

mod body;
mod cookies;

use std::path::Path;
use std::time::Duration;

use http::HeaderMap;
use http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use serde_json::Value;

use crate::document::Node;

use super::exchange::{Answered, Asked, ImportedExchange, add_header, exchange};

/// Converts an archive. `folder` is that of the archive: bodies may be files in it.
pub(super) fn convert(root: &Node<'_>, folder: &Path) -> Vec<ImportedExchange> {
    let entries = root.keys().and_then(|keys| keys.get("log")?.keys()?.get("entries"));
    let mut entries = entries.map(|node| node.items()).unwrap_or_default();
    // Browsers write an entry when it ends.
    entries.sort_by_cached_key(|entry| {
        let began = entry.value()["startedDateTime"].as_str();
        began.and_then(|time| time.parse::<jiff::Timestamp>().ok())
    });
    entries.iter().filter_map(|node| entry(node, folder)).collect()
}

fn entry(node: &Node<'_>, folder: &Path) -> Option<ImportedExchange> {
    let entry = node.value();
    let messages = entry.get("_webSocketMessages").and_then(Value::as_array);
    if messages.is_some_and(|messages| !messages.is_empty()) {
        node.warn("the messages of a WebSocket are not converted", "record the backend itself");
        return None;
    }
    let converted = request(&entry["request"], folder).and_then(|(url, asked)| {
        let mut answered = answer(&entry["response"], asked.method, folder)?;
        answered.waited = waited(&entry["timings"]);
        exchange(Asked { url: &url, ..asked }, answered)
    });
    converted.map_err(|why| node.warn(format!("the entry is left out: {why}"), "")).ok()
}

/// Returns how long the server took: the time between the request and the head of its answer, in
/// milliseconds. It is negative where the tool does not know it.
fn waited(timings: &Value) -> Duration {
    let wait = timings["wait"].as_f64().filter(|wait| wait.is_finite() && *wait > 0.0);
    wait.and_then(|ms| Duration::try_from_secs_f64(ms / 1000.0).ok()).unwrap_or_default()
}

fn request<'a>(request: &'a Value, folder: &Path) -> Result<(String, Asked<'a>), String> {
    let method = request["method"].as_str().ok_or("it has no method")?;
    let url = request["url"].as_str().ok_or("it has no URL")?.to_owned();
    let mut headers = headers(request);
    if !headers.contains_key(COOKIE)
        && let Some(cookies) = cookies::of_request(request)
    {
        add_header(&mut headers, COOKIE.as_str(), &cookies);
    }
    let data = &request["postData"];
    let body = match body::of(data, &headers, folder)? {
        Some(body) if !body.is_empty() => body,
        _ => body::form(data).unwrap_or_default().into(),
    };
    if let Some(media) = data["mimeType"].as_str().filter(|media| !media.is_empty())
        && !headers.contains_key(CONTENT_TYPE)
    {
        add_header(&mut headers, CONTENT_TYPE.as_str(), media);
    }
    Ok((url, Asked { method, url: "", headers, body }))
}

fn answer(response: &Value, method: &str, folder: &Path) -> Result<Answered, String> {
    let mut headers = headers(response);
    if !headers.contains_key(SET_COOKIE) {
        for cookie in cookies::of_response(response) {
            add_header(&mut headers, SET_COOKIE.as_str(), &cookie);
        }
    }
    let content = &response["content"];
    let size = content["size"].as_i64().unwrap_or_default();
    let status = response["status"].as_u64().unwrap_or_default();
    let body = match body::of(content, &headers, folder)? {
        Some(body) => body,
        None if size > 0 && !method.eq_ignore_ascii_case("HEAD") && status != 304 => {
            return Err(format!("the file lacks the body of {size} bytes"));
        }
        None => bytes::Bytes::new(),
    };
    let reason = response["statusText"].as_str().map(str::to_owned);
    // The format asks for plain bodies. One that still looks compressed is taken unchanged.
    let coded = body.starts_with(&[0x1f, 0x8b]);
    Ok(Answered { status, reason, headers, body, coded, waited: Duration::ZERO })
}

fn headers(message: &Value) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for field in message["headers"].as_array().into_iter().flatten() {
        if let (Some(name), Some(value)) = (field["name"].as_str(), field["value"].as_str()) {
            add_header(&mut headers, name, value);
        }
    }
    headers
}
