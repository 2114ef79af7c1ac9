//! A plan's body as hyper reads it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use crate::message::{Body, BodyError, FaultAction, Guard};

use super::acts::{Act, Acts, FLUSH};
use super::frames::Frames;
use super::http2::InUse;
use super::reason::{EndsHere, reason_of};
use super::source::Source;
use super::wire::Control;

/// The body of one answer.
pub(super) struct PlanBody {
    kind: Kind,
    /// The length that is announced: that of the whole body, also when it is cut.
    announced: Option<u64>,
    /// Tells an HTTP/2 connection that it is not idle.
    in_use: Option<InUse>,
    /// Told when the answer is out.
    guard: Option<Guard>,
}

enum Kind {
    /// As it is.
    Plain(Source),
    /// With what goes wrong in it.
    Faulty(Box<Faulty>),
    /// Nothing: what follows the head is written by somebody else.
    TakenOver(Arc<Control>),
}

struct Faulty {
    acts: Acts,
    frames: Arc<Frames>,
    /// What is answered to the end of the stream, once what was sent of it is out.
    ending: Option<(EndsHere, Pin<Box<Sleep>>)>,
}

impl PlanBody {
    pub(super) fn new(body: Body) -> Self {
        let announced = body.known_len();
        Self { kind: Kind::Plain(Source::new(body)), announced, in_use: None, guard: None }
    }

    /// A body of which acts say what goes out.
    pub(super) fn faulty(acts: Acts, frames: Arc<Frames>) -> Self {
        let kind = Kind::Faulty(Box::new(Faulty { acts, frames, ending: None }));
        // The length is told in the head, and not held against what is sent.
        Self { kind, announced: None, in_use: None, guard: None }
    }

    /// A body of unknown length of which nothing is written here: hyper's part ends with the head.
    pub(super) fn taken_over(control: Arc<Control>) -> Self {
        Self { kind: Kind::TakenOver(control), announced: None, in_use: None, guard: None }
    }

    /// Keeps its connection in use for as long as it lasts.
    pub(super) fn while_used(mut self, in_use: InUse) -> Self {
        self.in_use = Some(in_use);
        self
    }

    /// Drops something with itself.
    pub(super) fn with(mut self, guard: Option<Guard>) -> Self {
        self.guard = guard;
        self
    }
}

impl Faulty {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, EndsHere>>> {
        if let Some((_, flushing)) = &mut self.ending {
            ready!(flushing.as_mut().poll(cx));
            return Poll::Ready(self.ending.take().map(|(ends, _)| Err(ends)));
        }
        match ready!(self.acts.as_mut().poll_next(cx)) {
            Some(Act::Data(bytes)) => Poll::Ready(Some(Ok(bytes))),
            Some(Act::Broken(error)) => Poll::Ready(Some(Err(error.into()))),
            None => Poll::Ready(None),
            Some(Act::End(action)) => {
                if let FaultAction::GoAway { code, last } = action {
                    self.frames.go_away(code, last);
                }
                self.ending = Some((EndsHere::with(reason_of(&action)), Box::pin(sleep(FLUSH))));
                self.poll(cx)
            }
        }
    }
}

impl http_body::Body for PlanBody {
    type Data = Bytes;
    type Error = EndsHere;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, EndsHere>>> {
        let item = match &mut self.kind {
            Kind::Plain(source) => {
                ready!(source.poll_next(cx)).map(|item| item.map_err(BodyError::into))
            }
            Kind::Faulty(faulty) => ready!(faulty.poll(cx)),
            Kind::TakenOver(control) => {
                control.end_here();
                return Poll::Pending;
            }
        };
        Poll::Ready(item.map(|result| result.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        matches!(&self.kind, Kind::Plain(source) if source.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        self.announced.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
