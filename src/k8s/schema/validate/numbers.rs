//! Numbers (`numberValidator`).

use serde_json::Number;

use super::super::super::golang::{float, plain};
use super::super::{Bound, Kind, Schema};
use super::outcome::{Outcome, Problem};
use super::path::Path;

/// Whether a number is an integer for upstream: an `int64`, or a whole `float64` that has whole neighbours
/// (`IsFloat64AJSONInteger`).
pub(super) fn is_whole(number: &Number) -> bool {
    number.is_i64() || number.as_f64().is_some_and(is_whole_float)
}

fn is_whole_float(value: f64) -> bool {
    const MAX_WHOLE: f64 = 9_007_199_254_740_991.0;
    value.fract() == 0.0 && value.abs() <= MAX_WHOLE
}

/// The type and format whose range a number has to be in.
fn range(schema: &Schema) -> (&'static str, &str) {
    let format = schema.format.as_deref().unwrap_or_default();
    match schema.kind.filter(|_| !schema.int_or_string) {
        Some(Kind::Integer) if matches!(format, "int32" | "int64") => ("integer", format),
        Some(Kind::Integer) => ("integer", ""),
        Some(Kind::Number) if matches!(format, "float" | "double") => ("number", format),
        Some(Kind::Number) => ("number", ""),
        _ => ("", ""),
    }
}

/// Whether a number is in the range of a type and format (`IsValueValidAgainstRange`).
fn fits(schema: &Schema, value: Go) -> bool {
    match (range(schema), value) {
        (("integer", "int32"), Go::Int(value)) => i32::try_from(value).is_ok(),
        (("integer", "int32"), Go::Float(value)) => {
            value.fract() == 0.0 && (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&value)
        }
        (("integer", _), Go::Float(value)) => {
            value.fract() == 0.0
                && (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value)
        }
        (("number", "float"), Go::Float(value)) => value.abs() <= f64::from(f32::MAX),
        _ => true,
    }
}

/// A number as Go holds it.
#[derive(Clone, Copy)]
enum Go {
    Int(i64),
    Float(f64),
}

fn out_of_range(schema: &Schema, what: &str, path: &Path<'_>) -> Problem {
    let (kind, format) = range(schema);
    let of = match format {
        "" => format!("{kind} (default format)"),
        format => format!("{kind} with format {format}"),
    };
    Problem::Whole(format!("{what} value must be of type {of} in {path}"))
}

/// `numberValidator.Validate`.
pub(super) fn check_number(schema: &Schema, number: &Number, path: &Path<'_>) -> Outcome {
    let mut out = Outcome::matched(1);
    let value = match number.as_i64() {
        Some(value) => Go::Int(value),
        None => Go::Float(number.as_f64().unwrap_or_default()),
    };
    if !fits(schema, value) {
        out.add(out_of_range(schema, "Checked", path));
    }
    let shown = plain(&number.clone().into());
    if let Some(factor) = schema.multiple_of {
        out.merge(multiple_of(schema, value, factor, &shown, path));
    }
    if let Some(bound) = schema.minimum {
        let words = if bound.exclusive { "greater than" } else { "greater than or equal to" };
        let below = |value: f64, bound: f64| value < bound;
        out.merge(check_bound(
            schema,
            value,
            bound,
            ("Minimum boundary", words),
            below,
            &shown,
            path,
        ));
    }
    if let Some(bound) = schema.maximum {
        let words = if bound.exclusive { "less than" } else { "less than or equal to" };
        let above = |value: f64, bound: f64| value > bound;
        out.merge(check_bound(
            schema,
            value,
            bound,
            ("Maximum boundary", words),
            above,
            &shown,
            path,
        ));
    }
    out
}

/// Checks a bound. Go compares integers with the whole part of the bound.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "Go converts and compares the same way"
)]
fn check_bound(
    schema: &Schema,
    value: Go,
    bound: Bound,
    (what, words): (&str, &str),
    beyond: impl Fn(f64, f64) -> bool,
    shown: &str,
    path: &Path<'_>,
) -> Outcome {
    let mut out = Outcome::default();
    let in_range = fits(schema, Go::Float(bound.value));
    if !in_range {
        out.add(out_of_range(schema, what, path));
    }
    let (violated, limit) = match value {
        Go::Int(value) if in_range => {
            let limit = bound.value as i64;
            let beyond = if beyond(1.0, 0.0) { value > limit } else { value < limit };
            (beyond || bound.exclusive && value == limit, limit.to_string())
        }
        value => {
            let value = match value {
                Go::Int(value) => value as f64,
                Go::Float(value) => value,
            };
            let equal = bound.exclusive && value == bound.value;
            (beyond(value, bound.value) || equal, float(bound.value))
        }
    };
    if violated {
        out.add(Problem::invalid(
            path,
            shown,
            &format!("{path} in body should be {words} {limit}"),
        ));
    }
    out
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "Go's conversions do the same"
)]
fn multiple_of(schema: &Schema, value: Go, factor: f64, shown: &str, path: &Path<'_>) -> Outcome {
    let mut out = Outcome::default();
    let in_range = fits(schema, Go::Float(factor));
    if !in_range {
        out.add(out_of_range(schema, "MultipleOf", path));
    }
    let not_positive = |factor: &str| {
        let why = format!("factor MultipleOf declared for {path} must be positive: {factor}");
        Problem::invalid(path, factor, &why)
    };
    match value {
        Go::Int(value) if in_range => {
            let whole = factor as i64;
            if whole <= 0 {
                out.add(not_positive(&whole.to_string()));
            } else if value % whole != 0 {
                let why = format!("{path} in body should be a multiple of {whole}");
                out.add(Problem::invalid(path, shown, &why));
            }
        }
        value => {
            let value = match value {
                Go::Int(value) => value as f64,
                Go::Float(value) => value,
            };
            let quotient = if factor < 1.0 { 1.0 / factor * value } else { value / factor };
            if factor <= 0.0 {
                out.add(not_positive(&float(factor)));
            } else if !is_whole_enough(quotient) {
                let why = format!("{path} in body should be a multiple of {}", float(factor));
                out.add(Problem::invalid(path, shown, &why));
            }
        }
    }
    out
}

/// `swag.IsFloat64AJSONInteger`: whole, or as near to it as floats get.
fn is_whole_enough(value: f64) -> bool {
    const EPSILON: f64 = 1e-9;
    const MAX_WHOLE: f64 = 9_007_199_254_740_991.0;
    if !value.is_finite() || value.abs() > MAX_WHOLE {
        return false;
    }
    // Negative numbers have no unsigned part in Go.
    let part = if value < 0.0 { 0.0 } else { value.trunc() };
    let difference = (value - part).abs();
    if value.fract() == 0.0 {
        return true;
    }
    part != 0.0 && difference / (value.abs() + part) < EPSILON
}
