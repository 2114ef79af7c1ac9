//! Validation against a schema, with the messages and the order of `k8s.io/kube-openapi/pkg/validation/validate` as
//! `k8s.io/apiextensions-apiserver/pkg/apiserver/validation` turns them into field errors.
//!
//! Valid values cost a walk: a path becomes text once something is wrong at it.

mod combined;
mod formats;
mod numbers;
mod outcome;
mod path;
mod ratchet;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use super::super::golang::{json_text, plain, quote};
use super::super::status::FieldError;
use super::{Additional, Kind, Schema};
use numbers::{check_number, is_whole};
use outcome::{Outcome, Problem};
use path::Path;

pub(crate) use formats::is_known as is_known_format;
#[cfg(feature = "cel")]
pub(super) use formats::{fits as fits_format, is_uri};
pub(crate) use ratchet::Correlation;
#[cfg(feature = "cel")]
pub(super) use ratchet::old_item;

/// All violations of a value; `path` is its path (empty for a whole object).
pub(crate) fn validate(schema: &Schema, value: &Value, path: &str) -> Vec<FieldError> {
    check(schema, value, &Path::Root(path), None).into_errors("")
}

/// All violations of a whole value that stands at a field: messages name the place inside of the value.
pub(crate) fn validate_at(schema: &Schema, value: &Value, field: &str) -> Vec<FieldError> {
    check(schema, value, &Path::Root(""), None).into_errors(field)
}

/// All violations of a changed value at a field, other than those of parts that have not changed.
pub(crate) fn validate_update(
    schema: &Schema,
    value: &Value,
    correlation: Option<&Correlation<'_>>,
    field: &str,
) -> Vec<FieldError> {
    check_ratcheting(schema, value, &Path::Root(""), correlation).into_errors(field)
}

/// Checks a value that may have a counterpart in the old object; without changes its violations do not count.
fn check_ratcheting(
    schema: &Schema,
    value: &Value,
    path: &Path<'_>,
    correlation: Option<&Correlation<'_>>,
) -> Outcome {
    let mut outcome = check(schema, value, path, correlation);
    if !outcome.is_valid() && correlation.is_some_and(Correlation::is_unchanged) {
        outcome.problems.clear();
    }
    outcome
}

/// Checks a value (`SchemaValidator.Validate`). What is inside is compared with the old object.
fn check(
    schema: &Schema,
    value: &Value,
    path: &Path<'_>,
    correlation: Option<&Correlation<'_>>,
) -> Outcome {
    let mut out = Outcome::default();
    if value.is_null() {
        out.merge(check_type(schema, value, path));
        out.merge(check_enum(schema, value, path));
        return out;
    }
    if !schema.types().is_empty() || schema.validated_format().is_some() {
        out.merge(check_type(schema, value, path));
        out.matches += 1;
    }
    out.merge(combined::check_combined(schema, value, path, correlation));
    out.matches += 1;
    match value {
        Value::String(text) => {
            out.merge(check_text(schema, text, path));
            out.matches += 1;
            if let Some(format) =
                schema.validated_format().filter(|format| formats::is_registered(format))
            {
                if !formats::fits(format, text) {
                    out.add(Problem::wrong_type(path, format, text));
                }
                out.matches += 1;
            }
        }
        Value::Number(number) => {
            out.merge(check_number(schema, number, path));
            out.matches += 1;
        }
        Value::Array(list) => {
            out.merge(check_list(schema, list, path, correlation));
            out.matches += 1;
        }
        _ => {}
    }
    out.merge(check_enum(schema, value, path));
    out.matches += 1;
    if let Value::Object(map) = value {
        out.merge(check_object(schema, map, path, correlation));
        out.matches += 1;
    }
    out.matches += 1;
    out
}

impl Schema {
    /// The types that upstream's validator has for the schema.
    fn types(&self) -> &'static [Kind] {
        match self.kind {
            _ if self.int_or_string => &[Kind::Integer, Kind::String],
            None => &[],
            Some(Kind::Object) => &[Kind::Object],
            Some(Kind::Array) => &[Kind::Array],
            Some(Kind::String) => &[Kind::String],
            Some(Kind::Integer) => &[Kind::Integer],
            Some(Kind::Number) => &[Kind::Number],
            Some(Kind::Boolean) => &[Kind::Boolean],
        }
    }

    /// The format, where it is one that is validated for the type.
    fn validated_format(&self) -> Option<&str> {
        let kind =
            if self.int_or_string { Some("integer,string") } else { self.kind.map(Kind::as_str) };
        self.format.as_deref().filter(|format| formats::is_known(kind, format))
    }
}

/// The type of a value, and its format in Go.
fn type_of(value: &Value) -> (&'static str, &'static str) {
    match value {
        Value::Null => ("null", ""),
        Value::Bool(_) => ("boolean", ""),
        Value::Number(number) if number.is_i64() => ("integer", "int64"),
        Value::Number(_) => ("number", "float64"),
        Value::String(_) => ("string", ""),
        Value::Array(_) => ("array", ""),
        Value::Object(_) => ("object", ""),
    }
}

/// `typeValidator.Validate`.
fn check_type(schema: &Schema, value: &Value, path: &Path<'_>) -> Outcome {
    let types = schema.types();
    let has = |kind: &str| types.iter().any(|of| of.as_str() == kind);
    let wanted = || types.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(",");
    let (found, go_format) = type_of(value);
    if value.is_null() {
        let refused = !types.is_empty() && !schema.nullable;
        return if refused {
            Problem::wrong_type(path, &wanted(), found).into()
        } else {
            Outcome::matched(1)
        };
    }
    let format = schema.validated_format().unwrap_or_default();
    let is_whole_float = matches!(value, Value::Number(number) if number.is_f64() && is_whole(number))
        && has("integer");
    let is_number = found == "integer" && has("number");
    let is_text = matches!(value, Value::String(_) | Value::Array(_));
    let fits = has(found) || is_whole_float || is_number;
    if !(is_text || format.is_empty() || fits || go_format == format) {
        return Problem::wrong_type(path, format, go_format).into();
    }
    if is_text && !(has("number") || has("integer") || format.is_empty()) {
        return Outcome::matched(1);
    }
    if fits { Outcome::matched(1) } else { Problem::wrong_type(path, &wanted(), found).into() }
}

/// `basicCommonValidator.Validate`.
fn check_enum(schema: &Schema, value: &Value, path: &Path<'_>) -> Outcome {
    if schema.allowed.is_empty() || schema.allowed.iter().any(|allowed| is_allowed(value, allowed))
    {
        return Outcome::default();
    }
    let known: Vec<String> = schema
        .allowed
        .iter()
        .map(|allowed| allowed.as_str().map_or_else(|| json_text(allowed), str::to_owned))
        .collect();
    Problem::at(path, |field| FieldError::not_supported(field, shown(value), &known)).into()
}

/// Whether a value is one that an enumeration allows: Go converts numbers to the type of what is allowed.
fn is_allowed(value: &Value, allowed: &Value) -> bool {
    match (value, allowed) {
        (Value::Null, _) | (_, Value::Null) => false,
        (Value::Number(value), Value::Number(allowed)) => {
            match (value.as_i64(), allowed.as_i64()) {
                (Some(value), Some(allowed)) => value == allowed,
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "Go's conversion does the same"
                )]
                (None, Some(allowed)) => {
                    value.as_f64().is_some_and(|value| value as i64 == allowed)
                }
                _ => value.as_f64() == allowed.as_f64(),
            }
        }
        (value, allowed) => value == allowed,
    }
}

/// `stringValidator.Validate`: the first violation.
fn check_text(schema: &Schema, text: &str, path: &Path<'_>) -> Outcome {
    if schema.never.text {
        return Problem::at(path, FieldError::never_short_enough).into();
    }
    if schema.max_length.is_some() || schema.min_length.is_some() {
        let length = text.chars().count() as u64;
        if let Some(max) = schema.max_length.filter(|max| length > *max) {
            return Problem::at(path, |field| FieldError::too_long(field, max)).into();
        }
        if let Some(min) = schema.min_length.filter(|min| length < *min) {
            let why = format!("{path} in body should be at least {min} chars long");
            return Problem::invalid(path, quote(text), &why).into();
        }
    }
    match &schema.pattern {
        Some(pattern) if !pattern.is_match(text) => {
            let why = format!("{path} in body should match '{}'", pattern.text);
            Problem::invalid(path, quote(text), &why).into()
        }
        _ => Outcome::default(),
    }
}

/// `schemaSliceValidator.Validate`.
fn check_list(
    schema: &Schema,
    list: &[Value],
    path: &Path<'_>,
    correlation: Option<&Correlation<'_>>,
) -> Outcome {
    let mut out = Outcome::default();
    if let Some(items) = &schema.items {
        for (index, item) in list.iter().enumerate() {
            let inner = correlation.and_then(|correlation| correlation.item(index));
            out.merge(check_ratcheting(items, item, &Path::Item(path, index), inner.as_ref()));
        }
    }
    let length = list.len();
    if let Some(min) = schema.min_items.filter(|min| (length as u64) < *min) {
        let why = format!("{path} in body should have at least {min} items");
        out.add(Problem::invalid(path, length, &why));
    }
    if let Some(max) = schema.max_items.filter(|max| length as u64 > *max) {
        out.add(Problem::at(path, |field| FieldError::too_many(field, length, max)));
    }
    if schema.never.list {
        out.add(Problem::at(path, |field| FieldError::never_few_enough(field, length)));
    }
    if schema.unique_items && (1..length).any(|at| list[..at].contains(&list[at])) {
        let why = format!("{path} in body shouldn't contain duplicates");
        out.add(Problem::invalid(path, quote(""), &why));
    }
    out.matches += 1;
    out
}

/// `objectValidator.Validate`.
fn check_object(
    schema: &Schema,
    map: &Map<String, Value>,
    path: &Path<'_>,
    correlation: Option<&Correlation<'_>>,
) -> Outcome {
    let mut out = Outcome::default();
    let count = map.len();
    if let Some(min) = schema.min_properties.filter(|min| (count as u64) < *min) {
        let why = format!("{path} in body should have at least {min} properties");
        out.add(Problem::invalid(path, count, &why));
    }
    if let Some(max) = schema.max_properties.filter(|max| count as u64 > *max) {
        out.add(Problem::at(path, |field| FieldError::too_many(field, count, max)));
    }
    if schema.never.object {
        out.add(Problem::at(path, |field| FieldError::never_few_enough(field, count)));
    }
    let others = map.iter().filter(|(name, _)| !schema.properties.contains_key(*name));
    match &schema.additional {
        Additional::Allowed(false) => {
            for (name, _) in others {
                let why = format!("{path}.{name} in body is a forbidden property");
                out.add(Problem::invalid(path, quote(name), &why));
            }
        }
        Additional::Schema(inner) => {
            for (name, value) in others {
                let below = correlation.and_then(|correlation| correlation.field(name));
                let path = Path::Entry(path, name);
                out.merge(check_ratcheting(inner, value, &path, below.as_ref()));
            }
        }
        Additional::Unsaid | Additional::Allowed(true) => {}
    }
    // Upstream iterates over a Go map here: in a rotation of the declared order, a different one each time.
    // This is the rotation of the recorded conversations: from the second property around to the first.
    let (first, rest) = (schema.properties.iter().take(1), schema.properties.iter().skip(1));
    for (name, property) in rest.chain(first) {
        let Some(value) = map.get(name) else { continue };
        let is_type =
            matches!(path, Path::Root("")) && matches!(name.as_str(), "kind" | "apiVersion");
        let below =
            correlation.filter(|_| !is_type).and_then(|correlation| correlation.field(name));
        out.merge(check_ratcheting(property, value, &Path::Field(path, name), below.as_ref()));
    }
    for name in schema.required.iter().filter(|name| !map.contains_key(*name)) {
        out.add(Problem::at(&Path::Entry(path, name), |field| FieldError::required(field, "")));
    }
    out
}

/// A value as Go's field errors print it.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => quote(text),
        Value::Number(_) | Value::Bool(_) => plain(value),
        value => json_text(value),
    }
}
