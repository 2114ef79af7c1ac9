//! Passes an answer's body on to the client, and copies it for the recording.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Method, StatusCode};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Instant;

use crate::message::{BodyError, Informational};

use super::answer;
use super::exchange::{Arrivals, End, HELD, LARGEST_PACED, ReceivedAnswer, SentRequest};
use super::faults::BackendFault;
use super::queue::Reserved;
use super::wire_form::WireForm;
use super::writer::Recorder;

/// What an exchange holds besides the body of its answer, in bytes.
const OVERHEAD: usize = 4096;

/// The largest body that is held while half of the budget is used, in bytes.
const HELD_UNDER_LOAD: usize = 1 << 20;

/// How many pauses of one body are recorded as faults.
const MAX_STALLS: usize = 16;

/// The largest body that is held while all of the budget is used, in bytes.
const HELD_WITHOUT_ROOM: usize = 256 << 10;

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
    /// How the answer was written, where the backend speaks HTTP/1.1.
    pub(super) form: Option<Arc<WireForm>>,
    /// The informational answers before it.
    pub(super) informational: Vec<Informational>,
    /// The number of its request, where faults of the backend are recorded.
    pub(super) number: Option<u64>,
    /// How long the head took.
    pub(super) waited: Duration,
    began: Instant,
    body: Arrivals,
    trailers: Option<HeaderMap>,
    reserved: Reserved,
    /// Since when the backend is waited for, where its faults are recorded.
    waiting: Option<Instant>,
    /// The pauses in the body that its times do not show: those of a large one.
    stalls: Vec<BackendFault>,
}

impl Recording {
    /// Begins to record an answer; nothing where it is known to be too large.
    pub(super) fn begin(
        recorder: Recorder,
        sent: SentRequest,
        status: StatusCode,
        headers: HeaderMap,
    ) -> Option<Self> {
        let length =
            headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        if sent.method != Method::HEAD
            && length.is_some_and(|length: u64| length > recorder.most_of_body())
        {
            report_too_large(&recorder, &sent);
            return None;
        }
        let began = Instant::now();
        let mut reserved = recorder.reserve();
        reserved.grow(OVERHEAD);
        let (reason, number, form, body, trailers) = (None, None, None, recorder.arrivals(), None);
        let waited = Duration::ZERO;
        Some(Self {
            recorder,
            sent,
            status,
            headers,
            reason,
            form,
            informational: Vec::new(),
            number,
            waited,
            began,
            body,
            trailers,
            reserved,
            waiting: None,
            stalls: Vec::new(),
        })
    }

    /// Adds what arrived; returns whether it fits.
    fn frame(&mut self, frame: &Frame<Bytes>) -> bool {
        if let Some(trailers) = frame.trailers_ref() {
            self.trailers = Some(trailers.clone());
        }
        frame.data_ref().is_none_or(|bytes| self.push(bytes))
    }

    /// Adds a part that stays one; returns whether it fits.
    pub(super) fn push_part(&mut self, bytes: &Bytes) -> bool {
        if self.body.has_most_parts() || self.body.held() + bytes.len() > HELD {
            self.recorder.report_skipped(&self.sent, "too many messages were exchanged on", "");
            return false;
        }
        self.hold(bytes, usize::MAX)
    }

    /// Adds bytes of the body; returns whether they fit.
    pub(super) fn push(&mut self, bytes: &Bytes) -> bool {
        if self.body.length() + bytes.len() as u64 > self.recorder.most_of_body() {
            report_too_large(&self.recorder, &self.sent);
            return false;
        }
        self.hold(bytes, self.most_held())
    }

    fn hold(&mut self, bytes: &Bytes, most: usize) -> bool {
        if let Err(error) = self.body.push(self.began.elapsed(), bytes, most) {
            let why = "the file of its body cannot be written:";
            self.recorder.report_skipped(&self.sent, why, &format!(": {error}"));
            return false;
        }
        self.reserved.set(OVERHEAD + self.body.held());
        true
    }

    /// How much of the body is held, in bytes: less while the recorder holds much already.
    fn most_held(&self) -> usize {
        let (held, budget) = self.recorder.held();
        match held {
            _ if held < budget / 2 => HELD,
            _ if held < budget => HELD_UNDER_LOAD,
            _ => HELD_WITHOUT_ROOM,
        }
    }

    /// The backend is waited for.
    fn wait(&mut self) {
        if self.number.is_some() && self.waiting.is_none() {
            self.waiting = Some(Instant::now());
        }
    }

    /// How long the backend was waited for.
    fn waited(&self) -> Duration {
        self.waiting.map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// Something has arrived, after a pause that may be a fault.
    fn arrived(&mut self) {
        if self.waiting.is_some() {
            let fault = BackendFault::pause(self.body.length(), self.waited());
            let room = MAX_STALLS.saturating_sub(self.stalls.len());
            self.stalls.extend(fault.into_iter().take(room));
            self.waiting = None;
        }
    }

    /// Records the pauses of a body that is too large for its times to be recorded.
    fn keep_stalls(&mut self) {
        let stalls = std::mem::take(&mut self.stalls);
        if let Some(number) = self.number
            && self.body.length() > LARGEST_PACED as u64
        {
            for fault in stalls {
                self.recorder.add_fault(&self.sent, number, fault);
            }
        }
    }

    /// Waits until the recording takes more of the body.
    fn poll_ready(&self, cx: &Context<'_>) -> Poll<()> {
        self.body.poll_ready(cx)
    }

    /// Whether what arrived is all of the answer, by its head.
    fn has_all(&self) -> bool {
        let none = [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED];
        if self.sent.method == Method::HEAD || none.contains(&self.status) {
            return true;
        }
        let length = self.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
        length.is_some_and(|length| length.parse() == Ok(self.body.length()))
    }

    /// Ends with an error of the backend: what arrived is recorded with the fault, where faults are.
    fn break_off(mut self, error: &(dyn std::error::Error + 'static)) {
        let fault = BackendFault::in_body(error, self.body.length(), self.waited());
        self.keep_stalls();
        match self.number {
            Some(number) if self.recorder.add_fault(&self.sent, number, fault) => {
                self.finish(End::Broken);
            }
            _ => {
                let why = "the backend broke off its answer to";
                let error = format!(": {error}; --faults keep records it");
                self.recorder.report_skipped(&self.sent, why, &error);
            }
        }
    }

    /// Ends where the client gave up on a backend that sent nothing more: what arrived is recorded with the stall,
    /// where faults are. Gives the recording back where it did not.
    fn stall(mut self) -> Option<Self> {
        let fault = BackendFault::stalled(self.body.length(), self.waited());
        let Some((number, fault)) = self.number.zip(fault) else { return Some(self) };
        self.keep_stalls();
        if !self.recorder.add_fault(&self.sent, number, fault) {
            return Some(self);
        }
        self.finish(End::Broken);
        None
    }

    /// Gives up: `why` is printed before the request.
    pub(super) fn skip(self, why: &str) {
        self.recorder.report_skipped(&self.sent, why, "");
    }

    pub(super) fn finish(mut self, end: End) {
        self.keep_stalls();
        let Self { recorder, sent, status, headers, reason, informational, waited, .. } = self;
        let Self { form, body, trailers, reserved, .. } = self;
        let ends = form.as_ref().and_then(|form| form.chunk_ends());
        let body = body.finish(ends.as_deref());
        let layout = form.and_then(|form| form.layout.clone());
        let answer = ReceivedAnswer {
            status,
            headers,
            reason,
            informational,
            layout,
            waited,
            body,
            trailers,
            end,
        };
        recorder.write(sent, answer, reserved);
    }
}

fn report_too_large(recorder: &Recorder, sent: &SentRequest) {
    let most = recorder.most_of_body();
    let why = format!("more than {most} bytes (--bound recorded-body-bytes) were answered to");
    recorder.report_skipped(sent, &why, "");
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
        if let Some(recording) = &self.recording {
            // Not faster than the disk: what waits for it is bounded, and a body with gaps is not a recording.
            ready!(recording.poll_ready(cx));
        }
        let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) else {
            if let Some(recording) = &mut self.recording {
                recording.wait();
            }
            return Poll::Pending;
        };
        Poll::Ready(match frame {
            Some(Ok(frame)) => {
                let Tee { body, recording } = &mut *self;
                if let Some(now) = recording {
                    now.arrived();
                    if !now.frame(&frame) {
                        *recording = None;
                    }
                }
                // The end of a body with a known length is not polled, nor is what follows trailers.
                if body.is_end_stream() || frame.is_trailers() {
                    self.finish(End::Whole);
                }
                Some(Ok(frame))
            }
            Some(Err(error)) => {
                if let Some(recording) = self.recording.take() {
                    recording.break_off(&error);
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
        let Some(mut recording) = self.recording.take() else {
            return;
        };
        let is_stream = answer::is_stream(&recording.sent, &recording.headers);
        if self.body.is_end_stream() || recording.has_all() {
            // The body of an answer that has none is not polled, nor is one behind its length: the end of an
            // HTTP/2 stream comes in a frame of its own.
            recording.finish(End::Whole);
            return;
        }
        if !is_stream {
            match recording.stall() {
                Some(back) => recording = back,
                None => return,
            }
        }
        if is_stream || recording.body.is_paced() && !recording.headers.contains_key(CONTENT_LENGTH)
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
