//! The one request that a pattern takes, where it takes only one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// What stays in the names and values of a query.
const QUERY: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/').remove(b':');

/// The media type of forms.
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

/// A request that can be made again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LiteralRequest {
    pub(crate) method: Method,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The parts of the pattern that no value is known for, such as a secret header field.
    pub(crate) unknown: Vec<String>,
}

impl LiteralRequest {
    /// The request of a pattern.
    ///
    /// # Errors
    /// Why there is not one request.
    pub(crate) fn of(pattern: &Value) -> Result<Self, String> {
        let method = pattern["method"].as_str().filter(|method| *method != "ANY");
        let method = method.ok_or("it takes any method")?;
        let method = Method::from_bytes(method.as_bytes()).map_err(|error| error.to_string())?;
        let url = pattern["url"].as_str().or(pattern["urlPath"].as_str());
        let url = url.ok_or("its URL is a pattern")?;
        let mut unknown = Vec::new();
        let mut target = url.to_owned();
        for (name, value) in fields(&pattern["queryParameters"]) {
            for value in values(value) {
                let Some(value) = value else {
                    unknown.push(format!("the parameter {name}"));
                    continue;
                };
                target.push(if target.contains('?') { '&' } else { '?' });
                let quoted = |text: &str| utf8_percent_encode(text, QUERY).to_string();
                target.push_str(&format!("{}={}", quoted(name), quoted(&value)));
            }
        }
        target.parse::<Uri>().map_err(|error| format!("{target:?} is not a target: {error}"))?;
        let mut headers = HeaderMap::new();
        for (name, value) in fields(&pattern["headers"]) {
            for value in values(value) {
                let header = HeaderName::from_bytes(name.as_bytes()).ok();
                match header.zip(value.and_then(|value| HeaderValue::from_str(&value).ok())) {
                    Some((name, value)) => drop(headers.append(name, value)),
                    None => unknown.push(format!("the header field {name}")),
                }
            }
        }
        let mut cookies = Vec::new();
        for (name, value) in fields(&pattern["cookies"]) {
            for value in values(value) {
                match value {
                    Some(value) => cookies.push(format!("{name}={value}")),
                    None => unknown.push(format!("the cookie {name}")),
                }
            }
        }
        if let Ok(value) = HeaderValue::from_str(&cookies.join("; "))
            && !cookies.is_empty()
        {
            headers.insert(COOKIE, value);
        }
        let body = body(pattern).unwrap_or_else(|what| {
            unknown.push(what);
            Bytes::new()
        });
        if pattern.get("formParameters").is_some() && !headers.contains_key(CONTENT_TYPE) {
            // Only with its type the body is a form.
            headers.insert(CONTENT_TYPE, FORM);
        }
        Ok(Self { method, target, headers, body, unknown })
    }

    /// Whether it may be made again without changing anything (RFC 9110, section 9.2.1).
    pub(crate) fn is_safe(&self) -> bool {
        self.method.is_safe() && self.method != Method::TRACE && self.body.is_empty()
    }
}

fn fields(map: &Value) -> impl Iterator<Item = (&String, &Value)> {
    map.as_object().into_iter().flatten()
}

/// The values that a pattern asks for: nothing where the field has to be absent, `None` where they are not known.
fn values(pattern: &Value) -> Vec<Option<String>> {
    if pattern.get("absent") == Some(&Value::Bool(true)) {
        return Vec::new();
    }
    let list = pattern.get("hasExactly").or_else(|| pattern.get("includes"));
    match list.and_then(Value::as_array) {
        Some(list) => list.iter().map(one).collect(),
        None => vec![one(pattern)],
    }
}

fn one(pattern: &Value) -> Option<String> {
    match pattern {
        Value::String(text) => Some(text.clone()),
        // An empty one of several.
        pattern if pattern["matches"] == "" => Some(String::new()),
        pattern => match pattern.get("equalTo")? {
            Value::String(text) => Some(text.clone()),
            value => Some(value.to_string()),
        },
    }
}

/// The body that the patterns ask for.
///
/// # Errors
/// What is not known of it.
fn body(pattern: &Value) -> Result<Bytes, String> {
    let unknown = || "the body".to_owned();
    if pattern.get("multipartPatterns").is_some() {
        return Err(unknown());
    }
    if let Some(form) = pattern.get("formParameters") {
        let alone = pattern["bodyPatterns"].as_array().is_none_or(Vec::is_empty);
        return form_body(form).filter(|_| alone).ok_or_else(unknown);
    }
    let Some(patterns) = pattern["bodyPatterns"].as_array() else { return Ok(Bytes::new()) };
    let [pattern] = patterns.as_slice() else { return Err(unknown()) };
    if pattern.get("absent") == Some(&Value::Bool(true)) {
        return Ok(Bytes::new());
    }
    if let Some(text) = pattern["binaryEqualTo"].as_str() {
        return STANDARD.decode(text).map(Bytes::from).map_err(|_| unknown());
    }
    let equal = ["equalTo", "equalToJson", "equalToXml"].iter().find_map(|key| pattern.get(*key));
    let text = match equal.ok_or_else(unknown)? {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    if text.contains("${json-unit") || text.contains("${xmlunit") {
        return Err(unknown());
    }
    Ok(text.into())
}

/// The form with these fields; nothing where the value of one is not known.
fn form_body(form: &Value) -> Option<Bytes> {
    let mut pairs = Vec::new();
    for (name, value) in fields(form) {
        for value in values(value) {
            let quoted = |text: &str| utf8_percent_encode(text, QUERY).to_string();
            pairs.push(format!("{}={}", quoted(name), quoted(&value?)));
        }
    }
    Some(pairs.join("&").into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_literal_pattern_is_one_request() {
        let request = LiteralRequest::of(&json!({
            "method": "GET",
            "urlPath": "/a",
            "queryParameters": {"q": {"equalTo": "x y&z"}, "r": {"hasExactly": [{"equalTo": "1"}, {"matches": ""}, {"equalTo": "2"}]}},
            "headers": {"Accept": {"equalTo": "a/b"}, "Range": {"absent": true}, "X-Key": {"matches": ".+"}},
            "cookies": {"c": {"equalTo": "d"}},
        }))
        .unwrap();
        assert_eq!(request.target, "/a?q=x%20y%26z&r=1&r=&r=2");
        assert_eq!(request.headers["accept"], "a/b");
        assert_eq!(request.headers["cookie"], "c=d");
        assert_eq!(request.headers.len(), 2);
        assert_eq!(request.unknown, ["the header field X-Key"]);
        assert!(request.is_safe());
    }

    #[test]
    fn bodies_are_those_of_equality() {
        for (pattern, body) in [
            (json!({"equalTo": "a=b"}), Some("a=b")),
            (json!({"equalToJson": {"a": 1}}), Some("{\"a\":1}")),
            (json!({"equalToJson": "{\"a\": 1}"}), Some("{\"a\": 1}")),
            (json!({"binaryEqualTo": "aGk="}), Some("hi")),
            (json!({"matches": "a.*"}), None),
            (json!({"equalToJson": {"a": "${json-unit.any-string}"}}), None),
        ] {
            let pattern = json!({"method": "POST", "url": "/", "bodyPatterns": [pattern]});
            let request = LiteralRequest::of(&pattern).unwrap();
            match body {
                Some(body) => assert_eq!(&request.body[..], body.as_bytes()),
                None => assert_eq!(request.unknown, ["the body"]),
            }
            assert!(!request.is_safe());
        }
    }

    #[test]
    fn a_form_is_the_one_with_its_fields() {
        for (form, body) in [
            (
                json!({"a": {"equalTo": "x y"}, "b": {"hasExactly": [{"equalTo": "1"}, {"equalTo": "2"}]}}),
                Some("a=x%20y&b=1&b=2"),
            ),
            (json!({"a": {"equalTo": "1"}, "b": {"absent": true}}), Some("a=1")),
            (json!({"a": {"matches": ".+"}}), None),
        ] {
            let pattern = json!({"method": "POST", "url": "/", "formParameters": form});
            let request = LiteralRequest::of(&pattern).unwrap();
            assert_eq!(&request.body[..], body.unwrap_or_default().as_bytes());
            assert_eq!(request.unknown.is_empty(), body.is_some());
        }
    }

    #[test]
    fn patterns_of_many_requests_are_none() {
        for pattern in [
            json!({"url": "/"}),
            json!({"method": "ANY", "url": "/"}),
            json!({"method": "GET", "urlPattern": "/.*"}),
            json!({"method": "GET", "urlPathTemplate": "/{a}"}),
        ] {
            assert!(LiteralRequest::of(&pattern).is_err(), "{pattern}");
        }
    }
}
