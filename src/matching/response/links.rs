//! Links in a recorded answer, rewritten to the server that replays it.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt as _, future, stream};
use http::HeaderMap;
use http::header::CONTENT_LENGTH;

use crate::document::Keys;
use crate::links::{
    Backend, ClientBase, LINKS_PARAMETER, LINKS_TRANSFORMER, Links, PassingBody, is_compressed,
    is_rewritten,
};
use crate::message::{BodyError, BodyStream, Request, Schedule};
use crate::redact::recoded;

use super::resize::{cuts, recut, resized};

/// Reads the backends of a recording, in `transformerParameters`, where the response names the
/// transformer.
pub(super) fn read(keys: &Keys<'_>, transformers: &[&str]) -> Option<Arc<Links>> {
    if !transformers.contains(&LINKS_TRANSFORMER) {
        return None;
    }
    let parameters = keys.get("transformerParameters").map(|node| node.entries());
    let links = parameters.into_iter().flatten().find(|(name, _)| *name == LINKS_PARAMETER);
    let Some((_, links)) = links else {
        keys.node().warn(
            format!("{LINKS_TRANSFORMER} has no backends, so links stay as they are"),
            "add \"transformerParameters\": {\"links\": {\"http://backend:8001\": \"\"}}",
        );
        return None;
    };
    let mut backends = Vec::new();
    for (url, node) in links.entries() {
        match Backend::new(url, node.text().unwrap_or_default()) {
            Ok(backend) => backends.push(backend),
            Err(error) => {
                node.error_at_key(error.to_string(), "name the backend that was recorded");
            }
        }
    }
    Some(Arc::new(Links::new(backends)))
}

/// Rewrites the links of an answer for the client of a request. Returns the body and adjusts its
/// schedule.
pub(super) fn rewrite(
    links: &Links,
    request: &Request,
    headers: &mut HeaderMap,
    body: Bytes,
    schedule: &mut Option<Schedule>,
) -> Bytes {
    // Without a host there is no target for them.
    let Some(base) = ClientBase::of(request) else { return body };
    links.fields_to_client(headers, request.target(), &base);
    if !is_rewritten(headers) {
        return body;
    }
    let answering = links.answering(request.target(), &base);
    let links = answering.as_ref().unwrap_or(links);
    if is_compressed(headers) {
        let new = recoded(headers, &body, &|text| links.to_client(text, &base));
        return match new.filter(|_| schedule.is_none()) {
            Some(new) => resized(headers, &body, new.into()),
            None => body,
        };
    }
    let mut cuts = cuts(schedule.as_ref());
    let Some(new) = links.to_client_cut(&body, &base, &mut cuts) else { return body };
    recut(schedule, cuts);
    resized(headers, &body, new.into())
}

/// Rewrites the links of a large answer while it is sent. Its length is not known then, as while it was recorded.
pub(super) fn rewrite_stream(
    links: &Arc<Links>,
    request: &Request,
    headers: &mut HeaderMap,
    body: BodyStream,
) -> BodyStream {
    let Some(base) = ClientBase::of(request) else { return body };
    links.fields_to_client(headers, request.target(), &base);
    if !is_rewritten(headers) {
        return body;
    }
    headers.remove(CONTENT_LENGTH);
    let answering = links.answering(request.target(), &base).map(Arc::new);
    let passing = PassingBody::new(answering.as_ref().unwrap_or(links), base, headers);
    // The end of the body gives what waited for more.
    let pieces = body.map(Some).chain(stream::iter([None]));
    let rewritten = pieces.scan(passing, |passing, piece| {
        let ready = match piece {
            Some(Ok(bytes)) => passing.push(bytes),
            Some(Err(error)) => return future::ready(Some(Err(error))),
            None => passing.finish(),
        };
        let broken = |error: std::io::Error| BodyError::Broken(format!("the body's file: {error}"));
        future::ready(Some(ready.map_err(broken)))
    });
    Box::pin(rewritten.filter(|piece| {
        let is_empty = piece.as_ref().is_ok_and(Bytes::is_empty);
        future::ready(!is_empty)
    }))
}
