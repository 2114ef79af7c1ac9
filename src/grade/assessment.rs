//! Everything that a report says about one client under one scenario, as a value and as JSON.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::scenario::{Grade, ScenarioSet, ScenarioState};

use super::near_misses::near_misses;
use super::verdict::{NOT_MET, Verdict};
use super::{Finding, Record, grade};

/// The most requests of the timeline; later ones are counted.
const TIMELINE: usize = 1000;

/// The most of a path, in characters: its end is cut.
const PATH: usize = 300;

/// What clients of a world did, judged by its scenarios, from [`RunningServer::verdict`](crate::RunningServer::verdict).
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
    /// What comes out.
    pub verdict: Verdict,
    /// How many requests clients made.
    pub requests: u64,
    /// Their mistakes, and the rules whose faults they did not meet.
    pub findings: Vec<Finding>,
    /// Their requests over time: the first thousand.
    pub(crate) timeline: Vec<SeenRequest>,
}

/// A request on a timeline. Times are those of the world's clock since it began.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SeenRequest {
    pub(crate) began: Duration,
    /// When its answer was due to begin.
    pub(crate) answered: Duration,
    /// When its answer was over; nothing while it is not.
    pub(crate) ended: Option<Duration>,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) status: u16,
    /// The fault that ended its answer.
    pub(crate) fault: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    /// The rule that shows in its answer.
    pub(crate) rule: Option<String>,
    /// Which attempt of its call it is, from 1.
    pub(crate) attempt: u64,
}

/// What there is to judge.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Graded<'a> {
    /// The requests, as they are kept.
    pub(crate) records: &'a [Record],
    /// How many more there were.
    pub(crate) dropped: u64,
    pub(crate) rules: &'a ScenarioSet,
    pub(crate) state: &'a ScenarioState,
}

impl Assessment {
    /// Judges what clients did. `shown` redacts a path.
    pub(crate) fn of(graded: &Graded<'_>, shown: impl Fn(&str) -> String) -> Self {
        let Graded { records, dropped, rules, .. } = *graded;
        let grading = rules.grading();
        let mut findings = not_met(graded);
        let unmet: Vec<_> = findings.iter().filter_map(|finding| finding.rule.clone()).collect();
        let by_rules = grade(records, &rules.expectations(), grading.expectations);
        // That too few came is what is not met.
        findings.extend(by_rules.into_iter().filter(|finding| {
            let is_unmet = finding.rule.as_ref().is_some_and(|rule| unmet.contains(rule));
            !(is_unmet && finding.code == "too-few-requests")
        }));
        findings.extend(unmatched(records, grading.unmatched));
        findings.retain(|finding| finding.grade > Grade::Ignore);
        Self {
            verdict: Verdict::of(&findings),
            requests: records.len() as u64 + dropped,
            findings,
            timeline: timeline(records, shown),
        }
    }

    /// The verdict where nothing could be found out, with the reason.
    pub(crate) fn broken(why: impl Into<String>) -> Self {
        let finding = Finding { grade: Grade::Fail, ..Finding::new("broken", Duration::ZERO, why) };
        Self {
            verdict: Verdict::Broken,
            requests: 0,
            findings: vec![finding],
            timeline: Vec::new(),
        }
    }

    /// Adds a finding.
    pub(crate) fn add(&mut self, code: &'static str, message: impl Into<String>, grade: Grade) {
        self.findings.push(Finding { grade, ..Finding::new(code, Duration::ZERO, message) });
        self.verdict = self.verdict.max(Verdict::of(&self.findings));
    }

    /// As JSON, as `/__admin/verdict` shows it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "verdict": self.verdict.as_str(),
            "passed": self.verdict == Verdict::Passed,
            "requests": self.requests,
            "findings": self.findings.iter().map(Finding::to_json).collect::<Vec<_>>(),
            "timeline": self.timeline.iter().map(SeenRequest::to_json).collect::<Vec<_>>(),
        })
    }

    /// Reads what [`Assessment::to_json`] writes.
    pub(crate) fn from_json(json: &Value) -> Option<Self> {
        let list = |name: &str| json[name].as_array();
        let findings = list("findings")?.iter().map(Finding::from_json);
        let timeline = list("timeline")?.iter().map(SeenRequest::from_json);
        Some(Self {
            verdict: Verdict::parse(json["verdict"].as_str()?)?,
            requests: json["requests"].as_u64()?,
            findings: findings.collect::<Option<_>>()?,
            timeline: timeline.collect::<Option<_>>()?,
        })
    }
}

/// The rules whose faults were not met, each with its near misses.
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

/// Requests that nothing answers.
fn unmatched(records: &[Record], grade: Grade) -> Option<Finding> {
    let mut unmatched = records.iter().filter(|record| record.unmatched);
    let first = unmatched.next()?;
    let count = 1 + unmatched.count();
    let message = format!("{count} unmatched requests, first {} {}", first.method, first.path);
    Some(Finding { grade, ..Finding::new("unmatched", first.began, message) })
}

fn timeline(records: &[Record], shown: impl Fn(&str) -> String) -> Vec<SeenRequest> {
    let mut attempts: HashMap<[u8; 32], u64> = HashMap::new();
    let seen = |record: &Record| {
        let attempt = attempts.entry(record.call).or_default();
        *attempt += 1;
        SeenRequest {
            began: record.began,
            answered: record.answered,
            ended: record.ended,
            method: record.method.clone(),
            path: shown(&record.path).chars().take(PATH).collect(),
            status: record.status,
            fault: record.fault.map(str::to_owned),
            retry_after: record.retry_after,
            rule: record.acted.as_deref().map(str::to_owned),
            attempt: *attempt,
        }
    };
    records.iter().take(TIMELINE).map(seen).collect()
}

impl SeenRequest {
    fn to_json(&self) -> Value {
        json!({
            "beganSeconds": self.began.as_secs_f64(),
            "answeredSeconds": self.answered.as_secs_f64(),
            "endedSeconds": self.ended.map(|time| time.as_secs_f64()),
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "fault": self.fault,
            "retryAfterSeconds": self.retry_after.map(|time| time.as_secs_f64()),
            "rule": self.rule,
            "attempt": self.attempt,
        })
    }

    fn from_json(json: &Value) -> Option<Self> {
        let text = |name: &str| json[name].as_str().map(str::to_owned);
        let time = |name: &str| seconds(&json[name]);
        Some(Self {
            began: time("beganSeconds")?,
            answered: time("answeredSeconds")?,
            ended: time("endedSeconds"),
            method: text("method")?,
            path: text("path")?,
            status: json["status"].as_u64()?.try_into().ok()?,
            fault: text("fault"),
            retry_after: time("retryAfterSeconds"),
            rule: text("rule"),
            attempt: json["attempt"].as_u64()?,
        })
    }
}

/// A time in seconds; one that is not a time is none.
pub(super) fn seconds(json: &Value) -> Option<Duration> {
    Duration::try_from_secs_f64(json.as_f64()?).ok()
}
