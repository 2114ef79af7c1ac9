//! Passes an answer's body on to the client, and copies it for the recording.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, StatusCode};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Instant;

use crate::message::BodyError;

use super::answer;
use super::exchange::{Arrivals, End, ReceivedAnswer, SentRequest};
use super::writer::{Recorder, Reserved};

/// What an exchange holds besides the body of its answer, in bytes.
const OVERHEAD: usize = 4096;

/// The body as the backend sends it.
pub(super) struct Tee {
    body: Incoming,
    recording: Option<Recording>,
}

/// An exchange that is being recorded.
pub(super) struct Recording {
    pub(super) recorder: Recorder,
    pub(super) sent: SentRequest,
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// The reason phrase, where it is not the usual one.
    pub(super) reason: Option<Bytes>,
    began: Instant,
    body: Arrivals,
    trailers: Option<HeaderMap>,
    reserved: Reserved,
}

impl Recording {
    pub(super) fn new(
        recorder: Recorder,
        sent: SentRequest,
        status: StatusCode,
        headers: HeaderMap,
    ) -> Self {
        let began = Instant::now();
        let mut reserved = recorder.reserve();
        reserved.grow(OVERHEAD);
        let (reason, body, trailers) = (None, recorder.arrivals(), None);
        Self { recorder, sent, status, headers, reason, began, body, trailers, reserved }
    }

    /// Adds what arrived; returns whether it fits.
    fn frame(&mut self, frame: &Frame<Bytes>) -> bool {
        if let Some(trailers) = frame.trailers_ref() {
            self.trailers = Some(trailers.clone());
        }
        frame.data_ref().is_none_or(|bytes| self.push(bytes))
    }

    /// Adds bytes of the body; returns whether they fit.
    fn push(&mut self, bytes: &Bytes) -> bool {
        let most = self.recorder.most_of_body();
        if self.body.length() + bytes.len() as u64 > most {
            let why =
                format!("more than {most} bytes (--bound recorded-body-bytes) were answered to");
            self.recorder.report_skipped(&self.sent, &why, "");
            return false;
        }
        if let Err(error) = self.body.push(self.began.elapsed(), bytes) {
            let why = "the file of its body cannot be written:";
            self.recorder.report_skipped(&self.sent, why, &format!(": {error}"));
            return false;
        }
        self.reserved.set(OVERHEAD + self.body.held());
        true
    }

    fn finish(self, end: End) {
        let Self { recorder, sent, status, headers, reason, body, trailers, reserved, .. } = self;
        let body = body.finish();
        let answer = ReceivedAnswer { status, headers, reason, body, trailers, end };
        recorder.write(sent, answer, reserved);
    }
}

impl Tee {
    pub(super) fn new(body: Incoming, recording: Option<Recording>) -> Self {
        Self { body, recording }
    }

    fn finish(&mut self, end: End) {
        if let Some(recording) = self.recording.take() {
            recording.finish(end);
        }
    }
}

impl Body for Tee {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        Poll::Ready(match frame {
            Some(Ok(frame)) => {
                let Tee { body, recording } = &mut *self;
                if let Some(now) = recording
                    && !now.frame(&frame)
                {
                    *recording = None;
                }
                // The end of a body with a known length is not polled.
                if body.is_end_stream() {
                    self.finish(End::Whole);
                }
                Some(Ok(frame))
            }
            Some(Err(error)) => {
                if let Some(recording) = self.recording.take() {
                    let why = "the backend broke off its answer to";
                    recording.recorder.report_skipped(&recording.sent, why, &format!(": {error}"));
                }
                Some(Err(BodyError::Broken(error.to_string())))
            }
            None => {
                self.finish(End::Whole);
                None
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Tee {
    fn drop(&mut self) {
        let Some(recording) = self.recording.take() else {
            return;
        };
        if self.body.is_end_stream() {
            // The body of an answer that has none is not polled.
            recording.finish(End::Whole);
        } else if answer::is_stream(&recording.sent, &recording.headers)
            || recording.body.is_paced() && !recording.headers.contains_key(CONTENT_LENGTH)
        {
            // A watch ends when its client closes the connection.
            recording.finish(End::ByClient);
        } else {
            recording.recorder.report_skipped(
                &recording.sent,
                "the client did not wait for the whole answer to",
                "",
            );
        }
    }
}
