//! The body of a stub's response: one of four forms, or a recorded stream.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use crate::document::{Keys, Node};
use crate::message::TimedChunk;

use super::super::body_files::BodyFiles;
use super::Content;

/// The transformer that plays a recorded stream; `WireMock` ignores names it does not know, and serves
/// the plain `body` instead.
pub const STREAM_TRANSFORMER: &str = "standin-stream";

/// The body, as it will be sent; problems are noted.
pub(super) fn read(keys: &Keys<'_>, files: &dyn BodyFiles) -> Option<Content> {
    let stream = stream(keys);
    let plain = plain_body(keys, files, stream.is_some());
    match stream {
        Some(chunks) => chunks.map(|chunks| Content::Stream(chunks.into())),
        None => plain.map(Content::Bytes),
    }
}

/// One body of the four forms; two at once are reported, for `WireMock`'s versions disagree which wins.
fn plain_body(keys: &Keys<'_>, files: &dyn BodyFiles, stream: bool) -> Option<Bytes> {
    let given: Vec<Node<'_>> = ["body", "jsonBody", "base64Body", "bodyFileName"]
        .iter()
        .filter_map(|key| keys.get(key))
        .collect();
    if stream {
        return Some(Bytes::new());
    }
    if let [first, second, ..] = given.as_slice() {
        second.error_at_key(
            format!("{:?} and {:?} stand in one response", first.key(), second.key()),
            "keep one of them",
        );
        return None;
    }
    let Some(node) = given.first() else {
        return Some(Bytes::new());
    };
    match node.key().as_str() {
        "body" => node.text().map(|text| Bytes::copy_from_slice(text.as_bytes())),
        "jsonBody" => Some(node.value().to_string().into()),
        "base64Body" => base64(node),
        _ => files.read(node.text()?).map_err(|why| node.error(why, "")).ok(),
    }
}

fn base64(node: &Node<'_>) -> Option<Bytes> {
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

/// The chunks of a recorded stream: `None` where there is none, `Some(None)` where it is wrong.
#[expect(clippy::option_option, reason = "three cases: no stream, a good one, one noted as wrong")]
fn stream(keys: &Keys<'_>) -> Option<Option<Vec<TimedChunk>>> {
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
    Some(chunks(&parameters))
}

fn chunks(parameters: &Node<'_>) -> Option<Vec<TimedChunk>> {
    let keys = parameters.keys()?;
    let list = keys.required("chunks").map(|node| node.items());
    keys.finish();
    let chunks: Vec<Option<TimedChunk>> = list?.iter().map(chunk).collect();
    chunks.into_iter().collect()
}

fn chunk(node: &Node<'_>) -> Option<TimedChunk> {
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
    Some(TimedChunk { after: after?, bytes: bytes? })
}
