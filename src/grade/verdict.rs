//! What comes out for a client: findings → one word.

use std::fmt;

use crate::scenario::Grade;

use super::Finding;

/// The code of a finding about a rule whose fault was not met.
pub(crate) const NOT_MET: &str = "not-met";

/// What comes out for a client under a scenario; the worst last.
///
/// ```
/// use standin::Verdict;
/// assert!(Verdict::Passed < Verdict::NotMet && Verdict::Failed < Verdict::Broken);
/// assert_eq!(Verdict::NotMet.to_string(), "NOT MET");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// The client met the faults and coped.
    Passed,
    /// The client met no fault, or not all of them: nothing is known about it.
    NotMet,
    /// The client did what no good client does, or it failed.
    Failed,
    /// Nothing could be found out: the command was not started, or the server failed.
    Broken,
}

impl Verdict {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::Passed, Self::NotMet, Self::Failed, Self::Broken];

    /// Returns the verdict by what a client did. A mistake is one, whether or not all faults were
    /// met.
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

    /// Returns the verdict of a word for programs.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.as_str() == word)
    }
}

/// The word for people.
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
