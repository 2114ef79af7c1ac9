//! The path from the root of a document to a value that is decoded.

use std::rc::Rc;

use super::json_pointer;
use super::place::{Pointer, Step};

/// The path from the root to a node, shared with its siblings' paths. It borrows the keys: most
/// paths are never needed.
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

/// One step of a path.
#[derive(Debug, Clone, Copy)]
pub(super) enum Way<'d> {
    Key(&'d str),
    Index(usize),
}

/// Returns the path as a pointer.
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

/// Returns the value at which a problem is reported: an enclosing one may represent everything
/// inside it.
pub(super) fn reported_pointer(way: Option<&Rc<WayTo<'_>>>) -> String {
    // Each step from the end, and whether an enclosing whole keeps it.
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
