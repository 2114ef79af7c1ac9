//! A plan's body in pieces, undisturbed.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use futures_util::Stream;

use crate::message::{Body, BodyError, BodyStream};

/// Small pieces are joined into chunks of this size, in bytes: few writes, and no large copy.
const CHUNK: usize = 64 << 10;

/// The pieces of a body.
pub(in crate::transport) enum Source {
    Empty,
    Bytes(Bytes),
    Pieces(std::vec::IntoIter<Bytes>),
    Stream(BodyStream),
}

impl Source {
    pub(in crate::transport) fn new(body: Body) -> Self {
        match body {
            // A request that cannot be upgraded gets no tunnel.
            Body::Empty | Body::Tunnel(_) => Self::Empty,
            Body::Bytes(bytes) => Self::Bytes(bytes),
            Body::Pieces(pieces) => Self::Pieces(pieces.into_iter()),
            // A request that cannot be upgraded gets the lines as they are.
            Body::Stream(stream) | Body::WebSocket(stream) => Self::Stream(stream),
            Body::Passed(body) => Self::Stream(body.into_stream()),
        }
    }

    /// Returns whether the body is known to be at its end.
    pub(in crate::transport) fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    pub(in crate::transport) fn poll_next(
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
            Self::Stream(stream) => stream.as_mut().poll_next(cx),
        }
    }
}

impl Source {
    /// Returns the rest of the body if it is one small piece after a large one.
    pub(in crate::transport) fn take_end(&mut self, before: &Bytes) -> Option<Bytes> {
        let Self::Pieces(pieces) = self else { return None };
        let is_small = matches!(pieces.as_slice(), [end] if end.len() < CHUNK);
        if before.len() < CHUNK || !is_small {
            return None;
        }
        let end = pieces.next();
        *self = Self::Empty;
        end
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
