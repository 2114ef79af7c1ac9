//! Patterns of literals and runs of characters, matched without a regex engine.
//!
//! Most patterns of URLs are of this kind: `/things/{id}/parts`, `/things/[a-z0-9]+`, `/api/.*`. Where
//! every run can end in one place only, one pass over the text decides. The pieces also say which literals
//! every matching text has, by which the index finds a pattern.

use regex_syntax::hir::literal::Extractor;
use regex_syntax::hir::{Class, Hir, HirKind, Look};

/// One part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Literal(Box<str>),
    Run(Run),
    /// Something else, which only the pattern's own engine knows.
    Other,
}

/// Characters of a set, so many times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    set: CharSet,
    min: u32,
    /// [`u32::MAX`] is no limit.
    max: u32,
}

/// A set of characters, exact for ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct CharSet {
    ascii: [u64; 2],
    beyond: Beyond,
}

/// Which characters beyond ASCII are in a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beyond {
    None,
    All,
    Some,
}

impl Run {
    /// `[^/]+`: a path segment, or a part of one.
    pub(super) const SEGMENT: Self = Self { set: CharSet::NOT_SLASH, min: 1, max: u32::MAX };

    /// `.*`: anything.
    pub(super) const ANYTHING: Self = Self { set: CharSet::ALL, min: 0, max: u32::MAX };

    /// Whether it cannot take a `/`.
    pub(super) fn stays_in_segment(&self) -> bool {
        !self.set.has(b'/')
    }

    /// How many bytes of a text it takes, which has to end at `end` if that is given; `Err` where a
    /// character beyond ASCII leaves it open.
    fn take(&self, text: &[u8], end: Option<usize>) -> Result<Option<usize>, Undecided> {
        let exact = if self.min == self.max { self.max } else { u32::MAX };
        let (mut at, mut count) = (0, 0);
        while at < text.len() && end.is_none_or(|end| at < end) && count < exact {
            let byte = text[at];
            let is_in = match (byte.is_ascii(), self.set.beyond) {
                (true, _) => self.set.has(byte),
                (false, Beyond::All) => true,
                (false, Beyond::None) => false,
                (false, Beyond::Some) => return Err(Undecided),
            };
            if !is_in {
                break;
            }
            // The bytes that continue a character count with its first.
            at += 1;
            while at < text.len() && text[at] & 0xc0 == 0x80 {
                at += 1;
            }
            count += 1;
        }
        let ends = end.is_none_or(|end| at == end);
        Ok((ends && (self.min..=self.max).contains(&count)).then_some(at))
    }
}

/// A text that the sequence cannot judge.
struct Undecided;

impl CharSet {
    const ALL: Self = Self { ascii: [u64::MAX; 2], beyond: Beyond::All };
    const NOT_SLASH: Self = Self { ascii: [!(1 << b'/'), u64::MAX], beyond: Beyond::All };

    fn has(self, byte: u8) -> bool {
        self.ascii[usize::from(byte >> 6) & 1] & 1 << (byte & 63) != 0
    }

    /// Whether a literal cannot begin with one of its characters.
    fn is_apart_from(self, literal: &str) -> bool {
        match literal.bytes().next() {
            Some(byte) if byte.is_ascii() => !self.has(byte),
            Some(_) => self.beyond == Beyond::None,
            None => false,
        }
    }

    fn is_disjoint(self, other: Self) -> bool {
        self.ascii[0] & other.ascii[0] == 0
            && self.ascii[1] & other.ascii[1] == 0
            && (self.beyond == Beyond::None || other.beyond == Beyond::None)
    }

    /// Of the ranges of a character class, in ascending order.
    fn of(class: &regex_syntax::hir::ClassUnicode) -> Self {
        let mut set = Self { ascii: [0; 2], beyond: Beyond::None };
        for range in class.ranges() {
            for c in range.start()..=range.end().min('\x7f') {
                set.ascii[c as usize >> 6] |= 1 << (c as u32 & 63);
            }
            if !range.end().is_ascii() {
                let all = range.start() <= '\u{80}' && range.end() == char::MAX;
                set.beyond = if all { Beyond::All } else { Beyond::Some };
            }
        }
        set
    }

    fn only(c: char) -> Option<Self> {
        let mut set = Self { ascii: [0; 2], beyond: Beyond::None };
        set.ascii[c as usize >> 6 & 1] |= 1 << (c as u32 & 63);
        c.is_ascii().then_some(set)
    }
}

/// A pattern's pieces, and whether they alone decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sequence {
    pieces: Box<[Piece]>,
    decides: bool,
}

impl Sequence {
    /// Of pieces in their order. Neighbouring literals become one.
    pub(super) fn new(pieces: Vec<Piece>) -> Self {
        let mut joined: Vec<Piece> = Vec::with_capacity(pieces.len());
        for piece in pieces {
            match (joined.last_mut(), piece) {
                (_, Piece::Literal(text)) if text.is_empty() => {}
                (Some(Piece::Literal(before)), Piece::Literal(text)) => {
                    *before = [&**before, &*text].concat().into();
                }
                (Some(Piece::Other), Piece::Other) => {}
                (_, piece) => joined.push(piece),
            }
        }
        let decides = (0..joined.len()).all(|at| is_certain(&joined[at], &joined[at + 1..]));
        Self { pieces: joined.into(), decides }
    }

    /// Of a parsed regular expression that matches whole texts.
    pub(super) fn of(hir: &Hir) -> Self {
        let mut found = Found::default();
        found.add(hir);
        Self::new(found.pieces)
    }

    pub(super) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Whether the pieces decide for every text of ASCII.
    pub(super) fn decides(&self) -> bool {
        self.decides
    }

    /// The text that every match begins with.
    pub(super) fn prefix(&self) -> &str {
        match self.pieces.first() {
            Some(Piece::Literal(text)) => text,
            _ => "",
        }
    }

    /// The only text that matches, where there is only one.
    pub(super) fn literal(&self) -> Option<&str> {
        match &*self.pieces {
            [Piece::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether the whole text matches; nothing where only an engine can tell.
    pub(super) fn matches(&self, text: &str) -> Option<bool> {
        self.walk(text, |_| {})
    }

    /// What each run takes of a text that matches.
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
                    at += literal.len();
                }
                Piece::Run(run) => {
                    // At the end of the pattern it is known where the run has to end.
                    let end = match &self.pieces[number + 1..] {
                        [] => Some(bytes.len()),
                        [Piece::Literal(last)] => match bytes.len().checked_sub(last.len()) {
                            Some(end) if end >= at => Some(end),
                            _ => return Some(false),
                        },
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

/// Whether a piece can end in one place only, whatever the text.
fn is_certain(piece: &Piece, rest: &[Piece]) -> bool {
    match piece {
        Piece::Literal(_) => true,
        Piece::Run(run) => {
            run.min == run.max || matches!(rest, [Piece::Literal(_)]) || is_apart(run.set, rest)
        }
        Piece::Other => false,
    }
}

/// Whether what follows cannot begin with a character of a set.
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

/// The pieces of an expression, as they are found.
#[derive(Default)]
struct Found {
    pieces: Vec<Piece>,
    /// Whether a `$` was found: nothing may follow it.
    ended: bool,
}

impl Found {
    fn push(&mut self, piece: Piece) {
        if self.ended {
            self.pieces.push(Piece::Other);
        }
        self.pieces.push(piece);
    }

    fn add(&mut self, hir: &Hir) {
        match hir.kind() {
            HirKind::Empty => {}
            HirKind::Look(Look::Start) if self.pieces.is_empty() => {}
            HirKind::Look(Look::End) => self.ended = true,
            HirKind::Literal(literal) => self.push(match std::str::from_utf8(&literal.0) {
                Ok(text) => Piece::Literal(text.into()),
                Err(_) => Piece::Other,
            }),
            HirKind::Class(_) => self.push(run(hir, 1, 1)),
            HirKind::Repetition(repetition) => {
                let max = repetition.max.unwrap_or(u32::MAX);
                self.push(run(&repetition.sub, repetition.min, max));
            }
            HirKind::Capture(capture) => self.add(&capture.sub),
            HirKind::Concat(parts) => parts.iter().for_each(|part| self.add(part)),
            HirKind::Alternation(_) => {
                let literals = Extractor::new().extract(hir);
                let common = literals.longest_common_prefix().unwrap_or_default();
                let text = common.utf8_chunks().next().map_or("", |chunk| chunk.valid());
                self.push(Piece::Literal(text.into()));
                self.push(Piece::Other);
            }
            HirKind::Look(_) => self.push(Piece::Other),
        }
    }
}

/// A repeated expression, where it is one character each time.
fn run(hir: &Hir, min: u32, max: u32) -> Piece {
    let set = match hir.kind() {
        HirKind::Class(Class::Unicode(class)) => Some(CharSet::of(class)),
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).unwrap_or_default();
            let mut chars = text.chars();
            chars.next().filter(|_| chars.next().is_none()).and_then(CharSet::only)
        }
        HirKind::Capture(capture) => return run(&capture.sub, min, max),
        _ => None,
    };
    set.map_or(Piece::Other, |set| Piece::Run(Run { set, min, max }))
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

    /// Expressions from few characters, so that many texts match.
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
