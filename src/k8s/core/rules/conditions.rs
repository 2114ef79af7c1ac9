//! Rules of conditions in a status (`k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go`).

use serde_json::Value;

use super::super::super::golang::quote;
use super::super::super::names;
use super::super::super::status::FieldError;
use super::check::{Errors, child, item, problems, supported_text, text};

const REASON: &str = "a condition reason must start with alphabetic character, optionally followed by a string of \
     alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or \
     'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is \
     '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')";

/// The maximum lengths of a reason and of a message, in bytes.
const MAX: [(&str, u64); 2] = [("reason", 1 << 10), ("message", 32 << 10)];

/// `ValidateConditions`.
pub(super) fn check(errors: &mut Errors, conditions: &Value, path: &str) {
    let mut kinds = Vec::new();
    for (index, condition) in conditions.as_array().into_iter().flatten().enumerate() {
        let path = item(path, index);
        let kind = text(condition, "type");
        if kinds.contains(&kind) {
            errors.push(FieldError::duplicate(child(&path, "type"), quote(kind)));
        }
        kinds.push(kind);
        check_one(errors, condition, &path);
    }
}

/// `ValidateCondition`.
fn check_one(errors: &mut Errors, condition: &Value, path: &str) {
    let kind = text(condition, "type");
    problems(errors, &child(path, "type"), kind, names::qualified_name(kind));
    let status = text(condition, "status");
    supported_text(errors, status, &child(path, "status"), &["False", "True", "Unknown"]);
    if let Some(number) = condition["observedGeneration"].as_i64().filter(|number| *number < 0) {
        let why = "must be greater than or equal to zero";
        errors.push(FieldError::invalid(child(path, "observedGeneration"), number, why));
    }
    if condition["lastTransitionTime"].is_null() {
        errors.push(FieldError::required(child(path, "lastTransitionTime"), ""));
    }
    let reason = text(condition, "reason");
    if reason.is_empty() {
        errors.push(FieldError::required(child(path, "reason"), ""));
    } else if !is_reason(reason) {
        errors.push(FieldError::invalid(child(path, "reason"), quote(reason), REASON));
    }
    for (field, max) in MAX {
        if text(condition, field).len() as u64 > max {
            errors.push(FieldError::too_long(child(path, field), max));
        }
    }
}

fn is_reason(reason: &str) -> bool {
    let bytes = reason.as_bytes();
    let inner = |byte: &u8| byte.is_ascii_alphanumeric() || b"_,:".contains(byte);
    bytes.iter().all(inner)
        && bytes.first().is_some_and(u8::is_ascii_alphabetic)
        && bytes.last().is_some_and(|last| last.is_ascii_alphanumeric() || *last == b'_')
}
