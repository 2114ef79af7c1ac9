//! Results of drills → `JUnit` XML, for CI systems.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::scenario::Grade;

use super::result::{DrillResult, Outcome};

/// Renders results as XML.
///
/// # Errors
/// When the XML cannot be written.
pub fn junit(drills: &[DrillResult]) -> Result<String, quick_junit::SerializeError> {
    let mut suite = TestSuite::new("standin drill");
    for drill in drills {
        let status = if drill.passed() {
            TestCaseStatus::success()
        } else {
            // A drill that did not run is an error, one that ran and failed is a failure.
            let kind = match drill.outcome {
                Outcome::NotStarted(_) | Outcome::NotServed(_) => NonSuccessKind::Error,
                _ => NonSuccessKind::Failure,
            };
            let mut reasons: Vec<String> = Vec::new();
            if drill.outcome != Outcome::Exit(0) {
                reasons.push(drill.outcome.to_string());
            }
            let failing = drill.findings.iter().filter(|finding| finding.grade == Grade::Fail);
            reasons.extend(failing.map(|finding| finding.message.clone()));
            let mut status = TestCaseStatus::non_success(kind);
            status.set_message(reasons.join("; "));
            status
        };
        let mut case = TestCase::new(drill.scenario.clone(), status);
        case.set_classname("standin.drill");
        case.set_time(drill.took);
        let notes: Vec<&str> =
            drill.findings.iter().map(|finding| finding.message.as_str()).collect();
        case.set_system_out(notes.join("\n"));
        case.set_system_err(drill.output.clone());
        suite.add_test_case(case);
    }
    let mut report = Report::new("standin drill");
    report.add_test_suite(suite);
    report.to_string()
}
