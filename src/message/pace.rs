//! How the bytes of a body are spread over time.

use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

/// How fast a body goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Chunks of the same size at the same interval. The first goes out at once.
    Chunks {
        /// How many bytes go out at once; none counts as one.
        size: usize,
        /// The time from one chunk to the next.
        every: Duration,
    },
    /// A number of chunks spread over a time (`WireMock`'s `chunkedDribbleDelay`): what is left of the body
    /// in equal chunks, the last with the remainder, each after an equal part of the time. A body whose
    /// length is not known goes out as it comes.
    Dribble {
        /// How many chunks; none counts as one. A body of fewer bytes has a chunk for each.
        chunks: u32,
        /// The time until the last chunk goes out.
        over: Duration,
    },
}

impl Pace {
    /// So many bytes a second, in ten chunks a second, or byte by byte where that is slower.
    #[must_use]
    pub fn bytes_per_second(rate: NonZeroU64) -> Self {
        let rate = rate.get();
        let size = usize::try_from(rate / 10).unwrap_or(usize::MAX).max(1);
        #[expect(clippy::cast_precision_loss, reason = "a rate of bytes")]
        let every = Duration::from_secs_f64(size as f64 / rate as f64);
        Self::Chunks { size, every }
    }
}

/// When the bytes of a body become available: the timing of a recorded stream. What is left of the body
/// behind the last chunk is available at once.
pub(crate) type Schedule = Arc<[TimedChunk]>;

/// Some bytes of a body that become available together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimedChunk {
    /// How long after the chunk before, or the head.
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
