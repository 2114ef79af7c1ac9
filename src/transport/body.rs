//! The adapter from a plan's body to hyper's `Body`.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http::HeaderMap;
use http_body::{Frame, SizeHint};

use crate::message::{Body, Ending, FaultAction, Guard, PassedBody};

use super::deliver::{Source, Step, Steps};
use super::frames::Frames;
use super::in_use::InUse;
use super::piece::{Piece, Queue};
use super::reason::{EndsHere, reason_of};
use super::wire::{Answering, Control};

/// The body of one answer.
pub(super) struct PlanBody {
    kind: Kind,
    /// The length that hyper announces.
    announced: Option<u64>,
    /// How many bytes hyper has taken, if the body is undisturbed.
    sent: u64,
    /// Whether hyper has polled it: an empty chunked body has a last chunk, so its end is not
    /// reported before.
    begun: bool,
    /// Dropped when hyper has all of the body.
    under_way: Option<UnderWay>,
    /// Dropped when the answer is sent.
    guard: Option<Guard>,
}

/// Marks a connection while an answer is under way.
enum UnderWay {
    /// What hyper writes is this answer.
    Http1 { _answering: Answering },
    /// The connection is not idle.
    Http2 { _in_use: InUse },
}

enum Kind {
    /// Undisturbed.
    Plain(Source),
    /// Passed through from a backend.
    Passed(PassedBody),
    /// By its delivery.
    Disturbed(Box<Disturbed>),
    /// Empty: what follows the head is written without hyper.
    TakenOver(Arc<Control>),
    /// The source failed, and the bytes before it are being sent.
    Broken(EndsHere),
}

struct Disturbed {
    steps: Steps,
    frames: Arc<Frames>,
    /// The pieces that hyper has taken and not yet sent.
    queue: Queue,
    /// Whether hyper has taken anything after the head.
    given: bool,
    /// The trailers.
    trailers: Option<Arc<HeaderMap>>,
    /// How the stream ends, once all previous pieces are sent.
    ending: Option<FaultAction>,
}

impl PlanBody {
    /// Creates an undisturbed body. `guard` is dropped with it.
    pub(super) fn new(body: Body, guard: Option<Guard>) -> Self {
        let announced = body.known_len();
        let kind = match body {
            Body::Passed(body) => Kind::Passed(body),
            body => Kind::Plain(Source::new(body)),
        };
        let mut body = Self { kind, announced, sent: 0, begun: false, under_way: None, guard };
        body.may_be_whole();
        body
    }

    /// Omits the length: over HTTP/1.1 the body is sent in chunks.
    pub(super) fn unannounced(&mut self) {
        self.announced = None;
    }

    /// Ends with the head if nothing follows it: on an HTTP/2 stream, or in an answer to HEAD.
    pub(super) fn ending_with_head(&mut self, is_head: bool) {
        self.begun = true;
        if is_head {
            self.kind = Kind::Plain(Source::new(Body::Empty));
        }
    }

    /// Creates a body with a delivery.
    pub(super) fn disturbed(
        steps: Steps,
        trailers: Option<Arc<HeaderMap>>,
        frames: Arc<Frames>,
        guard: Option<Guard>,
    ) -> Self {
        let kind = Kind::Disturbed(Box::new(Disturbed {
            steps,
            frames,
            queue: Queue::default(),
            given: false,
            trailers,
            ending: None,
        }));
        // The head has the length, and hyper does not check it against what is sent.
        Self { kind, announced: None, sent: 0, begun: false, under_way: None, guard }
    }

    /// Delays a failure until previous pieces are sent: hyper drops what it holds when a body
    /// fails.
    fn break_off(
        &mut self,
        error: EndsHere,
        cx: &Context<'_>,
    ) -> Poll<Option<Result<Frame<Piece>, EndsHere>>> {
        self.kind = Kind::Broken(error);
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Creates a body that is written without hyper, whose part ends with the head.
    pub(super) fn taken_over(control: Arc<Control>) -> Self {
        let kind = Kind::TakenOver(control);
        Self { kind, announced: None, sent: 0, begun: false, under_way: None, guard: None }
    }

    /// Keeps its connection in use until it is dropped.
    pub(super) fn while_used(&mut self, in_use: InUse) {
        self.under_way = Some(UnderWay::Http2 { _in_use: in_use });
    }

    /// Marks its connection as answering until hyper has all of it.
    pub(super) fn answering(&mut self, answering: Answering) {
        self.under_way = Some(UnderWay::Http1 { _answering: answering });
    }

    /// Reports the end if nothing follows the head.
    fn may_be_whole(&mut self) {
        if self.guard.is_some() && http_body::Body::is_end_stream(self) {
            self.ends(Ending::Whole);
        }
    }
}

impl PlanBody {
    /// Records how the answer ends.
    fn ends(&mut self, how: Ending) {
        if let Some(guard) = &mut self.guard {
            guard.ends(how);
        }
    }
}

impl Disturbed {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Piece, EndsHere>>> {
        if self.ending.is_none() {
            match ready!(self.steps.as_mut().poll_next(cx)) {
                Some(Step::Send(bytes)) => {
                    self.given = true;
                    return Poll::Ready(Some(Ok(self.queue.piece(bytes))));
                }
                Some(Step::Broken(error)) => return Poll::Ready(Some(Err(error.into()))),
                None => return Poll::Ready(None),
                Some(Step::Fail(action)) => self.ending = Some(action),
            }
        }
        if !std::mem::replace(&mut self.given, true) {
            // A reset overtakes the head as well: an empty frame shows when the head is sent.
            return Poll::Ready(Some(Ok(self.queue.piece(Bytes::new()))));
        }
        // A reset overtakes what is queued: it waits until the last byte before it is in a frame.
        ready!(self.queue.poll_empty(cx));
        Poll::Ready(self.ending.take().map(|action| {
            if let FaultAction::GoAway { code, last } = action {
                self.frames.go_away(code, last);
            }
            Err(EndsHere::with(reason_of(&action)))
        }))
    }
}

impl http_body::Body for PlanBody {
    type Data = Piece;
    type Error = EndsHere;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Piece>, EndsHere>>> {
        self.begun = true;
        let item = match &mut self.kind {
            Kind::Broken(_) => {
                let nothing = Kind::Plain(Source::new(Body::Empty));
                let broken = std::mem::replace(&mut self.kind, nothing);
                let Kind::Broken(error) = broken else { return Poll::Ready(None) };
                return Poll::Ready(Some(Err(error)));
            }
            Kind::Plain(source) => {
                let item = ready!(source.poll_next(cx)).map(|item| {
                    item.map(|bytes| {
                        let end = source.take_end(&bytes);
                        Piece::plain(bytes).with_end(end)
                    })
                });
                let ended = match &item {
                    None => true,
                    Some(Err(_)) => false,
                    // hyper does not poll a body of announced length after its last byte.
                    Some(Ok(piece)) => {
                        self.sent += piece.remaining() as u64;
                        self.announced.is_some_and(|length| self.sent >= length)
                    }
                };
                if ended {
                    self.ends(Ending::Whole);
                }
                item.map(|item| item.map_err(EndsHere::from))
            }
            Kind::Passed(body) => {
                let frame = ready!(Pin::new(&mut *body).poll_frame(cx));
                if (frame.is_none() || body.is_end_stream()) && !matches!(frame, Some(Err(_))) {
                    self.ends(Ending::Whole);
                }
                return match frame {
                    Some(Err(error)) => self.break_off(error.into(), cx),
                    frame => Poll::Ready(frame.map(|frame| {
                        frame.map(|frame| frame.map_data(Piece::plain)).map_err(Into::into)
                    })),
                };
            }
            Kind::Disturbed(disturbed) => match ready!(disturbed.poll(cx)) {
                Some(Err(error)) => {
                    self.ends(Ending::Fault);
                    Some(Err(error))
                }
                None => {
                    let trailers = disturbed.trailers.take().map(Arc::unwrap_or_clone);
                    self.ends(Ending::Whole);
                    return Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))));
                }
                item => item,
            },
            Kind::TakenOver(control) => {
                control.leave();
                return Poll::Pending;
            }
        };
        Poll::Ready(item.map(|result| result.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        if let Kind::Passed(body) = &self.kind {
            return body.is_end_stream();
        }
        let is_known = self.begun || self.announced.is_some();
        is_known && matches!(&self.kind, Kind::Plain(source) if source.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Passed(body) => body.size_hint(),
            _ => self.announced.map_or_else(SizeHint::default, SizeHint::with_exact),
        }
    }
}
