//! Rules of paths and modes of files in volumes (`pkg/apis/core/validation/validation.go`).

use serde_json::Value;

use super::super::super::golang::quote;
use super::super::super::status::FieldError;
use super::check::{Errors, child, item, list, text};

const MODE: &str = "must be a number between 0 and 0777 (octal), both inclusive";

pub(super) fn no_backsteps(errors: &mut Errors, found: &str, path: &str) {
    if found.split('/').any(|part| part == "..") {
        errors.push(FieldError::invalid(path, quote(found), "must not contain '..'"));
    }
}

/// `validateLocalDescendingPath`.
pub(super) fn descending(errors: &mut Errors, found: &str, path: &str) {
    if found.starts_with('/') {
        errors.push(FieldError::invalid(path, quote(found), "must be a relative path"));
    }
    no_backsteps(errors, found, path);
}

/// `ValidateLocalNonReservedPath`.
pub(super) fn local_path(errors: &mut Errors, found: &str, path: &str) {
    descending(errors, found, path);
    if found.starts_with("..") && !found.starts_with("../") && found != ".." {
        errors.push(FieldError::invalid(path, quote(found), "must not start with '..'"));
    }
}

pub(super) fn mode(errors: &mut Errors, source: &Value, field: &str, path: &str) {
    if let Some(mode) = source[field].as_i64().filter(|mode| !(0..=0o777).contains(mode)) {
        errors.push(FieldError::invalid(child(path, field), mode, MODE));
    }
}

/// `validateKeyToPath`.
pub(super) fn keys(errors: &mut Errors, source: &Value, path: &str) {
    for (index, key) in list(source, "items").iter().enumerate() {
        let path = item(&child(path, "items"), index);
        for field in ["key", "path"] {
            if text(key, field).is_empty() {
                errors.push(FieldError::required(child(&path, field), ""));
            }
        }
        let file = text(key, "path");
        local_path(errors, file, &child(&path, "path"));
        mode(errors, key, "mode", &path);
    }
}
