//! The rules of access reviews (`pkg/apis/authorization/validation/validation.go`), and what their answers say of
//! selectors that cannot be read (`pkg/registry/authorization/util/helpers.go`).

use serde_json::Value;

use super::super::core::{encode, types};
use super::super::golang::quote;
use super::super::names;
use super::super::select::{FieldSelector, LabelSelector};
use super::super::status::FieldError;

/// Whose access a review is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// That of its sender.
    Own,
    /// That of a subject.
    Subject,
    /// That of a subject in the namespace of the review.
    LocalSubject,
}

/// The violations of an access review.
pub(super) fn check(whose: Whose, question: &Value) -> Vec<FieldError> {
    let local = whose == Whose::LocalSubject;
    let of_subject = whose != Whose::Own;
    let mut errors = Vec::new();
    let spec = &question["spec"];
    let (resource, path) = (&spec["resourceAttributes"], &spec["nonResourceAttributes"]);
    if resource.is_object() && path.is_object() {
        let why = "cannot be specified in combination with resourceAttributes";
        errors.push(FieldError::invalid("spec.nonResourceAttributes", shown(path), why));
    }
    if !resource.is_object() && !path.is_object() {
        let why = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
        errors.push(FieldError::invalid("spec.resourceAttributes", "null", why));
    }
    let no_groups = spec["groups"].as_array().is_none_or(Vec::is_empty);
    if of_subject && text(spec, "user").is_empty() && no_groups {
        let why = "at least one of user or group must be specified";
        errors.push(FieldError::invalid("spec.user", quote(""), why));
    }
    for field in ["fieldSelector", "labelSelector"] {
        if resource[field].is_object() {
            selector(&mut errors, field, &resource[field]);
        }
    }
    metadata(&mut errors, &question["metadata"], local);
    if !local {
        return errors;
    }
    let (own, wanted) = (text(resource, "namespace"), text(&question["metadata"], "namespace"));
    if resource.is_object() && own != wanted {
        let why = "must match metadata.namespace";
        errors.push(FieldError::invalid("spec.resourceAttributes.namespace", quote(own), why));
    }
    if path.is_object() {
        let why = "disallowed on this kind of request";
        errors.push(FieldError::invalid("spec.nonResourceAttributes", shown(path), why));
    }
    errors
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

/// Attributes of a path as their internal type.
fn shown(path: &Value) -> String {
    format!("{{\"Path\":{},\"Verb\":{}}}", quote(text(path, "path")), quote(text(path, "verb")))
}

/// An access review has no metadata, but for the namespace of a local one.
fn metadata(errors: &mut Vec<FieldError>, metadata: &Value, local: bool) {
    let is_allowed = |(field, value): (&String, &Value)| match field.as_str() {
        "namespace" => local,
        "managedFields" => true,
        _ => value.is_null(),
    };
    if metadata.as_object().is_none_or(|metadata| metadata.iter().all(is_allowed)) {
        return;
    }
    let mut metadata = metadata.clone();
    if let Some(metadata) = metadata.as_object_mut() {
        metadata.retain(|_, value| !value.is_null());
    }
    let shown = encode::json_text(&metadata, types::named("meta/v1.ObjectMeta"), None);
    let why = if local { "must be empty except for namespace" } else { "must be empty" };
    errors.push(FieldError::invalid("metadata", shown, why));
}

/// `validateFieldSelectorAttributes`, `validateLabelSelectorAttributes`.
fn selector(errors: &mut Vec<FieldError>, field: &str, selector: &Value) {
    let path = format!("spec.resourceAttributes.{field}");
    let raw = text(selector, "rawSelector");
    let requirements = selector["requirements"].as_array().map_or(&[][..], Vec::as_slice);
    match (raw.is_empty(), requirements.is_empty()) {
        (false, false) => {
            let why = "may not specified at the same time as requirements";
            errors.push(FieldError::invalid(format!("{path}.rawSelector"), quote(raw), why));
        }
        (true, true) => {
            let why = format!("when {path} is specified, requirements or rawSelector is required");
            errors.push(FieldError::required(format!("{path}.requirements"), &why));
        }
        _ => {}
    }
    let of_labels = field == "labelSelector";
    for (index, requirement) in requirements.iter().enumerate() {
        let path = format!("{path}.requirements[{index}]");
        let key = text(requirement, "key");
        if !of_labels && key.is_empty() {
            errors.push(FieldError::required(format!("{path}.key"), "must be specified"));
        }
        let values = requirement["values"].as_array().map_or(&[][..], Vec::as_slice);
        let at = format!("{path}.values");
        match text(requirement, "operator") {
            "In" | "NotIn" if values.is_empty() => {
                let why = "must be specified when `operator` is 'In' or 'NotIn'";
                errors.push(FieldError::required(at, why));
            }
            "Exists" | "DoesNotExist" if !values.is_empty() => {
                let why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
                errors.push(FieldError::forbidden(at, why));
            }
            _ => {}
        }
        if !of_labels {
            continue;
        }
        for why in names::qualified_name(key) {
            errors.push(FieldError::invalid(format!("{path}.key"), quote(key), &why));
        }
        for (index, value) in values.iter().filter_map(Value::as_str).enumerate() {
            for why in names::label_value(value) {
                let at = format!("{path}.values[{index}]");
                errors.push(FieldError::invalid(at, quote(value), &why));
            }
        }
    }
}

/// What an answer says of selectors that were not understood (`BuildEvaluationError`).
pub(super) fn evaluation_error(resource: &Value) -> Option<String> {
    let mut all = Vec::new();
    for field in ["fieldSelector", "labelSelector"] {
        let selector = &resource[field];
        let raw = text(selector, "rawSelector");
        let of_labels = field == "labelSelector";
        let (mut read, mut failed) = (0, 0);
        if !raw.is_empty() {
            let parses = if of_labels {
                LabelSelector::parse(raw).is_ok()
            } else {
                FieldSelector::parse(raw).is_ok()
            };
            failed = usize::from(!parses);
        }
        for requirement in selector["requirements"].as_array().into_iter().flatten() {
            let values = requirement["values"].as_array().map_or(0, Vec::len);
            let is_read = match text(requirement, "operator") {
                // Several values of a field are not supported yet.
                "In" | "NotIn" => of_labels || values == 1,
                "Exists" | "DoesNotExist" => of_labels,
                _ => false,
            };
            *(if is_read { &mut read } else { &mut failed }) += 1;
        }
        if failed > 0 {
            let part = if read > 0 { "partially ignored" } else { "ignored" };
            all.push(format!("spec.resourceAttributes.{field} {part} due to parse error"));
        }
    }
    (!all.is_empty()).then(|| all.join("; "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_problems_of_a_review_are_named() {
        let question = json!({"metadata": {"labels": {"a": "b"}}, "spec": {
            "nonResourceAttributes": {"path": "/x"},
            "resourceAttributes": {"fieldSelector": {}, "labelSelector": {"requirements": [{"key": "a b", "operator": "In"}]}},
        }});
        let found = check(Whose::Subject, &question);
        let fields: Vec<&str> = found.iter().map(|error| &*error.field).collect();
        let of_resource = "spec.resourceAttributes";
        assert_eq!(
            fields,
            [
                "spec.nonResourceAttributes",
                "spec.user",
                &format!("{of_resource}.fieldSelector.requirements"),
                &format!("{of_resource}.labelSelector.requirements[0].values"),
                &format!("{of_resource}.labelSelector.requirements[0].key"),
                "metadata",
            ]
        );
        assert_eq!(found[5].body, "Invalid value: {\"labels\":{\"a\":\"b\"}}: must be empty");
    }

    #[test]
    fn selectors_that_are_not_read_are_named() {
        let requirement = |operator: &str, values: Value| {
            json!({"fieldSelector": {"requirements": [
                {"key": "a", "operator": operator, "values": values}, {"key": "b", "operator": "In", "values": ["x"]},
            ]}})
        };
        assert_eq!(evaluation_error(&requirement("In", json!(["y"]))), None);
        assert_eq!(
            evaluation_error(&requirement("Exists", json!([]))).unwrap(),
            "spec.resourceAttributes.fieldSelector partially ignored due to parse error"
        );
        assert_eq!(
            evaluation_error(&json!({"labelSelector": {"rawSelector": "a in ("}})).unwrap(),
            "spec.resourceAttributes.labelSelector ignored due to parse error"
        );
    }
}
