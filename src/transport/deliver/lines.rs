//! Splits a body into lines and applies the changes of their kind.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::time::Instant;

use crate::message::{LineAction, LineChange, LineKind};
use crate::transport::exact;

/// The longest line that is buffered, in bytes; a longer one is passed on in parts.
const MAX_LINE: usize = 4 << 20;

/// How long a line waits for the one that it is to follow.
const SWAP: Duration = Duration::from_millis(500);

/// How many lines are delayed at once. The source is not read while there are more.
const MAX_DELAYED: usize = 10_000;

/// Splits bytes into lines.
#[derive(Default)]
pub(super) struct Splitter {
    /// The incomplete line.
    partial: BytesMut,
}

impl Splitter {
    /// Appends the lines that these bytes complete, each with its line end.
    pub(super) fn push(&mut self, bytes: &[u8], lines: &mut VecDeque<Bytes>) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.partial.extend_from_slice(part);
            if part.ends_with(b"\n") || self.partial.len() > MAX_LINE {
                lines.push_back(self.partial.split().freeze());
            }
        }
    }

    /// Appends the incomplete last line at the end of the body.
    pub(super) fn finish(&mut self, lines: &mut VecDeque<Bytes>) {
        let last = self.partial.split().freeze();
        lines.extend((!last.is_empty()).then_some(last));
    }
}

/// Changes the lines of a body.
pub(super) struct Changes {
    changes: Vec<Change>,
    /// Delayed lines.
    delayed: Vec<Held>,
}

/// One change, with its state in this body.
struct Change {
    rule: LineChange,
    /// How many lines of the kind have arrived.
    seen: u64,
    /// The line that waits for the next one of its kind.
    waiting: Option<Held>,
}

/// A line that is held back until its deadline at the latest.
struct Held {
    until: Instant,
    line: Bytes,
}

impl Held {
    fn new(line: Bytes, by: Duration) -> Self {
        Self { until: exact::after(Instant::now(), by), line }
    }
}

impl Changes {
    pub(super) fn new(changes: Vec<LineChange>) -> Self {
        let of = |rule| Change { rule, seen: 0, waiting: None };
        Self { changes: changes.into_iter().map(of).collect(), delayed: Vec::new() }
    }

    /// Applies the changes of a line's kind; appends the lines to send now.
    pub(super) fn apply(&mut self, line: Bytes, ready: &mut VecDeque<Bytes>) {
        let kind = kind(&line);
        if kind != LineKind::Events {
            // A bookmark promises that everything before it was sent.
            self.release_waiting(ready);
        }
        for Change { rule, seen, waiting } in &mut self.changes {
            if rule.of != kind {
                continue;
            }
            let number = *seen;
            *seen += 1;
            let selected = rule.sample.as_ref().is_none_or(|sample| (sample.0)(number));
            match rule.action {
                LineAction::Reorder => {
                    if let Some(before) = waiting.take() {
                        ready.extend([line, before.line]);
                    } else if selected {
                        *waiting = Some(Held::new(line, SWAP));
                    } else {
                        ready.push_back(line);
                    }
                    return;
                }
                _ if !selected => {}
                LineAction::Drop => return,
                LineAction::Duplicate => ready.push_back(line.clone()),
                LineAction::Delay(by) => {
                    self.delayed.push(Held::new(line, by));
                    return;
                }
            }
        }
        ready.push_back(line);
    }

    /// Returns whether the bound of delayed lines is reached.
    pub(super) fn is_full(&self) -> bool {
        self.delayed.len() >= MAX_DELAYED
    }

    /// Returns when the next delayed line is due.
    pub(super) fn next_delayed(&self) -> Option<Instant> {
        self.delayed.iter().map(|held| held.until).min()
    }

    /// Returns the delayed line that is due first.
    pub(super) fn release_delayed(&mut self) -> Option<Bytes> {
        let due = self.next_delayed()?;
        // The first of those that are due together.
        let index = self.delayed.iter().position(|held| held.until == due)?;
        Some(self.delayed.remove(index).line)
    }

    /// Returns when the first line has waited long enough for the next one of its kind.
    pub(super) fn next_waiting(&self) -> Option<Instant> {
        self.changes.iter().filter_map(|change| Some(change.waiting.as_ref()?.until)).min()
    }

    /// Returns the line that has waited longest.
    pub(super) fn release_longest_waiting(&mut self) -> Option<Bytes> {
        let waiting = self.changes.iter_mut().map(|change| &mut change.waiting);
        let first = waiting.filter(|held| held.is_some());
        let first = first.min_by_key(|held| held.as_ref().map(|held| held.until))?;
        first.take().map(|held| held.line)
    }

    /// Appends all lines that wait for another.
    pub(super) fn release_waiting(&mut self, ready: &mut VecDeque<Bytes>) {
        ready
            .extend(self.changes.iter_mut().filter_map(|change| Some(change.waiting.take()?.line)));
    }

    /// Returns whether any line is delayed.
    pub(super) fn has_delayed(&self) -> bool {
        !self.delayed.is_empty()
    }

    /// Drops the lines that are held back.
    pub(super) fn clear(&mut self) {
        self.delayed.clear();
        self.changes.iter_mut().for_each(|change| change.waiting = None);
    }
}

/// Returns the kind of a line of a watch. A line of any other body is an event.
fn kind(line: &[u8]) -> LineKind {
    const BOOKMARK: &[u8] = b"{\"type\":\"BOOKMARK\"";
    const END: &[u8] = b"\"k8s.io/initial-events-end\":\"true\"";
    if !line.starts_with(BOOKMARK) {
        return LineKind::Events;
    }
    if line.windows(END.len()).any(|part| part == END) {
        LineKind::InitialEnd
    } else {
        LineKind::Bookmarks
    }
}
