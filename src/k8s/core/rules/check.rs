//! What the rules of all types share: reading fields, paths, common checks
//! (`k8s.io/apimachinery/pkg/api/validation`, `pkg/apis/core/validation`).

use serde_json::Value;

use super::super::super::golang::{json_text, quote};
use super::super::super::names;
use super::super::super::status::FieldError;
use super::super::{encode, types};

/// The violations found so far.
pub(super) type Errors = Vec<FieldError>;

/// A text; empty where the field is absent.
pub(super) fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

/// The items of a list; none where the field is absent.
pub(super) fn list<'v>(value: &'v Value, field: &str) -> &'v [Value] {
    value[field].as_array().map_or(&[], Vec::as_slice)
}

/// The texts of a list.
pub(super) fn texts<'v>(value: &'v Value, field: &str) -> impl Iterator<Item = &'v str> {
    list(value, field).iter().filter_map(Value::as_str)
}

/// The entries of a map; none where the field is absent.
pub(super) fn entries<'v>(
    value: &'v Value,
    field: &str,
) -> impl Iterator<Item = (&'v String, &'v Value)> {
    value[field].as_object().into_iter().flatten()
}

/// Whether a field has a value other than the zero value.
pub(super) fn is_set(value: &Value, field: &str) -> bool {
    match &value[field] {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
        Value::Number(number) => number.as_i64() != Some(0),
        Value::Bool(set) => *set,
    }
}

/// The path of a field.
pub(super) fn child(path: &str, field: &str) -> String {
    if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") }
}

/// The path of an item of a list, or of an entry of a map.
pub(super) fn item(path: &str, index: impl std::fmt::Display) -> String {
    format!("{path}[{index}]")
}

/// The containers of a pod with their paths, in upstream's order (`VisitContainersWithPath`).
pub(super) fn containers<'v>(spec: &'v Value, path: &str) -> Vec<(String, &'v Value)> {
    let fields = ["initContainers", "containers", "ephemeralContainers"];
    let all = fields.iter().flat_map(|field| {
        let path = child(path, field);
        list(spec, field)
            .iter()
            .enumerate()
            .map(move |(index, container)| (item(&path, index), container))
    });
    all.collect()
}

/// Adds the problems of a text at a path.
pub(super) fn problems(
    errors: &mut Errors,
    path: &str,
    found: &str,
    problems: impl IntoIterator<Item = String>,
) {
    for why in problems {
        errors.push(FieldError::invalid(path, quote(found), &why));
    }
}

/// `ValidateNonnegativeField`; an absent number is not checked.
pub(super) fn non_negative(errors: &mut Errors, value: &Value, field: &str, path: &str) {
    if let Some(number) = value[field].as_i64().filter(|number| *number < 0) {
        let why = "must be greater than or equal to 0";
        errors.push(FieldError::invalid(child(path, field), number, why));
    }
}

/// One of several texts: required, and of no other value.
pub(super) fn one_of(
    errors: &mut Errors,
    value: &Value,
    field: &str,
    path: &str,
    supported: &[&str],
) {
    let found = text(value, field);
    if found.is_empty() {
        errors.push(FieldError::required(child(path, field), ""));
    } else {
        supported_text(errors, found, &child(path, field), supported);
    }
}

/// A text of a named type that must be one of several: such a value is shown as JSON.
pub(super) fn supported_text(errors: &mut Errors, found: &str, path: &str, supported: &[&str]) {
    if !supported.contains(&found) {
        let supported: Vec<String> = supported.iter().map(|text| (*text).to_owned()).collect();
        errors.push(FieldError::not_supported(path, json_text(&found.into()), &supported));
    }
}

/// A value as Go writes it: the fields of a label selector are in the order of its struct.
pub(super) fn shown(value: &Value) -> String {
    let is_selector = value.get("matchLabels").is_some() || value.get("matchExpressions").is_some();
    let of = is_selector.then(|| types::named("meta/v1.LabelSelector")).flatten();
    encode::json_text(value, of, None)
}

/// `ValidateImmutableField`.
pub(super) fn immutable(errors: &mut Errors, new: &Value, old: &Value, path: &str) {
    if new != old {
        // A text is shown as Go quotes it, without the escapes of JSON.
        let shown = new.as_str().map_or_else(|| shown(new), quote);
        errors.push(FieldError::invalid(path, shown, "field is immutable"));
    }
}

/// `IsInRange` for ports.
pub(super) fn port_number(errors: &mut Errors, number: i64, path: &str) {
    if !(1..=65535).contains(&number) {
        errors.push(FieldError::invalid(path, number, "must be between 1 and 65535, inclusive"));
    }
}

/// A port by number or by name (`ValidatePortNumOrName`).
pub(super) fn port_or_name(errors: &mut Errors, value: &Value, path: &str) {
    match value {
        Value::Number(number) => port_number(errors, number.as_i64().unwrap_or_default(), path),
        Value::String(name) => problems(errors, path, name, port_name(name)),
        _ => {}
    }
}

/// `IsValidPortName`.
pub(super) fn port_name(name: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if name.len() > 15 {
        problems.push("must be no more than 15 characters".to_owned());
    }
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.is_empty() || !name.bytes().all(allowed) {
        problems.push(
            "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".to_owned(),
        );
    }
    if !name.bytes().any(|byte| byte.is_ascii_lowercase()) {
        problems.push("must contain at least one letter (a-z)".to_owned());
    }
    if name.contains("--") {
        problems.push("must not contain consecutive hyphens".to_owned());
    }
    if name.starts_with('-') || name.ends_with('-') {
        problems.push("must not begin or end with a hyphen".to_owned());
    }
    problems
}

/// `IsConfigMapKey`.
pub(super) fn data_key(key: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if key.len() > 253 {
        problems.push("must be no more than 253 characters".to_owned());
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if key.is_empty() || !key.bytes().all(allowed) {
        problems.push(
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or \
             'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
                .to_owned(),
        );
    }
    if key == "." {
        problems.push("must not be '.'".to_owned());
    } else if key == ".." {
        problems.push("must not be '..'".to_owned());
    } else if key.starts_with("..") {
        problems.push("must not start with '..'".to_owned());
    }
    problems
}

/// `ValidateLabels`.
pub(super) fn labels(errors: &mut Errors, value: &Value, path: &str) {
    for (key, value) in value.as_object().into_iter().flatten() {
        problems(errors, path, key, names::qualified_name(key));
        let value = value.as_str().unwrap_or_default();
        problems(errors, path, value, names::label_value(value));
    }
}

/// `ValidateLabelSelector`.
pub(super) fn label_selector(errors: &mut Errors, selector: &Value, path: &str) {
    labels(errors, &selector["matchLabels"], &child(path, "matchLabels"));
    for (index, requirement) in list(selector, "matchExpressions").iter().enumerate() {
        let path = item(&child(path, "matchExpressions"), index);
        let values = list(requirement, "values");
        match text(requirement, "operator") {
            "In" | "NotIn" if values.is_empty() => {
                let why = "must be specified when `operator` is 'In' or 'NotIn'";
                errors.push(FieldError::required(child(&path, "values"), why));
            }
            "Exists" | "DoesNotExist" if !values.is_empty() => {
                let why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
                errors.push(FieldError::forbidden(child(&path, "values"), why));
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            other => {
                let why = "not a valid selector operator";
                errors.push(FieldError::invalid(child(&path, "operator"), quote(other), why));
            }
        }
        let key = text(requirement, "key");
        problems(errors, &child(&path, "key"), key, names::qualified_name(key));
        for (index, value) in values.iter().filter_map(Value::as_str).enumerate() {
            let path = item(&child(&path, "values"), index);
            problems(errors, &path, value, names::label_value(value));
        }
    }
}

/// Whether a label selector can be turned into one (`metav1.LabelSelectorAsSelector`).
pub(super) fn is_readable(selector: &Value) -> bool {
    let mut errors = Vec::new();
    label_selector(&mut errors, selector, "");
    errors.is_empty()
}

/// Whether a label selector has no terms: it selects everything.
pub(super) fn is_empty_selector(selector: &Value) -> bool {
    !is_set(selector, "matchLabels") && !is_set(selector, "matchExpressions")
}

/// Whether a label selector selects labels; an absent selector selects nothing.
pub(in super::super::super) fn selects(selector: &Value, labels: &Value) -> bool {
    if selector.is_null() {
        return false;
    }
    let label = |key: &str| labels.get(key).and_then(Value::as_str);
    let fixed = entries(selector, "matchLabels").all(|(key, value)| label(key) == value.as_str());
    let expressions = list(selector, "matchExpressions").iter().all(|requirement| {
        let found = label(text(requirement, "key"));
        let among =
            found.is_some_and(|found| texts(requirement, "values").any(|value| value == found));
        match text(requirement, "operator") {
            "In" => among,
            "NotIn" => !among,
            "Exists" => found.is_some(),
            _ => found.is_none(),
        }
    });
    fixed && expressions
}

/// `ValidateDNS1123Label`.
pub(super) fn dns_label(errors: &mut Errors, found: &str, path: &str) {
    problems(errors, path, found, names::label(found));
}

/// `ValidateDNS1123Subdomain`.
pub(super) fn dns_subdomain(errors: &mut Errors, found: &str, path: &str) {
    problems(errors, path, found, names::subdomain(found));
}

/// A percentage or a number: `IsValidPercent`, `ValidatePositiveIntOrPercent`.
pub(super) fn positive_or_percent(errors: &mut Errors, value: &Value, path: &str) {
    match value {
        Value::String(text) => {
            let digits = text.strip_suffix('%');
            if !digits.is_some_and(|digits| {
                !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
            }) {
                let why = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  \
                           or '93%', regex used for validation is '[0-9]+%')";
                errors.push(FieldError::invalid(path, quote(text), why));
            }
        }
        Value::Number(number) if number.as_i64().is_some_and(i64::is_negative) => {
            errors.push(FieldError::invalid(path, number, "must be greater than or equal to 0"));
        }
        _ => {}
    }
}

/// A percentage above 100 (`IsNotMoreThan100Percent`).
pub(super) fn at_most_all(errors: &mut Errors, value: &Value, path: &str) {
    let percent = value.as_str().and_then(|text| text.strip_suffix('%')?.parse::<i64>().ok());
    if percent.is_some_and(|percent| percent > 100) {
        let shown = json_text(value);
        errors.push(FieldError::invalid(path, shown, "must not be greater than 100%"));
    }
}
