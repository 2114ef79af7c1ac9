//! The values that templates work with: those of Java that `WireMock`'s helpers see, as far as they
//! differ in rendering, equality or truth.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use super::date::Date;
use super::decimal::Decimal;
use super::limits::{Limit, MAX_DEPTH, MAX_PARTS};

/// Up to here a map is searched from its start.
const SHORT_MAP: usize = 12;

/// A value. Copies share what is large.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// Nothing.
    Null,
    /// A truth value.
    Bool(bool),
    /// Java's Integer and Long.
    Int(i64),
    /// Java's Double.
    Double(f64),
    /// Java's `BigDecimal` and `BigInteger`.
    Decimal(Decimal),
    /// A text.
    Text(Arc<str>),
    /// Prints as a text and equals none: a request's method.
    Token(Arc<str>),
    /// A list.
    List(Arc<List>),
    /// A map.
    Map(Arc<Map>),
    /// A moment with the format that it prints in.
    Date(Date),
    /// An object with lazily computed properties.
    Object(Arc<dyn Object>),
}

/// An object with properties: the request, its line, one of its parts. `Display` renders it.
pub(crate) trait Object: fmt::Debug + fmt::Display + Send + Sync {
    /// Returns the property of a name.
    fn property(&self, name: &str) -> Option<Value>;

    /// Returns the properties that JSON shows, in its order.
    fn shown(&self) -> &'static [&'static str];
}

/// How a list prints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ListStyle {
    /// `[a, b]`
    Java,
    /// `["a","b"]`, what a JSON path finds.
    Json,
    /// The first value: a header, a query parameter.
    First,
    /// The path that it is the parts of.
    Path(Arc<str>),
}

/// A list.
#[derive(Debug)]
pub(crate) struct List {
    /// Its values.
    pub(crate) items: Vec<Value>,
    /// How it prints.
    pub(crate) style: ListStyle,
    size: Size,
}

/// How a map is rendered, and how loops iterate over it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MapStyle {
    /// `{a=1, b=2}`
    Java,
    /// Indented JSON, what a JSON path finds.
    Json,
    /// The path that it holds the parts of, by number and name.
    Path(Arc<str>),
}

/// Names with values, in order.
#[derive(Debug)]
pub(crate) struct Map {
    /// The entries in iteration order.
    pub(crate) entries: Vec<(Arc<str>, Value)>,
    /// How it prints.
    pub(crate) style: MapStyle,
    /// Whether names are found in any case.
    pub(crate) any_case: bool,
    size: Size,
    index: OnceLock<HashMap<Arc<str>, usize>>,
}

#[derive(Debug, Clone, Copy)]
struct Size {
    parts: usize,
    depth: usize,
}

impl Size {
    fn of<'v>(values: impl Iterator<Item = &'v Value>) -> Result<Self, Limit> {
        let mut size = Self { parts: 1, depth: 0 };
        for value in values {
            let part = value.size();
            size.parts = size.parts.saturating_add(part.parts);
            size.depth = size.depth.max(part.depth);
        }
        size.depth += 1;
        if size.parts > MAX_PARTS {
            Err(Limit::Parts)
        } else if size.depth > MAX_DEPTH {
            Err(Limit::Depth)
        } else {
            Ok(size)
        }
    }
}

impl Map {
    /// Returns the value of a name.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        if self.any_case {
            return self
                .entries
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
                .map(|(_, v)| v);
        }
        if self.entries.len() <= SHORT_MAP {
            return self.entries.iter().find(|(key, _)| **key == *name).map(|(_, value)| value);
        }
        let index = self.index.get_or_init(|| {
            self.entries.iter().enumerate().map(|(at, (key, _))| (key.clone(), at)).collect()
        });
        index.get(name).map(|at| &self.entries[*at].1)
    }
}

impl Value {
    /// Creates a text.
    pub(crate) fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(text.into())
    }

    /// Creates a list.
    ///
    /// # Errors
    /// The list is larger or deeper than the engine allows.
    pub(crate) fn list(items: Vec<Self>, style: ListStyle) -> Result<Self, Limit> {
        let size = Size::of(items.iter())?;
        Ok(Self::List(Arc::new(List { items, style, size })))
    }

    /// Creates a map.
    ///
    /// # Errors
    /// The map is larger or deeper than the engine allows.
    pub(crate) fn map(entries: Vec<(Arc<str>, Self)>, style: MapStyle) -> Result<Self, Limit> {
        Self::map_of(entries, style, false)
    }

    /// Creates a map whose names are found in any case.
    ///
    /// # Errors
    /// As [`Value::map`].
    pub(crate) fn map_any_case(entries: Vec<(Arc<str>, Self)>) -> Result<Self, Limit> {
        Self::map_of(entries, MapStyle::Java, true)
    }

    fn map_of(
        entries: Vec<(Arc<str>, Self)>,
        style: MapStyle,
        any_case: bool,
    ) -> Result<Self, Limit> {
        let size = Size::of(entries.iter().map(|(_, value)| value))?;
        Ok(Self::Map(Arc::new(Map { entries, style, any_case, size, index: OnceLock::new() })))
    }

    fn size(&self) -> Size {
        match self {
            Self::List(list) => list.size,
            Self::Map(map) => map.size,
            _ => Size { parts: 1, depth: 0 },
        }
    }

    /// Returns how many parts the value has, itself included.
    pub(crate) fn parts(&self) -> usize {
        self.size().parts
    }

    /// Returns whether there is nothing.
    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Returns whether the value is falsy to `if`: null, false, 0, an empty text or list. An empty
    /// map is truthy.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Bool(value) => !value,
            Self::Int(value) => *value == 0,
            Self::Double(value) => *value == 0.0,
            Self::Decimal(value) => value.is_zero(),
            Self::Text(text) | Self::Token(text) => text.is_empty(),
            Self::List(list) => list.items.is_empty(),
            _ => false,
        }
    }

    /// Returns the number, for numbers.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "as Java's doubleValue")]
            Self::Int(value) => Some(*value as f64),
            Self::Double(value) => Some(*value),
            Self::Decimal(value) => Some(value.to_f64()),
            _ => None,
        }
    }

    /// Returns the text, where the value is one: tokens and lists are not.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the items that a loop iterates over: a list, or the parts of a path.
    pub(crate) fn items(&self) -> Option<Cow<'_, [Self]>> {
        match self {
            Self::List(list) => Some(Cow::Borrowed(&list.items)),
            Self::Map(map) => match &map.style {
                MapStyle::Path(path) => {
                    let parts = path.trim_end_matches('/').split('/');
                    Some(Cow::Owned(parts.map(Self::text).collect()))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// Returns the path whose parts the value holds.
    pub(crate) fn path(&self) -> Option<&Arc<str>> {
        match self {
            Self::List(list) => match &list.style {
                ListStyle::Path(path) => Some(path),
                _ => None,
            },
            Self::Map(map) => match &map.style {
                MapStyle::Path(path) => Some(path),
                _ => None,
            },
            _ => None,
        }
    }

    /// Returns whether two values are equal to `eq`: numbers by value, texts only to texts.
    pub(crate) fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Text(a), Self::Text(b)) | (Self::Token(a), Self::Token(b)) => a == b,
            (Self::List(a), Self::List(b)) => {
                a.items.len() == b.items.len()
                    && a.items.iter().zip(&b.items).all(|(a, b)| a.equals(b))
            }
            (Self::Map(a), Self::Map(b)) => {
                a.entries.len() == b.entries.len()
                    && a.entries
                        .iter()
                        .all(|(key, value)| b.get(key).is_some_and(|other| value.equals(other)))
            }
            (Self::Date(a), Self::Date(b)) => a.millis == b.millis,
            (Self::Object(a), Self::Object(b)) => Arc::ptr_eq(a, b),
            #[expect(clippy::float_cmp, reason = "Java compares doubles with ==")]
            (a, b) => match (a.number(), b.number()) {
                (Some(a), Some(b)) => a == b,
                _ => false,
            },
        }
    }

    /// Returns the order of two values of one kind.
    pub(crate) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => Some(a.encode_utf16().cmp(b.encode_utf16())),
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::Int(a), Self::Int(b)) => Some(a.cmp(b)),
            (Self::Date(a), Self::Date(b)) => Some(a.millis.cmp(&b.millis)),
            (a, b) => Some(a.number()?.total_cmp(&b.number()?)),
        }
    }

    /// Returns the name of Java's class, for messages that show it.
    pub(crate) fn java_class(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "java.lang.Boolean",
            Self::Int(value) if i32::try_from(*value).is_ok() => "java.lang.Integer",
            Self::Int(_) => "java.lang.Long",
            Self::Double(_) => "java.lang.Double",
            Self::Decimal(_) => "java.math.BigDecimal",
            Self::Text(_) | Self::Token(_) => "java.lang.String",
            Self::List(_) => "java.util.ArrayList",
            Self::Map(_) => "java.util.LinkedHashMap",
            Self::Date(_) => "java.util.Date",
            Self::Object(_) => "java.lang.Object",
        }
    }

    /// Returns the kind, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a truth value",
            Self::Int(_) | Self::Double(_) | Self::Decimal(_) => "a number",
            Self::Text(_) | Self::Token(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
            Self::Date(_) => "a date",
            Self::Object(_) => "the request or a part of it",
        }
    }
}
