//! Rules of references to fields of a pod: the downward API (`pkg/apis/core/validation/validation.go`,
//! `pkg/apis/core/pods/helpers.go`).

use serde_json::Value;

use super::super::super::golang::quote;
use super::super::super::names;
use super::super::super::status::FieldError;
use super::check::{Errors, child, problems, supported_text, text};

/// The fields that an environment variable can refer to.
pub(super) const FIELDS: [&str; 9] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

/// `validateObjectFieldSelector`.
pub(super) fn field_selector(
    errors: &mut Errors,
    selector: &Value,
    supported: &[&str],
    path: &str,
) {
    for field in ["apiVersion", "fieldPath"] {
        if text(selector, field).is_empty() {
            errors.push(FieldError::required(child(path, field), ""));
            return;
        }
    }
    let found = text(selector, "fieldPath");
    if let Some((base, subscript)) =
        found.strip_suffix("']").and_then(|found| found.split_once("['"))
    {
        match base {
            "metadata.annotations" => {
                let subscript = subscript.to_lowercase();
                problems(errors, path, &subscript, names::qualified_name(&subscript));
            }
            "metadata.labels" => {
                problems(errors, path, subscript, names::qualified_name(subscript));
            }
            _ => {
                errors.push(FieldError::invalid(path, quote(base), "does not support subscript"));
            }
        }
    } else if !supported.contains(&found) {
        let known = ["metadata.annotations", "metadata.labels", "spec.hostNetwork", "status.phase"];
        let path = child(path, "fieldPath");
        if FIELDS.contains(&found) || known.contains(&found) {
            supported_text(errors, found, &path, supported);
        } else {
            let why = format!("error converting fieldPath: field label not supported: {found}");
            errors.push(FieldError::invalid(path, quote(found), &why));
        }
    }
}
