//! Exchanges that are complete, from files of other tools: recorded as live ones are.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};

use crate::links::{Backend, Links};
use crate::redact::Redactor;
use crate::transport::Logger;

use super::exchange::{ArrivedBody, BodyCopy, Chunk, End, ReceivedAnswer, SentRequest};
use super::ledger::RecordingOf;
use super::queue::QueueLimits;
use super::writer::Recorder;

/// The largest answer that is recorded, in bytes.
const MAX_ANSWER: usize = 64 << 20;

/// A request with its answer, both whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CompleteExchange {
    /// The URL of the server without a path; links to it are rewritten for the clients of a replay. Nothing where the
    /// recording has its links.
    pub(crate) origin: Option<String>,
    pub(crate) method: Method,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) status: StatusCode,
    /// The reason phrase, where it is not the usual one of the status.
    pub(crate) reason: Option<Bytes>,
    /// How long the head of the answer took.
    pub(crate) waited: Duration,
    pub(crate) answer_headers: HeaderMap,
    pub(crate) answer: Bytes,
}

impl CompleteExchange {
    pub(super) fn into_parts(self) -> (SentRequest, ReceivedAnswer) {
        let Self { origin, method, target, headers, body, answer, .. } = self;
        let Self { status, reason, waited, answer_headers, .. } = self;
        let backend = origin.and_then(|url| Backend::new(&url, "").ok());
        let links = backend.map(|backend| Arc::new(Links::new(vec![backend])));
        let copy = BodyCopy::default();
        copy.push(&body);
        let sent = SentRequest { method, origin: None, target, headers, body: copy, links };
        let parts = if answer.is_empty() {
            Vec::new()
        } else {
            vec![Chunk { at: Duration::ZERO, bytes: answer.clone() }]
        };
        let headers = answer_headers;
        (
            sent,
            ReceivedAnswer {
                status,
                headers,
                reason,
                informational: Vec::new(),
                layout: None,
                waited,
                body: ArrivedBody::Held(answer, parts),
                trailers: None,
                end: End::Whole,
            },
        )
    }
}

impl Recorder {
    /// A recorder of single exchanges, in a folder that nobody else uses.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub(crate) fn scratch(
        folder: &Path,
        redactor: &Arc<Redactor>,
        log: &Logger,
    ) -> io::Result<Self> {
        // All of it stays in memory: the backlog has no links of single exchanges.
        let limits = QueueLimits { memory: MAX_ANSWER, backlog: 0, gives_way: true };
        Self::new(folder, RecordingOf::default(), limits, redactor, log)
    }

    /// Records an exchange. Says whether it is small enough.
    pub(crate) async fn record(&self, exchange: CompleteExchange) -> bool {
        if exchange.answer.len() > MAX_ANSWER {
            return false;
        }
        self.wait_for_room().await;
        let mut reserved = self.reserve();
        reserved.grow(exchange.answer.len() + exchange.body.len());
        let (sent, answer) = exchange.into_parts();
        self.write(sent, answer, reserved);
        true
    }
}
