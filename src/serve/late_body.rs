//! The bodies of requests that are answered without them: read beside the answer, so that the journal has them and
//! the client sees no difference.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use http::header::{CONTENT_LENGTH, EXPECT};
use tokio::time::{Instant, timeout};

use crate::exchange::LateBody;
use crate::message::{BodyStream, Origin, Plan, Request, RequestBody};

/// How much of such a body is read, in bytes, and for how long: no more than the transport passes over.
const MAX_UNREAD: usize = 256 << 10;
const UNREAD: Duration = Duration::from_secs(5);

/// After which pause a body without an announced length counts as read, as far as it has arrived. Its end is not
/// seen before the next request of the connection where the answer was sent first.
const PAUSE: Duration = Duration::from_millis(50);

/// How long an answer waits for a body that it would cut off.
const CUT_OFF: Duration = Duration::from_millis(50);

/// Returns whether nobody has read the body of a request, and a stub's answer leaves no time to read it beside: one
/// in pieces, or with a fault, takes the connection from the reader. `WireMock` has read each body before it answers.
pub(super) fn is_cut_off(request: &Request, plan: &Plan) -> bool {
    request.body.is_unread()
        && !plan.delivery.leaves_body()
        && matches!(plan.origin, Origin::Stub(_))
        && !request.headers.contains_key(EXPECT)
        && announced(request).is_some_and(|length| length <= MAX_UNREAD)
}

/// Reads a body that the answer would cut off; one that is slow to arrive is left.
pub(super) async fn read_first(request: &Request) {
    // Without it the journal says that the body is cut.
    let _ = timeout(CUT_OFF, request.body.read(MAX_UNREAD)).await;
}

/// Returns the announced length of a body, in bytes.
fn announced(request: &Request) -> Option<usize> {
    request.header(CONTENT_LENGTH.as_str()).and_then(|length| length.parse().ok())
}

/// Reads the body of a request that nobody has read.
pub(super) fn read_beside(request: &Request) -> Option<Arc<LateBody>> {
    // A client that waits to be asked for its body may not send it any more.
    if !request.body.is_unread() || request.headers.contains_key(EXPECT) {
        return None;
    }
    let length = announced(request);
    if length.is_some_and(|length| length > MAX_UNREAD) {
        return None;
    }
    let body = Arc::new(LateBody::new(length.unwrap_or(MAX_UNREAD)));
    let RequestBody::Arriving(unread) = request.body.take() else { return None };
    let filled = Arc::clone(&body);
    tokio::spawn(async move {
        let read = read(unread.into_counted_stream(), &filled, length.is_none()).await;
        filled.fill(read);
    });
    Some(body)
}

/// Reads a body to its end; `pauses` says that it has no length to end by. Nothing where it is too large, breaks off,
/// or takes too long.
async fn read(mut stream: BodyStream, late: &LateBody, pauses: bool) -> Option<Bytes> {
    let until = Instant::now() + UNREAD;
    let mut read = BytesMut::new();
    let mut paused = false;
    loop {
        let pause = pauses && !paused && !read.is_empty();
        let left = until.saturating_duration_since(Instant::now());
        let next = timeout(if pause { left.min(PAUSE) } else { left }, stream.next()).await;
        match next {
            Ok(Some(Ok(piece))) if read.len() + piece.len() <= MAX_UNREAD => {
                read.extend_from_slice(&piece);
            }
            Ok(Some(_)) => return None,
            Ok(None) => return Some(read.freeze()),
            Err(_) if pause => {
                late.pause(&read);
                paused = true;
            }
            // What came before the pause is all that is known.
            Err(_) => return paused.then(|| read.freeze()),
        }
    }
}
