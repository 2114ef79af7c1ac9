//! `response` of a stub mapping → a response, with everything that is wrong with it.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};
use http::{HeaderMap, StatusCode};

use crate::document::{Keys, Node};
use crate::message::Effects;

use super::super::body_files::BodyFiles;
use super::super::delivery::{delay, fault, stream};
use super::{RawResponse, body};

impl RawResponse {
    /// Reads `response`; problems are noted.
    pub(in crate::matching) fn read(node: &Node<'_>, files: &dyn BodyFiles) -> Option<Self> {
        let keys = node.keys()?;
        let status = keys.get("status").map_or(Some(StatusCode::OK), |node| status(&node));
        reason(&keys, status);
        let mut headers = headers(&keys);
        let stream = stream(&keys);
        let plain = body::read(&keys, files, stream.is_some());
        framing(&keys, &mut headers, plain.as_ref().filter(|_| stream.is_none()));
        let delay = delay(&keys);
        let fault = fault(&keys);
        for key in NOT_SUPPORTED {
            if let Some(node) = keys.get(key) {
                node.error_at_key(format!("{key:?} is not supported"), "remove it; fixedDelayMilliseconds, fault and scenarios are there for delays and faults");
            }
        }
        keys.finish();
        let (body, schedule) = match stream {
            Some(recorded) => {
                let recorded = recorded?;
                (recorded.body, Some(recorded.schedule))
            }
            None => (plain?, None),
        };
        let (status, delay) = (status?, delay?);
        // A fault hides status, headers and body (`StubResponseRenderer`).
        if let Some(fault) = fault {
            let delivery = Effects { delay, ..fault? }.into();
            return Some(Self { delivery, ..Self::default() });
        }
        let unannounced = schedule.is_some();
        let delivery = Effects { delay, unannounced, schedule, ..Effects::default() }.into();
        Some(Self { status, headers, body, delivery })
    }
}

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
fn framing(keys: &Keys<'_>, headers: &mut HeaderMap, body: Option<&Bytes>) {
    headers.remove(TRANSFER_ENCODING);
    let Some(given) = headers.remove(CONTENT_LENGTH) else {
        return;
    };
    if let Some(bytes) = body
        && given.as_bytes() != bytes.len().to_string().as_bytes()
    {
        keys.node().warn(
            format!("Content-Length {given:?} is not the body's: {} is sent", bytes.len()),
            "leave Content-Length out; for a body that ends early use a scenario",
        );
    }
}
