//! Pacing: when the next bytes may be sent, and how many.

use std::time::Duration;

use tokio::time::Instant;

use crate::message::Pace;
use crate::transport::exact;

/// Spreads ready bytes over time; without a pace everything is sent immediately.
#[derive(Default)]
pub(super) struct Pacer(Option<Rhythm>);

/// The state of a pace.
struct Rhythm {
    /// The bytes of a chunk.
    size: u64,
    every: Duration,
    /// When the next chunk may begin; immediately if `None`.
    due: Option<Instant>,
    /// How many bytes of the current chunk may still be sent.
    left: u64,
    /// How many chunks are still to begin, where the body has a number of them.
    chunks: Option<u32>,
}

impl Pacer {
    /// Begins a pace, with as many bytes of the body left, where that is known.
    pub(super) fn begin(&mut self, pace: Pace, left: Option<u64>) {
        self.0 = match pace {
            Pace::Chunks { size, every } => {
                Some(Rhythm { size: size.max(1) as u64, every, due: None, left: 0, chunks: None })
            }
            Pace::Dribble { chunks, over } => left.and_then(|length| {
                let chunks = u32::try_from(length).unwrap_or(u32::MAX).min(chunks.max(1));
                let every = over.checked_div(chunks)?;
                let size = length / u64::from(chunks);
                let due = Some(exact::after(Instant::now(), every));
                Some(Rhythm { size, every, due, left: 0, chunks: Some(chunks) })
            }),
        };
    }

    /// Returns how many bytes may be sent at once, if not all that are ready.
    pub(super) fn limit(&self) -> Option<u64> {
        self.0.as_ref().map(|rhythm| match rhythm.left {
            0 => rhythm.chunk(),
            left => left,
        })
    }

    /// Waits until bytes may be sent. The time from one chunk to the next does not depend on how
    /// long the sending takes.
    pub(super) async fn wait(&mut self) {
        let Some(rhythm) = self.0.as_mut().filter(|rhythm| rhythm.left == 0) else { return };
        let now = Instant::now();
        // A body that had nothing to send does not catch up.
        let due = rhythm.due.filter(|due| exact::after(*due, rhythm.every) > now).unwrap_or(now);
        exact::until(due).await;
        rhythm.due = Some(exact::after(due, rhythm.every));
        rhythm.left = rhythm.chunk();
        rhythm.chunks = rhythm.chunks.map(|chunks| chunks.saturating_sub(1));
    }

    /// Counts sent bytes.
    pub(super) fn sent(&mut self, bytes: u64) {
        if let Some(rhythm) = &mut self.0 {
            // Without a number of chunks, whatever is sent at once is one chunk, however short.
            rhythm.left = rhythm.chunks.map_or(0, |_| rhythm.left.saturating_sub(bytes));
        }
    }
}

impl Rhythm {
    /// Returns the bytes of the next chunk: the last one has the remainder.
    fn chunk(&self) -> u64 {
        match self.chunks {
            Some(0 | 1) => u64::MAX,
            _ => self.size,
        }
    }
}
