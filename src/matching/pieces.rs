//! The pieces of a pattern: literals, and runs of characters.

use regex_syntax::hir::literal::Extractor;
use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::short_text::ShortText;

/// A literal of a pattern; most are no longer.
pub(super) type PieceText = ShortText<24>;

/// One part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Literal(PieceText),
    Run(Run),
    /// Anything else, which only the regex engine can decide.
    Other,
}

/// Characters of a set, this many times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) set: CharSet,
    pub(super) min: u32,
    /// [`u32::MAX`] is no limit.
    pub(super) max: u32,
}

/// A set of characters, exact for ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CharSet {
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

    /// Returns whether it cannot take a `/`.
    pub(super) fn stays_in_segment(&self) -> bool {
        !self.set.has(b'/')
    }

    /// Returns how many bytes of a text it matches, which must end at `end` if that is given; `Err`
    /// if a character beyond ASCII makes it undecidable.
    pub(super) fn take(&self, text: &[u8], end: Option<usize>) -> Result<Option<usize>, Undecided> {
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

/// A text that the sequence cannot decide.
pub(super) struct Undecided;

impl CharSet {
    const ALL: Self = Self { ascii: [u64::MAX; 2], beyond: Beyond::All };
    const NOT_SLASH: Self = Self { ascii: [!(1 << b'/'), u64::MAX], beyond: Beyond::All };

    fn has(self, byte: u8) -> bool {
        self.ascii[usize::from(byte >> 6) & 1] & 1 << (byte & 63) != 0
    }

    /// Returns whether a literal cannot begin with one of its characters.
    pub(super) fn is_apart_from(self, literal: &str) -> bool {
        match literal.bytes().next() {
            Some(byte) if byte.is_ascii() => !self.has(byte),
            Some(_) => self.beyond == Beyond::None,
            None => false,
        }
    }

    pub(super) fn is_disjoint(self, other: Self) -> bool {
        self.ascii[0] & other.ascii[0] == 0
            && self.ascii[1] & other.ascii[1] == 0
            && (self.beyond == Beyond::None || other.beyond == Beyond::None)
    }

    /// Creates a set from the ranges of a character class, in ascending order.
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

/// Returns the pieces of a parsed regular expression.
pub(super) fn of(hir: &Hir) -> Vec<Piece> {
    let mut found = Found::default();
    found.add(hir);
    found.pieces
}

/// The pieces of an expression, as they are found.
#[derive(Default)]
struct Found {
    pieces: Vec<Piece>,
    /// Whether a `$` was found, after which nothing may follow.
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

/// Returns the piece of a repetition of single characters.
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
