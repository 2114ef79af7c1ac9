//! Results of drills → `JUnit` XML, for CI systems.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::grade::Verdict;
use crate::scenario::Grade;

use super::result::{DrillResult, Outcome};

/// The longest text of a result, in bytes: CI systems keep results in memory, and some refuse large ones.
const TEXT: usize = 64 << 10;
/// The longest message, in bytes.
const TITLE: usize = 1000;

/// Renders results as XML: failed drills are failures, and so are those that were not met, unless
/// `allow_not_met` skips them; broken ones are errors.
///
/// # Errors
/// When the XML cannot be written.
pub fn junit(
    drills: &[DrillResult],
    allow_not_met: bool,
) -> Result<String, quick_junit::SerializeError> {
    let mut suite = TestSuite::new("standin drill");
    for drill in drills {
        let mut case = TestCase::new(drill.scenario.clone(), status(drill, allow_not_met));
        case.set_classname("standin.drill");
        case.set_time(drill.took);
        let findings = &drill.assessment.findings;
        let notes: Vec<&str> = findings.iter().map(|finding| &*finding.message).collect();
        case.set_system_out(bounded(&notes.join("\n")));
        case.set_system_err(bounded(&drill.output));
        suite.add_test_case(case);
    }
    suite.set_time(drills.iter().map(|drill| drill.took).sum());
    let mut report = Report::new("standin drill");
    report.add_test_suite(suite);
    report.to_string()
}

fn status(drill: &DrillResult, allow_not_met: bool) -> TestCaseStatus {
    let verdict = drill.verdict();
    let kind = match verdict {
        Verdict::Passed => return TestCaseStatus::success(),
        Verdict::Broken => NonSuccessKind::Error,
        _ => NonSuccessKind::Failure,
    };
    let mut reasons: Vec<String> = Vec::new();
    if !matches!(drill.outcome, Outcome::Exit(0) | Outcome::Elsewhere) {
        reasons.push(drill.outcome.to_string());
    }
    let findings = drill.assessment.findings.iter();
    let failing = findings.filter(|finding| finding.grade == Grade::Fail);
    reasons.extend(failing.map(|finding| finding.message.clone()));
    let message: Vec<&str> = reasons.iter().filter_map(|reason| reason.lines().next()).collect();
    let mut status = if verdict == Verdict::NotMet && allow_not_met {
        TestCaseStatus::skipped()
    } else {
        TestCaseStatus::non_success(kind)
    };
    status.set_type(verdict.to_string());
    // Attributes are shown as titles, on one line.
    status.set_message(bounded_to(&message.join("; "), TITLE));
    status.set_description(bounded(&reasons.join("\n")));
    status
}

/// Returns a text of at most [`TEXT`] bytes, without characters that XML does not allow (the
/// library removes those) and without a part of a character.
fn bounded(text: &str) -> String {
    bounded_to(text, TEXT)
}

fn bounded_to(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = (0..=most).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    format!("{} … ({} more bytes)", &text[..end], text.len() - end)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::grade::Assessment;

    use super::*;

    fn drill(scenario: &str, outcome: Outcome, output: String) -> DrillResult {
        let mut assessment = Assessment::broken("the reason \u{1b}[31m\0 & <more>\nits details");
        if outcome == Outcome::Exit(0) {
            (assessment.verdict, assessment.findings) = (Verdict::Passed, Vec::new());
        }
        DrillResult {
            scenario: scenario.to_owned(),
            description: String::new(),
            outcome,
            took: Duration::from_millis(12_345),
            assessment,
            output,
        }
    }

    #[test]
    fn reports_are_as_ci_systems_read_them() {
        let broken = Outcome::NotServed("no".to_owned());
        let drills = [
            drill("a/good", Outcome::Exit(0), String::new()),
            drill("a/bad \"<x>\"", broken, "out\u{7}put ".repeat(20_000)),
        ];
        let xml = junit(&drills, false).unwrap();
        // Jenkins and GitLab read times as seconds with a point, and the counts of a suite.
        for part in [
            "tests=\"2\"",
            "errors=\"1\"",
            "failures=\"0\"",
            "time=\"12.345\"",
            "time=\"24.690\"",
            "classname=\"standin.drill\"",
            "name=\"a/bad &quot;&lt;x&gt;&quot;\"",
            "message=\"not served: no; the reason  &amp; &lt;more&gt;\"",
            "its details",
        ] {
            assert!(xml.contains(part), "{part} is not in\n{}", &xml[..xml.len().min(3000)]);
        }
        assert!(!xml.contains(['\u{1b}', '\0', '\u{7}']));
        assert!(xml.len() < 2 * TEXT, "{}", xml.len());
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(bounded_to("ab", 2), "ab");
        assert_eq!(bounded_to("aéb", 2), "a … (3 more bytes)");
    }
}
