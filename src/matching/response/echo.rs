//! Values of a recorded request that its answer repeats, replaced by those of the request.

use bytes::Bytes;
use http::HeaderMap;
use http::header::HeaderValue;

use crate::document::Keys;
use crate::links::is_compressed;
use crate::message::echo::{ECHO_PARAMETER, ECHO_TRANSFORMER, RequestParts, RequestPlace, edits};
use crate::message::json_rpc::apply;
use crate::message::{Request, Schedule};

use super::resize::{cuts, recut, resized};

/// A value that the answer repeats, and where a request has it.
#[derive(Debug)]
pub(super) struct Echo {
    place: RequestPlace,
    recorded: Box<str>,
}

impl Echo {
    /// Returns whether the value is in the body of the request.
    pub(super) fn is_in_body(&self) -> bool {
        self.place.is_in_body()
    }
}

/// Reads the recorded values, in `transformerParameters`, where the response names the transformer.
pub(super) fn read(keys: &Keys<'_>, transformers: &[&str]) -> Option<Box<[Echo]>> {
    if !transformers.contains(&ECHO_TRANSFORMER) {
        return None;
    }
    let parameters = keys.get("transformerParameters").map(|node| node.entries());
    let echoes = parameters.into_iter().flatten().find(|(name, _)| *name == ECHO_PARAMETER);
    let Some((_, echoes)) = echoes else {
        keys.node().warn(
            format!("{ECHO_TRANSFORMER} has no values, so the answer stays as it is"),
            "add \"transformerParameters\": {\"echoes\": {\"query state\": \"recorded\"}}",
        );
        return None;
    };
    let mut found = Vec::new();
    for (place, node) in echoes.entries() {
        let recorded = node.text().filter(|text| !text.is_empty());
        match (RequestPlace::parse(place), recorded) {
            (Some(place), Some(recorded)) => found.push(Echo { place, recorded: recorded.into() }),
            (Some(_), None) => {}
            (None, _) => node.error_at_key(
                "not a place of a request",
                "like \"query state\", \"header x-request-id\", \"form state\" or \"json /id\"",
            ),
        }
    }
    Some(found.into())
}

/// Replaces the recorded values by those of the request. Returns the body and adjusts its schedule.
pub(super) fn rewrite(
    echoes: &[Echo],
    request: &Request,
    headers: &mut HeaderMap,
    body: Bytes,
    schedule: &mut Option<Schedule>,
) -> Bytes {
    let sent = request.body.bytes().map(|bytes| &**bytes).unwrap_or_default();
    let query = request.query().unwrap_or_default();
    let parts = RequestParts { query, headers: &request.headers, body: sent };
    let values = echoes.iter().map(|echo| (&*echo.recorded, echo.place.value(parts)));
    let values: Vec<(&str, String)> =
        values.filter_map(|(recorded, value)| Some((recorded, value?))).collect();
    let values: Vec<(&str, &str)> = values.iter().map(|(from, to)| (*from, &**to)).collect();
    for field in headers.values_mut() {
        let Ok(text) = field.to_str() else { continue };
        let edits = edits(text, &values);
        if !edits.is_empty()
            && let Ok(new) = HeaderValue::from_str(&apply(text, &edits, &mut []))
        {
            *field = new;
        }
    }
    let Some(text) = std::str::from_utf8(&body).ok().filter(|_| !is_compressed(headers)) else {
        return body;
    };
    let edits = edits(text, &values);
    if edits.is_empty() {
        return body;
    }
    let mut cuts = cuts(schedule.as_ref());
    let new = apply(text, &edits, &mut cuts);
    recut(schedule, cuts);
    resized(headers, &body, new.into())
}
