//! Results of drills → `JUnit` XML, for CI systems.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::grade::Verdict;
use crate::scenario::Grade;

use super::result::{DrillResult, Outcome};

/// Renders results as XML: what failed is a failure, what was not met too, unless `allow_not_met` skips it; what is
/// broken is an error.
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
        case.set_system_out(notes.join("\n"));
        case.set_system_err(drill.output.clone());
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
    status.set_message(message.join("; "));
    status.set_description(reasons.join("\n"));
    status
}
