//! The recorded conversation of a `WebSocket`, in the parameters of its transformer.

use std::time::Duration;

use bytes::Bytes;

use crate::document::{Keys, Node};
use crate::message::{Conversation, Message, Turn};

use super::delivery::{WEBSOCKET_TRANSFORMER, base64};

/// Reads a conversation: `None` if there is none, `Some(None)` if it is invalid.
#[expect(clippy::option_option, reason = "three cases: none, a good one, a wrong one")]
pub(super) fn conversation(keys: &Keys<'_>, transformers: &[&str]) -> Option<Option<Conversation>> {
    if !transformers.contains(&WEBSOCKET_TRANSFORMER) {
        return None;
    }
    let Some(parameters) = keys.get("transformerParameters") else {
        keys.node().error(
            format!("{WEBSOCKET_TRANSFORMER} needs transformerParameters"),
            "add {\"messages\": [{\"from\": \"server\", \"after\": \"120ms\", \"text\": \"...\"}]}",
        );
        return Some(None);
    };
    let read = || {
        let keys = parameters.keys()?;
        let list = keys.required("messages").map(|node| node.items());
        keys.finish();
        let turns: Vec<Option<Turn>> = list?.iter().map(turn).collect();
        turns.into_iter().collect()
    };
    Some(read())
}

fn turn(node: &Node<'_>) -> Option<Turn> {
    let keys = node.keys()?;
    let by_client =
        keys.required("from").and_then(|node| node.word(&[("server", false), ("client", true)]));
    let after = keys.get("after").map_or(Some(Duration::ZERO), |node| node.duration());
    let reason = keys.get("reason").map_or(Some(""), |node| node.text());
    let frames = keys.get("frames").map_or(Some(Vec::new()), |node| frames(&node));
    let named = ["text", "base64", "close", "ping", "pong"].map(|name| (name, keys.get(name)));
    let mut named = named.into_iter().filter_map(|(name, node)| Some((name, node?)));
    let message = if let (Some((name, node)), None) = (named.next(), named.next()) {
        message(name, &node, reason)
    } else {
        node.error("a message has one of text, base64, close, ping and pong", "");
        None
    };
    keys.finish();
    let (message, frames) = (message?, frames?);
    let length = match &message {
        Message::Text(bytes) | Message::Binary(bytes) => bytes.len(),
        _ => 0,
    };
    if !frames.is_empty() && frames.iter().sum::<usize>() != length {
        node.error(
            format!("frames are the lengths of its parts, and the message has {length} bytes"),
            "correct them, or leave them out: the message is in one frame then",
        );
        return None;
    }
    Some(Turn { by_client: by_client?, after: after?, message, frames: frames.into() })
}

/// What is said, by the word for it.
fn message(name: &str, node: &Node<'_>, reason: Option<&str>) -> Option<Message> {
    Some(match name {
        "text" => Message::Text(Bytes::copy_from_slice(node.text()?.as_bytes())),
        "base64" => Message::Binary(base64(node)?),
        "ping" => Message::Ping(base64(node)?),
        "pong" => Message::Pong(base64(node)?),
        _ => {
            let code = node.value().as_u64().and_then(|code| u16::try_from(code).ok());
            if code.is_none() {
                node.expected("a code such as 1000");
            }
            Message::Close(code?, Bytes::copy_from_slice(reason?.as_bytes()))
        }
    })
}

/// The lengths of frames.
fn frames(node: &Node<'_>) -> Option<Vec<usize>> {
    let length = |node: &Node<'_>| {
        let length = node.value().as_u64().and_then(|length| usize::try_from(length).ok());
        if length.is_none() {
            node.expected("the length of a frame in bytes");
        }
        length
    };
    node.items().iter().map(length).collect()
}
