//! A watch, read until it ends or says nothing more.

use std::time::Duration;

use serde_json::Value;

use crate::http::{Server, parse, read};
use crate::jobs::JOBS;

/// What came of a watch.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The status; 0 without an answer.
    pub(crate) status: u16,
    pub(crate) events: Vec<Value>,
    pub(crate) retry_after: Option<Duration>,
}

impl Seen {
    /// Whether the revision that it began from is gone.
    pub(crate) fn is_gone(&self) -> bool {
        self.status == 410 || self.events.iter().any(|event| event["type"] == "ERROR")
    }

    /// Whether the bookmark came that ends the initial events.
    pub(crate) fn has_initial_end(&self) -> bool {
        self.events.iter().any(|event| event.to_string().contains("initial-events-end"))
    }
}

/// Watches until the stream ends, a text is there, or the time is over.
pub(crate) fn watch(server: &Server, query: &str, time: Duration, until: &str) -> Seen {
    let Ok(stream) = server.open("GET", &format!("{JOBS}?watch=true{query}"), "") else {
        return Seen::default();
    };
    let enough = |bytes: &[u8]| {
        parse(bytes).is_some_and(|(answer, whole)| {
            whole || (!until.is_empty() && answer.text().contains(until))
        })
    };
    let bytes = read(&stream, time, enough);
    let Some((answer, _)) = parse(&bytes) else { return Seen::default() };
    // Half a line is not an event.
    let events = answer.text().lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    Seen { status: answer.status, events, retry_after: answer.retry_after() }
}
