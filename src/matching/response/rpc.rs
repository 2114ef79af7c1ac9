//! Ids of JSON-RPC calls in a recorded answer, replaced by those of the request.

use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;

use crate::document::Keys;
use crate::links::is_compressed;
use crate::message::json_rpc::{self, IDS_PARAMETER, IDS_TRANSFORMER};
use crate::message::{Request, Schedule};
use crate::redact::recoded;

use super::resize::{cuts, recut, resized};

/// Reads the recorded ids, in `transformerParameters`, where the response names the transformer.
pub(super) fn read(keys: &Keys<'_>, transformers: &[&str]) -> Option<Box<[Value]>> {
    if !transformers.contains(&IDS_TRANSFORMER) {
        return None;
    }
    let parameters = keys.get("transformerParameters").map(|node| node.entries());
    let ids = parameters.into_iter().flatten().find(|(name, _)| *name == IDS_PARAMETER);
    let Some((_, ids)) = ids else {
        keys.node().warn(
            format!("{IDS_TRANSFORMER} has no ids, so the answer stays as it is"),
            "add \"transformerParameters\": {\"jsonRpcIds\": [1]}",
        );
        return None;
    };
    Some(ids.items().iter().map(|node| node.value().clone()).collect())
}

/// Replaces the recorded ids by those of the request. Returns the body and adjusts its schedule.
pub(super) fn rewrite(
    recorded: &[Value],
    request: &Request,
    headers: &mut HeaderMap,
    body: Bytes,
    schedule: &mut Option<Schedule>,
) -> Bytes {
    let sent = request.body.bytes().and_then(|bytes| serde_json::from_slice(bytes).ok());
    let ids = sent.as_ref().map(json_rpc::ids).unwrap_or_default();
    if ids.len() != recorded.len() || ids == recorded {
        return body;
    }
    if is_compressed(headers) {
        let change = |text: &[u8]| {
            let text = std::str::from_utf8(text).ok()?;
            let edits = json_rpc::edits(text, recorded, &ids);
            (!edits.is_empty()).then(|| json_rpc::apply(text, &edits, &mut []).into_bytes())
        };
        return match recoded(headers, &body, &change).filter(|_| schedule.is_none()) {
            Some(new) => resized(headers, &body, new.into()),
            None => body,
        };
    }
    let Ok(text) = std::str::from_utf8(&body) else { return body };
    let edits = json_rpc::edits(text, recorded, &ids);
    let mut cuts = cuts(schedule.as_ref());
    let new = json_rpc::apply(text, &edits, &mut cuts);
    recut(schedule, cuts);
    resized(headers, &body, new.into())
}
