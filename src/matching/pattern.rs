//! Regular expressions of stubs: Java syntax, anchored, compiled when first used.
//!
//! `WireMock` compiles every pattern with `DOTALL` and matches the whole value
//! (`AbstractRegexPattern`). Most patterns parse with [`regex`], which runs in linear time; look-around,
//! back-references and possessive quantifiers go to [`fancy_regex`] under a backtrack limit.
//! Perl classes (`\d`, `\w`, `\s`) are Unicode-aware here and ASCII in Java.

use std::sync::OnceLock;

use regex_syntax::hir::{Class, Hir, HirKind};

use super::backtracking::Backtracking;
use super::java::{anchored, unquoted};
use super::sequence::Sequence;

/// Patterns that weigh more than this are compiled at load: only these can grow past the compiler's
/// size limit, and that must be a load error. Counted in character ranges, see [`weight`].
const LAZY_WEIGHT: u64 = 20_000;

/// An anchored pattern.
pub(crate) struct Pattern {
    /// As written.
    text: Box<str>,
    /// Judges most values without an engine.
    sequence: Sequence,
    engine: Engine,
}

enum Engine {
    Linear(OnceLock<Option<regex::Regex>>),
    Backtracking(Box<Backtracking>),
}

impl Pattern {
    /// Checks a pattern. The error is the sentence for people.
    pub(crate) fn compile(text: &str) -> Result<Self, String> {
        let java = unquoted(text);
        let mut parser = regex_syntax::ParserBuilder::new().dot_matches_new_line(true).build();
        let (sequence, engine) = match parser.parse(&java) {
            Ok(hir) if weight(&hir) <= LAZY_WEIGHT => {
                (Sequence::of(&hir), Engine::Linear(OnceLock::new()))
            }
            Ok(hir) => {
                let compiled = regex::Regex::new(&anchored(&java))
                    .map_err(|error| last_line(&error.to_string()))?;
                (Sequence::of(&hir), Engine::Linear(OnceLock::from(Some(compiled))))
            }
            Err(linear) => {
                // The pattern alone must parse: `a)(b` would only by the group put around it.
                let (engine, sequence) =
                    Backtracking::compile(&java).map_err(|()| last_line(&linear.to_string()))?;
                (sequence, Engine::Backtracking(Box::new(engine)))
            }
        };
        Ok(Self { text: text.into(), sequence, engine })
    }

    /// Whether the whole value matches.
    pub(crate) fn matches(&self, value: &str) -> bool {
        self.sequence.matches(value).unwrap_or_else(|| match &self.engine {
            Engine::Linear(_) => self.linear().is_some_and(|regex| regex.is_match(value)),
            Engine::Backtracking(regex) => regex.matches(&self.text, value).unwrap_or(false),
        })
    }

    /// Whether the search ends at a limit: the value counts as not matching then.
    pub(crate) fn gives_up_on(&self, value: &str) -> bool {
        match &self.engine {
            Engine::Linear(_) => self.linear().is_none(),
            Engine::Backtracking(regex) => regex.matches(&self.text, value).is_none(),
        }
    }

    /// The values of the groups, where the whole value matches. Linear patterns only.
    pub(crate) fn groups<'v>(&self, value: &'v str) -> Option<Vec<Option<&'v str>>> {
        let found = self.linear()?.captures(value)?;
        Some(found.iter().skip(1).map(|group| group.map(|group| group.as_str())).collect())
    }

    /// What is known of the pattern without an engine.
    pub(super) fn sequence(&self) -> &Sequence {
        &self.sequence
    }

    /// What every value that matches begins with, as far as it is known.
    pub(crate) fn prefix(&self) -> &str {
        self.sequence.prefix()
    }

    /// As written.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    fn linear(&self) -> Option<&regex::Regex> {
        let Engine::Linear(cell) = &self.engine else {
            return None;
        };
        cell.get_or_init(|| regex::Regex::new(&anchored(&unquoted(&self.text))).ok()).as_ref()
    }
}

impl std::fmt::Debug for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pattern({:?})", self.text)
    }
}

/// How large a pattern compiles, roughly: its character ranges, times their repetitions.
fn weight(hir: &Hir) -> u64 {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len() as u64,
        HirKind::Class(Class::Unicode(class)) => class.ranges().len() as u64,
        HirKind::Class(Class::Bytes(class)) => class.ranges().len() as u64,
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min).max(1);
            weight(&repetition.sub).saturating_mul(times.into())
        }
        HirKind::Capture(capture) => weight(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().map(weight).fold(0, u64::saturating_add)
        }
    }
}

/// The sentence of a regex error, without the drawing of the place above it.
fn last_line(error: &str) -> String {
    let line = error.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or(error);
    line.trim_start_matches("error: ").trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_the_whole_value_in_java_syntax() {
        let table = [
            ("a+", "aaa", true),
            ("a+", "baaa", false),
            ("a|b", "b", true),
            ("a|b", "bc", false),
            ("a.c", "a\nc", true),
            ("(?=.*x).*y", "axy", true),
            ("(?=.*x).*y", "aby", false),
            (r"(a)\1", "aa", true),
            ("a++b", "aab", true),
            (r"\Qa.c\E+", "a.cc", true),
            (r"\Qa.c\E+", "abc", false),
            (r"\\Q.", r"\Qx", true),
            ("[0-9]{3}", "123", true),
            ("[0-9]{3}", "1234", false),
        ];
        for (pattern, value, expected) in table {
            let compiled = Pattern::compile(pattern).unwrap();
            assert_eq!(compiled.matches(value), expected, "{pattern:?} on {value:?}");
        }
    }

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
    fn broken_and_boundless_patterns_are_told_at_load() {
        assert_eq!(Pattern::compile("a(").unwrap_err(), "unclosed group");
        assert_eq!(Pattern::compile("a)(b").unwrap_err(), "unopened group");
        assert!(Pattern::compile(r"(\w{1000}){1000}").unwrap_err().contains("size limit"));
    }
}
