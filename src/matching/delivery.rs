//! The keys of a response that control its delivery: fault, transformers, and the timing of a
//! recorded stream.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use crate::document::{Keys, Node};
use crate::java;
use crate::links::{LINKS_PARAMETER, LINKS_TRANSFORMER};
use crate::message::echo::{ECHO_PARAMETER, ECHO_TRANSFORMER};
use crate::message::json_rpc::{IDS_PARAMETER, IDS_TRANSFORMER};
use crate::message::{Effects, Fault, FaultAction, FaultPoint, Schedule, TimedChunk};

/// The transformer that plays a recorded stream; `WireMock` ignores names it does not know, and serves
/// the plain `body` instead.
pub(crate) const STREAM_TRANSFORMER: &str = "standin-stream";

/// The transformer that plays a recorded conversation to a client that asks for a `WebSocket`. Others get the response
/// as it is written.
pub(crate) const WEBSOCKET_TRANSFORMER: &str = "standin-websocket";

/// The bytes that `WireMock` sends as garbage (`JettyFaultInjector`).
const GARBAGE: Bytes = Bytes::from_static(b"lskdu018973t09sylgasjkfg1][]'./.sdlv");

/// The constructor of a word's effects.
type Make = fn() -> Effects;

/// The words of `fault`, and the effects of each.
const FAULTS: [(&str, Make); 4] = [
    ("CONNECTION_RESET_BY_PEER", || before_headers(FaultAction::Reset)),
    ("EMPTY_RESPONSE", || before_headers(FaultAction::Close)),
    ("RANDOM_DATA_THEN_CLOSE", || before_headers(FaultAction::Garbage(GARBAGE))),
    ("MALFORMED_RESPONSE_CHUNK", malformed_chunk),
];

/// Reads the effects of `fault`: `None` if there is none, `Some(None)` if it is invalid.
#[expect(clippy::option_option, reason = "three cases: no fault, a good one, a wrong one")]
pub(super) fn fault(keys: &Keys<'_>) -> Option<Option<Effects>> {
    keys.get("fault").map(|node| node.word(&FAULTS).map(|effects| effects()))
}

fn before_headers(action: FaultAction) -> Effects {
    Effects { fault: Some(Fault::before_headers(action)), ..Effects::default() }
}

/// Returns the effects of a malformed chunk: the head announces chunks and nothing else, and
/// garbage replaces the first chunk.
fn malformed_chunk() -> Effects {
    let action = FaultAction::Garbage(GARBAGE);
    let fault = Some(Fault { at: FaultPoint::AfterHeaders, action });
    Effects { unannounced: true, bare_head: true, fault, ..Effects::default() }
}

/// A recorded stream: its body with the time of its parts, where it is given as parts, and its
/// trailers.
#[derive(Debug)]
pub(super) struct Recorded {
    pub(super) body: Option<(Bytes, Schedule)>,
    pub(super) trailers: Option<Arc<HeaderMap>>,
}

/// The transformer that treats the texts of a response as templates.
pub(super) const TEMPLATE_TRANSFORMER: &str = "response-template";

/// Reads the names of `transformers`.
pub(super) fn transformers<'d>(keys: &Keys<'d>) -> Vec<&'d str> {
    let nodes = keys.get("transformers").map(|node| node.items()).unwrap_or_default();
    let name = |node: &Node<'d>| {
        // Anything else is the name of none.
        let name = match node.value() {
            Value::Null | Value::Number(_) | Value::Bool(_) => return None,
            _ => node.text()?,
        };
        let known = [
            STREAM_TRANSFORMER,
            WEBSOCKET_TRANSFORMER,
            LINKS_TRANSFORMER,
            IDS_TRANSFORMER,
            ECHO_TRANSFORMER,
            TEMPLATE_TRANSFORMER,
        ];
        if !known.contains(&name) {
            node.warn(
                format!("there is no transformer {name:?}, so it has no effect"),
                format!("known here: {}", known.join(", ")),
            );
        }
        Some(name)
    };
    nodes.iter().filter_map(name).collect()
}

/// Reads a recorded stream: `None` if there is none, `Some(None)` if it is invalid.
#[expect(clippy::option_option, reason = "three cases: no stream, a good one, a wrong one")]
pub(super) fn stream(keys: &Keys<'_>, transformers: &[&str]) -> Option<Option<Recorded>> {
    let parameters = keys.get("transformerParameters");
    if !transformers.contains(&STREAM_TRANSFORMER) {
        return None;
    }
    let Some(parameters) = parameters else {
        keys.node().error(
            format!("{STREAM_TRANSFORMER} needs transformerParameters"),
            "add {\"chunks\": [{\"after\": \"120ms\", \"body\": \"...\"}]}",
        );
        return Some(None);
    };
    Some(recorded(&parameters))
}

fn recorded(parameters: &Node<'_>) -> Option<Recorded> {
    let keys = parameters.keys()?;
    let trailers = keys.get("trailers").map(|node| trailers(&node));
    let chunks = if trailers.is_some() { keys.get("chunks") } else { keys.required("chunks") };
    // Parameters of other transformers.
    let _ = [LINKS_PARAMETER, IDS_PARAMETER, ECHO_PARAMETER].map(|key| keys.get(key));
    keys.finish();
    let trailers = trailers.map(Arc::new);
    let Some(list) = chunks else {
        return trailers.is_some().then_some(Recorded { body: None, trailers });
    };
    let chunks: Vec<Option<(Duration, Bytes)>> = list.items().iter().map(chunk).collect();
    let chunks: Option<Vec<(Duration, Bytes)>> = chunks.into_iter().collect();
    let mut body = BytesMut::new();
    let schedule = chunks?.into_iter().map(|(after, bytes)| {
        body.extend_from_slice(&bytes);
        TimedChunk { after, bytes: bytes.len() }
    });
    let schedule = schedule.collect();
    Some(Recorded { body: Some((body.freeze(), schedule)), trailers })
}

/// Reads trailers: a string or a list of strings for each name.
fn trailers(node: &Node<'_>) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    header_fields(node, |name, node, text| {
        // A character of Latin-1 is a byte.
        let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(c).ok()).collect();
        match bytes.and_then(|bytes| HeaderValue::from_bytes(&bytes).ok()) {
            Some(value) => drop(trailers.append(name.clone(), value)),
            None => node.error("not the value of a header field", "visible characters only"),
        }
    });
    trailers
}

/// Reads header fields with a string or a list of strings each, sorted by name: calls `take` with
/// the name, the node and the text of each value. Problems are reported.
pub(super) fn header_fields(node: &Node<'_>, mut take: impl FnMut(&HeaderName, &Node<'_>, &str)) {
    for (written, values) in node.entries() {
        let name = written;
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
            values.error_at_key(
                format!("{name:?} is not a header name"),
                "letters, digits and - only",
            );
            continue;
        };
        let list = if values.value().is_array() { values.items() } else { vec![values.clone()] };
        if list.is_empty() {
            let (message, hint) =
                (format!("{name} has no value"), "give one, or leave the field out");
            values.error_saying(message, hint, format!("No value for {written}"));
        }
        for node in list {
            if let Some(text) = node.text() {
                take(&name, &node, text);
            }
        }
    }
}

fn chunk(node: &Node<'_>) -> Option<(Duration, Bytes)> {
    let keys = node.keys()?;
    let after = keys.get("after").map_or(Some(Duration::ZERO), |node| node.duration());
    let bytes = match (keys.get("body"), keys.get("base64Body")) {
        (Some(node), None) => node.text().map(|text| Bytes::copy_from_slice(text.as_bytes())),
        (None, Some(node)) => base64(&node),
        _ => {
            node.error("a chunk has either body or base64Body", "");
            None
        }
    };
    keys.finish();
    Some((after?, bytes?))
}

/// Decodes a text in base64.
pub(super) fn base64(node: &Node<'_>) -> Option<Bytes> {
    java::base64::decode(node.text()?)
        .map(Bytes::from)
        .map_err(|why| {
            node.of_parent().error_saying(
                format!("not base64: {why}"),
                "encode the body's bytes in standard base64",
                why,
            );
        })
        .ok()
}
