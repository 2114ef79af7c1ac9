//! The syntax tree of an expression.

use regex_syntax::hir::ClassUnicode;

/// A part of an expression.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    /// Nothing, which always matches.
    Empty,
    /// One character.
    Char(char),
    /// One character of a set.
    Set(ClassUnicode),
    /// One after the other.
    Concat(Vec<Node>),
    /// The first that fits.
    Alternation(Vec<Node>),
    /// A group that is remembered by its number, from 1.
    Group(usize, Box<Node>),
    /// A repetition.
    Repeat { node: Box<Node>, min: u32, max: Option<u32>, kind: RepeatKind },
    /// An atomic group: later failures do not backtrack into it.
    Atomic(Box<Node>),
    /// A look-ahead or look-behind.
    Look { node: Box<Node>, behind: Option<Lengths>, negative: bool },
    /// The text that a group has matched.
    BackReference { group: usize, ignore_case: bool, unicode_case: bool },
    /// A condition on the place.
    Assert(Assertion),
}

/// The strategy of a repetition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RepeatKind {
    /// As often as it can.
    Greedy,
    /// As seldom as it can.
    Lazy,
}

/// The shortest and the longest text of an expression, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lengths {
    pub(crate) min: usize,
    pub(crate) max: usize,
}

/// A condition on the place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Assertion {
    /// The start of the value: `^`, `\A`, `\G`.
    Start,
    /// The end of the value: `\z`.
    End,
    /// `^` at each line.
    LineStart { unix: bool },
    /// `$` and `\Z`: the end, or before the last end of a line; before every one with `multi_line`.
    LineEnd { unix: bool, multi_line: bool },
    /// `\b` and `\B`.
    WordBoundary { negative: bool, unicode: bool },
}

impl Node {
    /// Returns how long its text can be, or `None` if there is no obvious longest.
    pub(super) fn lengths(&self) -> Option<Lengths> {
        let fixed = |length| Some(Lengths { min: length, max: length });
        match self {
            Self::Empty | Self::Assert(_) | Self::Look { .. } => fixed(0),
            Self::Char(_) | Self::Set(_) => fixed(1),
            Self::Concat(parts) => {
                parts.iter().try_fold(Lengths { min: 0, max: 0 }, |sum, part| {
                    let part = part.lengths()?;
                    Some(Lengths {
                        min: sum.min.saturating_add(part.min),
                        max: sum.max.checked_add(part.max)?,
                    })
                })
            }
            Self::Alternation(ways) => {
                let ways = ways.iter().map(Self::lengths).collect::<Option<Vec<_>>>()?;
                let min = ways.iter().map(|way| way.min).min()?;
                let max = ways.iter().map(|way| way.max).max()?;
                Some(Lengths { min, max })
            }
            Self::Group(_, node) | Self::Atomic(node) => node.lengths(),
            Self::Repeat { node, min, max, .. } => {
                let one = node.lengths()?;
                let max = one.max.checked_mul(usize::try_from((*max)?).ok()?)?;
                Some(Lengths { min: one.min.saturating_mul(*min as usize), max })
            }
            Self::BackReference { .. } => None,
        }
    }
}
