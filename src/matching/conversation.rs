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
    let message = match (keys.get("text"), keys.get("base64"), keys.get("close")) {
        (Some(text), None, None) => {
            text.text().map(|text| Message::Text(Bytes::copy_from_slice(text.as_bytes())))
        }
        (None, Some(bytes), None) => base64(&bytes).map(Message::Binary),
        (None, None, Some(code)) => code
            .value()
            .as_u64()
            .and_then(|code| u16::try_from(code).ok())
            .zip(reason)
            .map(|(code, reason)| Message::Close(code, Bytes::copy_from_slice(reason.as_bytes())))
            .or_else(|| {
                code.expected("a code such as 1000");
                None
            }),
        _ => {
            node.error("a message has one of text, base64 and close", "");
            None
        }
    };
    keys.finish();
    Some(Turn { by_client: by_client?, after: after?, message: message? })
}
