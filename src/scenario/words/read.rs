//! Reads objects: an object of a file → a struct with a field for each of its words.

use serde_json::Value;

use super::kind::Kind;
use super::shape::{Literal, Must, Shape, Word};
use crate::document::Keys;

/// Makes a struct of the words of an object: a field for each row, which holds the value as read.
///
/// ```text
/// words! {
///     /// What it is.
///     ClientWords: Shape::new(..).frame(..);
///     header: Map<..> = word("header", "What it means.").example("header: {a: b}"),
///     + { status: StatusWords, }
/// }
/// ```
///
/// A part is a struct of words of the same object. The struct of `'static` is the [`Kind`] of a row whose
/// value is such an object.
///
/// [`Kind`]: super::kind::Kind
macro_rules! words {
    (
        $(#[$meta:meta])*
        $name:ident: $shape:expr;
        $($field:ident: $kind:ty = $word:expr,)*
        $(+ { $($part:ident: $part_name:ident,)* })?
    ) => {
        $(#[$meta])*
        #[derive(Debug)]
        pub(in crate::scenario) struct $name<'d> {
            /// The object itself.
            #[allow(dead_code, reason = "not every object has problems of its own")]
            pub(in crate::scenario) node: $crate::document::Node<'d>,
            $(
                pub(in crate::scenario) $field:
                    Option<<$kind as $crate::scenario::words::kind::Kind>::Value<'d>>,
            )*
            $($(pub(in crate::scenario) $part: $part_name<'d>,)*)?
        }

        impl<'d> $name<'d> {
            /// Its rows.
            pub(in crate::scenario::words) const SHAPE: &'static $crate::scenario::words::shape::Shape =
                &$crate::scenario::words::shape::Shape {
                    words: &[$($crate::scenario::words::shape::Word {
                        form: <$kind as $crate::scenario::words::kind::Kind>::form,
                        ..$word
                    },)*],
                    parts: &[$($($part_name::SHAPE,)*)?],
                    ..$shape
                };

            /// Reads the words of an object that may have others.
            pub(in crate::scenario::words) fn take(keys: &$crate::document::Keys<'d>) -> Self {
                Self {
                    node: keys.node().clone(),
                    $($field: $crate::scenario::words::read::read::<$kind>(keys, &$word),)*
                    $($($part: $part_name::take(keys),)*)?
                }
            }
        }

        impl $crate::scenario::words::kind::Kind for $name<'static> {
            type Value<'d> = $name<'d>;

            fn form() -> $crate::scenario::words::shape::Form {
                $crate::scenario::words::shape::Form::Object($name::SHAPE)
            }

            fn read<'d>(node: &$crate::document::Node<'d>) -> Option<$name<'d>> {
                let keys = node.keys()?;
                let words = $name::take(&keys);
                $crate::scenario::words::read::check(&keys, $name::SHAPE);
                keys.finish();
                Some(words)
            }
        }
    };
}
pub(super) use words;

/// Reads the value of a word. Reports a missing word that is required, an invalid value with an
/// example of the word, and a value without effect with a warning.
pub(super) fn read<'d, K: Kind>(keys: &Keys<'d>, word: &Word) -> Option<K::Value<'d>> {
    let node = if word.required {
        keys.required_like(word.key, word.example)?
    } else {
        keys.get(word.key)?
    };
    let before = node.problem_count();
    let value = K::read(&node);
    if node.problem_count() > before && !word.example.is_empty() {
        node.exemplify(before, word.example);
    }
    if word.positive && is_zero(node.value()) {
        node.warn_coded(
            "no-effect",
            format!("{} has no effect here", node.value().as_str().unwrap_or_default()),
            format!("leave {} out, or write it like {}", word.key, word.example),
        );
    }
    value
}

/// Returns whether it is a time, size or share of zero.
fn is_zero(value: &Value) -> bool {
    let Some(text) = value.as_str() else { return false };
    let digits = text.trim_end_matches(|c: char| c.is_alphabetic() || c == '%');
    digits.len() < text.len() && digits.parse::<f64>().is_ok_and(|number| number == 0.0)
}

/// Records the first constraint that an object breaks: further violations mostly follow from it.
pub(super) fn check(keys: &Keys<'_>, shape: &Shape) {
    for constraint in shape.all_constraints() {
        let Some(given) = broken(&constraint.must, keys.node().value()) else { continue };
        let all: Vec<&str> = match constraint.must {
            Must::AtLeastOne(words)
            | Must::HaveSome(words)
            | Must::AtMostOne(words)
            | Must::ExactlyOne(words) => words.to_vec(),
            _ => shape.all_words().map(|word| word.key).collect(),
        };
        let fill = |text: &str| {
            text.replace("{given}", &given.join(" and ")).replace("{words}", &all.join(", "))
        };
        keys.node().error_coded(constraint.code, fill(constraint.message), fill(constraint.hint));
        return;
    }
}

/// Returns the words that break a constraint, or `None` if it holds.
fn broken(must: &Must, object: &Value) -> Option<Vec<&'static str>> {
    let has = |word: &str| object.get(word).is_some_and(|value| !value.is_null());
    // In the order of the object.
    let present = |words: &[&'static str]| -> Vec<&'static str> {
        let keys = object.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
        keys.filter_map(|(key, _)| words.iter().copied().find(|word| word == key)).collect()
    };
    match *must {
        Must::NotBeEmpty => {
            let empty = object.as_object().is_some_and(|map| map.values().all(Value::is_null));
            empty.then(Vec::new)
        }
        Must::AtLeastOne(words) => present(words).is_empty().then(Vec::new),
        Must::HaveSome(words) => {
            let filled =
                |word: &&str| object.get(word).and_then(Value::as_array) != Some(&Vec::new());
            (!present(words).iter().any(filled)).then(Vec::new)
        }
        Must::AtMostOne(words) => {
            let given = present(words);
            (given.len() > 1).then(|| given[..2].to_vec())
        }
        Must::ExactlyOne(words) => Some(present(words)).filter(|given| given.len() != 1),
        Must::Accompany(words, others) => {
            let given = present(words);
            (!given.is_empty() && present(others).is_empty()).then(|| given[..1].to_vec())
        }
        Must::AccompanyWhen(word, is, others) => {
            let asks = object.get(word).is_some_and(|value| value == is);
            (asks && present(others).is_empty()).then(|| vec![word])
        }
        Must::Restrict { word, is, other, only } => {
            let asks = has(word) && is.is_none_or(|is| object[word] == is);
            let holds = !has(other)
                || match only {
                    Literal::Text(text) => object[other] == text,
                    Literal::Number(number) => object[other] == number,
                };
            (asks && !holds).then(|| vec![word])
        }
        Must::OrForever(word) => {
            let forever = object.get("forever") == Some(&Value::Bool(true));
            (forever == has(word)).then(|| vec![word])
        }
    }
}
