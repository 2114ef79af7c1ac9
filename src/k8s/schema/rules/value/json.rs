//! JSON → values, by the types of a schema (`UnstructuredToVal`).

use std::sync::{Arc, LazyLock};

use serde_json::Value as Json;

use super::super::super::super::golang::{decode_base64, parse_duration, parse_time, quote};
use super::super::super::{Kind, Schema};
use super::{Outcome, Shape, Value};

impl<'v> Value<'v> {
    /// A part of an object, as its schema types it.
    pub(in super::super) fn of(json: &'v Json, schema: Option<&'v Schema>) -> Outcome<'v> {
        let Some(schema) = schema else { return Ok(Self::Unknown(json)) };
        if schema.dynamic {
            return Ok(Self::dynamic(json));
        }
        if json.is_null() {
            return if schema.nullable {
                Ok(Self::Null)
            } else {
                Err("invalid data, got null for schema with nullable=false".to_owned())
            };
        }
        if schema.int_or_string {
            return match json {
                Json::String(text) => Ok(Self::text(text.as_str())),
                Json::Number(number) if number.is_i64() => {
                    Ok(Self::Int(number.as_i64().unwrap_or_default()))
                }
                _ => Err(
                    "invalid data, expected XIntOrString value to be either a string or integer"
                        .to_owned(),
                ),
            };
        }
        match (schema.kind, json) {
            (Some(Kind::Object), Json::Object(map)) => {
                let shape = Shape { schema: Some(schema), is_resource: schema.embedded };
                Ok(Self::Object(map, shape))
            }
            (Some(Kind::Array), Json::Array(list)) => Ok(Self::Items(list, Some(schema))),
            (Some(Kind::String), Json::String(text)) => of_text(text, schema),
            (Some(Kind::Number), Json::Number(number)) => {
                Ok(Self::Double(number.as_f64().unwrap_or_default()))
            }
            (Some(Kind::Integer), Json::Number(number)) => number
                .as_i64()
                .map(Self::Int)
                .ok_or_else(|| "invalid data, expected int, got float64".to_owned()),
            (Some(Kind::Boolean), Json::Bool(value)) => Ok(Self::Bool(*value)),
            (None, json) => Ok(Self::Unknown(json)),
            (Some(kind), _) => Err(format!("invalid data, expected {}", kind.as_str())),
        }
    }

    /// A value as its JSON is (`NativeToValue` for unstructured content).
    pub(in super::super) fn dynamic(json: &'v Json) -> Self {
        static DYNAMIC: LazyLock<Schema> =
            LazyLock::new(|| Schema { dynamic: true, ..Schema::default() });
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => number
                .as_i64()
                .map_or_else(|| Self::Double(number.as_f64().unwrap_or_default()), Self::Int),
            Json::String(text) => Self::text(text.as_str()),
            Json::Array(list) => Self::Items(list, Some(&DYNAMIC)),
            Json::Object(map) => {
                Self::Object(map, Shape { schema: Some(&DYNAMIC), is_resource: false })
            }
        }
    }

    /// The root of an object, with the fields that every object has.
    pub(in super::super) fn of_resource(json: &'v Json, schema: &'v Schema) -> Outcome<'v> {
        match json {
            Json::Object(map) => {
                Ok(Self::Object(map, Shape { schema: Some(schema), is_resource: true }))
            }
            other => Self::of(other, Some(schema)),
        }
    }
}

fn of_text<'v>(text: &'v str, schema: &Schema) -> Outcome<'v> {
    let dated = |what: &str, text: &str, why: String| {
        Err(format!("Invalid {what} formatted string {text}: {why}"))
    };
    match schema.format.as_deref().unwrap_or_default() {
        "duration" => match parse_format_duration(text) {
            Some(nanos) => Ok(Value::Duration(nanos)),
            None => Err(format!("Invalid duration {text}: time: invalid duration {}", quote(text))),
        },
        "date" => match parse_time(&format!("{text}T00:00:00Z")) {
            Ok(at) => Ok(Value::Timestamp(at)),
            Err(why) => dated("date", text, why),
        },
        "date-time" => match parse_time(text) {
            Ok(at) => Ok(Value::Timestamp(text.parse().unwrap_or(at))),
            Err(why) => dated("date-time", text, why),
        },
        "byte" => match decode_base64(text) {
            Ok(bytes) => Ok(Value::Bytes(bytes.into())),
            Err(why) => dated("byte", text, why),
        },
        _ => Ok(Value::text(text)),
    }
}

/// A duration of Go, in nanoseconds.
pub(in super::super) fn parse_go_duration(text: &str) -> Option<i64> {
    parse_duration(text).ok().and_then(|nanos| i64::try_from(nanos).ok())
}

/// The units of durations in schemas besides those of Go, in nanoseconds
/// (`k8s.io/kube-openapi/pkg/validation/strfmt/duration.go`).
const UNITS: [(&[&str], i64); 8] = [
    (&["ns", "nano"], 1),
    (&["us", "µs", "micro"], 1_000),
    (&["ms", "milli"], 1_000_000),
    (&["s", "sec"], 1_000_000_000),
    (&["m", "min"], 60_000_000_000),
    (&["h", "hr", "hour"], 3_600_000_000_000),
    (&["d", "day"], 86_400_000_000_000),
    (&["w", "wk", "week"], 604_800_000_000_000),
];

/// A duration as the format `duration` has it, in nanoseconds: that of Go, or numbers with words such as `3 days`
/// anywhere in the text.
fn parse_format_duration(text: &str) -> Option<i64> {
    if let Some(nanos) = parse_go_duration(text) {
        return Some(nanos);
    }
    let (mut rest, mut sum, mut found) = (text, 0_i64, false);
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        rest = &rest[start..];
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, after) = rest.split_at(end);
        let after = after.trim_start();
        let end =
            after.find(|c: char| !(c.is_ascii_alphabetic() || c == 'µ')).unwrap_or(after.len());
        let unit = after[..end].to_lowercase();
        rest = &after[end..];
        if unit.is_empty() {
            continue;
        }
        let number: i64 = number.parse().ok()?;
        for (names, nanos) in UNITS {
            let last = names.len() - 1;
            for (index, name) in names.iter().enumerate() {
                if unit == *name || index == last && unit.starts_with(name) {
                    found = true;
                    sum = sum.wrapping_add(number.wrapping_mul(nanos));
                }
            }
        }
    }
    found.then_some(sum)
}

/// The fields that every object has, as rules see them.
pub(super) fn resource_field(name: &str) -> Option<&'static Schema> {
    static FIELDS: LazyLock<Arc<Schema>> = LazyLock::new(|| {
        let text = || Schema { kind: Some(Kind::String), ..Schema::default() };
        let names = ["generateName", "name"].map(|name| (name.to_owned(), text()));
        let metadata =
            Schema { kind: Some(Kind::Object), properties: names.into(), ..Schema::default() };
        let fields = [("apiVersion", text()), ("kind", text()), ("metadata", metadata)];
        let properties = fields.map(|(name, schema)| (name.to_owned(), schema)).into();
        Arc::new(Schema { kind: Some(Kind::Object), properties, ..Schema::default() })
    });
    FIELDS.properties.get(name)
}
