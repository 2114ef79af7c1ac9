//! The assessment of one client under one scenario, as a value and as JSON.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::redact::Redactor;
use crate::scenario::{Grade, ScenarioSet, ScenarioState};

use super::expectations::{Check, CheckResult, CheckedExpectation, check};
use super::near_misses::near_misses;
use super::overview::Overview;
use super::seen::{SeenRequest, timeline};
use super::verdict::{NOT_MET, Verdict};
use super::{Finding, Record, with_notes};

/// The assessment of a world's clients by its scenarios, from
/// [`RunningServer::verdict`](crate::RunningServer::verdict).
///
/// ```
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use standin::{Server, Verdict};
/// let server = Server::builder().scenario("throttled").graded(true).start().await?;
/// let assessment = server.verdict();
/// // No request came: nothing is known about the client.
/// assert_eq!(assessment.verdict, Verdict::NotMet);
/// assert!(assessment.findings[0].message.contains("no request matched"));
/// # server.shutdown().await; Ok(()) }
/// # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Assessment {
    /// The verdict.
    pub verdict: Verdict,
    /// How many requests clients made.
    pub requests: u64,
    /// Their mistakes, and the rules whose faults they did not meet.
    pub findings: Vec<Finding>,
    /// The expectations of the rules, each with its result.
    pub(crate) expectations: Vec<CheckedExpectation>,
    /// Their requests over time: the first thousand.
    pub(crate) timeline: Vec<SeenRequest>,
    /// All requests over time, counted.
    pub(crate) overview: Overview,
}

/// The input of an assessment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Graded<'a> {
    /// The stored requests.
    pub(crate) records: &'a [Record],
    /// The number of requests that were not stored.
    pub(crate) dropped: u64,
    pub(crate) rules: &'a ScenarioSet,
    pub(crate) state: &'a ScenarioState,
}

impl Assessment {
    /// Assesses the clients; the shown requests are redacted.
    pub(crate) fn of(graded: &Graded<'_>, redactor: &Redactor) -> Self {
        let Graded { records, dropped, rules, .. } = *graded;
        let grading = rules.grading();
        let mut findings = not_met(graded);
        let unmet: Vec<_> = findings.iter().filter_map(|finding| finding.rule.clone()).collect();
        let mut checks = check(records, &rules.expectations(), grading.expectations);
        for check in checks.iter_mut().filter(|check| unmet.contains(&check.rule)) {
            // Too few requests make the rule "not met".
            check.findings.retain(|finding| finding.code != "too-few-requests");
        }
        let expectations = checks.iter().map(|check| checked(check, &unmet, redactor)).collect();
        let by_rules = checks.into_iter().flat_map(|check| check.findings).collect();
        findings.extend(with_notes(records, by_rules));
        findings.extend(unmatched(records, grading.unmatched));
        findings.retain(|finding| finding.grade > Grade::Ignore);
        Self {
            verdict: Verdict::of(&findings),
            requests: records.len() as u64 + dropped,
            findings: findings.into_iter().map(|finding| finding.redacted(redactor)).collect(),
            expectations,
            timeline: timeline(records, redactor),
            overview: Overview::of(records),
        }
    }

    /// Returns the assessment of a drill without a result, with the reason.
    pub(crate) fn broken(why: impl Into<String>) -> Self {
        let finding = Finding { grade: Grade::Fail, ..Finding::new("broken", Duration::ZERO, why) };
        Self {
            verdict: Verdict::Broken,
            requests: 0,
            findings: vec![finding],
            expectations: Vec::new(),
            timeline: Vec::new(),
            overview: Overview::default(),
        }
    }

    /// Adds a finding.
    pub(crate) fn add(&mut self, code: &'static str, message: impl Into<String>, grade: Grade) {
        self.findings.push(Finding { grade, ..Finding::new(code, Duration::ZERO, message) });
        self.verdict = self.verdict.max(Verdict::of(&self.findings));
    }

    /// Says why there is no result, whatever was found.
    pub(crate) fn is_broken_by(&mut self, why: String) {
        self.add("broken", why, Grade::Fail);
        self.verdict = Verdict::Broken;
    }

    /// Returns the JSON form of `/__admin/verdict`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "verdict": self.verdict.as_str(),
            "passed": self.verdict == Verdict::Passed,
            "requests": self.requests,
            "findings": self.findings.iter().map(Finding::to_json).collect::<Vec<_>>(),
            "expectations":
                self.expectations.iter().map(CheckedExpectation::to_json).collect::<Vec<_>>(),
            "overview": self.overview.to_json(),
            "timeline": self.timeline.iter().map(SeenRequest::to_json).collect::<Vec<_>>(),
        })
    }

    /// Reads what [`Assessment::to_json`] writes.
    pub(crate) fn from_json(json: &Value) -> Option<Self> {
        let list = |name: &str| json[name].as_array();
        let findings = list("findings")?.iter().map(Finding::from_json);
        let expectations = list("expectations")?.iter().map(CheckedExpectation::from_json);
        let timeline = list("timeline")?.iter().map(SeenRequest::from_json);
        Some(Self {
            verdict: Verdict::parse(json["verdict"].as_str()?)?,
            requests: json["requests"].as_u64()?,
            findings: findings.collect::<Option<_>>()?,
            expectations: expectations.collect::<Option<_>>()?,
            timeline: timeline.collect::<Option<_>>()?,
            overview: Overview::from_json(&json["overview"])?,
        })
    }
}

/// Returns an expectation with its result.
fn checked(check: &Check, unmet: &[Arc<str>], redactor: &Redactor) -> CheckedExpectation {
    let result = match &*check.findings {
        [] if unmet.contains(&check.rule) => CheckResult::NotReached,
        [] => CheckResult::Passed,
        _ => CheckResult::Failed,
    };
    let reason = |finding: &Finding| finding.clone().redacted(redactor).message;
    CheckedExpectation {
        rule: check.rule.to_string(),
        text: check.text.clone(),
        result,
        reasons: check.findings.iter().map(reason).collect(),
    }
}

/// Returns a finding for each rule whose faults were not met, with near misses.
fn not_met(graded: &Graded<'_>) -> Vec<Finding> {
    let Graded { records, rules, state, .. } = *graded;
    let grade = rules.grading().unused_rules;
    let of = |unmet: crate::scenario::UnmetRule| {
        let mut message = unmet.why;
        for miss in near_misses(rules, &unmet.rule, records) {
            message.push('\n');
            message.push_str(&miss);
        }
        Finding {
            rule: Some(unmet.rule),
            grade,
            ..Finding::new(NOT_MET, Duration::ZERO, format!("not met: {message}"))
        }
    };
    if rules.is_empty() {
        let why = "not met: no scenario is on";
        return vec![Finding { grade: Grade::Fail, ..Finding::new(NOT_MET, Duration::ZERO, why) }];
    }
    rules.unmet(state).into_iter().map(of).collect()
}

/// Returns the finding about unmatched requests.
fn unmatched(records: &[Record], grade: Grade) -> Option<Finding> {
    let mut unmatched = records.iter().filter(|record| record.unmatched);
    let first = unmatched.next()?;
    let count = 1 + unmatched.count();
    let message = format!("{count} unmatched requests, first {} {}", first.method, first.path);
    Some(Finding { grade, ..Finding::new("unmatched", first.began, message) })
}
