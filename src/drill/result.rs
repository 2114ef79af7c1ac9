//! The result of one drill.

use std::fmt;
use std::time::Duration;

use crate::grade::{Finding, Record};
use crate::scenario::Grade;

/// The result of one drill.
#[derive(Debug)]
pub struct DrillResult {
    /// The scenario's name.
    pub scenario: String,
    /// The scenario's description.
    pub description: String,
    /// How the command ended.
    pub outcome: Outcome,
    /// How long it took.
    pub took: Duration,
    /// The number of requests of the client.
    pub requests: u64,
    /// Its requests with their responses, as far as they are kept.
    pub records: Vec<Record>,
    /// The client's mistakes.
    pub findings: Vec<Finding>,
    /// The end of the command's output.
    pub output: String,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It exited with this code.
    Exit(i32),
    /// It was killed by this signal.
    Signal(i32),
    /// It ran into the time limit.
    TimedOut(Duration),
    /// It wrote more than this many bytes.
    TooMuchOutput(u64),
    /// It could not be started.
    NotStarted(String),
    /// The scenario could not be served.
    NotServed(String),
}

impl DrillResult {
    /// Whether the command succeeded and no mistake fails the drill.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.outcome == Outcome::Exit(0)
            && self.findings.iter().all(|finding| finding.grade < Grade::Fail)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit(code) => write!(f, "exit {code}"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
            Self::TimedOut(limit) => write!(f, "ended after {} s", limit.as_secs_f64()),
            Self::TooMuchOutput(limit) => write!(f, "ended after {} MiB of output", limit >> 20),
            Self::NotStarted(why) => write!(f, "not started: {why}"),
            Self::NotServed(why) => write!(f, "not served: {why}"),
        }
    }
}
