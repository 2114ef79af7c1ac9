//! What goes wrong on the wire while a plan is carried out, as values: where, and what.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

/// Something that goes wrong on the wire while a plan is carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// When.
    pub at: FaultPoint,
    /// What.
    pub action: FaultAction,
}

/// Where in the answer a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultPoint {
    /// Not one byte of the answer is sent.
    BeforeHeaders,
    /// The status line and the headers are sent, and no byte of the body.
    AfterHeaders,
    /// The headers and so many bytes of the body are sent (all of it, when it is shorter).
    AfterBytes(u64),
}

/// What a fault does to the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultAction {
    /// TCP RST: the client sees "connection reset by peer". Over HTTP/2 the stream alone.
    Reset,
    /// TCP FIN: the client sees the connection end. Over HTTP/2 the stream alone.
    Close,
    /// These bytes as they are, outside HTTP's framing, then FIN.
    Garbage(Bytes),
    /// A chunk whose size is no number (RFC 9112, section 7.1), then FIN.
    MalformedChunk,
    /// `RST_STREAM` with this code (RFC 9113, section 6.4); TCP RST over HTTP/1.1.
    ResetStream(u32),
    /// `GOAWAY` (RFC 9113, section 6.8); over HTTP/1.1 the connection ends.
    GoAway {
        /// The error code.
        code: u32,
        /// The last stream that counts.
        last: LastStream,
    },
}

/// The last stream that a `GOAWAY` names: later ones were not looked at, and may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastStream {
    /// That of the request: it is answered, then the connection ends.
    This,
    /// None: the request was not looked at.
    None,
}

/// What goes wrong within a body.
#[derive(Debug, Clone, Default)]
pub struct StreamFaults {
    /// At places of the body, in the order in which they were written.
    pub points: Vec<Point>,
    /// To all lines of a kind.
    pub changes: Vec<LineChange>,
}

/// Something that happens at one place of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// Where.
    pub at: Place,
    /// What.
    pub act: PointAct,
}

/// A place of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// When the n-th line is due, from 1: before it goes out. A line of a watch is an event.
    Event(u64),
    /// When so many bytes have gone out.
    Bytes(u64),
    /// So long after the headers.
    Time(Duration),
}

/// What happens at a place of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PointAct {
    /// Nothing is sent for so long.
    Stall(Duration),
    /// From here on it is slow.
    Slow(Pace),
    /// The answer ends with a fault.
    End(FaultAction),
    /// The answer ends as if it were complete.
    Finish,
    /// The line that is due goes out half, then the connection ends (FIN).
    CutLine,
    /// This line goes out before the one that is due; the answer ends after it, or goes on.
    Insert {
        /// The line.
        line: Bytes,
        /// Whether the answer ends after it.
        ends: bool,
    },
    /// The line that is due is left out.
    Drop,
    /// The line that is due goes out twice.
    Duplicate,
}

/// What happens to all lines of a kind.
#[derive(Debug, Clone)]
pub struct LineChange {
    /// Which lines.
    pub of: Lines,
    /// What.
    pub what: Change,
    /// To which of them; to all without it.
    pub sample: Option<Sampling>,
}

/// A kind of lines in a watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    /// ADDED, MODIFIED, DELETED, ERROR.
    Events,
    /// BOOKMARK, but for the one that ends the initial events.
    Bookmarks,
    /// The BOOKMARK that ends the initial events.
    InitialEnd,
}

/// What happens to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is left out.
    Drop,
    /// It goes out twice.
    Duplicate,
    /// It goes out after the next one of its kind, or after half a second without one.
    Reorder,
    /// It goes out so much later; others overtake it.
    Delay(Duration),
}

/// Whether the n-th line is one of those that something happens to.
#[derive(Clone)]
pub struct Sampling(pub Arc<dyn Fn(u64) -> bool + Send + Sync>);

impl std::fmt::Debug for Sampling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sampling")
    }
}

/// A body in small pieces, with a pause between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How many bytes go out at once; at least one.
    pub chunk: usize,
    /// How long it takes from one piece to the next.
    pub every: Duration,
}

impl FaultAction {
    /// One word for the journal and the console.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Close => "close",
            Self::Garbage(_) => "garbage",
            Self::MalformedChunk => "malformed_chunk",
            Self::ResetStream(_) => "rst_stream",
            Self::GoAway { .. } => "goaway",
        }
    }
}

impl StreamFaults {
    /// Whether the body is another, or as long as it was announced.
    #[must_use]
    pub fn keep_length(&self) -> bool {
        let keeps = |point: &Point| {
            matches!(
                point.act,
                PointAct::Stall(_)
                    | PointAct::Slow(_)
                    | PointAct::CutLine
                    | PointAct::Finish
                    | PointAct::End(
                        FaultAction::Reset
                            | FaultAction::Close
                            | FaultAction::Garbage(_)
                            | FaultAction::ResetStream(_)
                            | FaultAction::GoAway { .. }
                    )
            )
        };
        self.changes.is_empty() && self.points.iter().all(keeps)
    }

    /// Whether the body must be taken apart into its lines.
    #[must_use]
    pub fn by_line(&self) -> bool {
        let line = |point: &Point| {
            matches!(point.at, Place::Event(_))
                || matches!(
                    point.act,
                    PointAct::CutLine
                        | PointAct::Insert { .. }
                        | PointAct::Drop
                        | PointAct::Duplicate
                )
        };
        !self.changes.is_empty() || self.points.iter().any(line)
    }

    /// One word for the journal and the console.
    #[must_use]
    pub fn label(&self) -> &'static str {
        let Some(point) = self.points.first() else { return "changed" };
        match &point.act {
            PointAct::Stall(_) => "stall",
            PointAct::Slow(_) => "slow",
            PointAct::End(action) => action.label(),
            PointAct::Finish | PointAct::CutLine => "cut",
            PointAct::Insert { .. } | PointAct::Drop | PointAct::Duplicate => "event",
        }
    }
}
