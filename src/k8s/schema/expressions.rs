//! Where rules are compiled and evaluated, with the feature `cel` or without it.

use serde_json::Value;

use super::super::status::FieldError;
use super::Schema;
use super::findings::{CompiledRule, Findings};

/// The rules of a schema, compiled, and the most values of the schema that a request can hold. `is_resource` says that
/// the values are whole objects.
///
/// # Errors
/// That rules cannot see the values.
#[cfg(feature = "cel")]
pub(crate) fn compile_rules(
    schema: &Schema,
    is_resource: bool,
) -> Result<(Vec<CompiledRule>, u64), String> {
    super::rules::compile_all(schema, is_resource)
}

/// Without the feature `cel` nothing is compiled.
///
/// # Errors
/// None.
#[cfg(not(feature = "cel"))]
#[expect(clippy::unnecessary_wraps, reason = "with the feature it fails")]
pub(crate) fn compile_rules(
    _schema: &Schema,
    _is_resource: bool,
) -> Result<(Vec<CompiledRule>, u64), String> {
    Ok((Vec::new(), 0))
}

/// The violations of the rules of a schema by its default at a path.
#[cfg(feature = "cel")]
pub(crate) fn validate_default_rules(
    schema: &Schema,
    default: &Value,
    path: &str,
    is_resource: bool,
) -> Vec<FieldError> {
    if schema.reaches_rules {
        super::rules::validate_default(schema, default, path, is_resource)
    } else {
        Vec::new()
    }
}

/// Without the feature `cel` no default violates a rule.
#[cfg(not(feature = "cel"))]
pub(crate) fn validate_default_rules(
    _schema: &Schema,
    _default: &Value,
    _path: &str,
    _is_resource: bool,
) -> Vec<FieldError> {
    Vec::new()
}

/// The violations of the rules of a schema, behind those that were `found` before. Of an object with missing fields
/// and the like the rules are not evaluated (`hasBlockingErr`). `old` is the object before a change.
#[cfg(feature = "cel")]
pub(crate) fn validate_rules(
    schema: &Schema,
    new: &Value,
    old: Option<&Value>,
    found: &[FieldError],
) -> Findings {
    const BLOCKING: [&str; 5] = [
        "FieldValueNotSupported",
        "FieldValueRequired",
        "FieldValueTooLong",
        "FieldValueTooMany",
        "FieldValueTypeInvalid",
    ];
    if !schema.has_rules {
        return Findings::default();
    }
    if found.iter().any(|error| BLOCKING.contains(&error.reason)) {
        let why = "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";
        let errors = vec![FieldError::invalid("<nil>", "null", why)];
        return Findings { errors, warnings: Vec::new() };
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
) -> Findings {
    Findings::default()
}
