//! Rules of `ControllerRevision` (`pkg/apis/apps/validation/validation.go`).

use serde_json::Value;

use super::super::super::golang::json_text;
use super::super::super::status::FieldError;
use super::check::{Errors, non_negative};

/// `validateControllerRevision`.
pub(super) fn revision(object: &Value, errors: &mut Errors) {
    non_negative(errors, object, "revision", "");
}

/// `ValidateControllerRevisionCreate`.
pub(super) fn new_revision(object: &Value, errors: &mut Errors) {
    let why = match &object["data"] {
        Value::Null => "data is mandatory",
        Value::Object(_) => return,
        _ => "data must be a valid JSON object",
    };
    errors.push(FieldError::required("data", why));
}

/// `ValidateControllerRevisionUpdate`.
pub(super) fn revision_change(new: &Value, old: &Value, errors: &mut Errors) {
    if new["data"] != old["data"] {
        errors.push(FieldError::invalid("data", json_text(&new["data"]), "field is immutable"));
    }
}
