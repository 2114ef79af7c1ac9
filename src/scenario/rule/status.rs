//! `status`: an error of the API, with its reason, message and header fields.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::document::Node;
use crate::scenario::words::Entry;
use crate::scenario::words::table::{As, ContinueToken, StatusWords};

/// A status that a rule answers with. The renderer adds upstream's reason and message where the
/// rule has none.
#[derive(Debug, Clone)]
pub(crate) struct StatusAnswer {
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
    /// Whether a 410 has a continue token.
    pub continue_token: Option<ContinueToken>,
    /// Whether the body is plain text even where a Status object is usual.
    pub as_text: bool,
}

impl StatusAnswer {
    /// Creates a bare status.
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

/// Returns a status with what goes with it.
pub(in crate::scenario) fn status(code: u64, words: &StatusWords<'_>) -> Option<StatusAnswer> {
    let text = |text: Option<&str>| text.map(str::to_owned);
    Some(StatusAnswer {
        reason: text(words.reason),
        message: text(words.message),
        retry_after: words.retry_after,
        headers: words.headers.as_deref().map(headers).unwrap_or_default(),
        error_code: text(words.error_code),
        continue_token: words.continues,
        as_text: words.body == Some(As::Text),
        ..StatusAnswer::of(status_code(code)?)
    })
}

/// Returns a code of the range that the table allows.
pub(in crate::scenario) fn status_code(code: u64) -> Option<StatusCode> {
    StatusCode::from_u16(u16::try_from(code).ok()?).ok()
}

/// Header fields of an answer, each with one value or several.
pub(in crate::scenario) fn headers(entries: &[Entry<'_, Vec<(String, Node<'_>)>>]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for Entry { key, value, node } in entries {
        let Ok(name) = HeaderName::try_from(*key) else {
            node.error_at_key(format!("{key:?} is not a header name"), "");
            continue;
        };
        for (text, node) in value {
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
