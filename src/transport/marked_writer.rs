//! Holds frames back until a marked head among them has been sent slowly.

use std::collections::VecDeque;
use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::Sleep;

use crate::message::Pace;

use super::marked_head::MarkedHeads;

/// The bytes to send, in order.
#[derive(Default)]
pub(super) struct MarkedWriter {
    /// The beginning of a frame that is not complete.
    partial: Vec<u8>,
    due: VecDeque<Piece>,
    pause: Option<Pin<Box<Sleep>>>,
}

/// Bytes, and how long to wait before them.
struct Piece {
    bytes: Vec<u8>,
    wait: Option<Duration>,
}

impl MarkedWriter {
    /// Returns whether something is held back.
    pub(super) fn holds(&self) -> bool {
        !(self.partial.is_empty() && self.due.is_empty())
    }

    /// Takes bytes that hyper writes, from the beginning of a frame on.
    pub(super) fn take(&mut self, bytes: &[u8], heads: &MarkedHeads) {
        self.partial.extend_from_slice(bytes);
        while let Some(&[a, b, c]) = self.partial.first_chunk::<3>() {
            let length = 9 + (usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c));
            if self.partial.len() < length {
                return;
            }
            let rest = self.partial.split_off(length);
            let frame = std::mem::replace(&mut self.partial, rest);
            match heads.replace(&frame) {
                None => self.due.push_back(Piece { bytes: frame, wait: None }),
                Some(marked) => {
                    self.push_paced(marked.frame, marked.pace);
                }
            }
        }
    }

    fn push_paced(&mut self, frame: Vec<u8>, pace: Pace) {
        let Pace::Chunks { size, every } = pace else {
            self.due.push_back(Piece { bytes: frame, wait: None });
            return;
        };
        let pieces = frame.chunks(size.max(1)).enumerate();
        self.due.extend(pieces.map(|(number, bytes)| Piece {
            bytes: bytes.to_vec(),
            wait: (number > 0).then_some(every),
        }));
    }

    /// Returns the bytes to send now, or `None` if nothing is held back.
    pub(super) fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<Option<&[u8]>> {
        while self.due.front().is_some_and(|piece| piece.bytes.is_empty()) {
            self.due.pop_front();
        }
        let Some(piece) = self.due.front_mut() else { return Poll::Ready(None) };
        if let Some(wait) = piece.wait.take() {
            self.pause = Some(Box::pin(tokio::time::sleep(wait)));
        }
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        Poll::Ready(Some(&piece.bytes))
    }

    /// Removes the sent bytes of the first piece and returns them.
    pub(super) fn sent(&mut self, count: usize) -> Vec<u8> {
        let Some(piece) = self.due.front_mut() else { return Vec::new() };
        let rest = piece.bytes.split_off(count.min(piece.bytes.len()));
        std::mem::replace(&mut piece.bytes, rest)
    }

    /// Returns whether a pause follows the sent bytes, so that they must be flushed first.
    pub(super) fn has_paused(&self) -> bool {
        let mut left = self.due.iter().filter(|piece| !piece.bytes.is_empty());
        left.next().is_some_and(|piece| piece.wait.is_some())
    }
}
