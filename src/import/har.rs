//! HTTP archives (HAR 1.2) → exchanges: what browsers, mitmproxy and other proxies save.
//!
//! The format: <https://w3c.github.io/web-performance/specs/HAR/Overview.html>. Bodies in it are decompressed. The
//! entries are taken in the order in which they began.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::document::Node;

use super::exchange::{Answered, Asked, ImportedExchange, add_header, exchange};

pub(super) fn convert(root: &Node<'_>) -> Vec<ImportedExchange> {
    let entries = root.keys().and_then(|keys| keys.get("log")?.keys()?.get("entries"));
    let mut entries = entries.map(|node| node.items()).unwrap_or_default();
    // Browsers write an entry when it ends.
    entries.sort_by_cached_key(|entry| {
        let began = entry.value()["startedDateTime"].as_str();
        began.and_then(|time| time.parse::<jiff::Timestamp>().ok())
    });
    entries.iter().filter_map(entry).collect()
}

fn entry(node: &Node<'_>) -> Option<ImportedExchange> {
    let entry = node.value();
    let messages = entry.get("_webSocketMessages").and_then(Value::as_array);
    if messages.is_some_and(|messages| !messages.is_empty()) {
        node.warn("the messages of a WebSocket are not converted", "record the backend itself");
        return None;
    }
    let converted = request(&entry["request"]).and_then(|(url, asked)| {
        let answered = answer(&entry["response"], asked.method)?;
        exchange(Asked { url: &url, ..asked }, answered)
    });
    converted.map_err(|why| node.warn(format!("the entry is left out: {why}"), "")).ok()
}

fn request(request: &Value) -> Result<(String, Asked<'_>), String> {
    let method = request["method"].as_str().ok_or("it has no method")?;
    let url = request["url"].as_str().ok_or("it has no URL")?.to_owned();
    let headers = headers(request);
    let data = &request["postData"];
    let body = match data["text"].as_str() {
        Some(text) => content(text, data, &headers)?,
        None => form(data).map(Bytes::from).unwrap_or_default(),
    };
    Ok((url, Asked { method, url: "", headers, body }))
}

fn answer(response: &Value, method: &str) -> Result<Answered, String> {
    let headers = headers(response);
    let body = &response["content"];
    let size = body["size"].as_i64().unwrap_or_default();
    let status = response["status"].as_u64().unwrap_or_default();
    let bytes = match body["text"].as_str() {
        Some(text) => content(text, body, &headers)?,
        None if size > 0 && !method.eq_ignore_ascii_case("HEAD") && status != 304 => {
            return Err(format!("the file lacks the body of {size} bytes"));
        }
        None => Bytes::new(),
    };
    // The format asks for plain bodies. One that still looks compressed is taken as it is.
    let coded = bytes.starts_with(&[0x1f, 0x8b]);
    Ok(Answered { status, headers, body: bytes, coded })
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

/// The bytes of a body: base64, or a text in the charset of its type.
fn content(text: &str, of: &Value, headers: &HeaderMap) -> Result<Bytes, String> {
    if of["encoding"].as_str() == Some("base64") {
        let decoded = STANDARD.decode(text).map_err(|error| format!("its body: {error}"))?;
        return Ok(decoded.into());
    }
    let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media = media.or(of["mimeType"].as_str()).unwrap_or_default().to_ascii_lowercase();
    let latin = ["iso-8859-1", "latin1", "us-ascii"].iter().any(|name| media.contains(name));
    let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(c).ok()).collect();
    match bytes.filter(|_| latin) {
        Some(bytes) => Ok(bytes.into()),
        None => Ok(Bytes::copy_from_slice(text.as_bytes())),
    }
}

/// The body of a form whose fields are listed in place of its text.
fn form(data: &Value) -> Option<String> {
    let media = data["mimeType"].as_str()?;
    if !media.starts_with("application/x-www-form-urlencoded") {
        return None;
    }
    let quoted = |text: &Value| {
        utf8_percent_encode(text.as_str().unwrap_or_default(), NON_ALPHANUMERIC).to_string()
    };
    let fields = data["params"].as_array()?.iter();
    let fields =
        fields.map(|field| format!("{}={}", quoted(&field["name"]), quoted(&field["value"])));
    Some(fields.collect::<Vec<_>>().join("&"))
}
