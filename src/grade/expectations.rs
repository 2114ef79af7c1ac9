//! Checks the expectations of rules separately: records → findings, by expectation.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::scenario::{Expect, Grade};

use super::{
    Expectation, Finding, Record, backoff, bounds, creates, notes, patience, recovery, relist,
    retry_after, tokens, watches, writes,
};

/// How many quick repetitions in a row are too many where a rule forbids them.
const BLOWS: usize = 2;

/// One expectation of one rule, with the findings against the client.
#[derive(Debug)]
pub(super) struct Check {
    pub(super) rule: Arc<str>,
    /// As written in a scenario: `max_requests: 5`.
    pub(super) text: String,
    pub(super) findings: Vec<Finding>,
}

/// Whether a client met an expectation of a rule, for reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CheckedExpectation {
    pub(crate) rule: String,
    /// As written in a scenario: `max_requests: 5`.
    pub(crate) text: String,
    pub(crate) result: CheckResult,
    /// The messages of the findings against the client.
    pub(crate) reasons: Vec<String>,
}

/// The result of checking an expectation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CheckResult {
    /// The client did what the rule expects.
    Passed,
    /// The client did not.
    Failed,
    /// The requests did not meet the rule's fault, so there is no result.
    NotReached,
}

impl CheckResult {
    const ALL: [Self; 3] = [Self::Passed, Self::Failed, Self::NotReached];

    /// Returns the word in machine-readable output.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotReached => "not_reached",
        }
    }
}

impl CheckedExpectation {
    pub(super) fn to_json(&self) -> Value {
        json!({
            "rule": self.rule,
            "expectation": self.text,
            "result": self.result.as_str(),
            "reasons": self.reasons,
        })
    }

    pub(super) fn from_json(json: &Value) -> Option<Self> {
        let word = json["result"].as_str()?;
        let reasons = json["reasons"].as_array()?.iter();
        Some(Self {
            rule: json["rule"].as_str()?.to_owned(),
            text: json["expectation"].as_str()?.to_owned(),
            result: CheckResult::ALL.into_iter().find(|result| result.as_str() == word)?,
            reasons: reasons.filter_map(|text| Some(text.as_str()?.to_owned())).collect(),
        })
    }
}

/// Compares the records with the expectations, in the order of the rules.
pub(super) fn check(records: &[Record], rules: &[Expectation], grade: Grade) -> Vec<Check> {
    let all: Vec<&Record> = records.iter().collect();
    let mut checks = Vec::new();
    for (rule, expect) in rules {
        let is_about = |record: &&Record| record.matched.contains(rule);
        let about: Vec<&Record> = records.iter().filter(is_about).collect();
        for (text, mut findings) in of_rule(expect, &about, &all) {
            for finding in &mut findings {
                finding.rule = Some(Arc::clone(rule));
                finding.grade = grade;
            }
            checks.push(Check { rule: Arc::clone(rule), text, findings });
        }
    }
    checks
}

/// Returns each expectation of a rule with its findings. Some concern requests that the rule does
/// not match, such as a list after a watch.
fn of_rule(expect: &Expect, about: &[&Record], all: &[&Record]) -> Vec<(String, Vec<Finding>)> {
    let mut checks = Checks::default();
    if let Some(most) = expect.max_requests {
        checks.add(format!("max_requests: {most}"), bounds::too_many(most, about));
    }
    if let Some(least) = expect.min_requests {
        checks.add(format!("min_requests: {least}"), bounds::too_few(least, about));
    }
    if let Some(most) = expect.max_in_flight {
        checks.add(format!("max_in_flight: {most}"), bounds::in_flight(most, about));
    }
    if let Some(most) = expect.max_connections {
        checks.add(format!("max_connections: {most}"), bounds::connections(most, about));
    }
    if let Some(most) = expect.max_attempts {
        checks.add(format!("max_attempts: {most}"), bounds::attempts(most, about));
    }
    if expect.retry_after {
        checks.add("retry_after: honoured", retry_after::early(about, all, expect.slack));
    }
    if expect.backoff {
        checks.add("backoff: exponential", backoff::growth(about));
    }
    if expect.jitter {
        checks.add("jitter: required", backoff::jitter(about));
    }
    if let Some(within) = expect.relist_within {
        let text = format!("relist_within: {}", written(within));
        checks.add(text, relist::after_gone(about, all, within));
    }
    if expect.token_refreshed_once {
        checks.add("token: refreshed_once", tokens::refreshed(all));
    }
    if expect.creates_once {
        checks.add("creates: once", creates::twice(about, all));
    }
    if expect.recovers {
        checks.add("recovers: required", recovery::never(about, all));
    }
    if expect.bodies_whole {
        checks.add("bodies: whole", recovery::half(about, all));
    }
    if expect.relists {
        checks.add("relists: required", recovery::not_looked(about, all));
    }
    if expect.watch_resumes {
        checks.add("watch: resumes", watches::resumed(about, all));
    }
    if expect.writes_once {
        checks.add("writes: once", writes::again(all));
    }
    if expect.conflicts_reread {
        checks.add("conflicts: reread", writes::blind(about, all));
    }
    if expect.never_hammers {
        checks.add("hammering: never", notes::hammered(about, BLOWS));
    }
    if let Some(patience) = expect.patience {
        let text = format!("patience: {}", written(patience));
        checks.add(text, patience::abandoned(about, patience));
    }
    checks.0
}

/// The checks collected for one rule.
#[derive(Default)]
struct Checks(Vec<(String, Vec<Finding>)>);

impl Checks {
    fn add(&mut self, text: impl Into<String>, found: impl IntoIterator<Item = Finding>) {
        self.0.push((text.into(), found.into_iter().collect()));
    }
}

/// Returns a time in the notation of scenarios.
fn written(time: Duration) -> String {
    if time.subsec_millis() == 0 {
        format!("{}s", time.as_secs())
    } else {
        format!("{}ms", time.as_millis())
    }
}
