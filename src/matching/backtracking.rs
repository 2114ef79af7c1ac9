//! Patterns that no linear engine runs: look-around, back-references and possessive quantifiers, under
//! limits of steps.

use std::sync::OnceLock;

use fancy_regex::Expr;

use super::java::{anchored, unquoted};
use super::sequence::{Piece, Sequence};

/// How often a backtracking pattern may try another way on a short value before it counts as not
/// matching.
const BACKTRACK_LIMIT: usize = 100_000;

/// How many characters a backtracking pattern may read of one value. Each way that it tries may read
/// the whole value, so a longer value has fewer ways.
const MAX_READ: usize = 50_000_000;

/// A pattern that no linear engine runs.
pub(super) struct Backtracking {
    /// For values of up to [`TIERS`] bytes, each under its own limit.
    tiers: [OnceLock<Option<fancy_regex::Regex>>; TIERS.len()],
    /// Longer values are not tried: each step of a repetition may read the rest of the value, for each
    /// look-around, group reference or atomic group nested in it.
    max_bytes: usize,
}

/// The lengths of values, in bytes, that share one limit of ways.
const TIERS: [usize; 6] = [2 << 10, 16 << 10, 128 << 10, 1 << 20, 8 << 20, usize::MAX];

impl Backtracking {
    /// Compiles a pattern, and says what is known of its pieces. The error says nothing to people: that of
    /// the linear engine does.
    pub(super) fn compile(java: &str) -> Result<(Self, Sequence), ()> {
        let tree = Expr::parse_tree(java).map_err(drop)?;
        let power = 1 + depth(&tree.expr);
        let max_bytes = if power == 1 { usize::MAX } else { root(MAX_READ, power) };
        let this = Self { tiers: Default::default(), max_bytes };
        this.tier(java, 0).map(|_| ()).ok_or(())?;
        Ok((this, Sequence::new(pieces(&tree.expr))))
    }

    fn tier(&self, java: &str, at: usize) -> Option<&fancy_regex::Regex> {
        let limit = (MAX_READ / TIERS[at]).clamp(20, BACKTRACK_LIMIT);
        let build = || {
            // A limit that ends the search is an error of the engine, never a wrong answer.
            fancy_regex::RegexBuilder::new(&anchored(java)).backtrack_limit(limit).build().ok()
        };
        self.tiers[at].get_or_init(build).as_ref()
    }

    /// Whether the whole value matches; nothing when it cannot be said within the limits.
    pub(super) fn matches(&self, text: &str, value: &str) -> Option<bool> {
        if value.len() > self.max_bytes {
            return None;
        }
        let at = TIERS.iter().position(|most| value.len() <= *most)?;
        self.tier(&unquoted(text), at)?.is_match(value).ok()
    }
}

/// How many repetitions lie around the innermost construct that no linear engine runs.
fn depth(expr: &Expr) -> u32 {
    /// Fewer rounds than this multiply the work, but do not raise its power.
    const FEW: usize = 16;
    let inner = expr.children_iter().map(depth).max().unwrap_or(0);
    match expr {
        Expr::Repeat { hi, .. } if *hi > FEW && expr.children_iter().any(is_hard) => inner + 1,
        _ => inner,
    }
}

fn is_hard(expr: &Expr) -> bool {
    !matches!(
        expr,
        Expr::Empty
            | Expr::Any { .. }
            | Expr::Assertion(_)
            | Expr::GeneralNewline { .. }
            | Expr::Literal { .. }
            | Expr::LiteralBytes { .. }
            | Expr::Concat(_)
            | Expr::Alt(_)
            | Expr::Group(_)
            | Expr::Repeat { .. }
            | Expr::Delegate { .. }
    ) || expr.children_iter().any(is_hard)
}

/// The largest whole number whose `power` is not above `value`.
fn root(value: usize, power: u32) -> usize {
    let fits = |base: usize| base.checked_pow(power).is_some_and(|found| found <= value);
    (0..usize::BITS / power).rev().fold(0, |base, bit| {
        let next = base | 1 << bit;
        if fits(next) { next } else { base }
    })
}

/// The literals of an expression, and what stands between them.
fn pieces(expr: &Expr) -> Vec<Piece> {
    match expr {
        Expr::Empty => Vec::new(),
        Expr::Literal { val, casei: false } => vec![Piece::Literal(val.as_str().into())],
        Expr::Concat(parts) => parts.iter().flat_map(pieces).collect(),
        _ => vec![Piece::Other],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::pattern::Pattern;

    #[test]
    fn a_pattern_that_backtracks_without_end_gives_up() {
        for (pattern, length) in [
            (r"(?=a)(a|a)*\1b(?!c)", 200),
            (r"(?:(?=a*b)a|a)*c", 100_000),
            (r"(?:(?=(?:a*)*b)a)*", 3_000_000),
            (r"(?!.*secret)(?:.|\n)*(?=z)", 3_000_000),
            (r"(?>a*)*(?<=a)b", 3_000_000),
        ] {
            let pattern = Pattern::compile(pattern).unwrap();
            let value = "a".repeat(length);
            assert!(!pattern.matches(&value), "{pattern:?}");
            assert!(pattern.gives_up_on(&value), "{pattern:?}");
        }
        let pattern = Pattern::compile(r"(?!.*secret)a*").unwrap();
        assert!(pattern.matches(&"a".repeat(500_000)));
        let pattern = Pattern::compile(r"(?:(?=.*z)a)*z").unwrap();
        assert!(pattern.matches(&("a".repeat(5_000) + "z")));
        assert!(!pattern.gives_up_on(&"a".repeat(5_000)));
    }

    #[test]
    fn the_literals_around_look_around_are_known() {
        let (_, known) = Backtracking::compile("/jobs/(?!x).*/end").unwrap();
        let literal = |text: &str| Piece::Literal(text.into());
        assert_eq!(known.pieces(), [literal("/jobs/"), Piece::Other, literal("/end")]);
        assert!(!known.decides());
    }

    #[test]
    fn roots_are_rounded_down() {
        assert_eq!(root(50_000_000, 2), 7_071);
        assert_eq!(root(1_000, 3), 10);
        assert_eq!(root(999, 3), 9);
    }
}
