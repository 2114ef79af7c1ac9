//! What came out of one drill.

use std::fmt;
use std::time::Duration;

use crate::grade::{Finding, Record};
use crate::scenario::Grade;

/// What came out of one drill.
#[derive(Debug)]
pub struct Drilled {
    /// The scenario's name.
    pub scenario: String,
    /// What goes wrong in it.
    pub description: String,
    /// How the command ended.
    pub ended: Ended,
    /// How long it took.
    pub took: Duration,
    /// How many requests it made.
    pub requests: u64,
    /// What it asked, and what it was answered.
    pub records: Vec<Record>,
    /// What it did that it should not have.
    pub findings: Vec<Finding>,
    /// The end of what it said.
    pub output: String,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// By itself.
    Exit(i32),
    /// By a signal that it did not expect.
    Signal(i32),
    /// It took too long.
    TimedOut(Duration),
    /// It said too much.
    TooMuchOutput(u64),
    /// It could not be started.
    NotStarted(String),
    /// The scenario could not be served.
    NotServed(String),
}

impl Drilled {
    /// Whether the client copes: its command went well, and nothing it did fails the drill.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.ended == Ended::Exit(0)
            && self.findings.iter().all(|finding| finding.grade < Grade::Fail)
    }
}

impl fmt::Display for Ended {
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
