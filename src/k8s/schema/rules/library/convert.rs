//! Conversions between types (`cel-go/common/types`, `ConvertToType`).

use jiff::Timestamp;

use super::super::super::super::golang::{parse_int, parse_time, parse_uint};
use super::super::value::{Outcome, Value, parse_go_duration};

/// Converts a value by the name of a type.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "conversions of the language"
)]
pub(super) fn convert<'v>(to: &str, value: &Value<'v>) -> Outcome<'v> {
    let overflow = |kind: &str| Err(format!("{kind} overflow"));
    let failed = || Err(format!("type conversion error from 'string' to '{}'", full_name(to)));
    match (to, value) {
        ("bool", Value::Bool(_))
        | ("bytes", Value::Bytes(_))
        | ("double", Value::Double(_))
        | ("duration", Value::Duration(_))
        | ("int", Value::Int(_))
        | ("string", Value::String(_))
        | ("timestamp", Value::Timestamp(_))
        | ("uint", Value::Uint(_)) => Ok(value.clone()),
        ("bool", Value::String(text)) => match &**text {
            "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(Value::Bool(true)),
            "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(Value::Bool(false)),
            _ => failed(),
        },
        ("bytes", Value::String(text)) => Ok(Value::Bytes(text.as_bytes().into())),
        ("double", Value::Int(value)) => Ok(Value::Double(*value as f64)),
        ("double", Value::Uint(value)) => Ok(Value::Double(*value as f64)),
        ("double", Value::String(text)) => match text.parse() {
            Ok(value) => Ok(Value::Double(value)),
            Err(_) => failed(),
        },
        ("duration", Value::String(text)) => {
            parse_go_duration(text).map_or_else(failed, |nanos| Ok(Value::Duration(nanos)))
        }
        ("int", Value::Uint(value)) => i64::try_from(*value)
            .map_or_else(|_| overflow("integer"), |value| Ok(Value::Int(value))),
        ("int", Value::Double(value)) => {
            let fits =
                *value > -9_223_372_036_854_775_808.0 && *value < 9_223_372_036_854_775_808.0;
            if fits { Ok(Value::Int(*value as i64)) } else { overflow("integer") }
        }
        ("int", Value::Duration(nanos)) => Ok(Value::Int(*nanos)),
        ("int", Value::Timestamp(at)) => Ok(Value::Int(at.as_second())),
        ("int", Value::String(text)) => match parse_int(text) {
            Ok(value) => Ok(Value::Int(value)),
            Err(_) => failed(),
        },
        ("uint", Value::Int(value)) => u64::try_from(*value)
            .map_or_else(|_| overflow("unsigned integer"), |value| Ok(Value::Uint(value))),
        ("uint", Value::Double(value)) => {
            let fits = (0.0..18_446_744_073_709_551_616.0).contains(value);
            if fits { Ok(Value::Uint(*value as u64)) } else { overflow("unsigned integer") }
        }
        ("uint", Value::String(text)) => match parse_uint(text) {
            Ok(value) => Ok(Value::Uint(value)),
            Err(_) => failed(),
        },
        ("timestamp", Value::Int(seconds)) => Timestamp::from_second(*seconds)
            .map_or_else(|_| overflow("timestamp"), |at| Ok(Value::Timestamp(at))),
        ("timestamp", Value::String(text)) => match parse_time(text) {
            // The time of the API has whole seconds, that of the language has all parts.
            Ok(at) => Ok(Value::Timestamp(text.parse().unwrap_or(at))),
            Err(_) => failed(),
        },
        ("string", Value::Bytes(bytes)) => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Value::text(text)),
            Err(_) => Err("invalid UTF-8 in bytes, cannot convert to string".to_owned()),
        },
        ("string", value) => text_of(value)
            .map_or_else(|| Err("no such overload".to_owned()), |text| Ok(Value::text(text))),
        (to, value) => Err(format!(
            "type conversion error from '{}' to '{}'",
            value.type_name(),
            full_name(to)
        )),
    }
}

/// The full name of a type in messages.
fn full_name(of: &str) -> &str {
    match of {
        "duration" => "google.protobuf.Duration",
        "timestamp" => "google.protobuf.Timestamp",
        of => of,
    }
}

/// A value as a text, where it can be one.
pub(in super::super) fn text_of(value: &Value<'_>) -> Option<String> {
    Some(match value {
        Value::String(text) => text.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Uint(value) => value.to_string(),
        Value::Double(value) => double_text(*value),
        Value::Bytes(bytes) => std::str::from_utf8(bytes).ok()?.to_owned(),
        Value::Timestamp(at) => at.to_string(),
        Value::Duration(nanos) => seconds_text(*nanos),
        Value::Ip(ip) => ip.0.to_string(),
        Value::Cidr(of) => format!("{}/{}", of.ip, of.bits),
        Value::Type(of) => of.name(),
        _ => return None,
    })
}

/// A double as Go's `%g` writes it: with an exponent below 1e-4 and from 1e6 on.
pub(super) fn double_text(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..6).contains(&exponent) {
        return value.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

/// A duration in seconds, such as `1.5s`.
fn seconds_text(nanos: i64) -> String {
    let (sign, nanos) = (if nanos < 0 { "-" } else { "" }, nanos.unsigned_abs());
    let (seconds, rest) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    if rest == 0 {
        return format!("{sign}{seconds}s");
    }
    let fraction = format!("{rest:09}");
    format!("{sign}{seconds}.{}s", fraction.trim_end_matches('0'))
}
