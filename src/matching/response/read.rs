//! `response` of a stub mapping → a response, with everything that is wrong with it.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};
use http::{HeaderMap, StatusCode};

use crate::document::{Keys, Node};
use crate::message::{Fault, FaultAction, FaultPoint};

use super::super::body_files::BodyFiles;
use super::{Content, RawResponse, body};

/// The bytes that `WireMock` sends as garbage (`JettyFaultInjector`).
pub(super) const GARBAGE: &[u8] = b"lskdu018973t09sylgasjkfg1][]'./.sdlv";

/// The longest fixed delay, in milliseconds: a day.
const MAX_DELAY_MS: i64 = 86_400_000;

impl RawResponse {
    /// Reads `response`; problems are noted.
    pub(in crate::matching) fn read(node: &Node<'_>, files: &dyn BodyFiles) -> Option<Self> {
        let keys = node.keys()?;
        let status = keys.get("status").map_or(Some(StatusCode::OK), |node| status(&node));
        reason(&keys, status);
        let mut headers = headers(&keys);
        let body = body::read(&keys, files);
        framing(&keys, &mut headers, body.as_ref());
        let delay = keys
            .get("fixedDelayMilliseconds")
            .map_or(Some(0), |node| node.integer(0..=MAX_DELAY_MS));
        let fault = keys.get("fault").map(|node| node.word(&FAULTS));
        for key in NOT_SUPPORTED {
            if let Some(node) = keys.get(key) {
                node.error_at_key(format!("{key:?} is not supported"), "remove it; fixedDelayMilliseconds, fault and scenarios are there for delays and faults");
            }
        }
        keys.finish();
        let (status, body) = (status?, body?);
        let delay = Duration::from_millis(delay?.unsigned_abs());
        Some(match fault {
            None => Self { status, headers, body, delay, fault: None },
            Some(fault) => Self::broken(fault?, delay),
        })
    }

    /// A fault hides status, headers and body (`StubResponseRenderer`).
    fn broken(kind: FaultKind, delay: Duration) -> Self {
        let garbage = || FaultAction::Garbage(Bytes::from_static(GARBAGE));
        let (at, action) = match kind {
            FaultKind::Reset => (FaultPoint::BeforeHeaders, FaultAction::Reset),
            FaultKind::Empty => (FaultPoint::BeforeHeaders, FaultAction::Close),
            FaultKind::Random => (FaultPoint::BeforeHeaders, garbage()),
            FaultKind::MalformedChunk => (FaultPoint::AfterHeaders, garbage()),
        };
        // A body of unknown length, so that the head promises chunks and the garbage stands for one.
        let body = match kind {
            FaultKind::MalformedChunk => Content::Stream(Box::default()),
            _ => Content::Bytes(Bytes::new()),
        };
        Self { body, delay, fault: Some(Fault { at, action }), ..Self::default() }
    }
}

#[derive(Clone, Copy)]
enum FaultKind {
    Reset,
    Empty,
    Random,
    MalformedChunk,
}

const FAULTS: [(&str, FaultKind); 4] = [
    ("CONNECTION_RESET_BY_PEER", FaultKind::Reset),
    ("EMPTY_RESPONSE", FaultKind::Empty),
    ("RANDOM_DATA_THEN_CLOSE", FaultKind::Random),
    ("MALFORMED_RESPONSE_CHUNK", FaultKind::MalformedChunk),
];

/// Keys of `WireMock` that would change the answer, so that they cannot be left out silently.
const NOT_SUPPORTED: [&str; 6] = [
    "delayDistribution",
    "chunkedDribbleDelay",
    "proxyBaseUrl",
    "proxyUrlPrefixToRemove",
    "additionalProxyRequestHeaders",
    "removeProxyRequestHeaders",
];

/// Interim (1xx) answers cannot stand alone.
fn status(node: &Node<'_>) -> Option<StatusCode> {
    let number = node.integer(200..=999)?;
    StatusCode::from_u16(u16::try_from(number).ok()?).ok()
}

fn reason(keys: &Keys<'_>, status: Option<StatusCode>) {
    let Some(node) = keys.get("statusMessage") else {
        return;
    };
    let sent = status.and_then(|status| status.canonical_reason()).unwrap_or("");
    if node.text().is_some_and(|text| text != sent) {
        node.warn(
            format!("statusMessage is not sent, the standard one is: {sent:?}"),
            "HTTP clients ignore it, and HTTP/2 has none",
        );
    }
}

fn headers(keys: &Keys<'_>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let Some(node) = keys.get("headers") else {
        return headers;
    };
    for (name, values) in node.entries() {
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
            values.error_at_key(
                format!("{name:?} is not a header name"),
                "letters, digits and - only",
            );
            continue;
        };
        let list = if values.value().is_array() { values.items() } else { vec![values] };
        for node in list {
            let Some(text) = node.text() else {
                continue;
            };
            match HeaderValue::from_str(text) {
                Ok(value) => {
                    headers.append(&name, value);
                }
                Err(_) => {
                    node.error("a header value has no line ends and no control characters", "");
                }
            }
        }
    }
    headers
}

/// Takes out what the transport says itself: the length of the body, and how it is sent.
fn framing(keys: &Keys<'_>, headers: &mut HeaderMap, body: Option<&Content>) {
    headers.remove(TRANSFER_ENCODING);
    let Some(given) = headers.remove(CONTENT_LENGTH) else {
        return;
    };
    if let Some(Content::Bytes(bytes)) = body
        && given.as_bytes() != bytes.len().to_string().as_bytes()
    {
        keys.node().warn(
            format!("Content-Length {given:?} is not the body's: {} is sent", bytes.len()),
            "leave Content-Length out; for a body that ends early use a scenario",
        );
    }
}
