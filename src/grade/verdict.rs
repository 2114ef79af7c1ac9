//! The verdict: findings → one word.

use std::fmt;

use crate::scenario::Grade;

use super::Finding;

/// The code of a finding about a rule whose fault was not met.
pub(crate) const NOT_MET: &str = "not-met";

/// The verdict for a client under a scenario; the worst last.
///
/// ```
/// use standin::Verdict;
/// assert!(Verdict::Passed < Verdict::NotMet && Verdict::Failed < Verdict::Broken);
/// assert_eq!(Verdict::NotMet.to_string(), "NOT MET");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// The client met the faults and handled them.
    Passed,
    /// The client did not meet all faults, so there is no result.
    NotMet,
    /// The client made a mistake, or its command failed.
    Failed,
    /// There is no result: the command was not started, or the server failed.
    Broken,
}

impl Verdict {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::Passed, Self::NotMet, Self::Failed, Self::Broken];

    /// Returns the verdict for a client's findings. A mistake fails the drill even if not all
    /// faults were met.
    pub(crate) fn of(findings: &[Finding]) -> Self {
        let mut failing = findings.iter().filter(|finding| finding.grade == Grade::Fail).peekable();
        if failing.peek().is_none() {
            return Self::Passed;
        }
        if failing.all(|finding| finding.code == NOT_MET) { Self::NotMet } else { Self::Failed }
    }

    /// Returns the word for programs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::NotMet => "not_met",
            Self::Failed => "failed",
            Self::Broken => "broken",
        }
    }

    /// Parses the word of machine-readable output.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.as_str() == word)
    }
}

/// The displayed word.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Passed => "passed",
            Self::NotMet => "NOT MET",
            Self::Failed => "FAILED",
            Self::Broken => "BROKEN",
        })
    }
}
