//! The places of all values of a document: built once, if many places are needed.
//!
//! A single place is looked up by reading the text again ([`Source::place`](super::Source::place)).
//! That is quadratic for a file of many rules, each of which knows its place.

use std::collections::HashMap;

use super::{Place, Step};

/// The places of one document.
#[derive(Debug)]
pub(super) struct Places {
    root: Spot,
    marks: Marks,
}

/// The place of a value and its key, and of the nested values.
#[derive(Debug, Default)]
pub(super) struct Spot {
    pub(super) key: At,
    pub(super) value: At,
    pub(super) fields: HashMap<String, Spot>,
    pub(super) items: Vec<Spot>,
}

/// A place as the parser gives it.
#[derive(Debug, Clone, Copy)]
pub(super) enum At {
    /// Bytes from the start of the text.
    Offset(usize),
    /// The place itself.
    Place(Place),
}

impl Default for At {
    fn default() -> Self {
        Self::Offset(0)
    }
}

impl Places {
    pub(super) fn new(text: &str, root: Spot) -> Self {
        let marks =
            if matches!(root.value, At::Offset(_)) { Marks::new(text) } else { Marks::default() };
        Self { root, marks }
    }

    /// Returns the place of the value, or of the key, that a pointer leads to.
    pub(super) fn find(&self, text: &str, pointer: &[Step], key: bool) -> Option<Place> {
        let spot = pointer.iter().try_fold(&self.root, |spot, step| match step {
            Step::Key(name) => spot.fields.get(name),
            Step::Index(index) => spot.items.get(*index),
        })?;
        Some(match if key { spot.key } else { spot.value } {
            At::Place(place) => place,
            At::Offset(offset) => self.marks.place(text, offset),
        })
    }
}

/// Known places in a text, so that a place is found without reading from the start.
#[derive(Debug, Default)]
struct Marks(Vec<(usize, Place)>);

/// The bytes from one mark to the next.
const STRIDE: usize = 4096;

impl Marks {
    fn new(text: &str) -> Self {
        let mut marks = vec![(0, Place { line: 1, column: 1 })];
        while let Some(&(from, place)) = marks.last()
            && from + STRIDE < text.len()
        {
            let mut to = from + STRIDE;
            while !text.is_char_boundary(to) {
                to += 1;
            }
            marks.push((to, advance(place, &text[from..to])));
        }
        Self(marks)
    }

    fn place(&self, text: &str, offset: usize) -> Place {
        let mark = self.0.partition_point(|(at, _)| *at <= offset).saturating_sub(1);
        let Some(&(from, place)) = self.0.get(mark) else {
            return Place::of_offset(text, offset);
        };
        advance(place, text.get(from..offset).unwrap_or_default())
    }
}

/// Returns the place after a piece of text that begins at a place.
fn advance(place: Place, text: &str) -> Place {
    match text.rfind('\n') {
        None => Place { column: place.column + text.chars().count(), ..place },
        Some(last) => Place {
            line: place.line + text.matches('\n').count(),
            column: text[last + 1..].chars().count() + 1,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use proptest::prelude::*;
    use serde_json::Value;

    use super::super::{Format, Pointer, Source};
    use super::*;

    /// Collects every pointer of a value.
    fn pointers(value: &Value, at: &mut Pointer, all: &mut Vec<Pointer>) {
        all.push(at.clone());
        let mut inner = |step: Step, value: &Value| {
            at.push(step);
            pointers(value, at, all);
            at.pop();
        };
        match value {
            Value::Object(map) => {
                map.iter().for_each(|(key, value)| inner(Step::Key(key.clone()), value));
            }
            Value::Array(list) => {
                list.iter().enumerate().for_each(|(index, value)| inner(Step::Index(index), value));
            }
            _ => {}
        }
    }

    fn agrees(format: Format, text: String) {
        let source = Source { path: PathBuf::from("x"), format, text };
        for (document, value) in source.parse().unwrap().iter().enumerate() {
            let places = source.places(document).unwrap();
            let mut all = Vec::new();
            pointers(value, &mut Pointer::new(), &mut all);
            for pointer in all {
                for key in [false, true] {
                    let one = source.place(document, &pointer, key);
                    let found = places.find(&source.text, &pointer, key);
                    assert_eq!(found, one, "{pointer:?} in {}", source.text);
                }
            }
            assert_eq!(places.find(&source.text, &[Step::Key("absent".into())], false), None);
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<u16>().prop_map(Value::from),
            "[a-zé\"\\\\: ]{0,6}".prop_map(Value::from),
            Just(Value::Null),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map("[a-cé\" ]{1,3}", inner, 0..5)
                    .prop_map(|map| map.into_iter().collect::<serde_json::Map<_, _>>().into()),
            ]
        })
    }

    proptest! {
        #[test]
        fn all_places_are_those_that_are_found_one_by_one(value in value()) {
            agrees(Format::Json, value.to_string());
            agrees(Format::Json, format!("\n {value:#}"));
            let yaml = serde_saphyr::to_string(&value).unwrap();
            agrees(Format::Yaml, format!("{yaml}\n---\n{yaml}"));
        }
    }

    #[test]
    fn marks_lie_on_the_way_through_a_long_text() {
        let text = format!("[{}]", vec!["\"é\n\""; 9_000].join(",")).replace("\\n", "x");
        let marks = Marks::new(&text);
        for (offset, _) in text.char_indices().step_by(97) {
            assert_eq!(marks.place(&text, offset), Place::of_offset(&text, offset));
        }
    }
}
