//! `expect` and `verdict`: how a client should take what goes wrong. Decided when a drill is graded.

use std::time::Duration;

use crate::document::Node;

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
    /// Reads an `expect`.
    pub(in crate::scenario) fn decode(node: &Node<'_>) -> Option<Self> {
        let keys = node.keys()?;
        if keys.present().next().is_none() {
            node.error("nothing is expected", "say retry_after: honoured, or max_requests: 20");
        }
        let word = |key: &'static str, word: &'static str| {
            keys.get(key).and_then(|node| node.word(&[(word, true)])).unwrap_or_default()
        };
        let number = |key: &'static str| {
            let number = keys.get(key).and_then(|node| node.integer(1..=i64::MAX));
            number.and_then(|number| u64::try_from(number).ok())
        };
        let expect = Self {
            retry_after: word("retry_after", "honoured"),
            slack: keys.get("slack").and_then(|node| node.duration()).unwrap_or(SLACK),
            max_requests: number("max_requests"),
            min_requests: number("min_requests"),
            max_in_flight: number("max_in_flight"),
            max_attempts: number("max_attempts"),
            backoff: word("backoff", "exponential"),
            jitter: word("jitter", "required"),
            relist_within: keys.get("relist_within").and_then(|node| node.duration()),
            token_refreshed_once: word("token", "refreshed_once"),
            creates_once: word("creates", "once"),
        };
        if expect.jitter && !expect.backoff {
            node.error("jitter is seen in a back-off", "say backoff: exponential too");
        }
        keys.finish();
        Some(expect)
    }
}

/// What becomes of a drill in which something is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Requests that nothing answered.
    pub unmatched: Grade,
    /// Rules that never did anything.
    pub unused_rules: Grade,
    /// Expectations that were not met.
    pub expectations: Grade,
}

/// What a mistake of a client leads to, in [`Finding::grade`](crate::Finding::grade).
///
/// ```
/// use standin::Grade;
/// assert!(Grade::Ignore < Grade::Note && Grade::Note < Grade::Fail);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Grade {
    /// Nothing: it is not reported.
    Ignore,
    /// It is reported.
    Note,
    /// It is reported, and fails the drill.
    Fail,
}

impl Default for Verdict {
    fn default() -> Self {
        Self { unmatched: Grade::Note, unused_rules: Grade::Note, expectations: Grade::Fail }
    }
}

impl Verdict {
    /// Reads a `verdict`.
    pub(in crate::scenario) fn decode(node: &Node<'_>) -> Option<Self> {
        let keys = node.keys()?;
        let grade = |key: &'static str, otherwise| {
            let words = [("ignore", Grade::Ignore), ("note", Grade::Note), ("fail", Grade::Fail)];
            keys.get(key).and_then(|node| node.word(&words)).unwrap_or(otherwise)
        };
        let Self { unmatched, unused_rules, expectations } = Self::default();
        let verdict = Self {
            unmatched: grade("unmatched", unmatched),
            unused_rules: grade("unused_rules", unused_rules),
            expectations: grade("expectations", expectations),
        };
        keys.finish();
        Some(verdict)
    }
}
