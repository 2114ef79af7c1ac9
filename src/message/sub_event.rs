//! What happened while a request was answered, besides the answer: for the journal, where `WireMock` shows it as
//! sub-events of a serve event (`C/stubbing/SubEvent.java`).

use std::time::Instant;

use serde_json::{Map, Value};

/// One thing that happened on the way to an answer: a template that failed, a body that a JSON path could not read.
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
    /// Creates one of a kind, now. `WireMock` shows what happened in a field `message`.
    pub(crate) fn new(kind: &'static str, message: impl Into<String>) -> Self {
        let data = Map::from_iter([("message".to_owned(), Value::String(message.into()))]);
        Self { kind, at: Instant::now(), data }
    }

    /// Something went wrong that shows in the answer.
    pub(crate) fn error(message: impl Into<String>) -> Self {
        Self::new("ERROR", message)
    }

    /// Something kept a stub from being found.
    pub(crate) fn warning(message: impl Into<String>) -> Self {
        Self::new("WARNING", message)
    }
}
