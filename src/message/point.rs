//! Actions within a body: at a position, or on the lines of a kind.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::fault::FaultAction;
use super::pace::Pace;

/// An action at a position of a body, performed once. A body that ends earlier is not affected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// Where.
    pub at: Position,
    /// What.
    pub action: PointAction,
}

/// A position in a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// Before the n-th line, from 1. A line of a watch is an event.
    Event(u64),
    /// After this many bytes were sent.
    Bytes(u64),
    /// This long after the headers.
    Time(Duration),
}

/// What happens at a position of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PointAction {
    /// Nothing is sent for this long.
    Stall(Duration),
    /// The rest of the body is sent at this pace.
    Slow(Pace),
    /// The answer ends with a fault.
    End(FaultAction),
    /// The answer ends as if it were complete.
    Finish,
    /// Half of the next line is sent, then the connection ends (FIN).
    CutLine,
    /// A line is sent before the next one.
    Insert {
        /// The line, with its line end.
        line: Bytes,
        /// Whether the answer ends after it.
        ends: bool,
    },
    /// The next line is omitted.
    Drop,
    /// The next line is sent twice.
    Duplicate,
}

/// What happens to the lines of a kind.
#[derive(Debug, Clone)]
pub struct LineChange {
    /// The kind.
    pub of: LineKind,
    /// What happens.
    pub action: LineAction,
    /// To which of them; to all without it.
    pub sample: Option<Sampling>,
}

/// A kind of lines in a watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// ADDED, MODIFIED, DELETED, ERROR; every line of a body that is not a watch.
    Events,
    /// BOOKMARK, without the one that ends the initial events.
    Bookmarks,
    /// The BOOKMARK that ends the initial events.
    InitialEnd,
}

/// What happens to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineAction {
    /// It is omitted.
    Drop,
    /// It is sent twice.
    Duplicate,
    /// It is sent after the next line of its kind, or after half a second without one.
    Reorder,
    /// It is sent this much later; others overtake it.
    Delay(Duration),
}

/// Selects some of the lines of a kind, by their number from 0.
#[derive(Clone)]
pub struct Sampling(pub Arc<dyn Fn(u64) -> bool + Send + Sync>);

impl std::fmt::Debug for Sampling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sampling")
    }
}

impl Point {
    /// Returns whether it acts on lines, so that the body must be split into them.
    #[must_use]
    pub fn needs_lines(&self) -> bool {
        use PointAction::{CutLine, Drop, Duplicate, Insert};
        matches!(self.at, Position::Event(_))
            || matches!(self.action, CutLine | Insert { .. } | Drop | Duplicate)
    }

    /// Returns whether the body's announced length stays that of the undisturbed body: it is the
    /// same, or it ends early on purpose.
    #[must_use]
    pub fn keeps_length(&self) -> bool {
        match &self.action {
            PointAction::Stall(_)
            | PointAction::Slow(_)
            | PointAction::CutLine
            | PointAction::Finish => true,
            PointAction::End(action) => *action != FaultAction::MalformedChunk,
            PointAction::Insert { .. } | PointAction::Drop | PointAction::Duplicate => false,
        }
    }

    /// Returns one word for the journal and the console.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match &self.action {
            PointAction::Stall(_) => "stall",
            PointAction::Slow(_) => "slow",
            PointAction::End(action) => action.label(),
            PointAction::Finish | PointAction::CutLine => "cut",
            PointAction::Insert { .. } | PointAction::Drop | PointAction::Duplicate => "event",
        }
    }
}
