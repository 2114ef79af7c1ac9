//! How the bytes of a body are spread over time.

use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

/// How fast a body is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Chunks of the same size at the same interval. The first is sent immediately.
    Chunks {
        /// How many bytes are sent at once; 0 counts as 1.
        size: usize,
        /// The time from one chunk to the next.
        every: Duration,
    },
    /// A number of chunks spread over a time (`WireMock`'s `chunkedDribbleDelay`): the rest of the
    /// body in equal chunks, the last with the remainder, each after an equal part of the time. A
    /// body of unknown length is sent as it arrives.
    Dribble {
        /// How many chunks; 0 counts as 1. A body of fewer bytes has a chunk for each.
        chunks: u32,
        /// The time until the last chunk is sent.
        over: Duration,
    },
}

impl Pace {
    /// Creates a rate in bytes per second: ten chunks per second, or single bytes at lower rates.
    #[must_use]
    pub fn bytes_per_second(rate: NonZeroU64) -> Self {
        let rate = rate.get();
        let size = usize::try_from(rate / 10).unwrap_or(usize::MAX).max(1);
        #[expect(clippy::cast_precision_loss, reason = "a rate of bytes")]
        let every = Duration::from_secs_f64(size as f64 / rate as f64);
        Self::Chunks { size, every }
    }
}

/// When the bytes of a body become available: the timing of a recorded stream. The rest of the body
/// after the last chunk is available immediately.
pub(crate) type Schedule = Arc<[TimedChunk]>;

/// Some bytes of a body that become available together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimedChunk {
    /// How long after the previous chunk or the head.
    pub after: Duration,
    /// How many bytes.
    pub bytes: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_kept_in_chunks() {
        for (rate, size, every) in [
            (1, 1, Duration::from_secs(1)),
            (4, 1, Duration::from_millis(250)),
            (16_384, 1638, Duration::from_secs_f64(1638.0 / 16_384.0)),
        ] {
            let pace = Pace::bytes_per_second(NonZeroU64::new(rate).unwrap());
            assert_eq!(pace, Pace::Chunks { size, every }, "{rate}");
        }
    }
}
