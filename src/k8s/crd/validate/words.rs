//! The parts of a definition other than its schemas: names, columns, subresources, selectable fields.

use serde_json::Value;

use super::super::super::golang::{is_print, json_text, quote};
use super::super::super::names;
use super::super::super::status::FieldError;
use super::field_path::valid_field_path;
use super::options::{MAX_SELECTABLE, Options};

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

fn list<'v>(value: &'v Value, field: &str) -> impl Iterator<Item = (usize, &'v Value)> {
    value[field].as_array().into_iter().flatten().enumerate()
}

/// `ValidateCustomResourceDefinitionNames`.
pub(super) fn names(value: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut label = |field: String, shown: &str, tested: &str, before: &str| {
        let problems = names::dns_1035_label(tested);
        if !problems.is_empty() {
            let why = format!("{before}{}", problems.join(","));
            errors.push(FieldError::invalid(field, quote(shown), &why));
        }
    };
    for field in ["plural", "singular"] {
        let name = text(value, field);
        if !name.is_empty() {
            label(format!("{path}.{field}"), name, name, "");
        }
    }
    for field in ["kind", "listKind"] {
        let name = text(value, field);
        if !name.is_empty() {
            let before = "may have mixed case, but should otherwise match: ";
            label(format!("{path}.{field}"), name, &name.to_lowercase(), before);
        }
    }
    for (index, name) in list(value, "shortNames") {
        let name = name.as_str().unwrap_or_default();
        label(format!("{path}.shortNames[{index}]"), name, name, "");
    }
    let mut categories = Vec::new();
    for (index, name) in list(value, "categories") {
        let name = name.as_str().unwrap_or_default();
        let problems = names::dns_1035_label(name);
        if !problems.is_empty() {
            let path = format!("{path}.categories[{index}]");
            categories.push(FieldError::invalid(path, quote(name), &problems.join(",")));
        }
    }
    let list_kind = text(value, "listKind");
    if !list_kind.is_empty() && text(value, "kind") == list_kind {
        let why = "kind and listKind may not be the same";
        errors.push(FieldError::invalid(format!("{path}.listKind"), quote(list_kind), why));
    }
    errors.extend(categories);
    errors
}

/// The violations of a deprecation warning (`validateDeprecationWarning`).
pub(super) fn deprecation(version: &Value, path: &str) -> Vec<FieldError> {
    let Some(warning) = version["deprecationWarning"].as_str() else { return Vec::new() };
    let mut problems = Vec::new();
    if version["deprecated"] == true {
        if warning.len() > 256 {
            problems.push("must be <= 256 characters long".to_owned());
        }
        if warning.is_empty() {
            problems.push("must not be an empty string".to_owned());
        }
        if let Some((at, _)) = warning.char_indices().find(|(_, c)| !is_print(*c)) {
            problems.push(format!(
                "must only contain printable UTF-8 characters; non-printable character found at index {at}"
            ));
        }
    } else {
        problems.push("can only be set for deprecated versions".to_owned());
    }
    let path = format!("{path}.deprecationWarning");
    let invalid = |why: &String| FieldError::invalid(&path, json_text(&warning.into()), why);
    problems.iter().map(invalid).collect()
}

/// `ValidateCustomResourceDefinitionSubresources`.
pub(super) fn subresources(value: Option<&Value>, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let Some(scale) = value.and_then(|value| value.get("scale")) else { return errors };
    for (field, root) in [("specReplicasPath", ".spec"), ("statusReplicasPath", ".status")] {
        let (found, path) = (text(scale, field), format!("{path}.scale.{field}"));
        if found.is_empty() {
            errors.push(FieldError::required(path, ""));
        } else if let Some(error) = simple_path(found, &path) {
            errors.push(error);
        } else if !found.starts_with(&format!("{root}.")) {
            let why = format!("should be a json path under {root}");
            errors.push(FieldError::invalid(path, quote(found), &why));
        }
    }
    let selector = text(scale, "labelSelectorPath");
    if !selector.is_empty() {
        let path = format!("{path}.scale.labelSelectorPath");
        if let Some(error) = simple_path(selector, &path) {
            errors.push(error);
        } else if !selector.starts_with(".spec.") && !selector.starts_with(".status.") {
            let why = "should be a json path under either .spec or .status";
            errors.push(FieldError::invalid(path, json_text(&selector.into()), why));
        }
    }
    errors
}

/// `validateSimpleJSONPath`, for a path that is not empty.
fn simple_path(found: &str, path: &str) -> Option<FieldError> {
    let why = "must be a simple json path starting with .";
    (!found.starts_with('.')).then(|| FieldError::invalid(path, quote(found), why))
}

const COLUMN_TYPES: [&str; 5] = ["boolean", "date", "integer", "number", "string"];
const COLUMN_FORMATS: &str = "byte,date,date-time,double,float,int32,int64,password";

/// `ValidateCustomResourceColumnDefinition`.
pub(super) fn column(value: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if text(value, "name").is_empty() {
        errors.push(FieldError::required(format!("{path}.name"), ""));
    }
    let kind = text(value, "type");
    let why = format!("must be one of {}", COLUMN_TYPES.join(","));
    if kind.is_empty() {
        errors.push(FieldError::required(format!("{path}.type"), &why));
    } else if !COLUMN_TYPES.contains(&kind) {
        errors.push(FieldError::invalid(format!("{path}.type"), quote(kind), &why));
    }
    let format = text(value, "format");
    if !format.is_empty() && !COLUMN_FORMATS.split(',').any(|known| known == format) {
        let why = format!("must be one of {COLUMN_FORMATS}");
        errors.push(FieldError::invalid(format!("{path}.format"), quote(format), &why));
    }
    let json_path = text(value, "jsonPath");
    if json_path.is_empty() {
        errors.push(FieldError::required(format!("{path}.JSONPath"), ""));
    } else {
        errors.extend(simple_path(json_path, &format!("{path}.JSONPath")));
    }
    errors
}

/// `ValidateCustomResourceSelectableFields`.
pub(super) fn selectable(
    fields: &Value,
    schema: &Value,
    path: &str,
    options: &Options,
    version: &str,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    for (index, field) in fields.as_array().into_iter().flatten().enumerate() {
        let json_path = text(field, "jsonPath");
        let at = format!("{path}[{index}].jsonPath");
        if json_path.is_empty() {
            errors.push(FieldError::required(at, ""));
            continue;
        }
        let found = match valid_field_path(json_path, schema, false) {
            Ok(found) => found,
            Err(why) => {
                let why = format!("is an invalid path: {why}");
                errors.push(FieldError::invalid(at, quote(json_path), &why));
                continue;
            }
        };
        if found.root == "metadata" {
            let why = "must not point to fields in metadata";
            errors.push(FieldError::invalid(&at, quote(json_path), why));
        }
        if !matches!(text(found.schema, "type"), "string" | "boolean" | "integer") {
            let why = "must point to a field of type string, boolean or integer. Enum string fields and strings with \
                       formats are allowed.";
            errors.push(FieldError::invalid(&at, quote(json_path), why));
        }
        if seen.contains(&found.text) {
            errors.push(FieldError::duplicate(at, quote(json_path)));
        } else {
            seen.push(found.text);
        }
    }
    if seen.len() > MAX_SELECTABLE && !options.many_selectable.contains(version) {
        errors.push(FieldError::too_many(path, seen.len(), MAX_SELECTABLE as u64));
    }
    errors
}
