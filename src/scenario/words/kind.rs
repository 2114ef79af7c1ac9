//! The types that a row of the table can give its value: how each looks, and how it is read.
//!
//! Nothing is read twice: what is wrong with a value is noted when it is read, and the value is then absent.

use std::marker::PhantomData;
use std::time::Duration;

use serde_json::Value;

use super::shape::{Form, Type};
use super::types;
use crate::document::Node;

/// The type of a word's value.
pub(in crate::scenario) trait Kind {
    /// The value as read.
    type Value<'d>;

    /// What it looks like.
    fn form() -> Form;

    /// Reads a value; what is wrong is noted.
    fn read<'d>(node: &Node<'d>) -> Option<Self::Value<'d>>;
}

/// A text.
#[derive(Debug)]
pub(in crate::scenario) enum Text {}

impl Kind for Text {
    type Value<'d> = &'d str;

    fn form() -> Form {
        Form::Type(&types::TEXT)
    }

    fn read<'d>(node: &Node<'d>) -> Option<&'d str> {
        node.text()
    }
}

/// Texts that are checked where they are used: each is read with its node.
macro_rules! placed_texts {
    ($($kind:ident = $form:ident,)*) => {$(
        #[derive(Debug)]
        pub(in crate::scenario) enum $kind {}

        impl Kind for $kind {
            type Value<'d> = (&'d str, Node<'d>);

            fn form() -> Form {
                Form::Type(&types::$form)
            }

            fn read<'d>(node: &Node<'d>) -> Option<Self::Value<'d>> {
                Some((node.text()?, node.clone()))
            }
        }
    )*};
}

placed_texts! {
    Reference = NAME,
    FileName = FILE_NAME,
    Glob = GLOB,
    PathGlob = PATH_GLOB,
    JsonPath = JSON_PATH,
    RateText = RATE,
    RequestLine = REQUEST,
    TokenPlace = TOKEN_PLACE,
    NumberedName = NUMBERED_NAME,
}

/// Types whose values need no check but that of their own.
macro_rules! values {
    ($($kind:ident -> $value:ty = $form:ident, $read:expr;)*) => {$(
        #[derive(Debug)]
        pub(in crate::scenario) enum $kind {}

        impl Kind for $kind {
            type Value<'d> = $value;

            fn form() -> Form {
                Form::Type(&types::$form)
            }

            fn read(node: &Node<'_>) -> Option<$value> {
                let read: fn(&Node<'_>) -> Option<$value> = $read;
                read(node)
            }
        }
    )*};
}

values! {
    Flag -> bool = FLAG, |node| node.bool();
    Time -> Duration = TIME, |node| node.duration();
    Size -> u64 = SIZE, |node| node.size();
    PositiveSize -> u64 = POSITIVE_SIZE, |node| size_within(node, u64::MAX, "of at least 1 B");
    Window -> u64 = WINDOW, |node| size_within(node, MAX_WINDOW, "from 1 B to below 2 GiB");
    Percentage -> f64 = PERCENTAGE, |node| node.percent();
}

/// The largest window (RFC 9113, section 6.9.1).
const MAX_WINDOW: u64 = (1 << 31) - 1;

fn size_within(node: &Node<'_>, most: u64, what: &str) -> Option<u64> {
    let size = node.size()?;
    if size == 0 || size > most {
        node.error(format!("{size} B is out of range"), format!("give it a size {what}"));
        return None;
    }
    Some(size)
}

/// A text, a number or a truth value, as text.
#[derive(Debug)]
pub(in crate::scenario) enum Scalar {}
/// A scalar that must be equal, or a glob.
#[derive(Debug)]
pub(in crate::scenario) enum Pattern {}

fn scalar<'d>(node: &Node<'d>) -> Option<(String, Node<'d>)> {
    let text = match node.value() {
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        _ => node.text()?.to_owned(),
    };
    Some((text, node.clone()))
}

impl Kind for Scalar {
    type Value<'d> = (String, Node<'d>);

    fn form() -> Form {
        Form::Type(&types::SCALAR)
    }

    fn read<'d>(node: &Node<'d>) -> Option<(String, Node<'d>)> {
        scalar(node)
    }
}

impl Kind for Pattern {
    type Value<'d> = (String, Node<'d>);

    fn form() -> Form {
        Form::Type(&types::PATTERN)
    }

    fn read<'d>(node: &Node<'d>) -> Option<(String, Node<'d>)> {
        scalar(node)
    }
}

/// Any value.
#[derive(Debug)]
pub(in crate::scenario) enum Json {}

impl Kind for Json {
    type Value<'d> = &'d Value;

    fn form() -> Form {
        Form::Type(&types::JSON)
    }

    fn read<'d>(node: &Node<'d>) -> Option<&'d Value> {
        Some(node.value())
    }
}

/// A whole number from `LOW`, which is not negative, to `HIGH`.
#[derive(Debug)]
pub(in crate::scenario) enum Whole<const LOW: i64, const HIGH: i64> {}

/// A number of things, from 1.
pub(in crate::scenario) type Count = Whole<1, { i64::MAX }>;

impl<const LOW: i64, const HIGH: i64> Kind for Whole<LOW, HIGH> {
    type Value<'d> = u64;

    fn form() -> Form {
        Form::Integer { low: LOW, high: HIGH }
    }

    fn read(node: &Node<'_>) -> Option<u64> {
        node.integer(LOW..=HIGH).and_then(|number| u64::try_from(number).ok())
    }
}

/// A list of at least `LEAST` items.
#[derive(Debug)]
pub(in crate::scenario) struct List<K, const LEAST: usize = 0>(PhantomData<K>);

impl<K: Kind, const LEAST: usize> Kind for List<K, LEAST> {
    type Value<'d> = Vec<K::Value<'d>>;

    fn form() -> Form {
        Form::List { item: Box::new(K::form()), least: LEAST }
    }

    fn read<'d>(node: &Node<'d>) -> Option<Self::Value<'d>> {
        let items = node.items();
        if node.value().is_array() && items.len() < LEAST {
            node.error("this list is empty", "add at least one item, or leave the key out");
        }
        Some(items.iter().filter_map(K::read).collect())
    }
}

/// A value, or a list of such values.
#[derive(Debug)]
pub(in crate::scenario) struct OneOrMany<K>(PhantomData<K>);

impl<K: Kind> Kind for OneOrMany<K> {
    type Value<'d> = Vec<K::Value<'d>>;

    fn form() -> Form {
        Form::OneOrMany(Box::new(K::form()))
    }

    fn read<'d>(node: &Node<'d>) -> Option<Self::Value<'d>> {
        let nodes = if node.value().is_array() { node.items() } else { vec![node.clone()] };
        Some(nodes.iter().filter_map(K::read).collect())
    }
}

/// A value with its node, for what is wrong with it as a whole.
#[derive(Debug)]
pub(in crate::scenario) struct Placed<K>(PhantomData<K>);

impl<K: Kind> Kind for Placed<K> {
    type Value<'d> = (K::Value<'d>, Node<'d>);

    fn form() -> Form {
        K::form()
    }

    fn read<'d>(node: &Node<'d>) -> Option<Self::Value<'d>> {
        Some((K::read(node)?, node.clone()))
    }
}

/// An entry of an object whose keys are data.
#[derive(Debug)]
pub(in crate::scenario) struct Entry<'d, V> {
    pub(in crate::scenario) key: &'d str,
    pub(in crate::scenario) value: V,
    /// Where it stands.
    pub(in crate::scenario) node: Node<'d>,
}

/// The keys of a map.
pub(in crate::scenario) trait MapKey {
    const TYPE: &'static Type;
}

/// An object whose keys are data.
#[derive(Debug)]
pub(in crate::scenario) struct Map<M, K>(PhantomData<(M, K)>);

impl<M: MapKey, K: Kind> Kind for Map<M, K> {
    type Value<'d> = Vec<Entry<'d, K::Value<'d>>>;

    fn form() -> Form {
        Form::Map { keys: M::TYPE, values: Box::new(K::form()), least: 0 }
    }

    fn read<'d>(node: &Node<'d>) -> Option<Self::Value<'d>> {
        let entries = node.entries().into_iter();
        let read =
            entries.filter_map(|(key, node)| Some(Entry { key, value: K::read(&node)?, node }));
        Some(read.collect())
    }
}

macro_rules! map_keys {
    ($($kind:ident = $form:ident,)*) => {$(
        #[derive(Debug)]
        pub(in crate::scenario) enum $kind {}

        impl MapKey for $kind {
            const TYPE: &'static Type = &types::$form;
        }
    )*};
}

map_keys! {
    AnyKey = TEXT,
    NameKey = NAME,
    HeaderName = HEADER_NAME,
    JsonPathKey = JSON_PATH,
    Percentile = PERCENTILE,
}

/// A value in short, or an object: as the type of a row, and as its value.
#[derive(Debug)]
pub(in crate::scenario) enum Either<A, B> {
    Short(A),
    Object(B),
}

impl<A: Kind, B: Kind> Kind for Either<A, B> {
    type Value<'d> = Either<A::Value<'d>, B::Value<'d>>;

    fn form() -> Form {
        Form::AnyOf(vec![A::form(), B::form()])
    }

    fn read<'d>(node: &Node<'d>) -> Option<Self::Value<'d>> {
        if node.value().is_object() {
            B::read(node).map(Either::Object)
        } else {
            A::read(node).map(Either::Short)
        }
    }
}
