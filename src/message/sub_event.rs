//! Sub-events: events while a request was answered, which the journal shows as sub-events of a
//! serve event, as `WireMock` does (`C/stubbing/SubEvent.java`).

use std::time::Instant;

use serde_json::{Map, Value};

/// One event while a request was answered: a template that failed, a body that a JSON path could
/// not read.
#[derive(Debug, Clone, PartialEq)]
pub struct SubEvent {
    /// `WireMock`'s type, such as `WARNING`.
    pub kind: &'static str,
    /// When it happened.
    pub at: Instant,
    /// What happened.
    pub data: Map<String, Value>,
}

impl SubEvent {
    /// Creates one of a kind, now. `WireMock` shows the text in a field `message`.
    pub(crate) fn new(kind: &'static str, message: impl Into<String>) -> Self {
        let data = Map::from_iter([("message".to_owned(), Value::String(message.into()))]);
        Self { kind, at: Instant::now(), data }
    }

    /// Creates an error that affected the answer.
    pub(crate) fn error(message: impl Into<String>) -> Self {
        Self::new("ERROR", message)
    }

    /// Creates a warning about a stub that could not be matched.
    pub(crate) fn warning(message: impl Into<String>) -> Self {
        Self::new("WARNING", message)
    }
}
