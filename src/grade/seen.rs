//! One request on the timeline of a report: a record without the data that only grading needs.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::redact::Redactor;

use super::Record;

/// The most requests of a timeline; later ones are counted.
const TIMELINE: usize = 1000;
/// The most of a path, in characters: its end is cut.
const PATH: usize = 300;

/// A request on a timeline. Times are those of the world's clock since it began.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SeenRequest {
    pub(crate) began: Duration,
    /// When its answer was due to begin.
    pub(crate) answered: Duration,
    /// When its answer ended; `None` until then.
    pub(crate) ended: Option<Duration>,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) status: u16,
    /// The fault that ended its answer.
    pub(crate) fault: Option<String>,
    /// Whether its answer was missing or incomplete.
    pub(crate) lost: bool,
    /// The outcome, as text.
    pub(crate) result: String,
    pub(crate) retry_after: Option<Duration>,
    /// The rule that shaped its answer.
    pub(crate) rule: Option<String>,
    /// The number of its call, from 0: requests of one number are attempts of the same call.
    pub(crate) call: u64,
    /// Which attempt of its call it is, from 1.
    pub(crate) attempt: u64,
}

/// Returns the first requests of a world, in the order in which they were answered.
pub(super) fn timeline(records: &[Record], redactor: &Redactor) -> Vec<SeenRequest> {
    // The number of each call, and how many attempts it has had.
    let mut calls: HashMap<[u8; 32], (u64, u64)> = HashMap::new();
    let seen = |record: &Record| {
        let next = calls.len() as u64;
        let (call, attempts) = calls.entry(record.call).or_insert((next, 0));
        *attempts += 1;
        SeenRequest {
            began: record.began,
            answered: record.answered,
            ended: record.ended,
            method: record.method.clone(),
            path: redactor.target(&record.path).chars().take(PATH).collect(),
            status: record.status,
            fault: record.fault.as_deref().map(str::to_owned),
            lost: record.is_lost(),
            result: record.outcome_text(),
            retry_after: record.retry_after,
            rule: record.acted.as_deref().map(str::to_owned),
            call: *call,
            attempt: *attempts,
        }
    };
    records.iter().take(TIMELINE).map(seen).collect()
}

impl SeenRequest {
    pub(super) fn to_json(&self) -> Value {
        json!({
            "beganSeconds": self.began.as_secs_f64(),
            "answeredSeconds": self.answered.as_secs_f64(),
            "endedSeconds": self.ended.map(|time| time.as_secs_f64()),
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "fault": self.fault,
            "lost": self.lost,
            "result": self.result,
            "retryAfterSeconds": self.retry_after.map(|time| time.as_secs_f64()),
            "rule": self.rule,
            "call": self.call,
            "attempt": self.attempt,
        })
    }

    pub(super) fn from_json(json: &Value) -> Option<Self> {
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
            lost: json["lost"].as_bool()?,
            result: text("result")?,
            retry_after: time("retryAfterSeconds"),
            rule: text("rule"),
            call: json["call"].as_u64()?,
            attempt: json["attempt"].as_u64()?,
        })
    }
}

/// Reads a time in seconds, or `None` if the value is not a time.
pub(super) fn seconds(json: &Value) -> Option<Duration> {
    Duration::try_from_secs_f64(json.as_f64()?).ok()
}
