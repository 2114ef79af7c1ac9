//! The way from the root of a document to a value that is decoded.

use std::rc::Rc;

use super::json_pointer;
use super::place::{Pointer, Step};

/// The way from the root to a node, shared with its siblings' ways. It borrows the keys: most ways are
/// never asked for.
#[derive(Debug)]
pub(super) struct WayTo<'d> {
    pub(super) last: Way<'d>,
    pub(super) parent: Option<Rc<WayTo<'d>>>,
    pub(super) report: Report,
}

/// Where the problems of a node, and of all inside it, are reported in `WireMock`'s form.
#[derive(Debug, Clone, Copy)]
pub(super) enum Report {
    Own,
    /// At the node itself.
    Whole,
    /// At the node around it.
    Parent,
    /// At the node itself, whose own step stays in the pointer of a whole around it.
    Part,
}

/// One step of a way.
#[derive(Debug, Clone, Copy)]
pub(super) enum Way<'d> {
    Key(&'d str),
    Index(usize),
}

/// Returns the way as a pointer.
pub(super) fn pointer_of(way: Option<&Rc<WayTo<'_>>>) -> Pointer {
    let mut pointer = Pointer::new();
    let mut next = way;
    while let Some(way) = next {
        pointer.push(match way.last {
            Way::Key(key) => Step::Key(key.to_owned()),
            Way::Index(index) => Step::Index(index),
        });
        next = way.parent.as_ref();
    }
    pointer.reverse();
    pointer
}

/// Returns the value that a problem is reported at: one around it may stand for all that is inside.
pub(super) fn reported_pointer(way: Option<&Rc<WayTo<'_>>>) -> String {
    // Each step from the end, and whether a whole around it keeps it.
    let mut steps: Vec<(String, bool)> = Vec::new();
    let mut next = way;
    while let Some(way) = next {
        match way.report {
            Report::Own => {}
            Report::Whole | Report::Part => steps.retain(|(_, is_part)| *is_part),
            Report::Parent => {
                steps.retain(|(_, is_part)| *is_part);
                next = way.parent.as_ref();
                continue;
            }
        }
        let step = match way.last {
            Way::Key(key) => key.to_owned(),
            Way::Index(index) => index.to_string(),
        };
        steps.push((step, matches!(way.report, Report::Part)));
        next = way.parent.as_ref();
    }
    let steps: Vec<String> = steps.into_iter().rev().map(|(step, _)| step).collect();
    json_pointer(&steps)
}
