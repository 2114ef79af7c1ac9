//! The words for faults of the connection and for paces: what happens, and where.

use std::num::NonZeroU64;

use bytes::Bytes;

use crate::document::{Keys, Node, size};
use crate::message::{FaultAction, FaultPoint, LastStream, Pace};

/// What a client sees in place of an answer: no status line, and nothing that could begin one.
const GARBAGE: &[u8] = b"\x00\xff\xfe standin: this is not HTTP \x80\x81\r\n";

/// The error codes of HTTP/2 by their names (RFC 9113, section 7).
const CODES: [(&str, u32); 14] = [
    ("NO_ERROR", 0),
    ("PROTOCOL_ERROR", 1),
    ("INTERNAL_ERROR", 2),
    ("FLOW_CONTROL_ERROR", 3),
    ("SETTINGS_TIMEOUT", 4),
    ("STREAM_CLOSED", 5),
    ("FRAME_SIZE_ERROR", 6),
    ("REFUSED_STREAM", 7),
    ("CANCEL", 8),
    ("COMPRESSION_ERROR", 9),
    ("CONNECT_ERROR", 10),
    ("ENHANCE_YOUR_CALM", 11),
    ("INADEQUATE_SECURITY", 12),
    ("HTTP_1_1_REQUIRED", 13),
];

/// The fault that is asked for, with its node: where it strikes stands there, but `within` a stream.
pub(in crate::scenario) fn strike<'d>(
    keys: &Keys<'d>,
    within: bool,
) -> Option<(Node<'d>, FaultAction)> {
    if let Some(node) = keys.get("reset") {
        return Some((node, FaultAction::Reset));
    }
    if let Some(node) = keys.get("close") {
        return Some((node, FaultAction::Close));
    }
    if let Some(node) = keys.get("garbage") {
        return Some((node, FaultAction::Garbage(Bytes::from_static(GARBAGE))));
    }
    if let Some(node) = keys.get("malformed_chunk") {
        return Some((node, FaultAction::MalformedChunk));
    }
    if let Some(node) = keys.get("rst_stream") {
        let code = if node.value().is_object() {
            let keys = node.keys()?;
            let code = keys.required("code").and_then(|node| code(&node));
            placed(&keys, within);
            keys.finish();
            code?
        } else {
            code(&node)?
        };
        return Some((node, FaultAction::ResetStream(code)));
    }
    let node = keys.get("goaway")?;
    let inner = node.keys()?;
    let code = inner.get("code").map_or(Some(0), |node| code(&node));
    let last = inner.get("last_stream").map_or(Some(LastStream::This), |node| {
        node.word(&[("this", LastStream::This), ("none", LastStream::None)])
    });
    placed(&inner, within);
    inner.finish();
    Some((node, FaultAction::GoAway { code: code?, last: last? }))
}

/// `at` says where a fault strikes; within a stream the entry has said it.
fn placed(keys: &Keys<'_>, within: bool) {
    if let Some(node) = keys.get("at").filter(|_| within) {
        node.error_at_key("the place is said already", "leave `at` out");
    }
}

fn code(node: &Node<'_>) -> Option<u32> {
    if node.value().is_string() {
        return node.word(&CODES);
    }
    node.integer(0..=i64::from(u32::MAX)).and_then(|code| u32::try_from(code).ok())
}

/// Where a fault strikes: a word, or `{bytes: N}`.
pub(in crate::scenario) fn point(node: &Node<'_>) -> Option<FaultPoint> {
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

/// How slowly: a rate like `16KiB/s`, or `{chunk: 1B, every: 100ms}`.
pub(in crate::scenario) fn pace(node: &Node<'_>) -> Option<Pace> {
    if node.value().is_object() {
        let keys = node.keys()?;
        let chunk = keys.required("chunk").and_then(|node| node.size());
        let every = keys.required("every").and_then(|node| node.duration());
        keys.finish();
        let size = usize::try_from(chunk?).ok().filter(|size| *size > 0);
        if size.is_none() {
            node.error("a chunk has at least one byte", "like {chunk: 1B, every: 100ms}");
        }
        return Some(Pace::Chunks { size: size?, every: every? });
    }
    let text = node.text()?;
    let rate = text.strip_suffix("/s").and_then(size).and_then(NonZeroU64::new);
    if rate.is_none() {
        node.error(
            format!("{text:?} is not a rate"),
            "write bytes a second, like 16KiB/s, or {chunk: 1B, every: 100ms}",
        );
    }
    rate.map(Pace::bytes_per_second)
}
