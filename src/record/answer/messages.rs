//! The conversation on a `WebSocket`, written with its pauses.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Value, json};

use crate::matching::WEBSOCKET_TRANSFORMER;
use crate::message::{ABNORMAL, NO_CODE};
use crate::redact::Redacted;

use super::super::clean::Clean;
use super::super::exchange::Chunk;
use super::super::pause::rounded;
use super::super::text::{Object, json as raw};
use super::super::websocket::{SaidKind, said};

/// Writes the messages of a conversation.
pub(super) fn write(parts: &[Chunk], clean: &Clean<'_>, response: &mut Object) {
    let mut before = Duration::ZERO;
    let mut messages = Vec::with_capacity(parts.len());
    for part in parts {
        let Some(said) = said(part) else { continue };
        let pause = rounded(part.at.saturating_sub(before));
        before = part.at;
        let from = if said.by_client { "client" } else { "server" };
        let mut message = json!({"from": from});
        if !said.by_client && !pause.is_zero() {
            message["after"] = format!("{}ms", pause.as_millis()).into();
        }
        let bytes = redacted(&said.bytes, clean);
        let texts = match said.kind {
            SaidKind::Text => json!({"text": String::from_utf8_lossy(&bytes)}),
            SaidKind::Binary => json!({"base64": STANDARD.encode(&bytes)}),
            SaidKind::Close => close(&said.bytes),
            SaidKind::Ping => json!({"ping": STANDARD.encode(&bytes)}),
            SaidKind::Pong => json!({"pong": STANDARD.encode(&bytes)}),
            SaidKind::End => json!({"close": ABNORMAL}),
        };
        // Not those of a text that is another length now.
        if !said.frames.is_empty() && bytes.len() == said.bytes.len() {
            message["frames"] = json!(said.frames);
        }
        if let (Some(message), Value::Object(texts)) = (message.as_object_mut(), texts) {
            message.extend(texts);
        }
        messages.push(message);
    }
    response.insert("transformers".to_owned(), raw([WEBSOCKET_TRANSFORMER]));
    response.insert("transformerParameters".to_owned(), raw(json!({"messages": messages})));
}

/// The end: a code and a reason, or neither.
fn close(bytes: &Bytes) -> Value {
    match bytes.split_first_chunk::<2>() {
        Some((code, reason)) => {
            let code = u16::from_be_bytes(*code);
            json!({"close": code, "reason": String::from_utf8_lossy(reason)})
        }
        None => json!({"close": NO_CODE}),
    }
}

fn redacted(bytes: &Bytes, clean: &Clean<'_>) -> Bytes {
    match clean.body(&HeaderMap::new(), bytes) {
        Redacted::Same => bytes.clone(),
        Redacted::Changed(new) => new.into(),
        Redacted::Opaque(_) => Bytes::new(),
    }
}
