//! Rules of files that a volume shows of the downward API, and of projected volumes
//! (`pkg/apis/core/validation/validation.go`).

use serde_json::Value;

use super::super::super::golang::quote;
use super::super::super::status::FieldError;
use super::check::{Errors, child, item, list, text};
use super::downward::{field_selector, resource_selector};
use super::files::{keys, local_path, mode};

/// The fields that a file of the downward API can hold.
const DOWNWARD: [&str; 5] = [
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
];

/// `validateDownwardAPIVolumeFile`.
pub(super) fn downward_file(errors: &mut Errors, file: &Value, path: &str) {
    if text(file, "path").is_empty() {
        errors.push(FieldError::required(child(path, "path"), ""));
    }
    local_path(errors, text(file, "path"), &child(path, "path"));
    match (&file["fieldRef"], &file["resourceFieldRef"]) {
        (Value::Null, Value::Null) => {
            let why = "one of fieldRef and resourceFieldRef is required";
            errors.push(FieldError::required(path, why));
        }
        (Value::Null, resource) => {
            resource_selector(errors, resource, true, &child(path, "resourceFieldRef"));
        }
        (field, resource) => {
            field_selector(errors, field, &DOWNWARD, &child(path, "fieldRef"));
            if !resource.is_null() {
                let why = "fieldRef and resourceFieldRef can not be specified simultaneously";
                errors.push(FieldError::invalid(path, quote("resource"), why));
            }
        }
    }
    mode(errors, file, "mode", path);
}

/// `validateProjectedVolumeSource`.
pub(super) fn projected(errors: &mut Errors, source: &Value, path: &str) {
    mode(errors, source, "defaultMode", path);
    let mut known: Vec<String> = Vec::new();
    let mut conflict = |errors: &mut Errors, file: &Value, shown: &str| {
        let file = text(file, "path");
        if known.iter().any(|other| other == file) {
            let why = "conflicting duplicate paths";
            errors.push(FieldError::invalid(path, quote(shown), why));
        } else if !file.is_empty() {
            known.push(file.to_owned());
        }
    };
    for (index, part) in list(source, "sources").iter().enumerate() {
        let at = item(&child(path, "sources"), index);
        for kind in ["secret", "configMap"] {
            let found = &part[kind];
            if found.is_null() {
                continue;
            }
            let at = child(&at, kind);
            let name = text(found, "name");
            if name.is_empty() {
                errors.push(FieldError::required(child(&at, "name"), ""));
            }
            keys(errors, found, &at);
            for file in list(found, "items") {
                conflict(errors, file, name);
            }
        }
        for file in list(&part["downwardAPI"], "items") {
            downward_file(errors, file, &child(&at, "downwardAPI"));
            conflict(errors, file, text(file, "path"));
        }
        token(errors, &part["serviceAccountToken"], &child(&at, "serviceAccountToken"), path);
        if part.as_object().is_some_and(|sources| sources.len() > 1) {
            let why = "may not specify more than 1 volume type per source";
            errors.push(FieldError::forbidden(at, why));
        }
    }
}

/// A token in a file, whose path upstream names as one of the volume.
fn token(errors: &mut Errors, token: &Value, path: &str, volume: &str) {
    if token.is_null() {
        return;
    }
    let seconds = token["expirationSeconds"].as_i64();
    let why = match seconds {
        Some(seconds) if seconds < 600 => Some("may not specify a duration less than 10 minutes"),
        Some(seconds) if seconds > 1 << 32 => {
            Some("may not specify a duration larger than 2^32 seconds")
        }
        _ => None,
    };
    if let Some(why) = why {
        let at = child(path, "expirationSeconds");
        errors.push(FieldError::invalid(at, seconds.unwrap_or_default(), why));
    }
    let at = child(volume, "path");
    if text(token, "path").is_empty() {
        errors.push(FieldError::required(at, ""));
    } else {
        local_path(errors, text(token, "path"), &at);
    }
}
