//! What clients of a world did, one record for each request, bounded.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::scenario::{Expect, GateSeen};

/// The most records that are kept; what comes later is counted and not graded.
pub(crate) const MAX_RECORDS: usize = 100_000;

/// One request, as it is graded. Times are those of the world's clock since it began.
#[derive(Debug, Clone)]
pub struct Record {
    /// When it came.
    pub began: Duration,
    /// When its answer was due to begin: decided, plus what it was delayed.
    pub answered: Duration,
    /// When its answer was over, or the client gone.
    pub ended: Option<Duration>,
    /// The method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// What makes it the same call as another ([`call_id`]).
    pub call: [u8; 32],
    /// What it means to a Kubernetes API.
    pub verb: String,
    /// `plural.group`.
    pub resource: Option<String>,
    /// Which page of a list.
    pub page: Option<u64>,
    /// Where a list goes on.
    pub continue_token: Option<String>,
    /// The revision that a watch begins from, or a list asks for.
    pub revision: Option<String>,
    /// Whether a watch lists first (`sendInitialEvents`).
    pub lists_first: bool,
    /// What was decided; a fault may have kept it from the client.
    pub status: u16,
    /// The fault that ended the answer.
    pub fault: Option<&'static str>,
    /// How long the client was asked to wait.
    pub retry_after: Option<Duration>,
    /// When the client was answered that a revision or token is gone.
    pub expired: Option<Duration>,
    /// Whether nothing answers such a request.
    pub unmatched: bool,
    /// The rule that shows in the answer.
    pub acted: Option<Arc<str>>,
    /// What rules expect of such requests.
    pub expected: Vec<(Arc<str>, Arc<Expect>)>,
    /// What a gate saw.
    pub gate: Option<GateSeen>,
    /// Whether an object was created.
    pub created: Option<Created>,
}

/// An object was created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Created {
    /// Whether the client was answered so.
    pub heard: bool,
}

impl Record {
    /// Whether the client has reason to try again: a fault, 408, 429 or a 5xx.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.fault.is_some() || matches!(self.status, 408 | 429 | 500..=599)
    }
}

/// What clients of a world did.
#[derive(Debug, Default)]
pub(crate) struct Log {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    records: Vec<Record>,
    dropped: u64,
    expire_at_end: Vec<usize>,
}

impl Log {
    /// Adds a record, and says its number.
    pub(crate) fn push(&self, record: Record) -> usize {
        let mut inner = self.lock();
        if inner.records.len() >= MAX_RECORDS {
            inner.dropped += 1;
            return usize::MAX;
        }
        inner.records.push(record);
        inner.records.len() - 1
    }

    /// Notes what makes a request the same call as another, once its body is there.
    pub(crate) fn identified(&self, number: usize, call: [u8; 32]) {
        if let Some(record) = self.lock().records.get_mut(number) {
            record.call = call;
        }
    }

    /// Notes that an answer is over.
    pub(crate) fn ended(&self, number: usize, at: Duration) {
        let mut inner = self.lock();
        let expires = inner.expire_at_end.contains(&number);
        inner.expire_at_end.retain(|other| *other != number);
        if let Some(record) = inner.records.get_mut(number) {
            record.ended = Some(at);
            if expires {
                record.expired.get_or_insert(at);
            }
        }
    }

    /// Notes that a watch was answered that its revision is gone.
    pub(crate) fn expired(&self, number: usize, at: Duration) {
        if let Some(record) = self.lock().records.get_mut(number) {
            record.expired.get_or_insert(at);
        }
    }

    /// Notes that a watch will be answered so by its last line.
    pub(crate) fn expires_at_end(&self, number: usize) {
        self.lock().expire_at_end.push(number);
    }

    /// What there is, in the order in which requests were answered, and how many more there were.
    #[must_use]
    pub(crate) fn records(&self) -> (Vec<Record>, u64) {
        let inner = self.lock();
        (inner.records.clone(), inner.dropped)
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        *self.lock() = Inner::default();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
