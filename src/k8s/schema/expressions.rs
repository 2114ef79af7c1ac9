//! Where rules are checked and evaluated, with the feature `cel` or without it.

use serde_json::Value;

use super::super::status::FieldError;
use super::Schema;

/// The syntax errors of an expression in a rule. Without the feature `cel` none are looked for.
#[cfg_attr(
    not(feature = "cel"),
    expect(unused_variables, reason = "nothing parses the expression")
)]
pub(crate) fn expression_errors(expression: &str) -> Option<String> {
    #[cfg(feature = "cel")]
    return super::rules::syntax_errors(expression);
    #[cfg(not(feature = "cel"))]
    None
}

/// Whether an expression reads the object before a change. Without the feature `cel` none is known to.
#[cfg_attr(
    not(feature = "cel"),
    expect(unused_variables, reason = "nothing parses the expression")
)]
pub(crate) fn uses_old_self(expression: &str) -> bool {
    #[cfg(feature = "cel")]
    return super::rules::uses_old_self(expression);
    #[cfg(not(feature = "cel"))]
    false
}

/// The violations of the rules of a schema, behind those that were `found` before. Of an object with missing fields
/// and the like the rules are not evaluated (`hasBlockingErr`). `old` is the object before a change.
#[cfg(feature = "cel")]
pub(crate) fn validate_rules(
    schema: &Schema,
    new: &Value,
    old: Option<&Value>,
    found: &[FieldError],
) -> Vec<FieldError> {
    const BLOCKING: [&str; 5] = [
        "FieldValueNotSupported",
        "FieldValueRequired",
        "FieldValueTooLong",
        "FieldValueTooMany",
        "FieldValueTypeInvalid",
    ];
    if !schema.has_rules {
        return Vec::new();
    }
    if found.iter().any(|error| BLOCKING.contains(&error.reason)) {
        let why = "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";
        return vec![FieldError::invalid("<nil>", "null", why)];
    }
    super::rules::validate(schema, new, old)
}

/// Without the feature `cel` rules are not evaluated.
#[cfg(not(feature = "cel"))]
pub(crate) fn validate_rules(
    _schema: &Schema,
    _new: &Value,
    _old: Option<&Value>,
    _found: &[FieldError],
) -> Vec<FieldError> {
    Vec::new()
}
