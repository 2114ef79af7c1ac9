//! Rules of the status of a job (`pkg/apis/batch/validation/validation.go`: `ValidateJobUpdateStatus`). Most count only
//! where what they are about has changed (`getStatusValidationOptions` in `pkg/registry/batch/job/strategy.go`).

use serde_json::Value;

use super::super::super::golang::{json_text, quote};
use super::super::super::status::FieldError;
use super::check::{Errors, child, is_set, item, list, non_negative, text, texts};
use super::job_policies::{count_indexes, index_interval};

/// What a job is, by its conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ends {
    complete: bool,
    failed: bool,
    failing: bool,
    succeeded: bool,
}

impl Ends {
    fn of(status: &Value) -> Self {
        let is = |kind: &str| has_condition(status, kind, "True");
        Self {
            complete: is("Complete"),
            failed: is("Failed"),
            failing: is("FailureTarget"),
            succeeded: is("SuccessCriteriaMet"),
        }
    }

    fn finished(self) -> bool {
        self.complete || self.failed
    }
}

fn has_condition(status: &Value, kind: &str, value: &str) -> bool {
    let mut conditions = list(status, "conditions").iter();
    conditions.any(|one| text(one, "type") == kind && text(one, "status") == value)
}

fn number(status: &Value, field: &str) -> i64 {
    status[field].as_i64().unwrap_or_default()
}

/// The error about the conditions of a job, which are not shown.
fn wrong_conditions(errors: &mut Errors, why: &str) {
    errors.push(FieldError::invalid("status.conditions", "", "").without_value(why));
}

/// `ValidateJobUpdateStatus`.
pub(super) fn change(new: &Value, old: &Value, errors: &mut Errors) {
    let (status, before) = (&new["status"], &old["status"]);
    let (is, was) = (Ends::of(status), Ends::of(before));
    counts(errors, status);
    ends(errors, new, is, old, was);
    rest(errors, new, is, old, was);
    transitions(errors, new, is, old, was);
}

fn counts(errors: &mut Errors, status: &Value) {
    for field in ["active", "succeeded", "failed", "ready", "terminating"] {
        non_negative(errors, status, field, "status");
    }
    let uncounted = &status["uncountedTerminatedPods"];
    let mut seen = Vec::new();
    for field in ["succeeded", "failed"] {
        let path = child("status.uncountedTerminatedPods", field);
        for (index, uid) in texts(uncounted, field).enumerate() {
            let path = item(&path, index);
            if uid.is_empty() {
                errors.push(FieldError::invalid(path, quote(uid), "must not be empty"));
            } else if seen.contains(&uid) {
                errors.push(FieldError::duplicate(path, quote(uid)));
            } else {
                seen.push(uid);
            }
        }
    }
}

/// The rules of what a job that ends has, in upstream's order up to its indexes.
fn ends(errors: &mut Errors, new: &Value, is: Ends, old: &Value, was: Ends) {
    let (status, before) = (&new["status"], &old["status"]);
    let changed = |field: &str| status[field] != before[field];
    let complete_changed = is.complete != was.complete;
    if is.complete && is.failed && (complete_changed || is.failed != was.failed) {
        wrong_conditions(errors, "cannot set Complete=True and Failed=true conditions");
    }
    if is.complete && is.failing && (complete_changed || is.failing != was.failing) {
        wrong_conditions(errors, "cannot set Complete=True and FailureTarget=true conditions");
    }
    let (start, completion) = (&status["startTime"], &status["completionTime"]);
    let path = "status.completionTime";
    if complete_changed || changed("completionTime") {
        if !completion.is_null() && !is.complete {
            let why = "cannot set completionTime when there is no Complete=True condition";
            errors.push(FieldError::invalid(path, json_text(completion), why));
        }
        if completion.is_null() && is.complete {
            let why = "completionTime is required for Complete jobs";
            errors.push(FieldError::required(path, why));
        }
    }
    // Times are written alike: they compare as texts.
    if (changed("startTime") || changed("completionTime"))
        && let (Some(start), Some(completion)) = (start.as_str(), completion.as_str())
        && completion < start
    {
        let why = "must be equal to or after `startTime`";
        errors.push(FieldError::invalid(path, quote(completion), why));
    }
    if is.failed && !is.failing && (is.failed != was.failed || changed("failedIndexes")) {
        let why = "cannot set Failed=True condition without the FailureTarget=true condition";
        wrong_conditions(errors, why);
    }
    if is.complete && !is.succeeded && (complete_changed || is.succeeded != was.succeeded) {
        let why =
            "cannot set Complete=True condition without the SuccessCriteriaMet=true condition";
        wrong_conditions(errors, why);
    }
    let finished_changed = is.finished() != was.finished();
    let active = number(status, "active");
    if active > 0 && is.finished() && (finished_changed || active != number(before, "active")) {
        errors.push(FieldError::invalid(
            "status.active",
            active,
            "active>0 is invalid for finished job",
        ));
    }
    let never_runs = new["spec"]["suspend"] == true && new["spec"]["completions"] == 0;
    if start.is_null() && is.finished() && (finished_changed || changed("startTime")) && !never_runs
    {
        errors.push(FieldError::required(
            "status.startTime",
            "startTime is required for finished job",
        ));
    }
    let uncounted = &status["uncountedTerminatedPods"];
    if is.finished()
        && (is_set(uncounted, "succeeded") || is_set(uncounted, "failed"))
        && (finished_changed || changed("uncountedTerminatedPods"))
    {
        let shown = format!(
            "{{\"Succeeded\":{},\"Failed\":{}}}",
            json_text(&uncounted["succeeded"]),
            json_text(&uncounted["failed"])
        );
        let why = "must be empty for finished job";
        errors.push(FieldError::invalid("status.uncountedTerminatedPods", shown, why));
    }
}

/// The rules of indexes, of counts, and of conditions that exclude each other.
fn rest(errors: &mut Errors, new: &Value, is: Ends, old: &Value, was: Ends) {
    let (spec, status, before) = (&new["spec"], &new["status"], &old["status"]);
    let changed = |field: &str| status[field] != before[field];
    let completions = spec["completions"].as_i64();
    let (completed, failed) = (text(status, "completedIndexes"), status["failedIndexes"].as_str());
    let completed_changed = completed != text(before, "completedIndexes");
    let failed_changed = changed("failedIndexes");
    let per_index = !spec["backoffLimitPerIndex"].is_null();
    let (of_completed, of_failed) = ("status.completedIndexes", "status.failedIndexes");
    if let Some(Err(why)) = completions
        .filter(|_| completed_changed)
        .map(|completions| count_indexes(completed, completions))
    {
        let why = format!("error parsing completedIndexes: {why}");
        errors.push(FieldError::invalid(of_completed, quote(completed), &why));
    }
    if let (Some(completions), Some(failed)) = (completions.filter(|_| per_index), failed)
        && failed_changed
        && let Err(why) = count_indexes(failed, completions)
    {
        let why = format!("error parsing failedIndexes: {why}");
        errors.push(FieldError::invalid(of_failed, quote(failed), &why));
    }
    if completed_changed && !completed.is_empty() && spec["completionMode"] != "Indexed" {
        let why = "cannot set non-empty completedIndexes when non-indexed completion mode";
        errors.push(FieldError::invalid(of_completed, quote(completed), why));
    }
    if let Some(failed) = failed.filter(|_| failed_changed && !per_index) {
        let why = "cannot set non-null failedIndexes when backoffLimitPerIndex is null";
        errors.push(FieldError::invalid(of_failed, quote(failed), why));
    }
    if let (Some(completions), Some(failed)) = (completions, failed)
        && (failed_changed || completed_changed)
        && let Some(index) = overlap(completed, failed, completions)
    {
        let why = format!("failedIndexes and completedIndexes overlap at index: {index}");
        errors.push(FieldError::invalid(of_failed, quote(failed), &why));
    }
    let terminating = number(status, "terminating");
    if terminating > 0
        && is.finished()
        && (is.finished() != was.finished() || changed("terminating"))
    {
        let why = "terminating>0 is invalid for finished job";
        errors.push(FieldError::invalid("status.terminating", terminating, why));
    }
    let ready = status["ready"].as_i64();
    if let Some(ready) = ready.filter(|ready| *ready > number(status, "active"))
        && (changed("ready") || number(status, "active") != number(before, "active"))
    {
        let why = "cannot set more ready pods than active";
        errors.push(FieldError::invalid("status.ready", ready, why));
    }
    if is.succeeded && is.failed {
        wrong_conditions(errors, "cannot set SuccessCriteriaMet=True and Failed=true conditions");
    }
    if is.succeeded && is.failing {
        let why = "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions";
        wrong_conditions(errors, why);
    }
    if !spec["successPolicy"].is_null() && !is.succeeded && is.complete {
        let why =
            "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True";
        wrong_conditions(errors, why);
    }
}

/// What does not go back (`ValidateJobStatusUpdate`).
fn transitions(errors: &mut Errors, new: &Value, is: Ends, old: &Value, was: Ends) {
    let (spec, status, before) = (&new["spec"], &new["status"], &old["status"]);
    for (kind, was, is) in [
        ("Failed", was.failed, is.failed),
        ("Complete", was.complete, is.complete),
        ("FailureTarget", was.failing, is.failing),
    ] {
        if was && !is {
            wrong_conditions(errors, &format!("cannot disable the terminal {kind}=True condition"));
        }
    }
    // An indexed job with as many completions as pods at once can be scaled down.
    let scales = spec["completionMode"] == "Indexed" && spec["completions"] == spec["parallelism"];
    for (field, counts) in [("failed", true), ("succeeded", !scales)] {
        let count = number(status, field);
        if counts && count < number(before, field) {
            let why = format!("cannot decrease the {field} counter");
            errors.push(FieldError::invalid(child("status", field), count, &why));
        }
    }
    let (completion, had) = (&status["completionTime"], &before["completionTime"]);
    if !completion.is_null() && !had.is_null() && completion != had {
        let shown = json_text(completion);
        errors.push(FieldError::invalid("status.completionTime", shown, "field is immutable"));
    }
    let resumes =
        has_condition(before, "Suspended", "True") && has_condition(status, "Suspended", "False");
    let (start, had) = (&status["startTime"], &before["startTime"]);
    if !had.is_null() && start != had && spec["suspend"] != true && !resumes {
        let why = "field is immutable for unsuspended job once set";
        errors.push(FieldError::invalid("status.startTime", json_text(start), why));
    }
    if was.succeeded && !is.succeeded {
        wrong_conditions(errors, "cannot disable the SuccessCriteriaMet=True condition");
    }
    if was.complete && !was.succeeded && is.succeeded {
        let why = "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions";
        wrong_conditions(errors, why);
    }
}

/// The first index that both texts have (`validateFailedIndexesNotOverlapCompleted`). Intervals that cannot be read are
/// left out: they are refused elsewhere.
fn overlap(completed: &str, failed: &str, completions: i64) -> Option<i64> {
    let intervals = |text: &str| -> Vec<(i64, i64)> {
        let parts = text.split(',').filter(|part| !part.is_empty());
        parts.filter_map(|part| index_interval(part, completions).ok()).collect()
    };
    let (completed, failed) = (intervals(completed), intervals(failed));
    let (mut left, mut right) = (completed.iter().peekable(), failed.iter().peekable());
    while let (Some((a, b)), Some((x, y))) = (left.peek(), right.peek()) {
        if a <= y && x <= b {
            return Some(*a.max(x));
        }
        if a <= x {
            left.next();
        } else {
            right.next();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn problems(spec: &Value, before: &Value, after: &Value) -> Vec<String> {
        let of = |status: &Value| json!({"spec": spec, "status": status});
        let mut errors = Vec::new();
        change(&of(after), &of(before), &mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_job_completes_once_its_criteria_are_met() {
        let complete = json!([{"type": "Complete", "status": "True"}]);
        let found = problems(
            &json!({}),
            &json!({"active": 1, "startTime": "2024-01-01T00:00:00Z"}),
            &json!({"active": 1, "startTime": "2024-01-01T00:00:00Z", "conditions": complete}),
        );
        assert_eq!(
            found,
            [
                "status.completionTime: Required value: completionTime is required for Complete jobs",
                "status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition",
                "status.active: Invalid value: 1: active>0 is invalid for finished job",
            ]
        );
        let conditions = json!([
            {"type": "SuccessCriteriaMet", "status": "True"}, {"type": "Complete", "status": "True"},
        ]);
        let done = json!({
            "startTime": "2024-01-01T00:00:00Z", "completionTime": "2024-01-01T00:00:01Z", "conditions": conditions,
        });
        assert_eq!(problems(&json!({}), &json!({}), &done), [""; 0]);
        let undone = problems(&json!({}), &done, &json!({"startTime": "2024-01-01T00:00:00Z"}));
        assert_eq!(undone.len(), 2, "{undone:?}");
    }

    #[test]
    fn indexes_have_a_format_and_do_not_overlap() {
        let spec =
            json!({"completions": 5, "completionMode": "Indexed", "backoffLimitPerIndex": 1});
        let after = json!({"completedIndexes": "0-2", "failedIndexes": "2,7"});
        assert_eq!(
            problems(&spec, &json!({}), &after),
            [
                "status.failedIndexes: Invalid value: \"2,7\": error parsing failedIndexes: too large index: \"7\"",
                "status.failedIndexes: Invalid value: \"2,7\": failedIndexes and completedIndexes overlap at index: 2",
            ]
        );
    }
}
