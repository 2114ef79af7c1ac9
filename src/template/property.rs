//! The properties of values: `.name` and `.[0]` after a value.
//!
//! jknack asks a map for the name, and any object for a method of that name. The Java methods that
//! are useful to templates are implemented.

use super::path::Part;
use super::value::{List, ListStyle, Value};

/// Returns what a part of a path means for a value, or `None` if it means nothing.
pub(crate) fn part(value: &Value, part: &Part) -> Option<Value> {
    let found = match part {
        Part::Property(name) => named(value, name),
        Part::Index(index, name) => match value {
            Value::List(list) => list.items.get(*index).cloned(),
            other => named(other, name),
        },
        Part::Data(name) => named(value, name).or_else(|| named(value, &name[1..])),
        _ => None,
    };
    found.filter(|value| !value.is_null())
}

fn named(value: &Value, name: &str) -> Option<Value> {
    match value {
        Value::Map(map) => map.get(name).cloned().or_else(|| match name {
            "size" => Some(count(map.entries.len())),
            "empty" | "isEmpty" => Some(Value::Bool(map.entries.is_empty())),
            _ => None,
        }),
        Value::List(list) => of_list(list, name),
        Value::Text(text) => of_text(text, name),
        Value::Token(text) => match name {
            "name" | "value" => Some(Value::Text(text.clone())),
            "hasEntity" => Some(Value::Bool(matches!(&**text, "PUT" | "PATCH" | "POST"))),
            _ => None,
        },
        Value::Object(object) => object.property(name),
        _ => None,
    }
}

fn of_list(list: &List, name: &str) -> Option<Value> {
    match name {
        "size" | "length" => Some(count(list.items.len())),
        "empty" | "isEmpty" => Some(Value::Bool(list.items.is_empty())),
        "first" if list.style == ListStyle::First => list.items.first().cloned(),
        "last" if list.style == ListStyle::First => list.items.last().cloned(),
        "single" | "isSingle" if list.style == ListStyle::First => {
            Some(Value::Bool(list.items.len() == 1))
        }
        _ => None,
    }
}

fn of_text(text: &str, name: &str) -> Option<Value> {
    Some(match name {
        "length" => count(text.encode_utf16().count()),
        "empty" | "isEmpty" => Value::Bool(text.is_empty()),
        "blank" | "isBlank" => Value::Bool(text.trim().is_empty()),
        "toUpperCase" => Value::text(text.to_uppercase()),
        "toLowerCase" => Value::text(text.to_lowercase()),
        "trim" | "strip" => Value::text(text.trim()),
        "toString" => Value::text(text),
        _ => return None,
    })
}

fn count(length: usize) -> Value {
    Value::Int(i64::try_from(length).unwrap_or(i64::MAX))
}
