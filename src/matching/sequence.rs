//! Patterns of literals and runs of characters, matched without a regex engine.
//!
//! Most patterns of URLs are of this kind: `/things/{id}/parts`, `/things/[a-z0-9]+`, `/api/.*`. If
//! every run can end in only one place, one pass over the text decides. The pieces also provide the
//! literals of every matching text, by which the index finds a pattern.

use regex_syntax::hir::Hir;
use smallvec::SmallVec;

use super::pieces::{self, CharSet, Piece};

/// A pattern's pieces, and whether they alone decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sequence {
    pieces: SmallVec<[Piece; 3]>,
    decides: bool,
}

impl Sequence {
    /// Creates a sequence from pieces in order. Adjacent literals are merged.
    pub(super) fn new(pieces: Vec<Piece>) -> Self {
        let mut joined: SmallVec<[Piece; 3]> = SmallVec::new();
        for piece in pieces {
            match (joined.last_mut(), piece) {
                (_, Piece::Literal(text)) if text.is_empty() => {}
                (Some(Piece::Literal(before)), Piece::Literal(text)) => {
                    *before = [&**before, &*text].concat().as_str().into();
                }
                (Some(Piece::Other), Piece::Other) => {}
                (_, piece) => joined.push(piece),
            }
        }
        let decides = (0..joined.len()).all(|at| is_certain(&joined[at], &joined[at + 1..]));
        Self { pieces: joined, decides }
    }

    /// Creates the sequence of a parsed regular expression that matches whole texts.
    pub(super) fn of(hir: &Hir) -> Self {
        Self::new(pieces::of(hir))
    }

    pub(super) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Returns whether the pieces decide every ASCII text.
    pub(super) fn decides(&self) -> bool {
        self.decides
    }

    /// Returns the text that every match begins with.
    pub(super) fn prefix(&self) -> &str {
        match self.pieces.first() {
            Some(Piece::Literal(text)) => text,
            _ => "",
        }
    }

    /// Returns the only matching text, if there is exactly one.
    pub(super) fn literal(&self) -> Option<&str> {
        match &*self.pieces {
            [Piece::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// Returns whether the whole text matches, or `None` if only an engine can tell.
    pub(super) fn matches(&self, text: &str) -> Option<bool> {
        self.walk(text, |_| {})
    }

    /// Returns the part of a matching text that each run matches.
    pub(super) fn runs<'t>(&self, text: &'t str) -> Option<Vec<&'t str>> {
        let mut runs = Vec::new();
        (self.walk(text, |run| runs.push(run)) == Some(true)).then_some(runs)
    }

    fn walk<'t>(&self, text: &'t str, mut run_takes: impl FnMut(&'t str)) -> Option<bool> {
        if !self.decides {
            return None;
        }
        let bytes = text.as_bytes();
        let mut at = 0;
        for (number, piece) in self.pieces.iter().enumerate() {
            match piece {
                Piece::Literal(literal) => {
                    if !bytes[at..].starts_with(literal.as_bytes()) {
                        return Some(false);
                    }
                    at += literal.as_bytes().len();
                }
                Piece::Run(run) => {
                    // At the end of the pattern it is known where the run has to end.
                    let end = match &self.pieces[number + 1..] {
                        [] => Some(bytes.len()),
                        [Piece::Literal(last)] => {
                            match bytes.len().checked_sub(last.as_bytes().len()) {
                                Some(end) if end >= at => Some(end),
                                _ => return Some(false),
                            }
                        }
                        _ => None,
                    };
                    let taken = run.take(&bytes[at..], end.map(|end| end - at)).ok()?;
                    let Some(taken) = taken else { return Some(false) };
                    run_takes(text.get(at..at + taken)?);
                    at += taken;
                }
                Piece::Other => return None,
            }
        }
        Some(at == bytes.len())
    }
}

/// Returns whether a piece can end in one place only, whatever the text.
fn is_certain(piece: &Piece, rest: &[Piece]) -> bool {
    match piece {
        Piece::Literal(_) => true,
        Piece::Run(run) => {
            run.min == run.max || matches!(rest, [Piece::Literal(_)]) || is_apart(run.set, rest)
        }
        Piece::Other => false,
    }
}

/// Returns whether what follows cannot begin with a character of a set.
fn is_apart(set: CharSet, rest: &[Piece]) -> bool {
    match rest {
        [] => true,
        [Piece::Literal(text), ..] => set.is_apart_from(text),
        [Piece::Run(run), rest @ ..] => {
            set.is_disjoint(run.set) && (run.min > 0 || is_apart(set, rest))
        }
        [Piece::Other, ..] => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sequence(pattern: &str) -> Sequence {
        let mut parser = regex_syntax::ParserBuilder::new().dot_matches_new_line(true).build();
        Sequence::of(&parser.parse(pattern).unwrap())
    }

    #[test]
    fn patterns_of_urls_need_no_engine() {
        for pattern in [
            "/things/[^/]+/parts",
            "/things/[a-z0-9]+",
            "^/api/v[0-9]{1,2}/.*$",
            "/a/.*/end",
            r"/a/\d+\.json",
            "/a/(.*)",
            "/a/?",
            "/[0-9]{4}[0-9a-f]{2}/x",
        ] {
            assert!(sequence(pattern).decides(), "{pattern}");
        }
        for pattern in ["/a|/b", "/a.*b.*c", "(ab)+", r"\bx", "/(?:a|bc)/c", "a$b"] {
            assert!(!sequence(pattern).decides(), "{pattern}");
        }
    }

    #[test]
    fn characters_beyond_ascii_are_left_to_the_engine_where_it_must_be() {
        assert_eq!(sequence("[^/]+").matches("é"), Some(true));
        assert_eq!(sequence("[^/]{2}").matches("éü"), Some(true));
        assert_eq!(sequence("[a-z]+").matches("é"), Some(false));
        assert_eq!(sequence(r"\w+").matches("é"), None);
    }

    #[test]
    fn runs_take_what_groups_would() {
        assert_eq!(sequence("/a/[^/]+/b/.*").runs("/a/1/b/2/3"), Some(vec!["1", "2/3"]));
        assert_eq!(sequence("/a/.*/b").runs("/a/b/b/b"), Some(vec!["b/b"]));
        assert_eq!(sequence("/a/[^/]+").runs("/a/"), None);
    }

    /// Generates expressions from few characters, so that many texts match.
    fn expression() -> impl Strategy<Value = String> {
        let atom = prop_oneof![
            Just("a".to_owned()),
            Just("/".to_owned()),
            Just("é".to_owned()),
            Just(".".to_owned()),
            Just("[^/]".to_owned()),
            Just("[ab]".to_owned()),
            Just(r"\w".to_owned()),
            Just("(a|b)".to_owned()),
            Just("(ab)".to_owned()),
        ];
        let times = prop_oneof![
            4 => Just(""),
            1 => Just("*"),
            1 => Just("+?"),
            1 => Just("?"),
            1 => Just("{2}"),
            1 => Just("{1,2}"),
        ];
        let part = (atom, times).prop_map(|(atom, times)| atom + times);
        proptest::collection::vec(part, 0..6).prop_map(|parts| parts.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn a_sequence_judges_as_the_engine_does(
            pattern in expression(),
            texts in proptest::collection::vec("[ab/éx]{0,6}", 1..20),
        ) {
            let engine = regex::Regex::new(&format!(r"\A(?s:{pattern})\z")).unwrap();
            let sequence = sequence(&pattern);
            for text in texts {
                if let Some(verdict) = sequence.matches(&text) {
                    prop_assert_eq!(verdict, engine.is_match(&text), "{} on {:?}", pattern, text);
                }
                if engine.is_match(&text) {
                    prop_assert!(text.starts_with(sequence.prefix()));
                }
            }
        }
    }
}
