//! Ids of JSON-RPC calls: which of them an answer repeats, so that the replay puts those of its request there.
//!
//! Ids that a client draws are replaced by the numbers of the calls: recorded again, the answer has the same bytes.

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use serde_json::{Value, json};

use crate::message::decoded::without_gzip;
use crate::message::json_rpc::{self, IDS_PARAMETER, IDS_TRANSFORMER};

use super::super::exchange::{Chunk, SentRequest};
use super::super::identity::is_random;

/// The ids of the calls in a request, as they are in the recorded answer.
#[derive(Debug)]
pub(super) struct RpcIds(Vec<Value>);

impl RpcIds {
    /// The ids that an answer repeats; nothing where it repeats none. The answer has stable ones then.
    pub(super) fn of(
        sent: &SentRequest,
        headers: &HeaderMap,
        whole: &mut Bytes,
        parts: &mut [Chunk],
    ) -> Option<Self> {
        let body = sent.body.bytes()?;
        let request = serde_json::from_slice(&without_gzip(&sent.headers, &body)).ok()?;
        let ids = json_rpc::ids(&request);
        if ids.is_empty() {
            return None;
        }
        let plain = without_gzip(headers, whole);
        let text = std::str::from_utf8(&plain).ok()?;
        let stable = if headers.contains_key(CONTENT_ENCODING) { None } else { stable(&ids) };
        let edits = json_rpc::edits(text, &ids, stable.as_ref().unwrap_or(&ids));
        if edits.is_empty() {
            return None;
        }
        let Some(stable) = stable else { return Some(Self(ids)) };
        let ends = parts.iter().scan(0, |end, part| {
            *end += part.bytes.len();
            Some(*end)
        });
        let mut ends: Vec<usize> = ends.collect();
        let new = Bytes::from(json_rpc::apply(text, &edits, &mut ends));
        let mut start = 0;
        for (part, end) in parts.iter_mut().zip(ends) {
            part.bytes = new.slice(std::mem::replace(&mut start, end)..end);
        }
        *whole = new;
        Some(Self(stable))
    }

    /// Says in a response that it has these ids.
    pub(super) fn mark(self, response: &mut Value) {
        match &mut response["transformers"] {
            Value::Array(list) => list.push(IDS_TRANSFORMER.into()),
            none => *none = json!([IDS_TRANSFORMER]),
        }
        response["transformerParameters"][IDS_PARAMETER] = self.0.into();
    }
}

/// The numbers of the calls in place of ids that are all drawn.
fn stable(ids: &[Value]) -> Option<Vec<Value>> {
    let is_drawn = |id: &Value| match id {
        Value::String(text) => is_random(text),
        Value::Number(number) => is_random(&number.to_string()),
        _ => false,
    };
    let number = |(at, id): (usize, &Value)| match id {
        Value::String(_) => (at + 1).to_string().into(),
        _ => (at + 1).into(),
    };
    ids.iter().all(is_drawn).then(|| ids.iter().enumerate().map(number).collect())
}
