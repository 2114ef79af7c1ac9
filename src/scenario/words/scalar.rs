//! The types of scalar values: texts, numbers, times and sizes.

use std::time::Duration;

use serde_json::Value;

use super::kind::Kind;
use super::shape::Form;
use super::types;
use crate::document::Node;

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
    KeyText = REQUEST_KEY,
    HeaderText = HEADER_NAME,
}

/// Types whose values need no check beyond their own.
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

/// A count, from 1.
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
