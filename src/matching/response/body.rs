//! The body of a stub's response, in one of four forms.

use bytes::Bytes;

use crate::document::{Keys, Node};

use super::super::body_files::BodyFiles;
use super::super::delivery::base64;

/// The body, as it will be sent; empty where a recorded stream has one. Two forms at once are reported, for
/// `WireMock`'s versions disagree which wins.
pub(super) fn read(keys: &Keys<'_>, files: &dyn BodyFiles, stream: bool) -> Option<Bytes> {
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
