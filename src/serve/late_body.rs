//! The bodies of requests that are answered without them: read beside the answer, so that the journal has them and
//! the client sees no difference.

use std::sync::Arc;
use std::time::Duration;

use http::header::{CONTENT_LENGTH, EXPECT};

use crate::exchange::LateBody;
use crate::message::Request;

/// How much of such a body is read, in bytes, and for how long: no more than the transport passes over.
const MAX_UNREAD: usize = 256 << 10;
const UNREAD: Duration = Duration::from_secs(5);

/// Reads the body of a request that nobody has read.
pub(super) fn read_beside(request: &Request) -> Option<Arc<LateBody>> {
    // A client that waits to be asked for its body may not send it any more.
    if !request.body.is_unread() || request.headers.contains_key(EXPECT) {
        return None;
    }
    let length = request.header(CONTENT_LENGTH.as_str()).and_then(|length| length.parse().ok());
    if length.is_some_and(|length: usize| length > MAX_UNREAD) {
        return None;
    }
    let body = Arc::new(LateBody::new(length.unwrap_or(MAX_UNREAD)));
    let (unread, filled) = (request.take(), Arc::clone(&body));
    tokio::spawn(async move {
        let read = tokio::time::timeout(UNREAD, unread.body.read(MAX_UNREAD)).await;
        filled.fill(read.ok().and_then(Result::ok));
    });
    Some(body)
}
