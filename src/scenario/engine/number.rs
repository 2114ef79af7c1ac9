//! The counters of a rule, and the numbers of its draws.

use crate::scenario::rule::draw::Draw;
use crate::scenario::rule::set::Rule;

/// The counter of a rule's delays, separate from those of its outcomes.
pub(super) const DELAY: usize = usize::MAX;
/// The counter of its changes of lines.
pub(super) const LINES: usize = usize::MAX - 1;
/// The counter of requests that its gate refused.
pub(super) const REFUSED: usize = usize::MAX - 2;
/// The counter of requests that drew one of its shares.
pub(super) const DRAWN: usize = usize::MAX - 3;
/// The counter of its damaged answers.
pub(super) const DAMAGE: usize = usize::MAX - 4;

/// The number of a draw, and the request whose attempts it counts.
pub(super) struct Number {
    pub(super) n: u64,
    pub(super) request: Option<[u8; 32]>,
}

impl Number {
    pub(super) fn draw<'a>(&'a self, rule: &'a Rule, world: &'a str) -> Draw<'a> {
        Draw { seed: rule.seed, rule: &rule.id, world, request: self.request.as_ref() }
    }
}
