//! JSON text → values, fast; and the places of values, by a second slower pass.

use std::collections::BTreeMap;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::json_syntax::{Dialect, first_problem};
use super::places::{At, Spot};
use super::{Diagnostic, Place, Source, Step};

/// Parses a JSON text.
pub(super) fn parse(source: &Source) -> Result<Value, Diagnostic> {
    serde_json::from_str::<Unique>(body_of(&source.text)).map(|unique| unique.0).map_err(|error| {
        problem_of(source, Dialect::Strict).unwrap_or_else(|| beyond_syntax(source, &error))
    })
}

/// Returns the text without a byte order mark.
fn body_of(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Returns the first problem of a text that is not JSON.
pub(super) fn problem_of(source: &Source, dialect: Dialect) -> Option<Diagnostic> {
    let text = body_of(&source.text);
    let problem = first_problem(text, dialect)?;
    let place = Place::of_offset(text, problem.offset);
    Some(
        Diagnostic::error(&source.path, problem.message).hint(problem.hint).at(place).quoting(text),
    )
}

/// Returns what the parser refuses although the syntax is right: a key that is repeated, or a
/// number without bounds.
fn beyond_syntax(source: &Source, error: &serde_json::Error) -> Diagnostic {
    let place = Place { line: error.line().max(1), column: error.column().max(1) };
    let (what, hint) = if error.is_data() {
        let message = error.to_string();
        // The parser ends its text with " at line L column C"; the place is reported in front instead.
        let what = message.split(" at line ").next().unwrap_or(&message).to_owned();
        (what, "keep one of them; several values of one key are a list, like [1, 2]")
    } else {
        (
            "this number is too large".to_owned(),
            "write a number up to 1e308, or a text in double quotes",
        )
    };
    Diagnostic::error(&source.path, what).hint(hint).at(place).quoting(body_of(&source.text))
}

/// Parses a JSON text in which keys may be repeated: the last one counts. `None` if it is not JSON.
pub(super) fn parse_with_repeated_keys(text: &str) -> Option<Value> {
    serde_json::from_str(text.strip_prefix('\u{feff}').unwrap_or(text)).ok()
}

/// Parses a part of a JSON text that was found in its place, or `None` if it is not well-formed.
pub(crate) fn parse_part(text: &str) -> Option<Value> {
    serde_json::from_str::<Unique>(text).ok().map(|unique| unique.0)
}

/// Returns the line and column of the value, or of the key, at `pointer`.
pub(super) fn place(text: &str, pointer: &[Step], key: bool) -> Option<Place> {
    let mut raw: &RawValue =
        serde_json::from_str(text.strip_prefix('\u{feff}').unwrap_or(text)).ok()?;
    let mut key_offset = offset_in(text, raw.get())?;
    for step in pointer {
        let before = raw;
        raw = match step {
            Step::Key(name) => {
                let mut map: BTreeMap<String, &RawValue> = serde_json::from_str(raw.get()).ok()?;
                map.remove(name)?
            }
            Step::Index(index) => {
                let list: Vec<&RawValue> = serde_json::from_str(raw.get()).ok()?;
                *list.get(*index)?
            }
        };
        key_offset = offset_in(text, raw.get())?;
        if let Step::Key(_) = step {
            let start = offset_in(text, before.get())?;
            key_offset = key_before(text, start, key_offset).unwrap_or(key_offset);
        }
    }
    let offset = if key { key_offset } else { offset_in(text, raw.get())? };
    Some(Place::of_offset(text, offset))
}

/// Returns the places of everything.
pub(super) fn spots(text: &str) -> Option<Spot> {
    let raw: &RawValue =
        serde_json::from_str(text.strip_prefix('\u{feff}').unwrap_or(text)).ok()?;
    spot(text, raw.get(), None)
}

fn spot(text: &str, raw: &str, around: Option<&str>) -> Option<Spot> {
    let value = offset_in(text, raw)?;
    let key = match around {
        Some(around) => key_before(text, offset_in(text, around)?, value).unwrap_or(value),
        None => value,
    };
    let mut spot = Spot { key: At::Offset(key), value: At::Offset(value), ..Spot::default() };
    if raw.starts_with('{') {
        let fields: BTreeMap<String, &RawValue> = serde_json::from_str(raw).ok()?;
        let mut from = raw;
        let mut fields: Vec<_> = fields.into_iter().collect();
        fields.sort_unstable_by_key(|(_, value)| value.get().as_ptr());
        for (name, value) in fields {
            spot.fields.insert(name, self::spot(text, value.get(), Some(from))?);
            // The next key follows this value.
            from = &raw[offset_in(raw, value.get())? + value.get().len()..];
        }
    } else if raw.starts_with('[') {
        let items: Vec<&RawValue> = serde_json::from_str(raw).ok()?;
        spot.items = items
            .into_iter()
            .map(|item| self::spot(text, item.get(), None))
            .collect::<Option<_>>()?;
    }
    Some(spot)
}

/// Returns where `part`, a slice of `text`, begins.
fn offset_in(text: &str, part: &str) -> Option<usize> {
    (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize)
}

/// Returns where the key begins whose value starts at `value`: it is preceded by a colon and a
/// quoted name.
fn key_before(text: &str, from: usize, value: usize) -> Option<usize> {
    let before = text.get(from..value)?.trim_end().strip_suffix(':')?.trim_end();
    let name = before.strip_suffix('"')?;
    let bytes = name.as_bytes();
    let mut end = bytes.len();
    loop {
        let quote = name[..end].rfind('"')?;
        let escapes = bytes[..quote].iter().rev().take_while(|b| **b == b'\\').count();
        if escapes.is_multiple_of(2) {
            return Some(from + quote);
        }
        end = quote;
    }
}

/// A value without duplicate keys: `serde_json::Value` would silently keep the last one.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Unique;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Unique, E> {
        Ok(Unique(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Unique, E> {
        Ok(Unique(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Unique, E> {
        Ok(Unique(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Unique, E> {
        Ok(Unique(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Unique, E> {
        Ok(Unique(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Unique, E> {
        Ok(Unique(value.into()))
    }

    fn visit_string<E>(self, value: String) -> Result<Unique, E> {
        Ok(Unique(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Unique, A::Error> {
        let mut list = Vec::new();
        while let Some(Unique(item)) = seq.next_element()? {
            list.push(item);
        }
        Ok(Unique(Value::Array(list)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Unique, A::Error> {
        let mut map = Map::new();
        while let Some(key) = access.next_key::<String>()? {
            let Unique(value) = access.next_value()?;
            match map.entry(key) {
                Entry::Vacant(entry) => entry.insert(value),
                Entry::Occupied(entry) => {
                    return Err(A::Error::custom(format_args!(
                        "the key {:?} occurs twice in one object",
                        entry.key()
                    )));
                }
            };
        }
        Ok(Unique(Value::Object(map)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Format;

    fn source(text: &str) -> Source {
        Source { path: "x.json".into(), format: Format::Json, text: text.into() }
    }

    #[test]
    fn syntax_errors_carry_their_place() {
        let error = source("{\n  \"a\": ,\n}").parse().unwrap_err();
        assert_eq!(
            error.to_string(),
            "x.json:2:8: a value is expected here, not ,; write a value, like \"text\", 1, true, null, [1, 2] or {\"a\": 1}"
        );
        let error = source("{\"a\": 1, \"a\": 2}").parse().unwrap_err();
        assert!(error.to_string().contains("the key \"a\" occurs twice"), "{error}");
    }

    #[test]
    fn values_and_keys_are_found_again() {
        let text = "{\n  \"a\": [1, {\"b\\\"c\" : true}]\n}";
        let pointer = [Step::Key("a".into()), Step::Index(1), Step::Key("b\"c".into())];
        assert_eq!(place(text, &pointer, false), Some(Place { line: 2, column: 22 }));
        assert_eq!(place(text, &pointer, true), Some(Place { line: 2, column: 13 }));
        assert_eq!(place(text, &[Step::Key("nope".into())], false), None);
    }
}
