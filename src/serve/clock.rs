//! The clock of a world: the time that objects, scenarios and tokens go by.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// Time since a world began, and the calendar time it stands for.
///
/// It runs on tokio's clock, so that a test that pauses that one pauses this one too.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    began: Instant,
    epoch: Timestamp,
}

impl Clock {
    /// A clock that begins now.
    pub(crate) fn start() -> Self {
        Self { began: Instant::now(), epoch: Timestamp::now() }
    }

    /// Time since the world began.
    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// The calendar time at which the world began: what fixtures without a time get, at the start and
    /// at every reload, so that an unchanged file makes an unchanged object.
    pub(crate) fn epoch(&self) -> Timestamp {
        self.epoch
    }

    /// The calendar time.
    pub(crate) fn now(&self) -> Timestamp {
        self.epoch.checked_add(self.elapsed()).unwrap_or(self.epoch)
    }
}
