//! `CreateOptions`, `UpdateOptions` and `PatchOptions`
//! (`k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go`).

use crate::message::{Query, is_true};

use super::super::golang::{is_print, quote};
use super::super::status::{ApiError, FieldError};
use super::parameters::check_dry_run;

/// The maximum length of a field manager, in bytes (`FieldManagerMaxLength`).
const MAX_MANAGER: u64 = 128;

/// `CreateOptions`, `UpdateOptions` and `PatchOptions`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct WriteOptions {
    /// `dryRun=All`.
    pub dry_run: bool,
    /// `fieldValidation`.
    pub validation: FieldValidation,
    /// `fieldManager`, as sent.
    pub manager: String,
    /// `force`, for apply patches.
    pub force: bool,
}

/// How unknown and duplicate fields are answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in super::super) enum FieldValidation {
    /// They are ignored.
    Ignore,
    /// With a `Warning` header: the default.
    #[default]
    Warn,
    /// With an error.
    Strict,
}

impl WriteOptions {
    /// Parses and validates the parameters; `kind` is the Kind of the options, for messages.
    ///
    /// # Errors
    /// 422 for values upstream refuses.
    pub(in super::super) fn parse(
        query: &Query<'_>,
        kind: &str,
        apply: bool,
    ) -> Result<Self, ApiError> {
        let mut errors = Vec::new();
        let manager = query.first("fieldManager").unwrap_or_default().to_owned();
        let force = query.first("force");
        if kind == "PatchOptions" {
            if apply && manager.is_empty() {
                errors.push(FieldError::required("fieldManager", "is required for apply patch"));
            }
            if !apply && force.is_some() {
                errors.push(FieldError::forbidden(
                    "force",
                    "may not be specified for non-apply patch",
                ));
            }
        }
        check_manager(&manager, "fieldManager", &mut errors);
        let dry_run: Vec<_> = query.all("dryRun").map(Into::into).collect();
        let dry_run = check_dry_run(&dry_run, &mut errors);
        let validation = match query.first("fieldValidation").unwrap_or_default() {
            "" | "Warn" => FieldValidation::Warn,
            "Ignore" => FieldValidation::Ignore,
            "Strict" => FieldValidation::Strict,
            other => {
                let known = ["", "Ignore", "Strict", "Warn"].map(str::to_owned);
                errors.push(FieldError::not_supported("fieldValidation", quote(other), &known));
                FieldValidation::Warn
            }
        };
        if !errors.is_empty() {
            return Err(ApiError::invalid_options(kind, &errors));
        }
        Ok(Self { dry_run, validation, manager, force: force.is_some_and(is_true) })
    }
}

/// `ValidateFieldManager`: at most 128 bytes, of printable characters.
pub(in super::super) fn check_manager(manager: &str, field: &str, errors: &mut Vec<FieldError>) {
    if manager.len() as u64 > MAX_MANAGER {
        errors.push(FieldError::too_long(field, MAX_MANAGER));
    }
    for (at, c) in manager.char_indices().filter(|(_, c)| !is_print(*c)) {
        let why = format!("invalid character U+{:04X} (at position {at})", c as u32);
        errors.push(FieldError::invalid(field, quote(manager), &why));
    }
}
