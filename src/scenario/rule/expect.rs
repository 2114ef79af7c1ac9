//! `expect` and `verdict`: how a client should behave. A drill is graded by them.

use std::time::Duration;

use crate::scenario::words::table::{ExpectWords, Grade, VerdictWords};

/// How much earlier than `Retry-After` a retry may come, by default.
const SLACK: Duration = Duration::from_millis(200);

/// How a client should behave, for the requests that a rule matches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Expect {
    /// After an answer with `Retry-After` the same call comes no earlier, minus the slack.
    pub retry_after: bool,
    /// How much earlier than `Retry-After` a retry may come.
    pub slack: Duration,
    /// The most requests in total.
    pub max_requests: Option<u64>,
    /// The fewest requests in total.
    pub min_requests: Option<u64>,
    /// The most requests at once.
    pub max_in_flight: Option<u64>,
    /// The most connections.
    pub max_connections: Option<u64>,
    /// After how many failures in a row the client must not try a call again.
    pub max_attempts: Option<u64>,
    /// Pauses between failed attempts of a call must grow.
    pub backoff: bool,
    /// Pauses must not be regular.
    pub jitter: bool,
    /// Within this time after a 410 the client must list again, without a request for the old place before.
    pub relist_within: Option<Duration>,
    /// A refused token must be replaced, once.
    pub token_refreshed_once: bool,
    /// A create whose answer was lost must not succeed twice.
    pub creates_once: bool,
    /// A call that failed must succeed later.
    pub recovers: bool,
    /// An interrupted body must be requested again.
    pub bodies_whole: bool,
    /// After the first request the client must list the resource.
    pub relists: bool,
    /// A watch that ended must resume from the last revision, or after a list.
    pub watch_resumes: bool,
    /// A write that succeeded must not be sent again.
    pub writes_once: bool,
    /// An update that was answered 409 must not be sent again before a read.
    pub conflicts_reread: bool,
    /// A call must not be repeated twice in a row without a pause.
    pub never_hammers: bool,
    /// A request must not be abandoned before this time.
    pub patience: Option<Duration>,
}

impl Expect {
    /// Compiles an `expect`.
    pub(in crate::scenario) fn compile(words: &ExpectWords<'_>) -> Self {
        Self {
            retry_after: words.retry_after.is_some(),
            slack: words.slack.unwrap_or(SLACK),
            max_requests: words.max_requests,
            min_requests: words.min_requests,
            max_in_flight: words.max_in_flight,
            max_connections: words.max_connections,
            max_attempts: words.max_attempts,
            backoff: words.backoff.is_some(),
            jitter: words.jitter.is_some(),
            relist_within: words.relist_within,
            token_refreshed_once: words.token.is_some(),
            creates_once: words.creates.is_some(),
            recovers: words.recovers.is_some(),
            bodies_whole: words.bodies.is_some(),
            relists: words.relists.is_some(),
            watch_resumes: words.watch.is_some(),
            writes_once: words.writes.is_some(),
            conflicts_reread: words.conflicts.is_some(),
            never_hammers: words.hammering.is_some(),
            patience: words.patience,
        }
    }
}

/// The grade of each kind of finding of a drill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Grading {
    /// Unmatched requests.
    pub unmatched: Grade,
    /// Rules whose faults no request met.
    pub unused_rules: Grade,
    /// Expectations that were not met.
    pub expectations: Grade,
}

impl Default for Grading {
    fn default() -> Self {
        Self { unmatched: Grade::Note, unused_rules: Grade::Fail, expectations: Grade::Fail }
    }
}

impl Grading {
    /// Compiles a `verdict`.
    pub(in crate::scenario) fn compile(words: &VerdictWords<'_>) -> Self {
        let default = Self::default();
        Self {
            unmatched: words.unmatched.unwrap_or(default.unmatched),
            unused_rules: words.unused_rules.unwrap_or(default.unused_rules),
            expectations: words.expectations.unwrap_or(default.expectations),
        }
    }
}
