//! Regular expressions of stubs: in Java's dialect, for whole values (`C/matching/AbstractRegexPattern.java`).
//!
//! `WireMock` compiles every pattern with `DOTALL` and matches the whole value.

use std::sync::OnceLock;

use crate::java::regex::{Flags, Node, Regex};

use super::pieces::Piece;
use super::sequence::Sequence;

/// A pattern of a whole value.
pub(crate) struct Pattern {
    /// As written.
    text: Box<str>,
    /// Decides most values without a regex engine.
    sequence: Sequence,
    /// Stored where the sequence does not decide; otherwise compiled again when needed.
    regex: OnceLock<Box<Regex>>,
}

impl Pattern {
    /// Checks a pattern. The error is Java's message.
    pub(crate) fn compile(text: &str) -> Result<Self, String> {
        let regex = Regex::new(text, Flags::DOT_ALL).map_err(|error| error.to_string())?;
        let sequence = match regex.hir() {
            Some(hir) => Sequence::of(hir),
            None => Sequence::new(pieces(regex.node())),
        };
        let kept = (!sequence.decides()).then(|| Box::new(regex));
        let regex = kept.map_or_else(OnceLock::new, OnceLock::from);
        Ok(Self { text: text.into(), sequence, regex })
    }

    fn regex(&self) -> &Regex {
        let read = || Regex::new(&self.text, Flags::DOT_ALL).expect("it was read before");
        self.regex.get_or_init(|| Box::new(read()))
    }

    /// Returns whether the whole value matches. A search that ends at its limit of steps finds no
    /// match.
    pub(crate) fn matches(&self, value: &str) -> bool {
        let known = self.sequence.matches(value);
        known.unwrap_or_else(|| self.regex().matches(value).unwrap_or(false))
    }

    /// Returns whether the search ends at a limit: the value counts as not matching then.
    pub(crate) fn gives_up_on(&self, value: &str) -> bool {
        self.sequence.matches(value).is_none() && self.regex().matches(value).is_none()
    }

    /// Returns the values of the groups, where the whole value matches.
    pub(crate) fn groups<'v>(&self, value: &'v str) -> Option<Vec<Option<&'v str>>> {
        self.regex().groups(value)
    }

    /// Returns the sequence of pieces that represents the pattern without an engine.
    pub(super) fn sequence(&self) -> &Sequence {
        &self.sequence
    }

    /// Returns the known prefix of every matching value.
    pub(crate) fn prefix(&self) -> &str {
        self.sequence.prefix()
    }

    /// As written.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }
}

impl std::fmt::Debug for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pattern({:?})", self.text)
    }
}

/// Returns the pieces of an expression that only the backtracking engine can run.
fn pieces(node: &Node) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let parts = match node {
        Node::Concat(parts) => parts.as_slice(),
        other => std::slice::from_ref(other),
    };
    for part in parts {
        if let Node::Char(c) = part {
            literal.push(*c);
            continue;
        }
        if !literal.is_empty() {
            pieces.push(Piece::Literal((&*std::mem::take(&mut literal)).into()));
        }
        pieces.push(Piece::Other);
    }
    if !literal.is_empty() {
        pieces.push(Piece::Literal((&*literal).into()));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_is_what_every_match_begins_with() {
        let table = [
            ("/a/b[0-9]+", "/a/b"),
            ("/ab?c", "/a"),
            ("/a|/b", "/"),
            ("(?i)/a", "/"),
            (".*", ""),
            ("a{0}b", "b"),
            (r"/a\.b/.*", "/a.b/"),
            ("(?=x)y", ""),
        ];
        for (pattern, prefix) in table {
            assert_eq!(Pattern::compile(pattern).unwrap().prefix(), prefix, "{pattern}");
        }
    }

    #[test]
    fn the_literals_around_look_around_are_known() {
        let pattern = Pattern::compile("/jobs/(?!x).*/end").unwrap();
        let literal = |text: &str| Piece::Literal(text.into());
        let expected = [literal("/jobs/"), Piece::Other, literal("/end")];
        assert_eq!(pattern.sequence().pieces(), expected);
        assert!(!pattern.sequence().decides());
        assert!(pattern.matches("/jobs/a/end") && !pattern.matches("/jobs/x/end"));
    }

    #[test]
    fn broken_patterns_are_errors_and_large_ones_are_not() {
        assert_eq!(Pattern::compile("a(").unwrap_err(), "Unclosed group near index 2");
        let large = Pattern::compile(r"(\w{1000}){3}").unwrap();
        assert!(large.matches(&"a".repeat(3_000)) && !large.matches(&"a".repeat(2_999)));
    }

    #[test]
    fn a_pattern_that_backtracks_without_end_gives_up() {
        let pattern = Pattern::compile(r"(?=a)(a|a)*\1b(?!c)").unwrap();
        let value = "a".repeat(200);
        assert!(!pattern.matches(&value) && pattern.gives_up_on(&value));
        assert!(!pattern.gives_up_on("aab"));
    }
}
