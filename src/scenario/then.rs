//! `then`: what a rule does.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::document::{Keys, Node, size};
use crate::message::{Fault, FaultAction, FaultPoint, Pace};

use super::delay::{Delay, stall};
use super::format::Files;
use super::reply::Reply;

/// One `then`.
#[derive(Debug, Clone)]
pub(super) enum Then {
    /// Nothing: the request goes on.
    Pass,
    /// It goes on later.
    Delay(Delay),
    /// Nothing is sent for so long.
    Stall(Duration),
    /// The true answer, slowly.
    Slow(Pace),
    /// An error of the API.
    Status(Box<StatusAnswer>),
    /// A literal answer.
    Reply(Box<Reply>),
    /// A fault of the connection.
    Fault(Fault),
}

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
}

/// Whether a 410 hands out a token that goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContinueToken {
    /// One that goes on inconsistently from the latest revision.
    Fresh,
    /// None: the client must start again.
    None,
}

/// Words of the language that come later; told apart from typing errors.
const LATER: [&str; 2] = ["cut", "event"];
/// The words that end a `then`: only one of them can stand in it.
const TERMINAL: [&str; 5] = ["status", "reply", "reset", "close", "garbage"];
/// What a client sees in place of an answer: no status line, and nothing that could begin one.
const GARBAGE: &[u8] = b"\x00\xff\xfe standin: this is not HTTP \x80\x81\r\n";

impl Then {
    /// Reads a `then`.
    pub(super) fn decode(node: &Node<'_>, files: &Files<'_>) -> Option<Self> {
        if let Some(word) = node.value().as_str() {
            return node.word(&[("pass", ())]).map(|()| Self::Pass).or_else(|| {
                let _ = word;
                None
            });
        }
        let keys = node.keys()?;
        for word in LATER {
            if let Some(found) = keys.get(word) {
                found.error_at_key(
                    format!("the word {word:?} is not supported yet"),
                    "there are status, reply, delay, stall, slow, reset, close and garbage",
                );
                return None;
            }
        }
        let found: Vec<&str> = keys.present().filter(|key| TERMINAL.contains(key)).collect();
        if let [first, second, ..] = found.as_slice() {
            node.error(format!("{first} and {second} cannot both happen"), "keep one of them");
            return None;
        }
        let then = if keys.present().any(|key| key == "status") {
            status(&keys).map(|status| Self::Status(Box::new(status)))
        } else if let Some(reply) = keys.get("reply") {
            Reply::decode(&reply, files).map(|reply| Self::Reply(Box::new(reply)))
        } else if let Some(reset) = keys.get("reset") {
            point(&reset).map(|at| Self::Fault(Fault { at, action: FaultAction::Reset }))
        } else if let Some(close) = keys.get("close") {
            point(&close).map(|at| Self::Fault(Fault { at, action: FaultAction::Close }))
        } else if let Some(garbage) = keys.get("garbage") {
            let action = FaultAction::Garbage(Bytes::from_static(GARBAGE));
            point(&garbage).map(|at| Self::Fault(Fault { at, action }))
        } else if keys.present().any(|key| key == "stall") {
            stall(&keys).map(Self::Stall)
        } else if let Some(slow) = keys.get("slow") {
            pace(&slow).map(Self::Slow)
        } else if let Some(delay) = keys.get("delay") {
            Delay::decode(&delay).map(Self::Delay)
        } else {
            for word in TERMINAL {
                let _ = keys.get(word);
            }
            node.error(
                "this does nothing",
                "say pass, or one of status, reply, delay, stall, slow, reset, close, garbage",
            );
            None
        };
        for word in TERMINAL {
            let _ = keys.get(word);
        }
        for word in ["delay", "stall", "slow"] {
            let _ = keys.get(word);
        }
        keys.finish();
        then
    }
}

fn status(keys: &Keys<'_>) -> Option<StatusAnswer> {
    let node = keys.get("status")?;
    let code = node
        .integer(100..=599)
        .and_then(|code| StatusCode::from_u16(u16::try_from(code).ok()?).ok());
    if code.is_some_and(|code| code.is_informational()) {
        node.error("a 1xx status is not an answer", "choose one from 200 to 599");
        return None;
    }
    let text = |key: &'static str| keys.get(key).and_then(|node| node.text().map(str::to_owned));
    let answer = StatusAnswer {
        code: code?,
        reason: text("reason"),
        message: text("message"),
        retry_after: keys.get("retry_after").and_then(|node| node.duration()),
        headers: keys.get("headers").map(|node| headers(&node)).unwrap_or_default(),
        error_code: text("errorCode"),
        continue_token: keys.get("continue").and_then(|node| {
            node.word(&[("fresh", ContinueToken::Fresh), ("none", ContinueToken::None)])
        }),
    };
    if answer.continue_token.is_some() && answer.code != StatusCode::GONE {
        node.error("continue belongs to status 410", "say status: 410, or leave continue out");
    }
    Some(answer)
}

/// Header fields of an answer: each a text or a list of texts.
pub(super) fn headers(node: &Node<'_>) -> HeaderMap {
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

/// How slowly: a rate like `16KiB/s`, or `{chunk: 1B, every: 100ms}`.
fn pace(node: &Node<'_>) -> Option<Pace> {
    if node.value().is_object() {
        let keys = node.keys()?;
        let chunk = keys.required("chunk").and_then(|node| node.size());
        let every = keys.required("every").and_then(|node| node.duration());
        keys.finish();
        let chunk = usize::try_from(chunk?).ok().filter(|chunk| *chunk > 0);
        if chunk.is_none() {
            node.error("a chunk has at least one byte", "like {chunk: 1B, every: 100ms}");
        }
        return Some(Pace { chunk: chunk?, every: every? });
    }
    let text = node.text()?;
    let rate = text.strip_suffix("/s").and_then(size).filter(|rate| *rate > 0);
    let Some(rate) = rate else {
        node.error(
            format!("{text:?} is not a rate"),
            "write bytes a second, like 16KiB/s, or {chunk: 1B, every: 100ms}",
        );
        return None;
    };
    // Ten pieces a second, or a byte at a time where that is slower.
    let chunk = usize::try_from(rate / 10).unwrap_or(usize::MAX).max(1);
    #[expect(clippy::cast_precision_loss, reason = "a rate of bytes")]
    let every = Duration::from_secs_f64(chunk as f64 / rate as f64);
    Some(Pace { chunk, every })
}

/// Where a fault strikes: a word, or `{bytes: N}`.
fn point(node: &Node<'_>) -> Option<FaultPoint> {
    if node.value().is_object() {
        let keys = node.keys()?;
        let bytes = keys.required("bytes").and_then(|node| node.size());
        keys.finish();
        return bytes.map(FaultPoint::AfterBytes);
    }
    node.word(&[
        ("before_headers", FaultPoint::BeforeHeaders),
        ("after_headers", FaultPoint::AfterHeaders),
    ])
}
