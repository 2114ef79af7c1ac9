//! The body of a request while it arrives, and the handling of a body that is not read to its end.
//!
//! The connection may continue without hyper while the body is still arriving. Then the rest of the
//! body is between this request and the next one: it is skipped by its length, or the connection
//! ends. It is never parsed as a request.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{FutureExt, Stream, StreamExt};
use http::header::{CONTENT_LENGTH, EXPECT};
use http::{HeaderMap, Version};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};
use tokio::time::Sleep;

use crate::message::{Bodies, BodyError, RequestBody, RequestTrailers};

/// How much of an unread body is skipped after the answer, in bytes, to keep the connection: as in
/// Go's server (`net/http`, `maxPostHandlerReadBytes`).
pub(super) const MAX_SKIPPED: u64 = 256 << 10;

/// How long that may take.
pub(super) const SKIP_TIME: Duration = Duration::from_secs(5);

/// A body that is arriving. Its reader has a handle; the connection keeps this one.
#[derive(Clone)]
pub(super) struct Upload(Arc<Mutex<State>>);

struct State {
    /// `None` at the end of the body.
    incoming: Option<Incoming>,
    delivered: u64,
    /// The announced length, in bytes.
    length: Option<u64>,
    /// Whether the body ends after that many bytes, independent of what follows.
    ends_by_length: bool,
    /// Whether the connection continued, so that the reader gets no more.
    revoked: bool,
    /// How long the body may pause.
    timeout: Duration,
    /// The timer that runs while nothing arrives.
    pause: Option<Pin<Box<Sleep>>>,
    /// Whether the client may omit the body when it is answered early (RFC 9110, section 10.1.1).
    expects: bool,
    /// Receives the trailers if they are passed on.
    trailers: Option<RequestTrailers>,
}

/// The rest of a body once hyper's part has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// This many bytes precede the next request; 0 if the body was read completely.
    Bytes(u64),
    /// The next request begins at an unknown position.
    Unknown,
}

impl Upload {
    /// Returns the body of a request, or `None` if it has none.
    pub(super) fn of(
        body: Incoming,
        headers: &HeaderMap,
        version: Version,
        timeout: Duration,
    ) -> Option<Self> {
        if body.is_end_stream() {
            return None;
        }
        let length =
            headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        let expects = version == Version::HTTP_11 && headers.contains_key(EXPECT);
        let state = State {
            incoming: Some(body),
            delivered: 0,
            length,
            // Over HTTP/2 the end of the stream still has to be read.
            ends_by_length: version < Version::HTTP_2,
            revoked: false,
            timeout,
            pause: None,
            expects,
            trailers: None,
        };
        Some(Self(Arc::new(Mutex::new(state))))
    }

    /// Returns the body for a handler.
    pub(super) fn body(&self, bodies: Bodies) -> RequestBody {
        RequestBody::arriving(Box::pin(Handle(self.clone())), bodies)
    }

    /// Returns its trailers, which are stored from now on.
    pub(super) fn keep_trailers(&self) -> RequestTrailers {
        self.lock().trailers.get_or_insert_default().clone()
    }

    /// Returns whether all of it was read.
    pub(super) fn is_ended(&self) -> bool {
        self.lock().incoming.is_none()
    }

    /// Returns whether it is still being read: a backend may answer before it has read all of a
    /// request.
    pub(super) fn is_being_read(&self) -> bool {
        Arc::strong_count(&self.0) > 1 && !self.is_ended()
    }

    /// Returns whether the rest can be skipped by its length.
    pub(super) fn can_be_skipped(&self) -> bool {
        let state = self.lock();
        state.incoming.is_none() || (state.length.is_some() && !state.expects)
    }

    /// Reads and discards an unread body, to keep the connection. A client that sends more than is
    /// skipped, or nothing for too long, loses its connection.
    pub(super) fn skip(self) {
        if self.is_ended() || self.is_being_read() || self.lock().expects {
            return;
        }
        let skipping = async move {
            let mut handle = Handle(self);
            let mut skipped = 0;
            while let Some(Ok(data)) = handle.next().await {
                skipped += data.len() as u64;
                if skipped > MAX_SKIPPED {
                    return;
                }
            }
        };
        tokio::spawn(tokio::time::timeout(SKIP_TIME, skipping));
    }

    /// Takes the body from its reader, after hyper's part has ended. Returns the rest.
    pub(super) fn take_rest(&self) -> Rest {
        let mut state = self.lock();
        let Some(mut incoming) = state.incoming.take() else { return Rest::Bytes(0) };
        state.revoked = true;
        // What hyper had already decoded. It has ended, so this does not wait.
        while let Some(Some(Ok(frame))) = incoming.frame().now_or_never() {
            state.delivered += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
        match state.length {
            Some(length) if !state.expects => Rest::Bytes(length.saturating_sub(state.delivered)),
            _ => Rest::Unknown,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Upload")
    }
}

/// The body as a handler reads it.
struct Handle(Upload);

impl Stream for Handle {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut state = self.0.lock();
        loop {
            if state.revoked {
                let why = "the request was answered before all of its body was read";
                return Poll::Ready(Some(Err(BodyError::Broken(why.to_owned()))));
            }
            let State { incoming: Some(incoming), pause, timeout, .. } = &mut *state else {
                return Poll::Ready(None);
            };
            let Poll::Ready(frame) = Pin::new(incoming).poll_frame(cx) else {
                let timeout = *timeout;
                let pause = pause.get_or_insert_with(|| Box::pin(tokio::time::sleep(timeout)));
                ready!(pause.as_mut().poll(cx));
                return Poll::Ready(Some(Err(BodyError::Stalled(timeout))));
            };
            *pause = None;
            match frame {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => {
                        state.delivered += data.len() as u64;
                        // If the answer is already sent, hyper reports the end of the body only with the next
                        // request.
                        if state.ends_by_length && state.length == Some(state.delivered) {
                            state.incoming = None;
                        }
                        return Poll::Ready(Some(Ok(data)));
                    }
                    Err(frame) => {
                        if let (Some(kept), Ok(trailers)) = (&state.trailers, frame.into_trailers())
                        {
                            kept.set(trailers);
                        }
                    }
                },
                Some(Err(error)) => {
                    return Poll::Ready(Some(Err(BodyError::Broken(error.to_string()))));
                }
                None => state.incoming = None,
            }
        }
    }
}
