//! What clients of a world did, one record for each request, bounded.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::message::Ending;
use crate::scenario::GateSeen;

/// The most records that are kept; what comes later is counted and not graded.
pub(crate) const MAX_RECORDS: usize = 100_000;

/// One request, as it is graded. Times are those of the world's clock since it began.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// When it came.
    pub began: Duration,
    /// When its answer was due to begin: decided, plus what it was delayed.
    pub answered: Duration,
    /// When its answer was over, or the client gone.
    pub ended: Option<Duration>,
    /// The client's end of the connection.
    pub peer: Option<SocketAddr>,
    /// The method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The query.
    pub query: Option<String>,
    /// What makes it the same call as another ([`call_id`]).
    pub call: [u8; 32],
    /// Whether that is without its body, which was not read.
    pub unread: bool,
    /// What it means to a Kubernetes API.
    pub verb: String,
    /// `plural.group`.
    pub resource: Option<String>,
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
    /// Whether it happens behind the head: what came of the body is not whole.
    pub breaks: bool,
    /// Whether its answer is never due.
    pub hangs: bool,
    /// Whether its stream is silent forever from some place on.
    pub stalls: bool,
    /// Whether the client may take it for unprocessed, so that it may come again at once (RFC 9113, section 8.7).
    pub unprocessed: bool,
    /// Whether events of it change places.
    pub reorders: bool,
    /// How its answer ended; nothing before that, and where the client closed the connection first.
    pub end: Option<Ending>,
    /// Of a watch: the revision of its last event but one (0 without one), and that of its last.
    pub revisions: Option<[u64; 2]>,
    /// How long the client was asked to wait.
    pub retry_after: Option<Duration>,
    /// When the client was answered that a revision or token is gone.
    pub expired: Option<Duration>,
    /// Whether nothing answers such a request.
    pub unmatched: bool,
    /// The rule that shows in the answer.
    pub acted: Option<Arc<str>>,
    /// The rules that match it, by their ids.
    pub matched: Vec<Arc<str>>,
    /// What a gate saw.
    pub gate: Option<GateSeen>,
    /// Whether an object was created.
    pub created: Option<Created>,
}

/// An object was created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Created {
    /// Whether the client was answered so.
    pub heard: bool,
}

impl Record {
    /// Returns whether the client has reason to try again: a fault, 408, 429 or a 5xx.
    #[must_use]
    pub(crate) fn failed(&self) -> bool {
        self.fault.is_some() || matches!(self.status, 408 | 429 | 500..=599)
    }

    /// Returns whether its answer did not come, or not whole.
    #[must_use]
    pub(crate) fn is_lost(&self) -> bool {
        self.hangs || self.fault.is_some() || (self.breaks && self.end == Some(Ending::Fault))
    }

    /// Returns whether the client has reason to do something about it: a failure, an error of a
    /// rule, or an answer that was lost.
    #[must_use]
    pub(crate) fn went_wrong(&self) -> bool {
        self.failed() || self.is_lost() || (self.acted.is_some() && self.status >= 400)
    }

    /// Returns whether the client was answered that it worked.
    #[must_use]
    pub(crate) fn succeeded(&self) -> bool {
        self.status < 400 && !self.is_lost()
    }

    /// Returns whether it is a watch.
    #[must_use]
    pub(crate) fn watches(&self) -> bool {
        self.verb == "watch"
    }

    /// Returns what came of it, for a message.
    #[must_use]
    pub(crate) fn how_it_went(&self) -> String {
        if self.hangs {
            "was never answered".to_owned()
        } else if self.breaks {
            "broke off within its answer".to_owned()
        } else if let Some(fault) = self.fault {
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

/// The most requests that no rule is about, where only those of rules are kept: enough for the near misses.
const MAX_OTHERS: usize = 1000;

/// What clients of a world did.
#[derive(Debug, Default)]
pub(crate) struct Log {
    inner: Mutex<Inner>,
    /// How many requests were kept that no rule is about.
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
    /// Counts a request where there is no room for its record; says whether that is so. Then nothing more is to be
    /// done for it, however long clients go on.
    pub(crate) fn skips(&self) -> bool {
        let mut inner = self.lock();
        let is_full = inner.records.len() >= MAX_RECORDS;
        if is_full {
            inner.last = Some(Instant::now());
            inner.dropped += 1;
        }
        is_full
    }

    /// Adds a record, and says its number.
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

    /// Records what makes a request the same call as another, once its body is there.
    pub(crate) fn identified(&self, number: usize, call: [u8; 32]) {
        if let Some(record) = self.lock().records.get_mut(number) {
            record.call = call;
            record.unread = false;
        }
    }

    /// Records that an answer is over, and how it ended; `None` if the client left.
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

    /// Records that a watch was answered that its revision is gone.
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

    /// Records that a watch will be answered so by its last line.
    pub(crate) fn expires_at_end(&self, number: usize) {
        self.lock().expire_at_end.push(number);
    }

    /// Returns what there is, in the order in which requests were answered, and how many more there
    /// were.
    #[must_use]
    pub(crate) fn records(&self) -> (Vec<Record>, u64) {
        let inner = self.lock();
        (inner.records.clone(), inner.dropped)
    }

    /// Returns whether a request that no rule is about is kept.
    #[must_use]
    pub(crate) fn has_room_for_others(&self) -> bool {
        self.others.load(Ordering::Relaxed) < MAX_OTHERS
    }

    /// Counts a request that no rule is about; says whether it is kept.
    pub(crate) fn claims_other(&self) -> bool {
        self.has_room_for_others() && self.others.fetch_add(1, Ordering::Relaxed) < MAX_OTHERS
    }

    /// Returns how long ago the last request came, or `None` if none came.
    #[must_use]
    pub(crate) fn idle(&self) -> Option<Duration> {
        self.lock().last.map(|last| last.elapsed())
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        *self.lock() = Inner::default();
        self.others.store(0, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
