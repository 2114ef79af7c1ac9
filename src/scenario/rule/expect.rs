//! `expect` and `verdict`: how a client should take what goes wrong. Decided when a drill is graded.

use std::time::Duration;

use crate::scenario::words::table::{ExpectWords, Grade, VerdictWords};

/// How much earlier than asked a client may come back, where nothing else is said.
const SLACK: Duration = Duration::from_millis(200);

/// What is expected of the requests that a rule is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expect {
    /// After an answer with `Retry-After` the same call comes no earlier, less the slack.
    pub retry_after: bool,
    /// How much earlier is early enough.
    pub slack: Duration,
    /// The most requests altogether.
    pub max_requests: Option<u64>,
    /// The fewest requests altogether.
    pub min_requests: Option<u64>,
    /// The most requests at once.
    pub max_in_flight: Option<u64>,
    /// How often the same call may fail before the client gives it up; none may follow.
    pub max_attempts: Option<u64>,
    /// Pauses between failed attempts of a call grow.
    pub backoff: bool,
    /// Pauses are not the same each time.
    pub jitter: bool,
    /// After a 410 a list begins anew within this time, and the old place is not asked for again.
    pub relist_within: Option<Duration>,
    /// A refused token is fetched anew, once.
    pub token_refreshed_once: bool,
    /// A create whose answer was lost is not done twice.
    pub creates_once: bool,
}

impl Expect {
    /// What the words of an `expect` say.
    pub(in crate::scenario) fn compile(words: &ExpectWords<'_>) -> Self {
        Self {
            retry_after: words.retry_after.is_some(),
            slack: words.slack.unwrap_or(SLACK),
            max_requests: words.max_requests,
            min_requests: words.min_requests,
            max_in_flight: words.max_in_flight,
            max_attempts: words.max_attempts,
            backoff: words.backoff.is_some(),
            jitter: words.jitter.is_some(),
            relist_within: words.relist_within,
            token_refreshed_once: words.token.is_some(),
            creates_once: words.creates.is_some(),
        }
    }
}

/// How bad each kind of finding of a drill is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Requests that nothing answered.
    pub unmatched: Grade,
    /// Rules that never did anything.
    pub unused_rules: Grade,
    /// Expectations that were not met.
    pub expectations: Grade,
}

impl Default for Verdict {
    fn default() -> Self {
        Self { unmatched: Grade::Note, unused_rules: Grade::Note, expectations: Grade::Fail }
    }
}

impl Verdict {
    /// What the words of a `verdict` say.
    pub(in crate::scenario) fn compile(words: &VerdictWords<'_>) -> Self {
        let default = Self::default();
        Self {
            unmatched: words.unmatched.unwrap_or(default.unmatched),
            unused_rules: words.unused_rules.unwrap_or(default.unused_rules),
            expectations: words.expectations.unwrap_or(default.expectations),
        }
    }
}
