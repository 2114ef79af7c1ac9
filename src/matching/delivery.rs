//! The keys of a response that say how it goes out: its delay, its fault, the timing of a recorded stream. They
//! are compiled to one [`Delivery`](crate::message::Delivery) at load, which all answers of the stub share.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};

use crate::document::{Keys, Node};
use crate::message::{Effects, Fault, FaultAction, FaultPoint, Schedule, TimedChunk};

/// The transformer that plays a recorded stream; `WireMock` ignores names it does not know, and serves
/// the plain `body` instead.
pub(crate) const STREAM_TRANSFORMER: &str = "standin-stream";

/// The bytes that `WireMock` sends as garbage (`JettyFaultInjector`).
const GARBAGE: Bytes = Bytes::from_static(b"lskdu018973t09sylgasjkfg1][]'./.sdlv");

/// The longest fixed delay, in milliseconds: a day.
const MAX_DELAY_MS: i64 = 86_400_000;

/// Reads `fixedDelayMilliseconds`; nothing where it is wrong.
pub(super) fn delay(keys: &Keys<'_>) -> Option<Duration> {
    let millis =
        keys.get("fixedDelayMilliseconds").map_or(Some(0), |node| node.integer(0..=MAX_DELAY_MS));
    millis.map(|millis| Duration::from_millis(millis.unsigned_abs()))
}

/// Makes the effects of a word.
type Make = fn() -> Effects;

/// The words of `fault`, and the effects of each.
const FAULTS: [(&str, Make); 4] = [
    ("CONNECTION_RESET_BY_PEER", || before_headers(FaultAction::Reset)),
    ("EMPTY_RESPONSE", || before_headers(FaultAction::Close)),
    ("RANDOM_DATA_THEN_CLOSE", || before_headers(FaultAction::Garbage(GARBAGE))),
    ("MALFORMED_RESPONSE_CHUNK", malformed_chunk),
];

/// Reads the effects of `fault`: `None` where there is none, `Some(None)` where it is wrong.
#[expect(clippy::option_option, reason = "three cases: no fault, a good one, a wrong one")]
pub(super) fn fault(keys: &Keys<'_>) -> Option<Option<Effects>> {
    keys.get("fault").map(|node| node.word(&FAULTS).map(|effects| effects()))
}

fn before_headers(action: FaultAction) -> Effects {
    Effects { fault: Some(Fault::before_headers(action)), ..Effects::default() }
}

/// The head promises chunks, and the garbage stands in place of the first one.
fn malformed_chunk() -> Effects {
    let action = FaultAction::Garbage(GARBAGE);
    let fault = Some(Fault { at: FaultPoint::AfterHeaders, action });
    Effects { unannounced: true, fault, ..Effects::default() }
}

/// A recorded stream: its body, and when the parts of it come.
#[derive(Debug)]
pub(super) struct Recorded {
    pub(super) body: Bytes,
    pub(super) schedule: Schedule,
}

/// Reads a recorded stream: `None` where there is none, `Some(None)` where it is wrong.
#[expect(clippy::option_option, reason = "three cases: no stream, a good one, a wrong one")]
pub(super) fn stream(keys: &Keys<'_>) -> Option<Option<Recorded>> {
    let parameters = keys.get("transformerParameters");
    let names = keys.get("transformers").map(|node| node.items()).unwrap_or_default();
    let mut wanted = false;
    for node in names {
        match node.text() {
            Some(STREAM_TRANSFORMER) => wanted = true,
            Some(name) => node.error(
                format!("unknown transformer {name:?}"),
                format!("known here: {STREAM_TRANSFORMER}"),
            ),
            None => {}
        }
    }
    if !wanted {
        if let Some(node) = parameters {
            node.warn(
                "transformerParameters have no transformer here",
                format!("name it: \"transformers\": [\"{STREAM_TRANSFORMER}\"]"),
            );
        }
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
    let list = keys.required("chunks").map(|node| node.items());
    keys.finish();
    let chunks: Vec<Option<(Duration, Bytes)>> = list?.iter().map(chunk).collect();
    let chunks: Option<Vec<(Duration, Bytes)>> = chunks.into_iter().collect();
    let mut body = BytesMut::new();
    let schedule = chunks?.into_iter().map(|(after, bytes)| {
        body.extend_from_slice(&bytes);
        TimedChunk { after, bytes: bytes.len() }
    });
    let schedule = schedule.collect();
    Some(Recorded { body: body.freeze(), schedule })
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
    STANDARD
        .decode(node.text()?)
        .map(Bytes::from)
        .map_err(|error| {
            node.error(
                format!("not base64: {error}"),
                "encode the body's bytes in standard base64, with padding",
            );
        })
        .ok()
}
