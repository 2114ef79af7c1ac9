//! Cassettes → exchanges: of vcrpy in all its versions, of Ruby's VCR, betamax, go-vcr and PHP-VCR.
//!
//! The formats: `vcr/serialize.py`, `vcr/migration.py` (what the first versions wrote), and
//! <https://benoittgt.github.io/vcr/#/cassettes/cassette_format>. Repeated requests are answered in
//! sequence.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;

use crate::document::{BINARY_MARK, Node, duration};

use super::exchange::{Answered, Asked, ImportedExchange, add_header, exchange};
use super::scalar::scalar;

/// The keys of the interactions: of vcrpy, and of Ruby's VCR.
const INTERACTIONS: [&str; 2] = ["interactions", "http_interactions"];

/// Returns whether a document is a cassette. The oldest ones are a list alone.
pub(super) fn is_cassette(document: &Value) -> bool {
    if INTERACTIONS.iter().any(|key| document.get(key).is_some_and(Value::is_array)) {
        return true;
    }
    let first = &document[0];
    let request = &first["request"];
    // The URL of a stub mapping is a path.
    request["method"].is_string() && first["response"].is_object() && url(request).is_ok()
}

/// Returns whether a text has tags that its values are read with.
pub(super) fn has_tags(text: &str) -> bool {
    ["!binary", "!!python/", "!ruby/"].iter().any(|tag| text.contains(tag))
}

pub(super) fn convert(root: &Node<'_>) -> Vec<ImportedExchange> {
    let items = if root.value().is_array() {
        root.items()
    } else {
        let Some(keys) = root.keys() else { return Vec::new() };
        let list = INTERACTIONS.iter().find_map(|key| keys.get(key));
        list.map(|node| node.items()).unwrap_or_default()
    };
    items.iter().filter_map(interaction).collect()
}

fn interaction(node: &Node<'_>) -> Option<ImportedExchange> {
    let read = read(&node.value()["request"], &node.value()["response"]);
    read.map_err(|why| node.warn(format!("the interaction is left out: {why}"), "")).ok()
}

fn read(request: &Value, response: &Value) -> Result<ImportedExchange, String> {
    let method = request["method"].as_str().ok_or("it has no method")?;
    let url = url(request)?;
    let headers = headers(&request["headers"]);
    let asked = Asked { method, url: &url, headers, body: body(&request["body"])? };
    let (status, reason) = status(response).ok_or("it has no status")?;
    // What vcrpy 4 wrote of answers to httpx.
    let content = response.get("body").unwrap_or(&response["content"]);
    let waited = response["duration"].as_str().and_then(duration).unwrap_or(Duration::ZERO);
    let headers = self::headers(&response["headers"]);
    let answered = Answered { status, reason, headers, body: body(content)?, coded: true, waited };
    exchange(asked, answered)
}

/// Returns the URL of a request; the first versions of vcrpy have its parts.
fn url(request: &Value) -> Result<String, &'static str> {
    let whole = request["uri"].as_str().or(request["url"].as_str());
    if let Some(whole) = whole.filter(|url| url.contains("://")) {
        return Ok(whole.to_owned());
    }
    let part = |key: &str| scalar(&request[key]);
    match (part("protocol"), part("host")) {
        (Some(scheme), Some(host)) => {
            let default = if scheme == "https" { "443" } else { "80" };
            let port = part("port").filter(|port| port != default);
            let port = port.map(|port| format!(":{port}")).unwrap_or_default();
            let path = part("path").unwrap_or_default();
            Ok(format!("{scheme}://{host}{port}{path}"))
        }
        _ => Err("it has no URL"),
    }
}

/// Returns the status of a response, and its reason phrase: an object, a number, or both in one
/// text.
fn status(response: &Value) -> Option<(u64, Option<String>)> {
    let of = &response["status"];
    let written = [&of["code"], &response["code"], &response["status_code"], of];
    let written = written.into_iter().find_map(scalar)?;
    let code = written.split_whitespace().next()?.parse().ok()?;
    let both = of.as_str().and_then(|text| text.split_once(' ')).map(|(_, reason)| reason);
    let reason = of["message"].as_str().or(both);
    Some((code, reason.map(str::to_owned)))
}

/// Header fields: an object with a list of values or one for each name, a list of lines, or a list of pairs.
fn headers(of: &Value) -> HeaderMap {
    let mut headers = HeaderMap::new();
    add_fields(&mut headers, of);
    headers
}

fn add_fields(headers: &mut HeaderMap, of: &Value) {
    match of {
        Value::Object(map) => {
            for (name, values) in map {
                add_fields_of(headers, name, values);
            }
        }
        Value::Array(items) => {
            for item in items {
                match item {
                    Value::String(line) => {
                        if let Some((name, value)) = line.split_once(':') {
                            add_header(headers, name.trim(), value.trim());
                        }
                    }
                    Value::Array(pair) => match (pair.first().and_then(Value::as_str), &pair[..]) {
                        (Some(name), [_, value]) => add_fields_of(headers, name, value),
                        _ => add_fields(headers, item),
                    },
                    other => add_fields(headers, other),
                }
            }
        }
        _ => {}
    }
}

fn add_fields_of(headers: &mut HeaderMap, name: &str, value: &Value) {
    let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    for value in values.iter().filter_map(scalar) {
        add_header(headers, name, &value);
    }
}

/// Returns a text; an object with one: `string`, or `base64_string` (`encoding` names the charset
/// of either); or the state of a Python object that held bytes, such as `io.BytesIO`.
fn body(body: &Value) -> Result<Bytes, String> {
    let content = body.get("string").or_else(|| body.get("state")).unwrap_or(body);
    let binary = content.as_str().and_then(|text| text.strip_prefix(BINARY_MARK));
    if let Some(text) = body["base64_string"].as_str().or(binary) {
        let text: String = text.split_whitespace().collect();
        let bytes = STANDARD.decode(text).map_err(|error| format!("its body: {error}"))?;
        return Ok(bytes.into());
    }
    match content {
        Value::Null => Ok(Bytes::new()),
        // The content of the object, then its position.
        Value::Array(state) if body.get("state").is_some() => {
            self::body(state.first().unwrap_or(&Value::Null))
        }
        // The parts of an iterator.
        Value::Array(parts) => {
            let parts: Result<Vec<Bytes>, String> = parts.iter().map(self::body).collect();
            Ok(parts?.concat().into())
        }
        Value::Object(_) => Err("its body has no string".to_owned()),
        text => Ok(scalar(text).unwrap_or_default().into()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bodies_of_all_tools_are_read() {
        let marked = format!("{BINARY_MARK}/w==\n");
        for (value, bytes) in [
            (json!(null), &b""[..]),
            (json!("a"), b"a"),
            (json!({"string": "a"}), b"a"),
            (json!({"encoding": "UTF-8", "string": ""}), b""),
            (json!({"encoding": "ASCII-8BIT", "base64_string": "/w==\n"}), b"\xff"),
            (json!({"string": marked}), b"\xff"),
            (json!({"state": [marked, 0, null]}), b"\xff"),
            (json!([["a", marked]]), b"a\xff"),
        ] {
            assert_eq!(&body(&value).unwrap()[..], bytes, "{value}");
        }
        assert!(body(&json!({"strings": [1]})).is_err());
    }

    #[test]
    fn header_fields_of_all_tools_are_read() {
        for fields in [
            json!({"X-A": ["1", "2"], "X-B": "3: 4"}),
            json!(["X-A: 1\r\n", "X-A: 2\r\n", "X-B: 3: 4\r\n"]),
            json!([[["X-A", "1"], ["X-A", "2"], ["X-B", "3: 4"]]]),
            json!([["X-A", ["1", "2"]], ["X-B", "3: 4"]]),
        ] {
            let read = headers(&fields);
            let values: Vec<_> = read.get_all("x-a").iter().collect();
            assert_eq!(values, ["1", "2"], "{fields}");
            assert_eq!(read["x-b"], "3: 4", "{fields}");
        }
    }

    #[test]
    fn statuses_and_urls_of_all_tools_are_read() {
        let odd = Some("Fine".to_owned());
        for (response, expected) in [
            (json!({"status": {"code": 201, "message": "Fine"}}), Some((201, odd.clone()))),
            (json!({"status": {"code": "201", "http_version": "1.1"}}), Some((201, None))),
            (json!({"status": "201 Fine", "code": 201}), Some((201, odd.clone()))),
            (json!({"status": "201 Fine"}), Some((201, odd))),
            (json!({"status": 201}), Some((201, None))),
            (json!({"status_code": 201}), Some((201, None))),
            (json!({}), None),
        ] {
            assert_eq!(status(&response), expected, "{response}");
        }
        for (request, expected) in [
            (json!({"uri": "http://h/a"}), Some("http://h/a")),
            (json!({"url": "http://h/a"}), Some("http://h/a")),
            (
                json!({"protocol": "https", "host": "h", "port": 443, "path": "/a"}),
                Some("https://h/a"),
            ),
            (
                json!({"protocol": "http", "host": "h", "port": 81, "path": "/a?b"}),
                Some("http://h:81/a?b"),
            ),
            (json!({"url": "/a"}), None),
        ] {
            assert_eq!(url(&request).ok().as_deref(), expected, "{request}");
        }
    }
}
