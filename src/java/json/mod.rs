//! JSON values with exact numbers and members in their order, as Java's parsers read them.

mod read;
mod smart;
mod write;

use std::collections::HashMap;

pub(crate) use read::Reader;

use super::decimal::{self, Decimal};

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    /// `null`
    Null,
    /// A truth value.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Json>),
    /// An object.
    Map(Map),
}

/// A number as Java prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Number {
    text: Box<str>,
}

impl Number {
    /// Creates a double.
    pub(crate) fn double(value: f64) -> Self {
        Self { text: decimal::double(value).into() }
    }

    /// As Java prints it.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the exact value; `None` for values such as `NaN`.
    pub(crate) fn exact(&self) -> Option<Decimal> {
        Decimal::parse(&self.text)
    }

    /// Returns the nearest double.
    pub(crate) fn to_f64(&self) -> f64 {
        self.text.parse().unwrap_or(f64::NAN)
    }
}

/// The members of an object, in the order of first occurrence; of duplicates the last counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Map {
    entries: Vec<(String, Json)>,
    /// The positions of names, once there are many.
    index: HashMap<String, usize>,
}

/// Objects with fewer members are searched one by one.
const FEW: usize = 12;

impl Map {
    /// Returns the member of a name.
    pub(crate) fn get(&self, name: &str) -> Option<&Json> {
        self.position(name).map(|at| &self.entries[at].1)
    }

    /// Returns all members, in order.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Json)> {
        self.entries.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// All members, in order.
    pub(crate) fn into_entries(self) -> impl Iterator<Item = (String, Json)> {
        self.entries.into_iter()
    }

    /// How many members there are.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Adds a member, or replaces the one with its name.
    pub(crate) fn insert(&mut self, name: String, value: Json) {
        if let Some(at) = self.position(&name) {
            self.entries[at].1 = value;
            return;
        }
        self.entries.push((name, value));
        let length = self.entries.len();
        if length == FEW {
            let names = self.entries.iter().enumerate();
            self.index = names.map(|(at, (name, _))| (name.clone(), at)).collect();
        } else if length > FEW {
            self.index.insert(self.entries[length - 1].0.clone(), length - 1);
        }
    }

    fn position(&self, name: &str) -> Option<usize> {
        if self.entries.len() < FEW {
            return self.entries.iter().position(|(known, _)| known == name);
        }
        self.index.get(name).copied()
    }
}

impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(name, value)| other.get(name) == Some(value))
    }
}

impl Json {
    /// Reads a text.
    ///
    /// # Errors
    /// A message that says what is wrong, and at which byte.
    pub(crate) fn read(text: &str, reader: Reader) -> Result<Self, String> {
        read::read(text, reader)
    }

    /// Reads a value of Jackson's that is at the beginning of a text.
    ///
    /// # Errors
    /// A message that says what is wrong, and at which byte.
    pub(crate) fn read_first(text: &str) -> Result<Self, String> {
        read::read_first(text, Reader::Jackson)
    }

    /// Returns the value of a document that serde has read.
    pub(crate) fn of(value: &serde_json::Value) -> Self {
        use serde_json::Value;
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => Self::Number(Number { text: number.to_string().into() }),
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(items) => Self::List(items.iter().map(Self::of).collect()),
            Value::Object(members) => {
                let mut map = Map::default();
                for (name, value) in members {
                    map.insert(name.clone(), Self::of(value));
                }
                Self::Map(map)
            }
        }
    }

    /// Returns the value for serde; numbers that it cannot hold become doubles.
    pub(crate) fn to_serde(&self) -> serde_json::Value {
        use serde_json::Value;
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Number(number) => {
                match (number.text.parse::<i64>(), number.text.parse::<u64>()) {
                    (Ok(whole), _) => whole.into(),
                    (_, Ok(whole)) => whole.into(),
                    _ => number.to_f64().into(),
                }
            }
            Self::Text(text) => Value::String(text.clone()),
            Self::List(items) => items.iter().map(Self::to_serde).collect(),
            Self::Map(map) => Value::Object(
                map.iter().map(|(name, value)| (name.to_owned(), value.to_serde())).collect(),
            ),
        }
    }
}
