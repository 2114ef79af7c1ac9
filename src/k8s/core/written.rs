//! Decoded values as Go writes them again: what is left out, and what an absent value is
//! (`omitempty` and `omitzero` of `encoding/json`).

use serde_json::Value;

use super::super::golang;
use super::types::{Field, GoKind, GoStruct};

impl Field {
    /// The value as Go writes it; `None` for one that is left out. Empty lists and maps are stored as absent ones
    /// are: the stored form does not tell them apart.
    pub(super) fn written(&self, value: Value) -> Option<Value> {
        let collection = matches!(self.kind, GoKind::List(..) | GoKind::Map(..));
        let value = match value {
            Value::Array(list) if collection && list.is_empty() => Value::Null,
            Value::Object(map) if collection && map.is_empty() => Value::Null,
            Value::Null if !self.pointer => zero(&self.kind),
            value => value,
        };
        if self.pointer {
            return if value.is_null() && self.omit_empty { None } else { Some(value) };
        }
        let empty = match &value {
            Value::Null => !matches!(self.kind, GoKind::Time | GoKind::MicroTime),
            Value::String(text) => {
                text.is_empty() && matches!(self.kind, GoKind::Text(_) | GoKind::Bytes)
            }
            Value::Bool(set) => !set,
            Value::Number(number) => {
                number.as_f64() == Some(0.0) && !matches!(self.kind, GoKind::IntOrString)
            }
            Value::Array(_) | Value::Object(_) => false,
        };
        let zero = self.omit_zero && value == zero(&self.kind);
        (!(self.omit_empty && empty || zero)).then_some(value)
    }
}

/// The fields of an object that hold an empty list, and are written where they are empty: until it is stored, an object
/// has the list.
pub(in super::super) fn empty_lists(value: &Value, of: &GoStruct) -> Vec<&'static str> {
    let lists = of.fields.iter().filter(|field| {
        !field.omit_empty && !field.pointer && matches!(field.kind, GoKind::List(..))
    });
    lists
        .map(|field| field.name)
        .filter(|name| value[*name].as_array().is_some_and(Vec::is_empty))
        .collect()
}

/// The zero value of a struct, as Go writes it: for the ownership of fields, what a new object is compared with.
pub(in super::super) fn empty(of: &GoStruct) -> Value {
    let written = of
        .fields
        .iter()
        .filter_map(|field| field.written(Value::Null).map(|value| (field.name.to_owned(), value)));
    Value::Object(written.collect())
}

/// The zero value of a type, as Go writes it.
fn zero(kind: &GoKind) -> Value {
    match kind {
        GoKind::Text(_) => "".into(),
        GoKind::Bool(_) => false.into(),
        GoKind::Int { .. } | GoKind::Float(_) | GoKind::IntOrString => 0.into(),
        GoKind::Quantity => "0".into(),
        GoKind::Struct(of) => empty(of.get()),
        _ => Value::Null,
    }
}

/// The zero value of an item of a map or a list, as it is read back from the store.
pub(super) fn zero_item(kind: &GoKind) -> Value {
    if let GoKind::Bytes = kind { "".into() } else { zero(kind) }
}

/// A time or duration as it is written again.
pub(super) fn written_time(kind: &GoKind, text: &str) -> Result<Value, String> {
    let (time, format) = if let GoKind::MicroTime = kind {
        (golang::parse_micro_time(text)?, "%Y-%m-%dT%H:%M:%S.%6fZ")
    } else {
        (golang::parse_time(text)?, "%Y-%m-%dT%H:%M:%SZ")
    };
    Ok(time.strftime(format).to_string().into())
}
