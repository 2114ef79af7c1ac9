//! What the log says of exchanges that cannot be written: a full disk loses each of them, and a line for each would
//! fill the log as well.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::transport::Logger;

/// Reports what is lost: at once, and then again from time to time.
pub(super) struct Failures {
    log: Logger,
    /// When the last line was written, and how many exchanges were lost since.
    state: Mutex<(Option<Instant>, usize)>,
}

/// How long further reports wait.
const REPORT_EVERY: Duration = Duration::from_secs(10);

impl Failures {
    pub(super) fn new(log: &Logger) -> Self {
        Self { log: Arc::clone(log), state: Mutex::default() }
    }

    /// Reports lost exchanges.
    pub(super) fn report(&self, count: usize, text: impl FnOnce() -> String) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, more) = &mut *state;
        if last.is_some_and(|last| last.elapsed() < REPORT_EVERY) {
            *more += count;
            return;
        }
        let before = std::mem::take(more);
        *last = Some(Instant::now());
        let since = if before == 0 { String::new() } else { format!(" ({before} more before it)") };
        (self.log)(&format!("{}{since}", text()));
    }
}

impl Drop for Failures {
    fn drop(&mut self) {
        let (_, more) = *self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if more > 0 {
            (self.log)(&format!("not recorded: {more} more exchanges, for such reasons"));
        }
    }
}
