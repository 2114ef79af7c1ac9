//! The result of one drill.

use std::fmt;
use std::time::Duration;

use crate::grade::{Assessment, Verdict};

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
    /// The assessment of the client.
    pub assessment: Assessment,
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
    /// It reached the time limit.
    TimedOut(Duration),
    /// It wrote more than this many bytes.
    TooMuchOutput(u64),
    /// It could not be started.
    NotStarted(String),
    /// The scenario could not be served.
    NotServed(String),
    /// No command was run: the client of a running server runs elsewhere.
    Elsewhere,
}

impl DrillResult {
    /// Returns the verdict, by the assessment and by how the command ended.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self.outcome {
            Outcome::NotStarted(_) | Outcome::NotServed(_) => Verdict::Broken,
            Outcome::Exit(0) | Outcome::Elsewhere => self.assessment.verdict,
            _ => self.assessment.verdict.max(Verdict::Failed),
        }
    }

    /// Returns whether the client met the faults and handled them.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.verdict() == Verdict::Passed
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
            Self::Elsewhere => f.write_str("-"),
        }
    }
}
