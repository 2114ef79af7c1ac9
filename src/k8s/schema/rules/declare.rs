//! What rules know of a schema: types with the largest sizes of their values
//! (`k8s.io/apiserver/pkg/cel/{types,common/schemas,escaping}.go`).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::{Additional, Kind, Schema};
use super::language::types::{Decl, ObjectDecl, Shape, Type};

/// The largest request, in bytes: what has no bound in its schema is bounded by it.
const MAX_REQUEST: u64 = 3 * 1024 * 1024;

impl Decl {
    fn simple(of: Type, max: u64, min_size: u64) -> Arc<Self> {
        Arc::new(Self { shape: Shape::Simple(of), max, min_size })
    }

    /// The declaration of a schema; nothing for one whose values rules cannot see (`SchemaDeclType`). `name` is that of
    /// its type.
    pub(super) fn of(schema: &Schema, is_object: bool, name: &str) -> Option<Arc<Self>> {
        if schema.int_or_string {
            let max = schema.max_length.map_or(MAX_REQUEST - 2, |max| max.saturating_mul(4));
            return Some(Self::simple(Type::Dyn, max, 1));
        }
        match schema.kind? {
            Kind::Array => {
                let items = schema.items.as_deref()?;
                let item = Self::of(items, items.embedded, &format!("{name}.@idx"))?;
                let max = schema.max_items.unwrap_or((MAX_REQUEST - 2) / (item.min_size + 1));
                Some(Arc::new(Self { shape: Shape::List(item), max, min_size: 2 }))
            }
            Kind::Object => Self::of_object(schema, is_object, name),
            Kind::String => Some(Self::of_text(schema)),
            Kind::Boolean => Some(Self::simple(Type::Bool, 0, 4)),
            Kind::Number => Some(Self::simple(Type::Double, 0, 1)),
            Kind::Integer => Some(Self::simple(Type::Int, 0, 1)),
        }
    }

    fn of_object(schema: &Schema, is_object: bool, name: &str) -> Option<Arc<Self>> {
        if let Additional::Schema(inner) = &schema.additional {
            let value = Self::of(inner, inner.embedded, &format!("{name}.@elem"))?;
            let max = schema.max_properties.unwrap_or((MAX_REQUEST - 2) / (value.min_size + 6));
            return Some(Arc::new(Self { shape: Shape::Map(value), max, min_size: 2 }));
        }
        let mut fields = BTreeMap::new();
        let mut min_size = 2;
        let text = || Self::simple(Type::String, MAX_REQUEST - 2, 2);
        if is_object && !has_meta(schema) {
            let names = ["generateName", "name"].map(|name| (name.to_owned(), text()));
            let metadata = ObjectDecl { name: format!("{name}.metadata"), fields: names.into() };
            let metadata = Self { shape: Shape::Object(Arc::new(metadata)), max: 0, min_size: 2 };
            fields.extend([
                ("apiVersion".to_owned(), text()),
                ("kind".to_owned(), text()),
                ("metadata".to_owned(), Arc::new(metadata)),
            ]);
        }
        for (field, decl) in &fields {
            if schema.required.contains(field) {
                min_size += field.len() as u64 + decl.min_size + 4;
            }
        }
        for (field, property) in &schema.properties {
            if is_object && fields.contains_key(field) {
                continue;
            }
            let escaped = escape(field);
            let type_name = format!("{name}.{}", escaped.as_deref().unwrap_or(field));
            let Some(decl) = Self::of(property, property.embedded, &type_name) else { continue };
            if schema.required.contains(field) && property.default.is_none() {
                min_size += field.len() as u64 + decl.min_size + 4;
            }
            fields.extend(escaped.map(|escaped| (escaped, decl)));
        }
        let of = ObjectDecl { name: name.to_owned(), fields };
        Some(Arc::new(Self { shape: Shape::Object(Arc::new(of)), max: 0, min_size }))
    }

    fn of_text(schema: &Schema) -> Arc<Self> {
        let unbounded = MAX_REQUEST - 2;
        match schema.format.as_deref().unwrap_or_default() {
            "byte" => Self::simple(Type::Bytes, schema.max_length.unwrap_or(unbounded), 2),
            "duration" => Self::simple(Type::Duration, 32, 3),
            "date" => Self::simple(Type::Timestamp, 12, 12),
            "date-time" => Self::simple(Type::Timestamp, 32, 21),
            _ => {
                let longest =
                    schema.allowed.iter().filter_map(|text| Some(text.as_str()?.len() as u64));
                let max = match schema.max_length {
                    Some(max) => max.saturating_mul(4),
                    None if !schema.allowed.is_empty() => longest.max().unwrap_or_default(),
                    None => unbounded,
                };
                Self::simple(Type::String, max, 2)
            }
        }
    }

    /// The largest number of values of it that a request can hold (`maxCardinality`).
    pub(super) fn max_cardinality(&self) -> u64 {
        MAX_REQUEST / (self.min_size + 1)
    }
}

/// Whether a schema declares what every object has.
pub(super) fn has_meta(schema: &Schema) -> bool {
    let is_text = |of: Option<&Schema>| of.is_some_and(|of| of.kind == Some(Kind::String));
    let metadata = schema.properties.get("metadata").filter(|of| of.kind == Some(Kind::Object));
    is_text(schema.properties.get("kind"))
        && is_text(schema.properties.get("apiVersion"))
        && metadata.is_some_and(|of| {
            is_text(of.properties.get("name")) && is_text(of.properties.get("generateName"))
        })
}

/// The reserved words of the language.
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

/// The name of a property in expressions; nothing for one that cannot be written (`Escape`).
pub(super) fn escape(name: &str) -> Option<String> {
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

/// The property that an escaped name stands for (`Unescape`).
pub(super) fn unescape(name: &str) -> String {
    let inner = name.strip_prefix("__").and_then(|name| name.strip_suffix("__"));
    if let Some(inner) = inner.filter(|inner| RESERVED.contains(inner)) {
        return inner.to_owned();
    }
    if !name.contains("__") {
        return name.to_owned();
    }
    let mut out = String::with_capacity(name.len());
    let mut rest = name;
    'next: while let Some(c) = rest.chars().next() {
        for (escaped, plain) in
            [("__underscores__", "__"), ("__dot__", "."), ("__dash__", "-"), ("__slash__", "/")]
        {
            if let Some(after) = rest.strip_prefix(escaped) {
                out.push_str(plain);
                rest = after;
                continue 'next;
            }
        }
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_and_found_again() {
        for (name, escaped) in [
            ("a", "a"),
            ("a-b", "a__dash__b"),
            ("a.b/c", "a__dot__b__slash__c"),
            ("a__b", "a__underscores__b"),
            ("if", "__if__"),
            ("namespace", "__namespace__"),
        ] {
            assert_eq!(escape(name).as_deref(), Some(escaped));
            assert_eq!(unescape(escaped), name);
        }
        for name in ["", "1a", "a b", "ä"] {
            assert_eq!(escape(name), None, "{name}");
        }
    }
}
