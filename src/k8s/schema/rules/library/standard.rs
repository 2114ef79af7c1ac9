//! The functions of the language (`cel-go/common/{stdlib,types}`, `cel-go/cel/library.go`).

use std::cmp::Ordering;

use jiff::{SignedDuration, Timestamp};

use super::super::super::ListType;
use super::super::value::{Outcome, Value};
use super::convert::convert;
use super::patterns::Patterns;
use super::times::time_part;

fn no_overload<'v>() -> Outcome<'v> {
    Err("no such overload".to_owned())
}

/// Calls a function with its values, the receiver first; nothing for one of a library.
pub(super) fn call<'v>(name: &str, args: &[Value<'v>], patterns: &Patterns) -> Option<Outcome<'v>> {
    Some(match (name, args) {
        ("_==_", [a, b]) => Ok(Value::Bool(a.equals(b))),
        ("_!=_", [a, b]) => Ok(Value::Bool(!a.equals(b))),
        ("_<_", [a, b]) => ordered(name, a, b, Ordering::is_lt),
        ("_<=_", [a, b]) => ordered(name, a, b, Ordering::is_le),
        ("_>_", [a, b]) => ordered(name, a, b, Ordering::is_gt),
        ("_>=_", [a, b]) => ordered(name, a, b, Ordering::is_ge),
        ("!_", [Value::Bool(value)]) => Ok(Value::Bool(!value)),
        ("-_", [Value::Int(value)]) => value.checked_neg().map(Value::Int).ok_or_else(overflow),
        ("-_", [Value::Double(value)]) => Ok(Value::Double(-value)),
        ("_+_" | "_-_" | "_*_" | "_/_" | "_%_", [a, b]) => arithmetic(name, a, b),
        ("@in", [item, container]) => contains(item, container),
        ("size", [value]) => match value {
            Value::String(_)
            | Value::Bytes(_)
            | Value::List(_)
            | Value::Items(..)
            | Value::Map(_)
            | Value::Object(..) => Ok(Value::Int(i64::try_from(value.size()).unwrap_or(i64::MAX))),
            _ => no_overload(),
        },
        ("type", [value]) => Ok(Value::Type(value.type_of())),
        ("dyn", [value]) => Ok(value.clone()),
        ("string", [Value::Ip(_) | Value::Cidr(_)]) => return None,
        (
            "bool" | "bytes" | "double" | "duration" | "int" | "string" | "timestamp" | "uint",
            [value],
        ) => convert(name, value),
        ("contains", [Value::String(text), Value::String(part)]) => {
            Ok(Value::Bool(text.contains(&**part)))
        }
        ("startsWith", [Value::String(text), Value::String(part)]) => {
            Ok(Value::Bool(text.starts_with(&**part)))
        }
        ("endsWith", [Value::String(text), Value::String(part)]) => {
            Ok(Value::Bool(text.ends_with(&**part)))
        }
        ("matches", [Value::String(text), Value::String(pattern)]) => {
            patterns.get(pattern).map(|regex| Value::Bool(regex.is_match(text)))
        }
        ("optional.of", [value]) => Ok(Value::some(value.clone())),
        ("optional.none", []) => Ok(Value::Optional(None)),
        ("optional.ofNonZeroValue", [value]) => {
            Ok(if is_zero(value) { Value::Optional(None) } else { Value::some(value.clone()) })
        }
        ("hasValue", [Value::Optional(value)]) => Ok(Value::Bool(value.is_some())),
        ("value", [Value::Optional(value)]) => match value {
            Some(value) => Ok((**value).clone()),
            None => Err("optional.none() dereference".to_owned()),
        },
        (name, args @ [Value::Timestamp(_) | Value::Duration(_), ..])
            if name.starts_with("get") =>
        {
            time_part(name, args)
        }
        _ => return None,
    })
}

fn overflow() -> String {
    "integer overflow".to_owned()
}

fn is_zero(value: &Value<'_>) -> bool {
    match value {
        Value::Null | Value::Bool(false) | Value::Int(0) | Value::Uint(0) | Value::Duration(0) => {
            true
        }
        Value::Double(value) => *value == 0.0,
        Value::String(_)
        | Value::Bytes(_)
        | Value::List(_)
        | Value::Items(..)
        | Value::Map(_)
        | Value::Object(..) => value.size() == 0,
        Value::Optional(value) => value.is_none(),
        Value::Literal(of) => of.fields.is_empty(),
        _ => false,
    }
}

/// Whether values of this type have an order at all.
fn has_order(value: &Value<'_>) -> bool {
    matches!(
        value,
        Value::Bool(_)
            | Value::Int(_)
            | Value::Uint(_)
            | Value::Double(_)
            | Value::String(_)
            | Value::Bytes(_)
            | Value::Duration(_)
            | Value::Timestamp(_)
    )
}

fn ordered<'v>(
    operator: &str,
    a: &Value<'v>,
    b: &Value<'v>,
    test: fn(Ordering) -> bool,
) -> Outcome<'v> {
    let is_nan = |value: &Value<'_>| matches!(value, Value::Double(value) if value.is_nan());
    match a.compare(b) {
        Some(order) => Ok(Value::Bool(test(order))),
        None if is_nan(a) || is_nan(b) => Err("NaN values cannot be ordered".to_owned()),
        None if has_order(a) => no_overload(),
        None => Err(format!("no such overload: {operator}")),
    }
}

fn contains<'v>(item: &Value<'v>, container: &Value<'v>) -> Outcome<'v> {
    if let Some(items) = container.items() {
        return Ok(Value::Bool(items?.iter().any(|other| other.equals(item))));
    }
    match container {
        Value::Map(_) | Value::Object(..) => Ok(Value::Bool(container.get(item)?.is_some())),
        _ => no_overload(),
    }
}

/// The five operators of arithmetic.
pub(super) fn arithmetic<'v>(operator: &str, a: &Value<'v>, b: &Value<'v>) -> Outcome<'v> {
    let int = |value: Option<i64>| value.map(Value::Int).ok_or_else(overflow);
    let uint = |value: Option<u64>| {
        value.map(Value::Uint).ok_or_else(|| "unsigned integer overflow".to_owned())
    };
    let duration = |value: Option<i64>| {
        value.map(Value::Duration).ok_or_else(|| "duration overflow".to_owned())
    };
    match (operator, a, b) {
        ("_/_", Value::Int(_), Value::Int(0)) | ("_/_", Value::Uint(_), Value::Uint(0)) => {
            Err("division by zero".to_owned())
        }
        ("_%_", Value::Int(_), Value::Int(0)) | ("_%_", Value::Uint(_), Value::Uint(0)) => {
            Err("modulus by zero".to_owned())
        }
        ("_+_", Value::Int(a), Value::Int(b)) => int(a.checked_add(*b)),
        ("_-_", Value::Int(a), Value::Int(b)) => int(a.checked_sub(*b)),
        ("_*_", Value::Int(a), Value::Int(b)) => int(a.checked_mul(*b)),
        ("_/_", Value::Int(a), Value::Int(b)) => int(a.checked_div(*b)),
        ("_%_", Value::Int(a), Value::Int(b)) => int(a.checked_rem(*b)),
        ("_+_", Value::Uint(a), Value::Uint(b)) => uint(a.checked_add(*b)),
        ("_-_", Value::Uint(a), Value::Uint(b)) => uint(a.checked_sub(*b)),
        ("_*_", Value::Uint(a), Value::Uint(b)) => uint(a.checked_mul(*b)),
        ("_/_", Value::Uint(a), Value::Uint(b)) => uint(a.checked_div(*b)),
        ("_%_", Value::Uint(a), Value::Uint(b)) => uint(a.checked_rem(*b)),
        ("_+_", Value::Double(a), Value::Double(b)) => Ok(Value::Double(a + b)),
        ("_-_", Value::Double(a), Value::Double(b)) => Ok(Value::Double(a - b)),
        ("_*_", Value::Double(a), Value::Double(b)) => Ok(Value::Double(a * b)),
        ("_/_", Value::Double(a), Value::Double(b)) => Ok(Value::Double(a / b)),
        ("_+_", Value::String(a), Value::String(b)) => Ok(Value::text(format!("{a}{b}"))),
        ("_+_", Value::Bytes(a), Value::Bytes(b)) => Ok(Value::Bytes([&**a, &**b].concat().into())),
        ("_+_", Value::Duration(a), Value::Duration(b)) => duration(a.checked_add(*b)),
        ("_-_", Value::Duration(a), Value::Duration(b)) => duration(a.checked_sub(*b)),
        ("_+_", Value::Timestamp(at), Value::Duration(by))
        | ("_+_", Value::Duration(by), Value::Timestamp(at)) => moved(*at, i128::from(*by)),
        ("_-_", Value::Timestamp(at), Value::Duration(by)) => moved(*at, -i128::from(*by)),
        ("_-_", Value::Timestamp(a), Value::Timestamp(b)) => {
            duration(i64::try_from(a.duration_since(*b).as_nanos()).ok())
        }
        ("_+_", a, b) => match (a.items(), b.items()) {
            (Some(left), Some(right)) => Ok(joined(a.list_type(), a, left?, right?)),
            _ => unsupported(operator, a),
        },
        _ => unsupported(operator, a),
    }
}

/// The error of an operator: that the types differ, or that the first one has no such operator.
fn unsupported<'v>(operator: &str, a: &Value<'v>) -> Outcome<'v> {
    let has_it = match operator {
        "_+_" => !matches!(a, Value::Bool(_) | Value::Null | Value::Map(_) | Value::Object(..)),
        "_-_" => matches!(
            a,
            Value::Int(_)
                | Value::Uint(_)
                | Value::Double(_)
                | Value::Duration(_)
                | Value::Timestamp(_)
        ),
        "_%_" => matches!(a, Value::Int(_) | Value::Uint(_)),
        _ => matches!(a, Value::Int(_) | Value::Uint(_) | Value::Double(_)),
    };
    if has_it { no_overload() } else { Err(format!("no such overload: {operator}")) }
}

/// Two lists as one. Sets take what they lack; of maps the items of the second replace those with the same keys.
fn joined<'v>(
    of: ListType,
    left: &Value<'v>,
    mut items: Vec<Value<'v>>,
    right: Vec<Value<'v>>,
) -> Value<'v> {
    let keys = match left {
        Value::Items(_, Some(schema)) => schema.list_map_keys.as_slice(),
        _ => &[],
    };
    for item in right {
        let known = match of {
            ListType::Atomic => None,
            ListType::Set => items.iter().position(|known| known.equals(&item)),
            ListType::Map => items.iter().position(|known| has_keys_of(known, &item, keys)),
        };
        match known {
            Some(at) => items[at] = item,
            None => items.push(item),
        }
    }
    Value::list(items)
}

fn has_keys_of(one: &Value<'_>, other: &Value<'_>, keys: &[String]) -> bool {
    keys.iter().all(|key| {
        let key = Value::text(key.as_str());
        match (one.get(&key), other.get(&key)) {
            (Ok(Some(one)), Ok(Some(other))) => one.equals(&other),
            (Ok(None), Ok(None)) => true,
            _ => false,
        }
    })
}

/// The years that times may lie in (`minUnixTime`, `maxUnixTime`).
const SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

fn moved<'v>(at: Timestamp, nanos: i128) -> Outcome<'v> {
    let moved = i64::try_from(nanos)
        .ok()
        .and_then(|nanos| at.checked_add(SignedDuration::from_nanos(nanos)).ok())
        .filter(|moved| SECONDS.contains(&moved.as_second()));
    moved.map(Value::Timestamp).ok_or_else(|| "timestamp overflow".to_owned())
}
