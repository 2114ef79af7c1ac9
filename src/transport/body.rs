//! A plan's body as hyper reads it: paced, and cut where the plan says so.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use crate::message::{Body, BodyError, FaultAction, Pace, TimedChunk};

use super::http2::InUse;
use super::wire::Control;

/// Small pieces are joined into chunks of this size, in bytes: few writes, no giant copy.
const CHUNK: usize = 64 << 10;

/// The body of one answer.
pub(super) struct PlanBody {
    source: Source,
    /// The length that is announced: that of the whole body, also when it is cut.
    announced: Option<u64>,
    // In a box: an idle watch does not pay for it.
    cut: Option<Box<Cut>>,
    /// Slows it down.
    paced: Option<Box<Paced>>,
    /// Tells an HTTP/2 connection that it is not idle.
    in_use: Option<InUse>,
}

/// A body in small pieces.
struct Paced {
    pace: Pace,
    /// What has come and not gone out.
    held: Bytes,
    /// When the next piece may go; the first goes at once.
    next: Option<Pin<Box<Sleep>>>,
}

/// Where the answer ends instead of going on.
struct Cut {
    left: u64,
    sent: u64,
    ending: Ending,
    marked: bool,
    /// Before a stream is reset: what was sent of it goes out first.
    flushing: Option<Pin<Box<Sleep>>>,
}

/// How long what was sent of a stream has to go out before its reset, which would overtake it.
const FLUSH: Duration = Duration::from_millis(5);

/// How an answer ends that is cut.
pub(super) enum Ending {
    /// With the connection, in the way that was asked for.
    Connection(FaultAction, Arc<Control>),
    /// By itself (`RST_STREAM`): others share the connection.
    Stream,
}

impl Ending {
    /// Lets the connection know.
    pub(super) fn mark(&self) {
        if let Self::Connection(action, control) = self {
            control.end(action.clone());
        }
    }
}

enum Source {
    Empty,
    Bytes(Bytes),
    Pieces(std::vec::IntoIter<Bytes>),
    Script(Script),
    Stream(crate::message::BodyStream),
    /// Nothing: what follows the head is written by somebody else.
    TakenOver(Arc<Control>),
}

struct Script {
    chunks: VecDeque<TimedChunk>,
    pause: Option<Pin<Box<Sleep>>>,
}

impl PlanBody {
    pub(super) fn new(body: Body) -> Self {
        let announced = body.known_len();
        let source = match body {
            Body::Empty => Source::Empty,
            Body::Bytes(bytes) => Source::Bytes(bytes),
            Body::Pieces(pieces) => Source::Pieces(pieces.into_iter()),
            Body::Script(chunks) => Source::Script(Script { chunks: chunks.into(), pause: None }),
            // A request that cannot be upgraded gets the lines as they are.
            Body::Stream(stream) | Body::WebSocket(stream) => Source::Stream(stream),
        };
        Self { source, announced, cut: None, paced: None, in_use: None }
    }

    /// A body of unknown length of which nothing is written here: hyper's part ends with the head.
    pub(super) fn taken_over(control: Arc<Control>) -> Self {
        let source = Source::TakenOver(control);
        Self { source, announced: None, cut: None, paced: None, in_use: None }
    }

    /// Ends the answer after so many bytes of this body, or at its end if it is shorter.
    pub(super) fn cut(mut self, after: u64, ending: Ending) -> Self {
        self.cut =
            Some(Box::new(Cut { left: after, sent: 0, ending, marked: false, flushing: None }));
        self
    }

    /// Keeps its connection in use for as long as it lasts.
    pub(super) fn while_used(mut self, in_use: InUse) -> Self {
        self.in_use = Some(in_use);
        self
    }

    /// Lets it out in small pieces.
    pub(super) fn paced(mut self, pace: Pace) -> Self {
        self.paced = Some(Box::new(Paced { pace, held: Bytes::new(), next: None }));
        self
    }

    /// The next bytes, as slowly as was asked for.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        let Some(mut paced) = self.paced.take() else {
            return self.poll_source(cx);
        };
        let polled = self.poll_paced(&mut paced, cx);
        self.paced = Some(paced);
        polled
    }

    fn poll_paced(
        &mut self,
        paced: &mut Paced,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BodyError>>> {
        while paced.held.is_empty() {
            match ready!(self.poll_source(cx)) {
                Some(Ok(bytes)) => paced.held = bytes,
                ended => return Poll::Ready(ended),
            }
        }
        let Pace { chunk, every } = paced.pace;
        match &mut paced.next {
            None => paced.next = Some(Box::pin(sleep(every))),
            Some(next) => {
                ready!(next.as_mut().poll(cx));
                // From when it was due, so that the pace is kept whatever the sending takes.
                let due = next.deadline() + every;
                next.as_mut().reset(due);
            }
        }
        let length = chunk.max(1).min(paced.held.len());
        Poll::Ready(Some(Ok(paced.held.split_to(length))))
    }

    fn poll_source(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        match &mut self.source {
            Source::Empty => Poll::Ready(None),
            Source::Bytes(bytes) => {
                let bytes = std::mem::take(bytes);
                self.source = Source::Empty;
                Poll::Ready((!bytes.is_empty()).then_some(Ok(bytes)))
            }
            Source::Pieces(pieces) => Poll::Ready(next_chunk(pieces).map(Ok)),
            Source::Script(script) => script.poll(cx).map(|chunk| chunk.map(Ok)),
            Source::Stream(stream) => stream.as_mut().poll_next(cx),
            Source::TakenOver(control) => {
                control.end_here();
                Poll::Pending
            }
        }
    }
}

fn next_chunk(pieces: &mut std::vec::IntoIter<Bytes>) -> Option<Bytes> {
    let mut rest = pieces.as_slice().iter();
    let first = rest.next()?;
    if first.len() >= CHUNK || rest.next().is_none() {
        return pieces.next();
    }
    let mut size = 0;
    let fitting = pieces.as_slice().iter().take_while(|piece| {
        size += piece.len();
        size <= CHUNK
    });
    let count = fitting.count();
    let length = pieces.as_slice()[..count].iter().map(Bytes::len).sum();
    let mut chunk = BytesMut::with_capacity(length);
    for piece in pieces.by_ref().take(count) {
        chunk.extend_from_slice(&piece);
    }
    Some(chunk.freeze())
}

impl Script {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let Some(next) = self.chunks.front() else {
            return Poll::Ready(None);
        };
        if !next.after.is_zero() {
            let pause = self.pause.get_or_insert_with(|| Box::pin(sleep(next.after)));
            ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        Poll::Ready(self.chunks.pop_front().map(|chunk| chunk.bytes))
    }
}

impl Cut {
    /// Marks the ending; hyper flushes what it has, and the wire ends there, or the stream.
    fn strike(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.mark();
        match self.ending {
            Ending::Connection(..) => Poll::Pending,
            Ending::Stream => {
                let flushing = self.flushing.get_or_insert_with(|| Box::pin(sleep(FLUSH)));
                ready!(flushing.as_mut().poll(cx));
                Poll::Ready(Some(Err(BodyError::Broken("it ends here on purpose".to_owned()))))
            }
        }
    }

    fn mark(&mut self) {
        if !std::mem::replace(&mut self.marked, true) {
            self.ending.mark();
        }
    }
}

impl http_body::Body for PlanBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Some(cut) = self.cut.as_mut().filter(|cut| cut.left == 0) {
            return cut.strike(cx);
        }
        let item = ready!(self.poll_next(cx));
        let announced = self.announced;
        let Some(cut) = &mut self.cut else {
            return Poll::Ready(item.map(|result| result.map(Frame::data)));
        };
        match item {
            Some(Ok(mut bytes)) => {
                let keep = usize::try_from(cut.left).unwrap_or(usize::MAX).min(bytes.len());
                bytes.truncate(keep);
                cut.left -= keep as u64;
                cut.sent += keep as u64;
                if announced == Some(cut.sent) && matches!(cut.ending, Ending::Connection(..)) {
                    // hyper asks no further once the announced length is reached.
                    cut.mark();
                }
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Some(Err(_)) | None => cut.strike(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        let held = self.paced.as_ref().is_some_and(|paced| !paced.held.is_empty());
        self.cut.is_none() && !held && matches!(self.source, Source::Empty)
    }

    fn size_hint(&self) -> SizeHint {
        self.announced.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
