//! Cassettes of vcrpy (version 1) and of Ruby's VCR → exchanges.
//!
//! The formats: `vcr/serialize.py`, and <https://benoittgt.github.io/vcr/#/cassettes/cassette_format>. Requests that
//! are there several times are answered one after the other.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;

use crate::document::Node;

use super::exchange::{Answered, Asked, ImportedExchange, add_header, exchange};
use super::scalar::scalar;

/// The keys of the interactions: of vcrpy, and of Ruby's VCR.
pub(super) const INTERACTIONS: [&str; 2] = ["interactions", "http_interactions"];

pub(super) fn convert(root: &Node<'_>) -> Vec<ImportedExchange> {
    let Some(keys) = root.keys() else { return Vec::new() };
    let list = INTERACTIONS.iter().find_map(|key| keys.get(key));
    let items = list.map(|node| node.items()).unwrap_or_default();
    items.iter().filter_map(interaction).collect()
}

fn interaction(node: &Node<'_>) -> Option<ImportedExchange> {
    let read = read(&node.value()["request"], &node.value()["response"]);
    read.map_err(|why| node.warn(format!("the interaction is left out: {why}"), "")).ok()
}

fn read(request: &Value, response: &Value) -> Result<ImportedExchange, String> {
    let method = request["method"].as_str().ok_or("it has no method")?;
    let url = request["uri"].as_str().ok_or("it has no uri")?;
    let asked = Asked { method, url, headers: headers(request), body: body(&request["body"])? };
    let status = &response["status"];
    let status = status["code"].as_u64().or(status.as_u64()).ok_or("it has no status")?;
    let body = body(&response["body"])?;
    let answered = Answered { status, headers: headers(response), body, coded: true };
    exchange(asked, answered)
}

/// Each field has a list of values, or one.
fn headers(message: &Value) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, values) in message["headers"].as_object().into_iter().flatten() {
        match values {
            Value::Array(values) => {
                for value in values.iter().filter_map(scalar) {
                    add_header(&mut headers, name, &value);
                }
            }
            value => {
                if let Some(value) = scalar(value) {
                    add_header(&mut headers, name, &value);
                }
            }
        }
    }
    headers
}

/// What is before the text of a `!!binary` block.
const BINARY: &str = "\u{E000}base64:";

/// A YAML text in which each `!!binary` block, as `PyYAML` writes it, is a text that begins with [`BINARY`]; nothing
/// where there is none. Bytes that are not text have no place in a JSON value.
pub(super) fn with_marked_binaries(text: &str) -> Option<String> {
    const TAG: &str = "!!binary |";
    let mut out = String::with_capacity(text.len());
    let mut marks = false;
    let mut found = false;
    for line in text.split_inclusive('\n') {
        if std::mem::take(&mut marks) {
            let indent = line.len() - line.trim_start_matches(' ').len();
            out.push_str(&line[..indent]);
            out.push_str(BINARY);
            out.push_str(&line[indent..]);
            continue;
        }
        match line.trim_end().strip_suffix(TAG).filter(|rest| rest.ends_with([' ', '-', ':'])) {
            Some(rest) => {
                out.push_str(rest);
                out.push_str("|\n");
                (marks, found) = (true, true);
            }
            None => out.push_str(line),
        }
    }
    found.then_some(out)
}

/// A text, or an object with one: `string`, or `base64_string` (`encoding` names the charset of either).
fn body(body: &Value) -> Result<Bytes, String> {
    let content = body.get("string").unwrap_or(body);
    let binary = content.as_str().and_then(|text| text.strip_prefix(BINARY));
    if let Some(text) = body["base64_string"].as_str().or(binary) {
        let text: String = text.split_whitespace().collect();
        let bytes = STANDARD.decode(text).map_err(|error| format!("its body: {error}"))?;
        return Ok(bytes.into());
    }
    match content {
        Value::Null => Ok(Bytes::new()),
        Value::Array(_) | Value::Object(_) => Err("its body has no string".to_owned()),
        text => Ok(scalar(text).unwrap_or_default().into()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::document::{Format, Source};

    #[test]
    fn binary_blocks_keep_their_bytes() {
        let text = "a: !!binary |\n  H4sI\n  AAAA\nb: !!binary |\n    /w==\nc: text\n";
        let text = with_marked_binaries(text).unwrap();
        let values = Source { path: "c.yaml".into(), format: Format::Yaml, text }.parse().unwrap();
        let bytes = |key: &str| body(&values[0][key]).unwrap();
        assert_eq!(&bytes("a")[..], [0x1f, 0x8b, 8, 0, 0, 0]);
        assert_eq!(&bytes("b")[..], [0xff]);
        assert_eq!(&bytes("c")[..], b"text");
        assert_eq!(with_marked_binaries("a: '!!binary'\n"), None);
    }

    #[test]
    fn bodies_of_both_tools_are_read() {
        for (value, bytes) in [
            (json!(null), &b""[..]),
            (json!("a"), b"a"),
            (json!({"string": "a"}), b"a"),
            (json!({"encoding": "UTF-8", "string": ""}), b""),
            (json!({"encoding": "ASCII-8BIT", "base64_string": "/w==\n"}), b"\xff"),
        ] {
            assert_eq!(&body(&value).unwrap()[..], bytes, "{value}");
        }
        assert!(body(&json!({"string": [1]})).is_err());
    }
}
