//! Outcomes of requests → the actions of rules that reproduce them.

use std::time::Duration;

use http::HeaderMap;
use http::header::{CONTENT_TYPE, DATE, RETRY_AFTER};
use serde_json::{Map, Value, json};

use crate::redact::{Key, Media, Redacted, Redactor};

/// The largest body of an error that is taken over, in bytes.
const MAX_BODY: usize = 4 << 10;
/// The longest `Retry-After` that is taken over: a longer wait would not test a client.
const MAX_WAIT: Duration = Duration::from_secs(24 * 3600);

/// The outcome of a request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    /// The answer of a healthy server.
    Passed,
    /// A fault.
    Fault(Fault),
    /// A client error, which is a fault only if the same request succeeded at another time.
    Refused(Fault),
    /// The stream of a watch ended, with whether its last event was an ERROR about an expired
    /// revision.
    WatchEnded { expired: bool },
    /// Unknown: the source has no answer.
    Unknown,
}

/// A fault, as a rule reproduces it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fault {
    /// The name of the kind of fault: `503`, `reset`.
    pub(crate) kind: String,
    /// The action of the rule: the value of a `then`.
    pub(crate) then: Value,
    /// How long the client was asked to wait.
    pub(crate) wait: Option<Duration>,
}

/// An answer, as sources have it.
#[derive(Debug)]
pub(super) struct Answer<'a> {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: &'a [u8],
    /// Whether the source has the whole body.
    pub(super) whole: bool,
}

impl Outcome {
    /// Returns the outcome of an answer that arrived whole.
    pub(super) fn of_answer(answer: &Answer<'_>, target: &str) -> Self {
        let fault = || Fault::of_answer(answer, target);
        match answer.status {
            408 | 425 | 429 | 500..=599 => Self::Fault(fault()),
            // A missing resource is rarely a fault of the server.
            404 => Self::Passed,
            400..=499 => Self::Refused(fault()),
            200..=399 => Self::Passed,
            _ => Self::Unknown,
        }
    }

    /// Returns the outcome of a broken connection, by the word of the scenario language and its
    /// place.
    pub(super) fn broken(word: &str, place: &Value) -> Self {
        let kind = match place {
            Value::String(_) => word.to_owned(),
            _ => format!("{word} within the body"),
        };
        Self::Fault(Fault { kind, then: json!({ word: place }), wait: None })
    }

    /// Returns the outcome of a request without an answer.
    pub(super) fn never() -> Self {
        let kind = "no answer".to_owned();
        Self::Fault(Fault { kind, then: json!({"stall": "forever"}), wait: None })
    }
}

impl Fault {
    fn of_answer(answer: &Answer<'_>, target: &str) -> Self {
        let status = answer.status;
        let wait = wait(&answer.headers).map(|wait| wait.min(MAX_WAIT));
        let body = body(answer, target);
        let json: Option<Value> = body.as_deref().and_then(|body| serde_json::from_str(body).ok());
        let status_object = json.as_ref().filter(|json| json["kind"] == "Status");
        let mut then = Map::new();
        if let Some(object) = status_object {
            then.insert("status".to_owned(), status.into());
            for field in ["reason", "message"] {
                if let Some(text) = object[field].as_str().filter(|text| !text.is_empty()) {
                    then.insert(field.to_owned(), text.into());
                }
            }
            if let Some(wait) = wait {
                then.insert("retry_after".to_owned(), written(wait).into());
            }
        } else if let Some(body) = body {
            let mut reply = Map::new();
            reply.insert("status".to_owned(), status.into());
            let mut headers = Map::new();
            if let Some(media) =
                answer.headers.get(CONTENT_TYPE).and_then(|media| media.to_str().ok())
            {
                headers.insert("Content-Type".to_owned(), media.into());
            }
            if let Some(wait) = wait {
                headers.insert("Retry-After".to_owned(), wait.as_secs().to_string().into());
            }
            if !headers.is_empty() {
                reply.insert("headers".to_owned(), headers.into());
            }
            reply.insert("body".to_owned(), body.into());
            then.insert("reply".to_owned(), reply.into());
        } else {
            then.insert("status".to_owned(), status.into());
            if let Some(wait) = wait {
                then.insert("retry_after".to_owned(), written(wait).into());
            }
        }
        Self { kind: status.to_string(), then: then.into(), wait }
    }
}

/// Returns the text of an error without its secrets, or `None` if it has none that can be used.
fn body(answer: &Answer<'_>, target: &str) -> Option<String> {
    if answer.body.is_empty() || !answer.whole || answer.body.len() > MAX_BODY {
        return None;
    }
    // The pseudonyms follow from the content, so that the same source gives the same scenario.
    let redactor = Redactor::new(Key::of(answer.body));
    let pass = redactor.pass(target);
    let bytes = match pass.body(&Media::of(&HeaderMap::new()), answer.body) {
        Redacted::Same => answer.body.to_vec(),
        Redacted::Changed(bytes) => bytes,
        Redacted::Opaque(_) => return None,
    };
    let text = String::from_utf8(bytes).ok()?;
    let is_plain = |letter: char| !letter.is_control() || matches!(letter, '\n' | '\r' | '\t');
    text.chars().all(is_plain).then_some(text)
}

/// Returns how long the client is asked to wait: seconds, or the time until a date (RFC 9110,
/// section 10.2.3).
fn wait(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let sent = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    Some(until.duration_since(sent).unwrap_or_default())
}

/// Returns a time as scenarios write it, in milliseconds where it is short.
pub(super) fn written(time: Duration) -> String {
    if time.subsec_millis() == 0 && time >= Duration::from_secs(1) {
        format!("{}s", time.as_secs())
    } else {
        format!("{}ms", time.as_millis())
    }
}
