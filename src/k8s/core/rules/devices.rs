//! Rules that claims, classes and slices of devices share (`pkg/apis/resource/validation/validation.go`).

use std::collections::HashSet;

use serde_json::Value;

use super::super::super::golang::quote;
use super::super::super::names;
use super::super::super::status::FieldError;
use super::admission_expressions::{Expressions, Wanted};
use super::check::{Errors, child, dns_label, item, list, problems, supported_text, text};
use super::formats::csi_driver_name;

/// The maximum numbers of entries.
pub(super) const MAX_ITEMS: usize = 32;
/// The maximum length of parameters of a driver and of data of a device, in bytes.
pub(super) const MAX_PARAMETERS: usize = 10 << 10;
/// The maximum length of an expression, in bytes.
const MAX_EXPRESSION: usize = 10 << 10;
/// The maximum length of an identifier, in bytes.
const MAX_IDENTIFIER: usize = 32;

/// The effects of a taint of a device.
const EFFECTS: [&str; 3] = ["NoExecute", "NoSchedule", "None"];

/// Checks the items of a list that has a maximum of entries (`validateSlice`). Returns whether they were checked.
pub(super) fn slice(
    errors: &mut Errors,
    items: &[Value],
    max: Option<usize>,
    path: &str,
    mut check: impl FnMut(&mut Errors, &Value, &str),
) -> bool {
    if let Some(max) = max.filter(|max| items.len() > *max) {
        errors.push(FieldError::too_many(path, items.len(), max as u64));
        return false;
    }
    for (index, value) in items.iter().enumerate() {
        check(errors, value, &item(path, index));
    }
    true
}

/// As [`slice`], with items that differ in a key, which is shown (`validateSet`).
pub(super) fn set(
    errors: &mut Errors,
    items: &[Value],
    max: Option<usize>,
    path: &str,
    key: impl Fn(&Value) -> String,
    check: impl FnMut(&mut Errors, &Value, &str),
) {
    if !slice(errors, items, max, path, check) {
        return;
    }
    let mut known = HashSet::new();
    for (index, value) in items.iter().enumerate() {
        let key = key(value);
        if !known.insert(key.clone()) {
            errors.push(FieldError::duplicate(item(path, index), key));
        }
    }
}

/// The key of an item that has a name.
pub(super) fn by_name(value: &Value) -> String {
    quote(text(value, "name"))
}

/// The key of an item that is a text.
pub(super) fn itself(value: &Value) -> String {
    quote(value.as_str().unwrap_or_default())
}

/// `validatePoolName`.
pub(super) fn pool_name(errors: &mut Errors, name: &str, path: &str) {
    if name.is_empty() {
        errors.push(FieldError::required(path, ""));
        return;
    }
    if name.len() > 253 {
        errors.push(FieldError::too_long(path, 253));
    }
    for part in name.split('/') {
        problems(errors, path, part, names::subdomain(part));
    }
}

/// `validateUID`: a UUID in lower case (`uuid.Validate`).
pub(super) fn uid(errors: &mut Errors, uid: &str, path: &str) {
    let fits = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    let why = if uid.len() != 36 {
        format!("error validating uid: invalid UUID length: {}", uid.len())
    } else if !uid.bytes().enumerate().all(fits) {
        "error validating uid: invalid UUID format".to_owned()
    } else if uid.bytes().any(|byte| byte.is_ascii_uppercase()) {
        "uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal \
         characters"
            .to_owned()
    } else {
        return;
    };
    errors.push(FieldError::invalid(path, quote(uid), &why));
}

/// `validateSelectorSlice`.
pub(super) fn selectors(errors: &mut Errors, value: &Value, path: &str) {
    let path = child(path, "selectors");
    let expressions = Expressions::of_devices();
    slice(errors, list(value, "selectors"), Some(MAX_ITEMS), &path, |errors, selector, path| {
        let path = child(path, "cel");
        if selector["cel"].is_null() {
            errors.push(FieldError::required(path, ""));
            return;
        }
        let (path, expression) = (child(&path, "expression"), text(&selector["cel"], "expression"));
        if expression.len() > MAX_EXPRESSION {
            errors.push(FieldError::too_long(path, MAX_EXPRESSION as u64));
        } else {
            errors.extend(expressions.check(expression, Wanted::Selection, &path));
        }
    });
}

/// `validateDeviceConfiguration`.
pub(super) fn configuration(errors: &mut Errors, value: &Value, path: &str) {
    let path = child(path, "opaque");
    let opaque = &value["opaque"];
    if opaque.is_null() {
        errors.push(FieldError::required(path, ""));
        return;
    }
    csi_driver_name(errors, text(opaque, "driver"), &child(&path, "driver"));
    raw(errors, &opaque["parameters"], &child(&path, "parameters"));
}

/// `validateRawExtension`: a JSON object.
pub(super) fn raw(errors: &mut Errors, value: &Value, path: &str) {
    match value {
        Value::Null => errors.push(FieldError::required(path, "")),
        value if value.to_string().len() > MAX_PARAMETERS => {
            errors.push(FieldError::too_long(path, MAX_PARAMETERS as u64));
        }
        Value::Object(_) => {}
        _ => {
            let why = "must be a valid JSON object";
            errors.push(FieldError::invalid(path, quote("<value omitted>"), why));
        }
    }
}

/// `validateDeviceToleration`.
pub(super) fn toleration(errors: &mut Errors, value: &Value, path: &str) {
    let (key, found) = (text(value, "key"), text(value, "value"));
    if !key.is_empty() {
        problems(errors, &child(path, "key"), key, names::qualified_name(key));
    }
    match text(value, "operator") {
        "Exists" if !found.is_empty() => {
            let why = "must be empty for operator `Exists`";
            errors.push(FieldError::invalid(child(path, "value"), quote(found), why));
        }
        "Exists" => {}
        "Equal" => problems(errors, &child(path, "value"), found, names::label_value(found)),
        "" => errors.push(FieldError::required(child(path, "operator"), "")),
        other => supported_text(errors, other, &child(path, "operator"), &["Equal", "Exists"]),
    }
    let effect = text(value, "effect");
    if !effect.is_empty() {
        supported_text(errors, effect, &child(path, "effect"), &EFFECTS);
    }
}

/// `validateDeviceTaint`.
pub(super) fn taint(errors: &mut Errors, value: &Value, path: &str) {
    let key = text(value, "key");
    problems(errors, &child(path, "key"), key, names::qualified_name(key));
    let found = text(value, "value");
    problems(errors, &child(path, "value"), found, names::label_value(found));
    match text(value, "effect") {
        "" => errors.push(FieldError::required(child(path, "effect"), "")),
        effect => supported_text(errors, effect, &child(path, "effect"), &EFFECTS),
    }
}

/// `validateQualifiedName`: an identifier, or one of a domain.
pub(super) fn qualified_name(errors: &mut Errors, name: &str, path: &str) {
    match name.split('/').collect::<Vec<_>>().as_slice() {
        [id] => identifier(errors, id, path),
        [domain, id] => {
            if domain.is_empty() {
                let why = "the domain must not be empty";
                errors.push(FieldError::invalid(path, quote(""), why));
            } else {
                csi_driver_name(errors, domain, path);
            }
            if id.is_empty() {
                errors.push(FieldError::invalid(path, quote(""), "the name must not be empty"));
            } else {
                identifier(errors, id, path);
            }
        }
        _ => {}
    }
}

/// `validateFullyQualifiedName`.
pub(super) fn fully_qualified_name(errors: &mut Errors, name: &str, path: &str) {
    qualified_name(errors, name, path);
    if !name.contains('/') {
        let why = "a fully qualified name must be a domain and a name separated by a slash";
        errors.push(FieldError::invalid(path, quote(name), why));
    }
}

/// `validateCIdentifier`.
fn identifier(errors: &mut Errors, id: &str, path: &str) {
    if id.len() > MAX_IDENTIFIER {
        errors.push(FieldError::too_long(path, MAX_IDENTIFIER as u64));
    }
    let letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    let fits = id.bytes().next().is_some_and(letter)
        && id.bytes().all(|byte| letter(byte) || byte.is_ascii_digit());
    if !fits {
        let why = "a valid C identifier must start with alphabetic character or '_', followed by a string of \
                   alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for \
                   validation is '[A-Za-z_][A-Za-z0-9_]*')";
        errors.push(FieldError::invalid(path, quote(id), why));
    }
}

/// `validateDeviceBindingParameters`.
pub(super) fn binding(errors: &mut Errors, value: &Value, path: &str) {
    const MAX: usize = 4;
    let fields = ["bindingConditions", "bindingFailureConditions"];
    for field in fields {
        slice(errors, list(value, field), Some(MAX), &child(path, field), |errors, name, path| {
            let name = name.as_str().unwrap_or_default();
            problems(errors, path, name, names::qualified_name(name));
        });
    }
    for field in fields {
        let mut known = HashSet::new();
        for (index, name) in list(value, field).iter().enumerate() {
            let (path, name) =
                (item(&child(path, field), index), name.as_str().unwrap_or_default());
            if !known.insert(name) {
                errors.push(FieldError::duplicate(&path, quote(name)));
            }
            if field == fields[1] && list(value, fields[0]).iter().any(|other| other == name) {
                let why = "bindingFailureConditions must not overlap with bindingConditions";
                errors.push(FieldError::invalid(&path, quote(name), why));
            }
        }
    }
    for (own, other) in [(fields[0], fields[1]), (fields[1], fields[0])] {
        if list(value, own).is_empty() && !list(value, other).is_empty() {
            let why = format!("{own} are required to use {other}");
            errors.push(FieldError::invalid(child(path, own), "null", &why));
        }
    }
}

/// The name of a device, a request or a counter.
pub(super) fn label(errors: &mut Errors, value: &Value, field: &str, path: &str) {
    dns_label(errors, text(value, field), &child(path, field));
}
