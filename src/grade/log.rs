//! The log that grading reads: one record for each request of a world, bounded.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::message::Ending;
use crate::scenario::GateSeen;

use super::texts;

/// The most records that are stored; later requests are counted and not graded.
pub(crate) const MAX_RECORDS: usize = 100_000;

/// One request, as input of grading. Times are those of the world's clock since it began.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    /// When it arrived.
    pub began: Duration,
    /// When its answer was due to begin: the time of the decision plus the delay.
    pub answered: Duration,
    /// When its answer ended or the client disconnected.
    pub ended: Option<Duration>,
    /// The client's end of the connection.
    pub peer: Option<SocketAddr>,
    /// The method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The query.
    pub query: Option<String>,
    /// The identity of the call ([`call_id`]): attempts of the same call share it.
    pub call: [u8; 32],
    /// Whether that excludes the body, which was not read.
    pub unread: bool,
    /// The Kubernetes verb.
    pub verb: String,
    /// `plural.group`.
    pub resource: Option<String>,
    /// The continue token of a list.
    pub continue_token: Option<String>,
    /// The revision that a watch or a list requests.
    pub revision: Option<String>,
    /// Whether a watch lists first (`sendInitialEvents`).
    pub lists_first: bool,
    /// The decided status; a fault may have withheld it from the client.
    pub status: u16,
    /// The fault that ended the answer.
    pub fault: Option<Cow<'static, str>>,
    /// Whether it happens after the head, so that the body is incomplete.
    pub breaks: bool,
    /// Whether its answer is never due.
    pub hangs: bool,
    /// Whether its stream stays silent forever from some point on.
    pub stalls: bool,
    /// Whether the client may take it for unprocessed, so that it may come again at once (RFC 9113, section 8.7).
    pub unprocessed: bool,
    /// Whether its events are reordered.
    pub reorders: bool,
    /// How its answer ended; `None` before that, and if the client closed the connection first.
    pub end: Option<Ending>,
    /// The revisions of a watch's last two events (0 without one).
    pub revisions: Option<[u64; 2]>,
    /// How long `Retry-After` asked the client to wait.
    pub retry_after: Option<Duration>,
    /// When the client was informed that a revision or token has expired.
    pub expired: Option<Duration>,
    /// Whether the request was unmatched.
    pub unmatched: bool,
    /// The rule that shaped the answer.
    #[serde(with = "texts::one")]
    pub acted: Option<Arc<str>>,
    /// The rules that match it, by their ids.
    #[serde(with = "texts::many")]
    pub matched: Vec<Arc<str>>,
    /// The result of a gate.
    pub gate: Option<GateSeen>,
    /// Whether an object was created.
    pub created: Option<Created>,
}

/// A created object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Created {
    /// Whether the client received the answer.
    pub acknowledged: bool,
}

impl Record {
    /// Returns whether the client has reason to try again: a fault, 408, 429 or a 5xx.
    #[must_use]
    pub(crate) fn failed(&self) -> bool {
        self.fault.is_some() || matches!(self.status, 408 | 429 | 500..=599)
    }

    /// Returns whether its answer was missing or incomplete.
    #[must_use]
    pub(crate) fn is_lost(&self) -> bool {
        self.hangs || self.fault.is_some() || (self.breaks && self.end == Some(Ending::Fault))
    }

    /// Returns whether the client has to react to it: a failure, an error of a rule, or an answer
    /// that was lost.
    #[must_use]
    pub(crate) fn needs_reaction(&self) -> bool {
        self.failed() || self.is_lost() || (self.acted.is_some() && self.status >= 400)
    }

    /// Returns whether the client received a successful answer.
    #[must_use]
    pub(crate) fn succeeded(&self) -> bool {
        self.status < 400 && !self.is_lost()
    }

    /// Returns whether it is a watch.
    #[must_use]
    pub(crate) fn watches(&self) -> bool {
        self.verb == "watch"
    }

    /// Returns the outcome as text for a message.
    #[must_use]
    pub(crate) fn outcome_text(&self) -> String {
        if self.hangs {
            "was never answered".to_owned()
        } else if self.breaks {
            "was interrupted within its answer".to_owned()
        } else if let Some(fault) = &self.fault {
            format!("ended with {fault}")
        } else {
            format!("was answered with {}", self.status)
        }
    }

    /// Returns whether a gate refused it for its token.
    #[must_use]
    pub(crate) fn is_refused(&self) -> bool {
        matches!(self.gate, Some(GateSeen::Spent | GateSeen::Unknown | GateSeen::Missing))
    }
}

/// The most stored requests that no rule matches, if only those of rules are stored: enough for the
/// near misses.
const MAX_OTHERS: usize = 1000;

/// The records of a world's requests.
#[derive(Debug, Default)]
pub(crate) struct Log {
    inner: Mutex<Inner>,
    /// How many stored requests match no rule.
    others: AtomicUsize,
}

#[derive(Debug, Default)]
struct Inner {
    records: Vec<Record>,
    dropped: u64,
    /// When the last request was answered, by the system's clock.
    last: Option<Instant>,
    expire_at_end: Vec<usize>,
}

impl Log {
    /// Counts a request if the log is full, and returns whether it is. Then nothing more is
    /// recorded.
    pub(crate) fn skips(&self) -> bool {
        let mut inner = self.lock();
        let is_full = inner.records.len() >= MAX_RECORDS;
        if is_full {
            inner.last = Some(Instant::now());
            inner.dropped += 1;
        }
        is_full
    }

    /// Adds a record and returns its number.
    pub(crate) fn push(&self, record: Record) -> usize {
        let mut inner = self.lock();
        inner.last = Some(Instant::now());
        if inner.records.len() >= MAX_RECORDS {
            inner.dropped += 1;
            return usize::MAX;
        }
        inner.records.push(record);
        inner.records.len() - 1
    }

    /// Sets the call id of a request once its body has been read.
    pub(crate) fn identified(&self, number: usize, call: [u8; 32]) {
        if let Some(record) = self.lock().records.get_mut(number) {
            record.call = call;
            record.unread = false;
        }
    }

    /// Records how an answer ended; `None` if the client disconnected.
    pub(crate) fn ended(&self, number: usize, at: Duration, end: Option<Ending>) {
        let mut inner = self.lock();
        let expires = inner.expire_at_end.contains(&number);
        inner.expire_at_end.retain(|other| *other != number);
        if let Some(record) = inner.records.get_mut(number) {
            record.ended = Some(at);
            record.end = end;
            // A client that left before did not see the line.
            if expires && end.is_some() {
                record.expired.get_or_insert(at);
            }
        }
    }

    /// Records that a watch was informed that its revision has expired.
    pub(crate) fn expired(&self, number: usize, at: Duration) {
        if let Some(record) = self.lock().records.get_mut(number) {
            record.expired.get_or_insert(at);
        }
    }

    /// Records the revision of an event that a watch is sent.
    pub(crate) fn revision(&self, number: usize, revision: u64) {
        if let Some(record) = self.lock().records.get_mut(number) {
            let [_, last] = record.revisions.unwrap_or([0, 0]);
            record.revisions = Some([last, revision]);
        }
    }

    /// Records that the last line of a watch will report an expired revision.
    pub(crate) fn expires_at_end(&self, number: usize) {
        self.lock().expire_at_end.push(number);
    }

    /// Returns the records, in the order of the answers, and the number of requests that were not
    /// stored.
    #[must_use]
    pub(crate) fn records(&self) -> (Vec<Record>, u64) {
        let inner = self.lock();
        (inner.records.clone(), inner.dropped)
    }

    /// Returns whether requests that no rule matches are stored.
    #[must_use]
    pub(crate) fn has_room_for_others(&self) -> bool {
        self.others.load(Ordering::Relaxed) < MAX_OTHERS
    }

    /// Counts a request that no rule matches; returns whether to store it.
    pub(crate) fn claims_other(&self) -> bool {
        self.has_room_for_others() && self.others.fetch_add(1, Ordering::Relaxed) < MAX_OTHERS
    }

    /// Returns how long ago the last request arrived, or `None` if there was none.
    #[must_use]
    pub(crate) fn idle(&self) -> Option<Duration> {
        self.lock().last.map(|last| last.elapsed())
    }

    /// Clears the log.
    pub(crate) fn clear(&self) {
        *self.lock() = Inner::default();
        self.others.store(0, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
