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
    let places = RefCell::<Places>::default();
    let text = readable(text);
    let mut reader = serde_json::Deserializer::from_str(&text);
    reader.disable_recursion_limit();
    let seed = Paths { path: String::new(), places: &places };
    if seed.deserialize(&mut reader).is_err() {
        return;
    }
    let places = places.into_inner().of;
    errors.sort_by_cached_key(|error| {
        let place = error.split_once(" field ").and_then(|(kind, path)| {
            let found = places.get(path)?;
            Some(if kind == "duplicate" { found.1 } else { found.0 })
        });
        place.unwrap_or(usize::MAX)
    });
}

/// Collects the quoted path of each field, with its first and last place.
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
            {
                let mut places = self.places.borrow_mut();
                places.count += 1;
                let place = places.count;
                places.of.entry(quote(&path)).or_insert((place, place)).1 = place;
            }
            access.next_value_seed(Paths { path, places: self.places })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        let mut index = 0;
        while access
            .next_element_seed(Paths {
                path: format!("{}[{index}]", self.path),
                places: self.places,
            })?
            .is_some()
        {
            index += 1;
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
