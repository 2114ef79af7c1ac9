//! `status`: an error of the API, with what goes with it.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::document::{Keys, Node};

/// A status that a rule answers. The renderer adds upstream's reason and text where the rule has none.
#[derive(Debug, Clone)]
pub struct StatusAnswer {
    /// The status code.
    pub code: StatusCode,
    /// The Status' reason, such as `TooManyRequests`.
    pub reason: Option<String>,
    /// The Status' message.
    pub message: Option<String>,
    /// `Retry-After`.
    pub retry_after: Option<Duration>,
    /// Further header fields.
    pub headers: HeaderMap,
    /// `errorCode`, as the CCI service adds it to its Status.
    pub error_code: Option<String>,
    /// What a 410 of a continue token carries.
    pub continue_token: Option<ContinueToken>,
    /// Whether it is plain text also where a Status is usual.
    pub as_text: bool,
}

/// Whether a 410 hands out a token that goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContinueToken {
    /// One that goes on inconsistently from the latest revision.
    Fresh,
    /// None: the client must start again.
    None,
}

impl StatusAnswer {
    /// A bare status.
    pub(in crate::scenario) fn of(code: StatusCode) -> Self {
        Self {
            code,
            reason: None,
            message: None,
            retry_after: None,
            headers: HeaderMap::new(),
            error_code: None,
            continue_token: None,
            as_text: false,
        }
    }
}

/// Reads `status` and the keys that go with it.
pub(in crate::scenario) fn status(keys: &Keys<'_>) -> Option<StatusAnswer> {
    let node = keys.get("status")?;
    let code = node
        .integer(200..=599)
        .and_then(|code| StatusCode::from_u16(u16::try_from(code).ok()?).ok());
    let text = |key: &'static str| keys.get(key).and_then(|node| node.text().map(str::to_owned));
    let answer = StatusAnswer {
        reason: text("reason"),
        message: text("message"),
        retry_after: keys.get("retry_after").and_then(|node| node.duration()),
        headers: keys.get("headers").map(|node| headers(&node)).unwrap_or_default(),
        error_code: text("errorCode"),
        continue_token: keys.get("continue").and_then(|node| {
            node.word(&[("fresh", ContinueToken::Fresh), ("none", ContinueToken::None)])
        }),
        as_text: keys
            .get("as")
            .and_then(|node| node.word(&[("text", true), ("status", false)]))
            .unwrap_or_default(),
        ..StatusAnswer::of(code?)
    };
    if answer.continue_token.is_some() && answer.code != StatusCode::GONE {
        node.error("continue belongs to status 410", "say status: 410, or leave continue out");
    }
    Some(answer)
}

/// Header fields of an answer: each a text or a list of texts.
pub(in crate::scenario) fn headers(node: &Node<'_>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (key, node) in node.entries() {
        let Ok(name) = HeaderName::try_from(key) else {
            node.error_at_key(format!("{key:?} is not a header name"), "");
            continue;
        };
        let values = if node.value().is_array() { node.items() } else { vec![node] };
        for node in values {
            let text = match node.value() {
                serde_json::Value::Number(number) => number.to_string(),
                serde_json::Value::Bool(value) => value.to_string(),
                _ => node.text().unwrap_or_default().to_owned(),
            };
            match HeaderValue::try_from(text) {
                Ok(value) => {
                    headers.append(&name, value);
                }
                Err(_) => node
                    .error("this cannot be sent as a header value", "use visible ASCII characters"),
            }
        }
    }
    headers
}
