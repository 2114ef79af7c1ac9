//! JSON → the values of expressions, by the types of the schema
//! (`k8s.io/apiserver/pkg/cel/common/values.go`).

use std::collections::HashMap;
use std::sync::Arc;

use ::cel::Value as Cel;
use ::cel::objects::{Key, Map};
use serde_json::Value;

use super::super::{Additional, Kind, Schema};

/// A value as expressions see it. Properties have escaped names; keys of maps are as they are.
pub(super) fn of(schema: Option<&Schema>, value: &Value) -> Cel {
    match value {
        Value::Null => Cel::Null,
        Value::Bool(value) => Cel::Bool(*value),
        Value::String(text) => Cel::String(Arc::new(text.clone())),
        Value::Number(number) => {
            let is_number = schema.is_some_and(|schema| schema.kind == Some(Kind::Number));
            match number.as_i64() {
                Some(integer) if !is_number => Cel::Int(integer),
                _ => Cel::Float(number.as_f64().unwrap_or_default()),
            }
        }
        Value::Array(list) => {
            let items = schema.and_then(|schema| schema.items.as_deref());
            Cel::List(Arc::new(list.iter().map(|item| of(items, item)).collect()))
        }
        Value::Object(map) => {
            let entry = |(name, value): (&String, &Value)| {
                let property = schema.and_then(|schema| schema.properties.get(name));
                let (name, inner) = match (property, schema.map(|schema| &schema.additional)) {
                    (Some(property), _) => (escape(name)?, Some(property)),
                    (None, Some(Additional::Schema(inner))) => (name.clone(), Some(&**inner)),
                    (None, _) => (name.clone(), None),
                };
                Some((Key::String(Arc::new(name)), of(inner, value)))
            };
            let map: HashMap<Key, Cel> = map.iter().filter_map(entry).collect();
            Cel::Map(Map { map: Arc::new(map) })
        }
    }
}

/// Words that cannot be the names of fields in expressions.
const RESERVED: [&str; 21] = [
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// The name of a property in expressions (`k8s.io/apiserver/pkg/cel/escaping.go`, `Escape`); none for one that cannot
/// be written.
fn escape(name: &str) -> Option<String> {
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if RESERVED.contains(&name) {
        return Some(format!("__{name}__"));
    }
    let mut out = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(c) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("__") {
            out.push_str("__underscores__");
            rest = after;
            continue;
        }
        match c {
            '.' => out.push_str("__dot__"),
            '-' => out.push_str("__dash__"),
            '/' => out.push_str("__slash__"),
            c if c.is_ascii_alphanumeric() || c == '_' => out.push(c),
            _ => return None,
        }
        rest = &rest[c.len_utf8()..];
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped() {
        for (name, expected) in [
            ("a", Some("a")),
            ("if", Some("__if__")),
            ("a-b", Some("a__dash__b")),
            ("a.b/c", Some("a__dot__b__slash__c")),
            ("a__b", Some("a__underscores__b")),
            ("1a", None),
            ("a b", None),
        ] {
            assert_eq!(escape(name).as_deref(), expected, "{name}");
        }
    }
}
