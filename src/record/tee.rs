//! An answer's body on its way to the client, with a copy for the recording.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::Stream;
use http::{HeaderMap, StatusCode};
use hyper::body::Incoming;
use tokio::time::Instant;

use crate::message::BodyError;

use super::exchange::{Answered, Arrivals, Asked, End, MAX_ANSWER};
use super::mapping;
use super::writer::{Recorder, Reserved};

/// What an exchange counts besides the body of its answer, in bytes.
const AROUND: usize = 4096;

/// The body as the backend sends it.
pub(super) struct Tee {
    body: Incoming,
    copy: Option<Copy>,
}

/// What is being recorded.
pub(super) struct Copy {
    pub(super) recorder: Recorder,
    pub(super) asked: Asked,
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    began: Instant,
    body: Arrivals,
    reserved: Reserved,
}

impl Copy {
    pub(super) fn new(
        recorder: Recorder,
        asked: Asked,
        status: StatusCode,
        headers: HeaderMap,
    ) -> Self {
        let began = Instant::now();
        let mut reserved = recorder.reserve();
        reserved.grow(AROUND);
        Self { recorder, asked, status, headers, began, body: Arrivals::default(), reserved }
    }

    /// Whether it fits.
    fn push(&mut self, bytes: &Bytes) -> bool {
        if self.body.len() + bytes.len() > MAX_ANSWER {
            let why = format!("more than {MAX_ANSWER} bytes were answered to");
            self.recorder.say(&self.asked, &why, "");
            return false;
        }
        self.reserved.grow(bytes.len());
        self.body.push(self.began.elapsed(), bytes);
        true
    }

    fn finish(self, end: End) {
        let Self { recorder, asked, status, headers, body, reserved, .. } = self;
        recorder.write(asked, Answered { status, headers, body, end }, reserved);
    }
}

impl Tee {
    pub(super) fn new(body: Incoming, copy: Option<Copy>) -> Self {
        Self { body, copy }
    }

    fn finish(&mut self, end: End) {
        if let Some(copy) = self.copy.take() {
            copy.finish(end);
        }
    }
}

impl Stream for Tee {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let frame = ready!(http_body::Body::poll_frame(Pin::new(&mut self.body), cx));
            return Poll::Ready(match frame {
                Some(Ok(frame)) => {
                    // Trailers are not passed on: an HTTP/1.1 client has to ask for them.
                    let Ok(bytes) = frame.into_data() else {
                        continue;
                    };
                    if self.copy.as_mut().is_some_and(|copy| !copy.push(&bytes)) {
                        self.copy = None;
                    }
                    // Nobody asks for the end of a body whose length was given.
                    if http_body::Body::is_end_stream(&self.body) {
                        self.finish(End::Whole);
                    }
                    Some(Ok(bytes))
                }
                Some(Err(error)) => {
                    if let Some(copy) = self.copy.take() {
                        let why = "the backend broke off its answer to";
                        copy.recorder.say(&copy.asked, why, &format!(": {error}"));
                    }
                    Some(Err(BodyError::Broken(error.to_string())))
                }
                None => {
                    self.finish(End::Whole);
                    None
                }
            });
        }
    }
}

impl Drop for Tee {
    fn drop(&mut self) {
        let Some(copy) = self.copy.take() else {
            return;
        };
        if http_body::Body::is_end_stream(&self.body) {
            // An answer without a body is not asked for one.
            copy.finish(End::Whole);
        } else if mapping::is_stream(&copy.asked, &copy.headers) {
            // A watch ends when its client has seen enough.
            copy.finish(End::ByClient);
        } else {
            copy.recorder.say(&copy.asked, "the client did not wait for the whole answer to", "");
        }
    }
}
