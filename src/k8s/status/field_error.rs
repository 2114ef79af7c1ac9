//! Errors of fields, with the messages of `k8s.io/apimachinery/pkg/util/validation/field`.

use std::fmt::Display;

use super::super::golang::quote;
use super::Cause;

/// One invalid field (`k8s.io/apimachinery/pkg/util/validation/field.Error`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldError {
    /// The field's path, such as `spec.tasks[0].name`; `<nil>` where upstream has none.
    pub field: String,
    /// The cause's reason.
    pub reason: &'static str,
    /// What follows the path, such as `Required value`.
    pub body: String,
}

impl FieldError {
    /// `Required value[: detail]`.
    pub(crate) fn required(field: impl Into<String>, detail: &str) -> Self {
        Self::with("FieldValueRequired", field, "Required value".to_owned(), detail)
    }

    /// `Invalid value: VALUE: detail`; `value` is already as Go prints it (text in quotes).
    pub(crate) fn invalid(field: impl Into<String>, value: impl Display, detail: &str) -> Self {
        Self::with("FieldValueInvalid", field, format!("Invalid value: {value}"), detail)
    }

    /// As [`FieldError::invalid`], for a value of the wrong type.
    pub(crate) fn type_invalid(
        field: impl Into<String>,
        value: impl Display,
        detail: &str,
    ) -> Self {
        Self::with("FieldValueTypeInvalid", field, format!("Invalid value: {value}"), detail)
    }

    /// `Forbidden: detail`.
    pub(crate) fn forbidden(field: impl Into<String>, detail: &str) -> Self {
        Self::with("FieldValueForbidden", field, "Forbidden".to_owned(), detail)
    }

    /// `Internal error: detail`.
    pub(crate) fn internal(field: impl Into<String>, detail: &str) -> Self {
        Self::with("InternalError", field, "Internal error".to_owned(), detail)
    }

    /// `Duplicate value: VALUE`.
    pub(crate) fn duplicate(field: impl Into<String>, value: impl Display) -> Self {
        Self::with("FieldValueDuplicate", field, format!("Duplicate value: {value}"), "")
    }

    /// As [`FieldError::invalid`] or [`FieldError::duplicate`], without the value.
    pub(crate) fn without_value(self, detail: &str) -> Self {
        let head =
            if self.reason == "FieldValueDuplicate" { "Duplicate value" } else { "Invalid value" };
        Self::with(self.reason, self.field, head.to_owned(), detail)
    }

    /// `Too long: may not be more than N bytes`.
    pub(crate) fn too_long(field: impl Into<String>, max: u64) -> Self {
        let bytes = if max == 1 { "byte" } else { "bytes" };
        let detail = format!("may not be more than {max} {bytes}");
        Self::with("FieldValueTooLong", field, "Too long".to_owned(), &detail)
    }

    /// `Too many: N: must have at most MAX items`.
    pub(crate) fn too_many(field: impl Into<String>, count: usize, max: u64) -> Self {
        let body = format!("Too many: {count}");
        let items = if max == 1 { "item" } else { "items" };
        Self::with("FieldValueTooMany", field, body, &format!("must have at most {max} {items}"))
    }

    /// `Too long: value is too long`: where no length is short enough.
    pub(crate) fn never_short_enough(field: impl Into<String>) -> Self {
        Self::with("FieldValueTooLong", field, "Too long".to_owned(), "value is too long")
    }

    /// `Too many: N: has too many items`: where no number is small enough.
    pub(crate) fn never_few_enough(field: impl Into<String>, count: usize) -> Self {
        Self::with("FieldValueTooMany", field, format!("Too many: {count}"), "has too many items")
    }

    /// `Not found: VALUE`.
    pub(crate) fn not_found(field: impl Into<String>, value: impl Display) -> Self {
        Self::with("FieldValueNotFound", field, format!("Not found: {value}"), "")
    }

    /// As [`FieldError::not_found`], with a reason.
    pub(crate) fn not_found_because(
        field: impl Into<String>,
        value: impl Display,
        detail: &str,
    ) -> Self {
        Self::with("FieldValueNotFound", field, format!("Not found: {value}"), detail)
    }

    /// `Unsupported value: VALUE: supported values: "A", "B"`.
    pub(crate) fn not_supported(
        field: impl Into<String>,
        value: impl Display,
        supported: &[String],
    ) -> Self {
        let list: Vec<String> = supported.iter().map(|word| quote(word)).collect();
        let body = format!("Unsupported value: {value}");
        Self::with(
            "FieldValueNotSupported",
            field,
            body,
            &format!("supported values: {}", list.join(", ")),
        )
    }

    fn with(reason: &'static str, field: impl Into<String>, head: String, detail: &str) -> Self {
        let body = if detail.is_empty() { head } else { format!("{head}: {detail}") };
        Self { field: field.into(), reason, body }
    }
}

impl Display for FieldError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.field, self.body)
    }
}

/// Several errors as Go's `ErrorList.ToAggregate` prints them: a single one as it is, more in brackets.
pub(in super::super) fn aggregate(errors: &[FieldError]) -> String {
    let mut texts: Vec<String> = Vec::new();
    for error in errors {
        let text = error.to_string();
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    match texts.as_slice() {
        [one] => one.clone(),
        many => format!("[{}]", many.join(", ")),
    }
}

impl Cause {
    /// The cause for an error of a field.
    pub(super) fn of(error: &FieldError) -> Self {
        Self { reason: error.reason, message: error.body.clone(), field: error.field.clone() }
    }
}
