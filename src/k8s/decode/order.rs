//! Errors of strict decoding in the order of the text, as Go's decoder of structs finds them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::super::golang::{quote, readable};

/// Sorts errors about fields by the place of the field in a JSON text. A text of another form leaves them as
/// they are.
pub(in super::super) fn in_text_order(errors: &mut [String], text: &[u8]) {
    if errors.len() < 2 {
        return;
    }
    let Some(places) = places(text) else { return };
    errors.sort_by_cached_key(|error| {
        let place = error.split_once(" field ").and_then(|(kind, path)| {
            let found = places.get(path)?;
            Some(if kind == "duplicate" { found.1 } else { found.0 })
        });
        place.unwrap_or(usize::MAX)
    });
}

/// A value of the wrong type.
#[derive(Debug)]
pub(in super::super) struct Problem {
    /// The path with indexes and keys.
    pub(in super::super) path: String,
    /// Whether decoding ends there: the type's own decoder (`UnmarshalJSON`) refused the value. Other errors are kept
    /// until the end (`saveError` in `encoding/json`).
    pub(in super::super) ends: bool,
    /// Go's message.
    pub(in super::super) why: String,
}

/// The values of wrong types in an object.
#[derive(Debug)]
pub(in super::super) struct Problems(pub(in super::super) Vec<Problem>);

impl Problems {
    /// The message that Go has, which decodes a text from its beginning: about the first value that ends decoding, or
    /// else the first one. Without a text the problems are in order.
    pub(in super::super) fn first(mut self, text: Option<&[u8]>) -> String {
        match text.filter(|_| self.0.len() > 1).map(places) {
            Some(Some(places)) => {
                let place = |path: &str| places.get(&quote(path)).map(|found| found.0);
                self.0.sort_by_cached_key(|problem| place(&problem.path).unwrap_or(usize::MAX));
            }
            // YAML becomes JSON first, with its keys in the order of names.
            Some(None) => self.0.sort_by(|one, other| one.path.cmp(&other.path)),
            None => {}
        }
        let at = self.0.iter().position(|problem| problem.ends).unwrap_or_default();
        self.0.into_iter().nth(at).map(|problem| problem.why).unwrap_or_default()
    }
}

/// The first and the last place of each path of a JSON text, which is quoted.
fn places(text: &[u8]) -> Option<HashMap<String, (usize, usize)>> {
    let places = RefCell::<Places>::default();
    let text = readable(text);
    let mut reader = serde_json::Deserializer::from_str(&text);
    reader.disable_recursion_limit();
    let seed = Paths { path: String::new(), places: &places };
    seed.deserialize(&mut reader).ok()?;
    Some(places.into_inner().of)
}

/// Collects the quoted path of each field and item, with its first and last place.
struct Paths<'p> {
    path: String,
    places: &'p RefCell<Places>,
}

#[derive(Default)]
struct Places {
    /// The number of fields so far.
    count: usize,
    /// The first and the last place of each path, which is quoted.
    of: HashMap<String, (usize, usize)>,
}

impl Places {
    fn add(&mut self, path: &str) {
        self.count += 1;
        let place = self.count;
        self.of.entry(quote(path)).or_insert((place, place)).1 = place;
    }
}

impl<'de> DeserializeSeed<'de> for Paths<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Paths<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        while let Some(key) = access.next_key::<String>()? {
            let path = if self.path.is_empty() { key } else { format!("{}.{key}", self.path) };
            self.places.borrow_mut().add(&path);
            access.next_value_seed(Paths { path, places: self.places })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        for index in 0.. {
            let path = format!("{}[{index}]", self.path);
            self.places.borrow_mut().add(&path);
            if access.next_element_seed(Paths { path, places: self.places })?.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}
