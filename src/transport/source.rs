//! A plan's body, piece by piece, as it is: nothing goes wrong here.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use tokio::time::{Sleep, sleep};

use crate::message::{Body, BodyError, BodyStream, TimedChunk};

/// Small pieces are joined into chunks of this size, in bytes: few writes, no giant copy.
const CHUNK: usize = 64 << 10;

/// The pieces of a body.
pub(super) enum Source {
    Empty,
    Bytes(Bytes),
    Pieces(std::vec::IntoIter<Bytes>),
    Script(Script),
    Stream(BodyStream),
}

/// A recorded stream.
pub(super) struct Script {
    chunks: VecDeque<TimedChunk>,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Source {
    pub(super) fn new(body: Body) -> Self {
        match body {
            Body::Empty => Self::Empty,
            Body::Bytes(bytes) => Self::Bytes(bytes),
            Body::Pieces(pieces) => Self::Pieces(pieces.into_iter()),
            Body::Script(chunks) => Self::Script(Script { chunks: chunks.into(), pause: None }),
            // A request that cannot be upgraded gets the lines as they are.
            Body::Stream(stream) | Body::WebSocket(stream) => Self::Stream(stream),
        }
    }

    /// Whether nothing comes any more, as far as is known.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    pub(super) fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BodyError>>> {
        match self {
            Self::Empty => Poll::Ready(None),
            Self::Bytes(bytes) => {
                let bytes = std::mem::take(bytes);
                *self = Self::Empty;
                Poll::Ready((!bytes.is_empty()).then_some(Ok(bytes)))
            }
            Self::Pieces(pieces) => Poll::Ready(next_chunk(pieces).map(Ok)),
            Self::Script(script) => script.poll(cx).map(|chunk| chunk.map(Ok)),
            Self::Stream(stream) => stream.as_mut().poll_next(cx),
        }
    }
}

impl Stream for Source {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Self::poll_next(self.get_mut(), cx)
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
