//! JSON paths in Jayway's dialect, as `WireMock` reads them, over any tree of values.
//!
//! ```text
//! text → [cursor] → [parse], [parse_filter] → [Query] → [eval], [filter], [function] → [Found]
//! ```
//!
//! `$.a['b'][0][-1][1:3][0,2].*`, `..name`, filters `[?(@.k == 1 && @.v =~ /x/i)]`, and functions such as
//! `length()`. RFC 9535 differs in filters and functions; [`super::json_path`] reads that. Texts are refused, and
//! values are found, as by Jayway's `json-path` 2.10; a search ends at a limit of steps.

mod cursor;
mod equal;
mod eval;
mod filter;
mod found;
mod function;
mod parse;
mod parse_filter;
mod query;
mod side;
mod why_nothing;

pub(crate) use found::{Found, Key, PathError};
pub(crate) use query::Query;

use crate::java::decimal::{Decimal, double};
use crate::java::json::Json;

/// A value that paths lead through.
pub(crate) trait Tree: Sized {
    /// Returns what the value is.
    fn kind(&self) -> Kind<'_>;
    /// Returns the item of a list.
    fn item(&self, index: usize) -> Option<&Self>;
    /// Returns the member of a map.
    fn member(&self, name: &str) -> Option<&Self>;
    /// Returns all members of a map, in order.
    fn members(&self) -> impl Iterator<Item = (&str, &Self)>;

    /// Returns a number as it is, without the loss of digits that a double has.
    fn exact(&self) -> Option<Decimal> {
        Decimal::parse(&self.printed())
    }

    /// Returns a number, a text or a truth value as Java prints it; nothing for others.
    fn printed(&self) -> String {
        match self.kind() {
            Kind::Bool(value) => value.to_string(),
            Kind::Text(text) => text.to_owned(),
            Kind::Number(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
                format!("{number:.0}")
            }
            Kind::Number(number) => double(number),
            Kind::Null | Kind::List(_) | Kind::Map(_) => String::new(),
        }
    }
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind<'t> {
    /// JSON's null.
    Null,
    /// A truth value.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(&'t str),
    /// A list of this many items.
    List(usize),
    /// A map of this many members.
    Map(usize),
}

impl Tree for serde_json::Value {
    fn kind(&self) -> Kind<'_> {
        match self {
            Self::Null => Kind::Null,
            Self::Bool(value) => Kind::Bool(*value),
            Self::Number(number) => Kind::Number(number.as_f64().unwrap_or(f64::NAN)),
            Self::String(text) => Kind::Text(text),
            Self::Array(items) => Kind::List(items.len()),
            Self::Object(members) => Kind::Map(members.len()),
        }
    }

    fn item(&self, index: usize) -> Option<&Self> {
        self.as_array()?.get(index)
    }

    fn member(&self, name: &str) -> Option<&Self> {
        self.as_object()?.get(name)
    }

    fn members(&self) -> impl Iterator<Item = (&str, &Self)> {
        self.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
    }
}

impl Tree for Json {
    fn kind(&self) -> Kind<'_> {
        match self {
            Self::Null => Kind::Null,
            Self::Bool(value) => Kind::Bool(*value),
            Self::Number(number) => Kind::Number(number.to_f64()),
            Self::Text(text) => Kind::Text(text),
            Self::List(items) => Kind::List(items.len()),
            Self::Map(map) => Kind::Map(map.len()),
        }
    }

    fn item(&self, index: usize) -> Option<&Self> {
        match self {
            Self::List(items) => items.get(index),
            _ => None,
        }
    }

    fn member(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Map(map) => map.get(name),
            _ => None,
        }
    }

    fn members(&self) -> impl Iterator<Item = (&str, &Self)> {
        let map = match self {
            Self::Map(map) => Some(map),
            _ => None,
        };
        map.into_iter().flat_map(crate::java::json::Map::iter)
    }

    fn printed(&self) -> String {
        match self {
            Self::Null => String::new(),
            other => other.to_java(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn find(path: &str) -> String {
        let document = json!({
            "n": null,
            "a": [{"k": 1, "v": "x"}, {"k": "1", "v": "y"}, {"v": "z"}],
            "o": {"b c": [1, 2, 3, 4], "d": {"v": true}},
        });
        let query = match Query::parse(path) {
            Ok(query) => query,
            Err(error) => return format!("invalid: {error}"),
        };
        match query.find(&document, true).unwrap() {
            Found::Nothing => "nothing".to_owned(),
            Found::One(value) => value.to_string(),
            Found::Null => "null".to_owned(),
            Found::Many(values) => {
                let texts =
                    values.iter().map(|value| value.map_or("null".to_owned(), ToString::to_string));
                format!("[{}]", texts.collect::<Vec<_>>().join(","))
            }
            Found::Members(members) => {
                format!("{:?}", members.iter().map(|(name, _)| *name).collect::<Vec<_>>())
            }
            Found::Count(count) => count.to_string(),
            Found::Number(number) => format!("{number:?}"),
            Found::Names(names) => format!("{names:?}"),
            Found::Text(text) => text,
        }
    }

    #[test]
    fn paths_find_what_jayway_finds() {
        for (path, expected) in [
            ("$.a[0].v", "\"x\""),
            ("a[0].v", "\"x\""),
            ("$['a'][-1]['v']", "\"z\""),
            ("$.a[7]", "nothing"),
            ("$.n", "null"),
            ("$.nope", "null"),
            ("$.nope.deeper", "nothing"),
            ("$.o['b c'][1:3]", "[2,3]"),
            ("$.o['b c'][:2]", "[1,2]"),
            ("$.o['b c'][-2:]", "[3,4]"),
            ("$.o['b c'][0,2]", "[1,3]"),
            ("$.o['b c'].length()", "4"),
            ("$.o['b c'].min()", "1.0"),
            ("$.o['b c'].sum()", "10.0"),
            ("$.o['b c'].avg()", "2.5"),
            ("$.a.*.v", "[\"x\",\"y\",\"z\"]"),
            ("$.a[*].k", "[1,\"1\",null]"),
            ("$.a[?(@.k == 1)].v", "[\"x\",\"y\"]"),
            ("$.a[?(@.k)].v", "[\"x\",\"y\"]"),
            ("$.a[?(!(@.k))].v", "[\"z\"]"),
            ("$.a[?(@.v =~ /[XY]/i)].v", "[\"x\",\"y\"]"),
            ("$.a[?(@.v in ['x','q'] || @.v == \"z\")].v", "[\"x\",\"z\"]"),
            ("$.a[?(@.v > 'x' && @.v != 'z')].v", "[\"y\"]"),
            ("$.a[?(@.k == $.a[0].k)].v", "[\"x\",\"y\"]"),
            ("$.o['b c'][?(@ >= 3)]", "[3,4]"),
            ("$..[?(@.v == true)]", "[{\"v\":true}]"),
            ("$..d.v", "[true]"),
            ("$.o.keys()", "[\"b c\", \"d\"]"),
            ("$.a[0]['k','v']", "[\"k\", \"v\"]"),
        ] {
            assert_eq!(find(path), expected, "{path}");
        }
        for path in ["$.", "$[", "$.a[?(@.k ==)]", "$.a[?(@.k", "$.a['x", "$..", "$.a[x]", ""] {
            assert!(find(path).starts_with("invalid"), "{path}: {}", find(path));
        }
    }

    #[test]
    fn a_path_that_visits_too_much_ends() {
        let mut deep = json!(1);
        for _ in 0..60 {
            deep = json!({"a": deep, "b": [1, 2, 3]});
        }
        let query = Query::parse("$..*..*..*..*..*").unwrap();
        assert!(query.find(&deep, false).is_err());
        let nested = format!("${}", "[?(@.a".repeat(500));
        assert!(Query::parse(&nested).is_err());
    }
}
