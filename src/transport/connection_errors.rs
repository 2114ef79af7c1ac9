//! Reports errors of connections, each kind at most once in ten seconds: what one client does wrong it often repeats, and a
//! shortage lasts.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::Logger;

/// How long further errors of a kind are only counted.
const QUIET: Duration = Duration::from_secs(10);

/// Reports errors, with a limit for each kind.
pub(super) struct ConnectionErrors {
    log: Logger,
    /// By kind: when it was last reported, and how often it occurred since.
    reported: Mutex<HashMap<&'static str, (Instant, u64)>>,
}

impl ConnectionErrors {
    pub(super) fn new(log: Logger) -> Self {
        Self { log, reported: Mutex::default() }
    }

    /// Reports an error of a kind, unless one was reported recently.
    pub(super) fn report(&self, kind: &'static str, line: &str) {
        let now = Instant::now();
        let unreported = {
            let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
            match reported.get_mut(kind) {
                Some((when, unreported)) if now.duration_since(*when) < QUIET => {
                    *unreported += 1;
                    return;
                }
                _ => reported.insert(kind, (now, 0)).map_or(0, |(_, unreported)| unreported),
            }
        };
        if unreported == 0 {
            (self.log)(line);
        } else {
            (self.log)(&format!("{line} (and {unreported} more like it before)"));
        }
    }
}
