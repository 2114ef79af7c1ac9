//! Findings and verdicts as text for people.

use crate::scenario::Grade;

use super::{Assessment, Finding};

impl Finding {
    /// As lines: the first has its rule, the others are details.
    pub(crate) fn to_lines(&self) -> String {
        let mark = if self.grade == Grade::Fail { "✗" } else { "·" };
        let rule = self.rule.as_ref().map(|rule| format!(" ({rule})")).unwrap_or_default();
        let mut text = String::new();
        for (index, line) in self.message.lines().enumerate() {
            let line = printable(line);
            match index {
                0 => text.push_str(&format!("    {mark} {line}{rule}\n")),
                _ => text.push_str(&format!("        {line}\n")),
            }
        }
        text
    }
}

impl Assessment {
    /// The verdict and its findings as text, such as the message of an assertion.
    #[must_use]
    pub fn to_text(&self) -> String {
        let many = if self.requests == 1 { "" } else { "s" };
        let mut text = format!("{} after {} request{many}\n", self.verdict, self.requests);
        text.extend(self.findings.iter().map(Finding::to_lines));
        text
    }
}

/// A line without the control characters, which must not reach a terminal.
pub(crate) fn printable(line: &str) -> String {
    line.chars().filter(|letter| !letter.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_verdict_has_its_findings_below_it() {
        let mut found = Assessment::broken("no\tserver\nreally");
        found.findings.push(Finding {
            rule: Some("outage".into()),
            ..Finding::new("other", Duration::ZERO, "slow")
        });
        assert_eq!(
            found.to_text(),
            "BROKEN after 0 requests\n    ✗ noserver\n        really\n    · slow (outage)\n"
        );
    }
}
