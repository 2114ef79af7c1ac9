//! Rules of the attributes of a device (`pkg/apis/resource/validation/validation.go`, `validateDeviceAttribute`).

use serde_json::Value;

use super::super::super::golang::quote;
use super::super::super::status::FieldError;
use super::super::diff;
use super::check::{Errors, child, item, list};

/// The maximum length of a text, in bytes.
const MAX_TEXT: usize = 64;

/// The fields that hold one value.
const SCALARS: [&str; 4] = ["bool", "int", "string", "version"];
/// The fields that hold lists.
pub(super) const LISTS: [&str; 4] = ["bools", "ints", "strings", "versions"];

/// How many values the lists of an attribute have.
pub(super) fn values(attribute: &Value) -> usize {
    LISTS.iter().map(|field| list(attribute, field).len()).sum()
}

/// `validateDeviceAttribute`.
pub(super) fn attribute(errors: &mut Errors, attribute: &Value, path: &str) {
    let value = |errors: &mut Errors, found: &Value, is_version: bool, path: &str| {
        let found = found.as_str().unwrap_or_default();
        if is_version && !is_version_number(found) {
            let why = "must be a string compatible with semver.org spec 2.0.0";
            errors.push(FieldError::invalid(path, quote(found), why));
        }
        if found.len() > MAX_TEXT {
            errors.push(FieldError::too_long(path, MAX_TEXT as u64));
        }
    };
    for field in ["string", "version"] {
        if !attribute[field].is_null() {
            value(errors, &attribute[field], field == "version", &child(path, field));
        }
    }
    for field in LISTS {
        let at = child(path, field);
        if attribute[field].as_array().is_some_and(Vec::is_empty) {
            errors.push(FieldError::invalid(&at, "[]", "must not be empty if specified"));
        }
        if matches!(field, "strings" | "versions") {
            for (index, found) in list(attribute, field).iter().enumerate() {
                value(errors, found, field == "versions", &item(&at, index));
            }
        }
    }
    let set = SCALARS.iter().chain(&LISTS).filter(|field| !attribute[**field].is_null()).count();
    if set == 1 {
        return;
    }
    let shown = if set == 0 {
        quote("")
    } else {
        diff::internal_text("resource.DeviceAttribute", &internal_attribute(attribute))
    };
    errors.push(FieldError::invalid(path, shown, "exactly one value must be specified"));
}

/// An attribute with the names of its internal type.
fn internal_attribute(attribute: &Value) -> Value {
    let fields = attribute.as_object().into_iter().flatten().map(|(name, value)| {
        let name = match name.strip_suffix('s') {
            Some(one) => format!("{one}Values"),
            None => format!("{name}Value"),
        };
        (name, value.clone())
    });
    Value::Object(fields.collect())
}

/// Whether a text is a version of semver.org.
fn is_version_number(text: &str) -> bool {
    let (rest, build) = text.split_once('+').map_or((text, None), |(a, b)| (a, Some(b)));
    let (core, pre) = rest.split_once('-').map_or((rest, None), |(a, b)| (a, Some(b)));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let number = |part: &str| digits(part) && (part == "0" || !part.starts_with('0'));
    let word = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let parts: Vec<&str> = core.split('.').collect();
    parts.len() == 3
        && parts.into_iter().all(number)
        && pre.is_none_or(|pre| {
            pre.split('.').all(|part| word(part) && (!digits(part) || number(part)))
        })
        && build.is_none_or(|build| build.split('.').all(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_those_of_semver() {
        for text in ["1.2.3", "0.0.0", "1.2.3-a.1-x+b.01"] {
            assert!(is_version_number(text), "{text}");
        }
        for text in ["1", "1.2", "01.2.3", "1.2.3-", "1.2.3-01", "1.2.3+", "v1.2.3"] {
            assert!(!is_version_number(text), "{text}");
        }
    }
}
