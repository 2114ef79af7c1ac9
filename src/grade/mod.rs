//! Grading: compares a client's requests, as [`Record`]s, with the expectations of rules.
//!
//! ```text
//! serve::graded → Log (one per world) → [expectations] → Finding ┐
//! scenario::UnmetRule (faults that no request met) ──────────────┴→ Assessment: a Verdict, findings, what was
//!                    expected, a timeline ([seen]), an [overview] → reports of drills, /__admin/verdict
//! ```
//!
//! Pure: a record has its times on the world's clock, so that a test grades an hour in an instant. Each
//! expectation has its own file with one function: records in, findings out.

mod assessment;
mod backoff;
mod bounds;
mod creates;
mod expectations;
mod log;
mod near_misses;
mod notes;
mod overview;
mod patience;
mod recovery;
mod relist;
mod retry_after;
mod seen;
mod text;
mod texts;
mod together;
mod tokens;
mod verdict;
mod watches;
mod writes;

#[cfg(test)]
mod tests;

pub(crate) use crate::message::call_id;
pub use assessment::Assessment;
pub(crate) use assessment::Graded;
pub(crate) use expectations::CheckResult;
pub(crate) use log::{Created, Log, Record};
pub(crate) use overview::{Kind, Overview};
pub(crate) use seen::SeenRequest;
pub(crate) use text::printable;
pub(crate) use together::ServerRecords;
pub use verdict::Verdict;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::redact::Redactor;
use crate::scenario::{Expect, Grade};

/// The codes of findings.
pub(crate) const CODES: &[&str] = &[
    "asked-again-for-gone",
    "blind-retry",
    "broken",
    "created-twice",
    "did-not-give-up",
    "gave-up",
    "hammered",
    "impatient",
    "left-behind",
    "never-listed-again",
    "never-recovered",
    "never-relisted",
    "no-backoff",
    "no-jitter",
    "not-met",
    "relisted-late",
    "retry-after",
    "stale-token",
    "token-not-refreshed",
    "token-storm",
    "took-half-for-whole",
    "too-few-requests",
    "too-many-connections",
    "too-many-in-flight",
    "too-many-requests",
    "unmatched",
    "watch-not-resumed",
    "watch-went-back",
    "written-twice",
];

/// A mistake of a client, from [`WorldHandle::findings`](crate::WorldHandle::findings).
///
/// ```
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let server = standin::Server::builder().scenario("throttled").graded(true).start().await?;
/// // … the client's requests …
/// for finding in server.world("default")?.findings() {
///     println!("{}: {}", finding.code, finding.message);
///     assert!(finding.grade < standin::Grade::Fail);
/// }
/// # server.shutdown().await; Ok(()) }
/// # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Finding {
    /// The kind of mistake, in one word that stays the same between versions.
    pub code: &'static str,
    /// The rule whose expectation was not met; `None` for a mistake under any rules.
    pub rule: Option<Arc<str>>,
    /// When, as the time since the world began, on its clock.
    pub at: Duration,
    /// The message that describes the mistake.
    pub message: String,
    /// Whether it fails a drill.
    pub grade: Grade,
}

impl Finding {
    fn new(code: &'static str, at: Duration, message: impl Into<String>) -> Self {
        Self { code, rule: None, at, message: message.into(), grade: Grade::Note }
    }

    /// Returns the JSON form of `/__admin/findings`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "code": self.code,
            "rule": self.rule.as_deref(),
            "atSeconds": self.at.as_secs_f64(),
            "message": self.message,
            "fails": self.grade == Grade::Fail,
        })
    }

    /// Returns the finding without the secrets in the paths and values that its message quotes.
    #[must_use]
    pub(crate) fn redacted(mut self, redactor: &Redactor) -> Self {
        let word = |word: &str| {
            if word.starts_with('/') { redactor.target(word) } else { word.to_owned() }
        };
        let line = |line: &str| {
            let words: Vec<String> = line.split(' ').map(word).collect();
            redactor.line(&words.join(" "))
        };
        let lines: Vec<String> = self.message.split('\n').map(line).collect();
        self.message = lines.join("\n");
        self
    }

    /// Reads what [`Finding::to_json`] writes. A code of another version is `other`.
    pub(crate) fn from_json(json: &Value) -> Option<Self> {
        let code = json["code"].as_str()?;
        Some(Self {
            code: CODES.iter().find(|known| **known == code).copied().unwrap_or("other"),
            rule: json["rule"].as_str().map(Into::into),
            at: seen::seconds(&json["atSeconds"]).unwrap_or_default(),
            message: json["message"].as_str()?.to_owned(),
            grade: if json["fails"] == true { Grade::Fail } else { Grade::Note },
        })
    }
}

/// A rule and its expectation.
pub(crate) type Expectation = (Arc<str>, Arc<Expect>);

/// Grades the requests of clients. Expectations of rules are compared with the requests that they
/// concern; mistakes under any rules become notes. `expectations` is the grade of an expectation
/// that is not met.
#[must_use]
pub(crate) fn grade(
    records: &[Record],
    rules: &[Expectation],
    expectations: Grade,
) -> Vec<Finding> {
    let checks = expectations::check(records, rules, expectations);
    with_notes(records, checks.into_iter().flat_map(|check| check.findings).collect())
}

/// Adds the mistakes under any rules to the findings of rules.
fn with_notes(records: &[Record], mut findings: Vec<Finding>) -> Vec<Finding> {
    let all: Vec<&Record> = records.iter().collect();
    for note in notes::notes(&all) {
        if !findings.iter().any(|finding| finding.code == note.code) {
            findings.push(note);
        }
    }
    findings.retain(|finding| finding.grade > Grade::Ignore);
    findings
}

/// Returns whether a request changes something.
fn is_write(record: &Record) -> bool {
    matches!(&*record.verb, "create" | "update" | "patch" | "delete" | "deletecollection")
}

/// Returns the position of a record in `all`, whose records are in the order of one slice, the log:
/// by address, so that a long log is not searched for each record.
fn position(all: &[&Record], record: &Record) -> usize {
    let address = std::ptr::from_ref(record);
    all.partition_point(|other| std::ptr::from_ref(*other) < address)
}

/// Returns the records that come after one; see [`position`].
fn after<'a, 'r>(all: &'a [&'r Record], record: &Record) -> std::slice::Iter<'a, &'r Record> {
    all.get(position(all, record) + 1..).unwrap_or_default().iter()
}

/// Groups the records by call, in order of arrival. A record whose body was not read belongs to the
/// latest call with the same head.
fn by_call<'r>(records: &[&'r Record]) -> Vec<Vec<&'r Record>> {
    let mut calls: Vec<Vec<&'r Record>> = Vec::new();
    // Whether the body of any of a call's records was read.
    let mut any_read: Vec<bool> = Vec::new();
    let mut by_id: HashMap<[u8; 32], usize> = HashMap::new();
    let mut last: HashMap<(&str, &str, Option<&str>), usize> = HashMap::new();
    for record in records {
        let head = (&*record.method, &*record.path, record.query.as_deref());
        let of_head = last.get(&head).copied().filter(|call| record.unread || !any_read[*call]);
        let call = by_id.get(&record.call).copied().filter(|_| !record.unread).or(of_head);
        let call = call.unwrap_or_else(|| {
            calls.push(Vec::new());
            any_read.push(false);
            calls.len() - 1
        });
        calls[call].push(record);
        last.insert(head, call);
        if !record.unread {
            any_read[call] = true;
            by_id.insert(record.call, call);
        }
    }
    calls
}

/// Formats a time for messages.
fn shown(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        format!("{} ms", time.as_millis())
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}
