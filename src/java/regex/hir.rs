//! Converts expressions for the linear engine, if they have the same meaning there.

use regex_syntax::hir::{Capture, Class, Hir, Look, Repetition};

use super::node::{Assertion, Node, RepeatKind};

/// How often a counted repetition may repeat in the linear engine: each time costs states.
const MAX_REPEATED: u32 = 1_000;

/// Returns the expression, if a linear engine can run it.
pub(super) fn of(node: &Node) -> Option<Hir> {
    convert(node, true)
}

/// `last`: nothing of the expression follows, so that the end of a line is the end of the value.
fn convert(node: &Node, last: bool) -> Option<Hir> {
    Some(match node {
        Node::Empty => Hir::empty(),
        Node::Char(c) => Hir::literal(c.encode_utf8(&mut [0; 4]).as_bytes()),
        Node::Set(set) => Hir::class(Class::Unicode(set.clone())),
        Node::Concat(parts) => {
            let end = parts.len();
            let parts = parts.iter().enumerate();
            Hir::concat(
                parts
                    .map(|(at, part)| convert(part, last && at + 1 == end))
                    .collect::<Option<_>>()?,
            )
        }
        Node::Alternation(ways) => {
            Hir::alternation(ways.iter().map(|way| convert(way, last)).collect::<Option<_>>()?)
        }
        Node::Group(number, node) => Hir::capture(Capture {
            index: u32::try_from(*number).ok()?,
            name: None,
            sub: Box::new(convert(node, last)?),
        }),
        Node::Repeat { node, min, max, kind } => {
            if (*min).max(max.unwrap_or(0)) > MAX_REPEATED {
                return None;
            }
            Hir::repetition(Repetition {
                min: *min,
                max: *max,
                greedy: *kind == RepeatKind::Greedy,
                sub: Box::new(convert(node, false)?),
            })
        }
        Node::Assert(Assertion::Start) => Hir::look(Look::Start),
        Node::Assert(Assertion::End) => Hir::look(Look::End),
        Node::Assert(Assertion::LineEnd { .. }) if last => Hir::look(Look::End),
        Node::Assert(_) | Node::Atomic(_) | Node::Look { .. } | Node::BackReference { .. } => {
            return None;
        }
    })
}
