//! The source of a body with the timing of a recorded stream.

use bytes::Bytes;
use futures_util::StreamExt;
use tokio::time::Instant;

use crate::message::{BodyError, Schedule};
use crate::transport::exact;

use super::source::Source;

/// A source whose bytes become available by a schedule.
pub(super) struct Scheduled {
    source: Source,
    schedule: Option<Schedule>,
    /// The next chunk of the schedule.
    next: usize,
    /// When the previous chunk was due; initially, when the body began. Slow sending does not delay
    /// later chunks.
    before: Option<Instant>,
    /// How many bytes of the chunk that was due last are not sent yet.
    left: usize,
    /// Bytes that were read from the source and are not due yet.
    held: Bytes,
}

impl Scheduled {
    pub(super) fn new(source: Source, schedule: Option<Schedule>) -> Self {
        Self { source, schedule, next: 0, before: None, left: 0, held: Bytes::new() }
    }

    /// Discards the rest of the body.
    pub(super) fn close(&mut self) {
        self.source = Source::Empty;
        self.schedule = None;
        self.held = Bytes::new();
    }

    /// Returns the next available bytes. Cancel-safe: a dropped call loses nothing, and the next
    /// one continues.
    pub(super) async fn next(&mut self) -> Option<Result<Bytes, BodyError>> {
        while self.left == 0 {
            let chunk = self.schedule.as_ref().and_then(|schedule| schedule.get(self.next));
            let Some(chunk) = chunk.copied() else { return self.rest().await };
            let due = exact::after(*self.before.get_or_insert_with(Instant::now), chunk.after);
            exact::until(due).await;
            self.before = Some(due);
            self.left = chunk.bytes;
            self.next += 1;
        }
        while self.held.is_empty() {
            match self.source.next().await? {
                Ok(bytes) => self.held = bytes,
                Err(error) => return Some(Err(error)),
            }
        }
        let bytes = self.held.split_to(self.left.min(self.held.len()));
        self.left -= bytes.len();
        Some(Ok(bytes))
    }

    /// Returns the bytes after the last chunk.
    async fn rest(&mut self) -> Option<Result<Bytes, BodyError>> {
        if self.held.is_empty() {
            return self.source.next().await;
        }
        Some(Ok(std::mem::take(&mut self.held)))
    }
}
