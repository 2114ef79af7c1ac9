//! The overview of a report: all requests of a world, counted by time and outcome. Its size does
//! not depend on their number.

use std::time::Duration;

use serde_json::{Value, json};

use super::seen::seconds;
use super::{Record, SeenRequest};

/// How many parts the time is divided into.
const PARTS: u32 = 96;

/// The outcome of a request, as reports mark it; the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// The answer is not an error.
    Answered,
    /// A status from 400 to 499.
    ClientError,
    /// A status from 500.
    ServerError,
    /// No answer, or an incomplete one.
    Lost,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] =
        [Self::Answered, Self::ClientError, Self::ServerError, Self::Lost];

    fn new(status: u16, lost: bool) -> Self {
        match status {
            _ if lost => Self::Lost,
            500.. => Self::ServerError,
            400.. => Self::ClientError,
            _ => Self::Answered,
        }
    }
}

impl SeenRequest {
    /// Returns the outcome of a request.
    pub(crate) fn kind(&self) -> Kind {
        Kind::new(self.status, self.lost)
    }
}

/// The number of requests in each interval.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Overview {
    /// When the first request arrived, on the world's clock.
    pub(crate) from: Duration,
    /// The length of a part.
    pub(crate) part: Duration,
    /// The number of requests in each interval, by [`Kind`] in order.
    pub(crate) counts: Vec<[u64; 4]>,
}

impl Overview {
    pub(super) fn of(records: &[Record]) -> Self {
        let times = || records.iter().map(|record| record.began);
        let (Some(from), Some(to)) = (times().min(), times().max()) else {
            return Self::default();
        };
        // Slightly longer than needed, so that the last request is in the last part.
        let part = to.saturating_sub(from) / PARTS + Duration::from_micros(1);
        let mut counts = vec![[0; 4]; PARTS as usize];
        for record in records {
            let index = record.began.saturating_sub(from).as_nanos() / part.as_nanos();
            let index = usize::try_from(index).unwrap_or(usize::MAX).min(counts.len() - 1);
            counts[index][Kind::new(record.status, record.is_lost()) as usize] += 1;
        }
        Self { from, part, counts }
    }

    /// Returns how many requests there are of each kind.
    pub(crate) fn totals(&self) -> [u64; 4] {
        self.counts.iter().fold([0; 4], |mut sums, counts| {
            for (sum, count) in sums.iter_mut().zip(counts) {
                *sum += count;
            }
            sums
        })
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "fromSeconds": self.from.as_secs_f64(),
            "partSeconds": self.part.as_secs_f64(),
            "counts": self.counts,
        })
    }

    pub(super) fn from_json(json: &Value) -> Option<Self> {
        let counts = |part: &Value| {
            let mut counts = [0; 4];
            for (count, value) in counts.iter_mut().zip(part.as_array()?) {
                *count = value.as_u64()?;
            }
            Some(counts)
        };
        let parts = json["counts"].as_array()?.iter().take(PARTS as usize);
        Some(Self {
            from: seconds(&json["fromSeconds"])?,
            part: seconds(&json["partSeconds"])?,
            counts: parts.map(counts).collect::<Option<_>>()?,
        })
    }
}
