//! A request's body while it arrives, and what becomes of it when nobody reads it to its end.
//!
//! The connection may go on without hyper while the body is still on its way. Then what is left of the body
//! stands between this request and the next one: it is passed over by its length, or the connection ends.
//! It is never read as a request.

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

use crate::message::{BodyError, RequestBody};

/// How much of a body that nobody reads is passed over once the answer is out, in bytes, so that the
/// connection can go on. As Go's server has it (`net/http`, `maxPostHandlerReadBytes`).
pub(super) const MAX_PASSED_OVER: u64 = 256 << 10;

/// How long that may take.
pub(super) const PASSING: Duration = Duration::from_secs(5);

/// A body that is arriving. Whoever reads it has a handle; the connection keeps this one.
#[derive(Clone)]
pub(super) struct Upload(Arc<Mutex<State>>);

struct State {
    /// Nothing once it is at its end.
    incoming: Option<Incoming>,
    delivered: u64,
    /// The announced length, in bytes.
    length: Option<u64>,
    /// The connection went on without whoever was reading.
    taken: bool,
    /// How long nothing may come.
    timeout: Duration,
    /// Runs while nothing comes.
    silence: Option<Pin<Box<Sleep>>>,
    /// The client may leave the body out when it is answered early (RFC 9110, section 10.1.1).
    expects: bool,
}

/// What is left of a body once hyper's part has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// So many bytes are still to come before the next request; none where it was read whole.
    Bytes(u64),
    /// Where the next request begins cannot be told.
    Unknown,
}

impl Upload {
    /// The body of a request; nothing where it has none.
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
            taken: false,
            timeout,
            silence: None,
            expects,
        };
        Some(Self(Arc::new(Mutex::new(state))))
    }

    /// What a handler reads.
    pub(super) fn body(&self) -> RequestBody {
        RequestBody::Stream(Box::pin(Handle(self.clone())))
    }

    /// Whether all of it was read.
    pub(super) fn is_ended(&self) -> bool {
        self.lock().incoming.is_none()
    }

    /// Whether somebody goes on reading it: a backend that answers while it is asked.
    pub(super) fn is_being_read(&self) -> bool {
        Arc::strong_count(&self.0) > 1 && !self.is_ended()
    }

    /// Whether what is left of it can be passed over by its length.
    pub(super) fn can_be_passed_over(&self) -> bool {
        let state = self.lock();
        state.incoming.is_none() || (state.length.is_some() && !state.expects)
    }

    /// Lets what nobody reads arrive, so that the connection can go on. A client that sends more than is
    /// passed over, or nothing for too long, loses its connection.
    pub(super) fn pass_over(self) {
        if self.is_ended() || self.is_being_read() || self.lock().expects {
            return;
        }
        let passing = async move {
            let mut handle = Handle(self);
            let mut passed = 0;
            while let Some(Ok(data)) = handle.next().await {
                passed += data.len() as u64;
                if passed > MAX_PASSED_OVER {
                    return;
                }
            }
        };
        tokio::spawn(tokio::time::timeout(PASSING, passing));
    }

    /// Takes the body away from whoever reads it, after hyper's part has ended: what is left.
    pub(super) fn take_rest(&self) -> Rest {
        let mut state = self.lock();
        let Some(mut incoming) = state.incoming.take() else { return Rest::Bytes(0) };
        state.taken = true;
        // What hyper had taken apart already. It has ended, so this does not wait for anything.
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
            if state.taken {
                let why = "the request was answered before all of its body was read";
                return Poll::Ready(Some(Err(BodyError::Broken(why.to_owned()))));
            }
            let State { incoming: Some(incoming), silence, timeout, .. } = &mut *state else {
                return Poll::Ready(None);
            };
            let Poll::Ready(frame) = Pin::new(incoming).poll_frame(cx) else {
                let timeout = *timeout;
                let silence = silence.get_or_insert_with(|| Box::pin(tokio::time::sleep(timeout)));
                ready!(silence.as_mut().poll(cx));
                return Poll::Ready(Some(Err(BodyError::Stalled(timeout))));
            };
            *silence = None;
            match frame {
                Some(Ok(frame)) => {
                    // Trailers are not looked at.
                    if let Ok(data) = frame.into_data() {
                        state.delivered += data.len() as u64;
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
                Some(Err(error)) => {
                    return Poll::Ready(Some(Err(BodyError::Broken(error.to_string()))));
                }
                None => state.incoming = None,
            }
        }
    }
}
