//! What clients do wrong, reported to people: once, then at most every ten seconds, however often it
//! happens.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::Logger;

/// How long nothing more is said of what was said.
const QUIET: Duration = Duration::from_secs(10);

/// Says what is new.
pub(super) struct ClientErrors {
    log: Logger,
    /// By kind: when it was last reported, and how often it has happened since.
    reported: Mutex<HashMap<&'static str, (Instant, u64)>>,
}

impl ClientErrors {
    pub(super) fn new(log: Logger) -> Self {
        Self { log, reported: Mutex::default() }
    }

    /// Reports a line of a kind, unless one was reported a moment ago.
    pub(super) fn report(&self, kind: &'static str, line: &str) {
        let now = Instant::now();
        let unsaid = {
            let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
            match reported.get_mut(kind) {
                Some((when, unsaid)) if now.duration_since(*when) < QUIET => {
                    *unsaid += 1;
                    return;
                }
                _ => reported.insert(kind, (now, 0)).map_or(0, |(_, unsaid)| unsaid),
            }
        };
        if unsaid == 0 {
            (self.log)(line);
        } else {
            (self.log)(&format!("{line} (and {unsaid} more like it before)"));
        }
    }
}
