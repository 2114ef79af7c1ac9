//! Values from a fixed set of words.

use super::kind::Kind;
use super::shape::Form;
use crate::document::Node;

/// A type whose values are words of the language.
pub(in crate::scenario) trait Choice: Copy + 'static {
    /// Each word, its value, and its meaning where the key alone does not say it.
    const CHOICES: &'static [(&'static str, Self, &'static str)];

    /// Returns the words without values and meanings.
    fn words() -> Vec<&'static str> {
        Self::CHOICES.iter().map(|(word, _, _)| *word).collect()
    }
}

impl<C: Choice> Kind for C {
    type Value<'d> = C;

    fn form() -> Form {
        Form::Words(C::CHOICES.iter().map(|(word, _, meaning)| (*word, *meaning)).collect())
    }

    fn read(node: &Node<'_>) -> Option<C> {
        if !node.value().is_string() {
            node.expected(&match C::words().as_slice() {
                [word] => format!("the word {word}"),
                words => format!("one of {}", words.join(", ")),
            });
            return None;
        }
        let words: Vec<(&str, C)> = C::CHOICES.iter().map(|(word, of, _)| (*word, *of)).collect();
        node.word(&words)
    }
}
