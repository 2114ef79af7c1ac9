//! A body with all that goes wrong in it, as one sequence of acts: bytes to send, and how it ends.
//!
//! ```text
//! Source → lines → points and changes → pace → acts → HTTP/1.1: [framing], HTTP/2: [body]
//! ```
//!
//! What the acts are does not depend on the protocol; how they look on the wire does.

use std::collections::VecDeque;
use std::pin::Pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use tokio::time::Instant;

use crate::message::{
    Body, BodyError, Change, Fault, FaultAction, FaultPoint, LineChange, Lines, Pace, Place, Point,
    PointAct, StreamFaults,
};

use super::exact;
use super::source::Source;

/// A line that is longer is not waited for to its end, in bytes.
const MAX_LINE: usize = 4 << 20;

/// How long a line waits for the one that it goes out after.
const SWAP: Duration = Duration::from_millis(500);

/// Something that happens to a connection or stream, in order.
#[derive(Debug)]
pub(super) enum Act {
    /// These bytes of the body go out.
    Data(Bytes),
    /// The answer ends with a fault. Nothing follows.
    End(FaultAction),
    /// What the body is made of broke. Nothing follows.
    Broken(BodyError),
}

/// The acts of a body; where they end by themselves, the body is complete.
pub(super) type Acts = Pin<Box<dyn Stream<Item = Act> + Send>>;

/// The acts of a body with a fault, a pace and what goes wrong within.
pub(super) fn acts(
    body: Body,
    pace: Option<Pace>,
    fault: Option<&Fault>,
    within: Option<Box<StreamFaults>>,
) -> Acts {
    let performer = Performer::new(body, pace, fault, within.map(|within| *within));
    Box::pin(futures_util::stream::unfold(performer, |mut performer| async move {
        let act = performer.next().await?;
        Some((act, performer))
    }))
}

struct Performer {
    source: Source,
    by_line: bool,
    points: Vec<Point>,
    changes: Vec<LineChange>,
    /// How many lines of its kind each change has seen.
    seen: Vec<u64>,
    /// Strikes at the end of a body that ends before it.
    at_end: Option<FaultAction>,
    pace: Option<Pace>,
    next_piece: Option<Instant>,
    /// When the headers went out.
    began: Option<Instant>,
    /// What came and is no whole line yet.
    partial: BytesMut,
    /// Whole lines that came and were not looked at yet.
    whole: VecDeque<Bytes>,
    /// What is to go out, in order.
    ready: VecDeque<Bytes>,
    /// What goes out later, with when.
    later: VecDeque<(Instant, Bytes)>,
    /// Waits for the next of its kind, for each change, but not for ever.
    swapped: Vec<Option<(Instant, Bytes)>>,
    sent: u64,
    lines: u64,
    /// What happens to the next line, from a place that is not its own.
    for_next_line: Option<PointAct>,
    source_ended: bool,
    /// How the answer ends once `ready` is out.
    ending: Option<Ending>,
}

enum Ending {
    Finish,
    With(FaultAction),
    Broken(BodyError),
}

/// What was waited for.
enum Woken {
    /// A line has waited long enough for the one that it goes out after.
    Swapped,
    Source(Option<Result<Bytes, BodyError>>),
    Point(usize),
    Later,
}

impl Performer {
    fn new(
        body: Body,
        pace: Option<Pace>,
        fault: Option<&Fault>,
        within: Option<StreamFaults>,
    ) -> Self {
        let within = within.unwrap_or_default();
        let by_line = within.by_line();
        let StreamFaults { mut points, changes } = within;
        let mut at_end = None;
        if let Some(Fault { at, action }) = fault {
            let bytes = match at {
                FaultPoint::BeforeHeaders | FaultPoint::AfterHeaders => 0,
                FaultPoint::AfterBytes(bytes) => *bytes,
            };
            at_end = Some(action.clone());
            points.push(Point { at: Place::Bytes(bytes), act: PointAct::End(action.clone()) });
        }
        Self {
            source: Source::new(body),
            by_line,
            points,
            seen: vec![0; changes.len()],
            swapped: vec![None; changes.len()],
            changes,
            at_end,
            pace,
            next_piece: None,
            began: None,
            partial: BytesMut::new(),
            whole: VecDeque::new(),
            ready: VecDeque::new(),
            later: VecDeque::new(),
            sent: 0,
            lines: 0,
            for_next_line: None,
            source_ended: false,
            ending: None,
        }
    }

    /// The next act; nothing when the body is complete.
    async fn next(&mut self) -> Option<Act> {
        self.began.get_or_insert_with(Instant::now);
        loop {
            if let Some(index) = self.due() {
                let point = self.points.remove(index);
                self.act(point.act).await;
                continue;
            }
            if let Some(piece) = self.piece() {
                self.keep_pace().await;
                self.sent += piece.len() as u64;
                return Some(Act::Data(piece));
            }
            match self.ending.take() {
                Some(Ending::Finish) => return self.over(),
                Some(Ending::With(action)) => {
                    self.over();
                    return Some(Act::End(action));
                }
                Some(Ending::Broken(error)) => {
                    self.over();
                    return Some(Act::Broken(error));
                }
                None => {}
            }
            // One line at a time: what came before it is out, so that a pause is a pause.
            if let Some(line) = self.whole.pop_front() {
                self.line(line).await;
                continue;
            }
            if self.source_ended && self.later.is_empty() {
                if self.wind_up() {
                    continue;
                }
                return None;
            }
            match self.wait().await {
                Woken::Source(item) => self.take(item),
                Woken::Point(index) => {
                    let point = self.points.remove(index);
                    self.act(point.act).await;
                }
                Woken::Swapped => {
                    let first = self.swapped.iter_mut().filter(|held| held.is_some());
                    let first = first.min_by_key(|held| held.as_ref().map(|(until, _)| *until));
                    self.ready.extend(first.and_then(Option::take).map(|(_, line)| line));
                }
                Woken::Later => self.ready.extend(self.later.pop_front().map(|(_, line)| line)),
            }
        }
    }

    /// Nothing comes any more.
    fn over(&mut self) -> Option<Act> {
        self.whole.clear();
        self.ready.clear();
        self.later.clear();
        self.points.clear();
        self.swapped.clear();
        self.at_end = None;
        self.source = Source::Empty;
        self.source_ended = true;
        None
    }

    /// The point that has been reached by the bytes that went out.
    fn due(&self) -> Option<usize> {
        if self.ending.is_some() {
            return None;
        }
        self.points.iter().position(|point| point.at == Place::Bytes(self.sent))
    }

    /// Does what is done between lines; what is done to a line waits for the next one.
    async fn act(&mut self, act: PointAct) {
        match act {
            PointAct::Stall(time) => exact::sleep(time).await,
            PointAct::Slow(pace) => self.pace = Some(pace),
            PointAct::End(action) => self.end(Ending::With(action)),
            PointAct::Finish => self.end(Ending::Finish),
            // Between lines, as far as is known: the one that came in part is not interrupted.
            PointAct::Insert { line, ends } if self.ready.is_empty() => {
                self.ready.push_back(line);
                if ends {
                    self.ending = Some(Ending::Finish);
                }
            }
            act => self.for_next_line = Some(act),
        }
    }

    /// What is ready does not go out any more.
    fn end(&mut self, ending: Ending) {
        self.whole.clear();
        self.ready.clear();
        self.ending = Some(ending);
    }

    /// The next bytes to go out: up to the next point, and not more than the pace lets out at once.
    fn piece(&mut self) -> Option<Bytes> {
        let front = self.ready.front_mut()?;
        let mut length = front.len() as u64;
        // What was decided to be the end is not interrupted.
        let points = self.points.iter().filter(|_| self.ending.is_none());
        for point in points {
            if let Place::Bytes(at) = point.at
                && at > self.sent
            {
                length = length.min(at - self.sent);
            }
        }
        if let Some(pace) = self.pace {
            length = length.min(pace.chunk.max(1) as u64);
        }
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length < front.len() {
            return Some(front.split_to(length));
        }
        self.ready.pop_front()
    }

    /// Waits until the next piece may go: the first at once, each as long after the one before as was
    /// asked for, whatever the sending takes.
    async fn keep_pace(&mut self) {
        let Some(pace) = self.pace else { return };
        let now = Instant::now();
        // A stream that had nothing to send has nothing to catch up with.
        let due = self.next_piece.filter(|due| *due + pace.every > now).unwrap_or(now);
        exact::until(due).await;
        self.next_piece = Some(due + pace.every);
    }

    async fn wait(&mut self) -> Woken {
        let began = self.began.unwrap_or_else(Instant::now);
        let timed = self.points.iter().enumerate().filter_map(|(index, point)| match point.at {
            Place::Time(after) => Some((began + after, index)),
            _ => None,
        });
        let timed = timed.min();
        let later = self.later.front().map(|(due, _)| *due);
        let swapped = self.swapped.iter().flatten().map(|(until, _)| *until).min();
        if timed.is_none() && later.is_none() && swapped.is_none() && !self.source_ended {
            return Woken::Source(self.source.next().await);
        }
        let at = |when: Option<Instant>| async move {
            match when {
                Some(when) => exact::until(when).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = at(later) => Woken::Later,
            () = at(swapped), if !self.source_ended => Woken::Swapped,
            // A body that has ended has no later places.
            () = at(timed.map(|(due, _)| due)), if !self.source_ended => {
                Woken::Point(timed.map_or(0, |(_, index)| index))
            }
            item = self.source.next(), if !self.source_ended => Woken::Source(item),
        }
    }

    /// Takes what the source gave.
    fn take(&mut self, item: Option<Result<Bytes, BodyError>>) {
        match item {
            Some(Ok(bytes)) if self.by_line => self.split(&bytes),
            Some(Ok(bytes)) => self.ready.extend((!bytes.is_empty()).then_some(bytes)),
            Some(Err(error)) => {
                self.source_ended = true;
                self.ending = Some(match self.at_end.take() {
                    Some(action) => Ending::With(action),
                    None => Ending::Broken(error),
                });
            }
            None => {
                self.source_ended = true;
                let last = self.partial.split().freeze();
                self.whole.extend((!last.is_empty()).then_some(last));
            }
        }
    }

    /// What is left to do once everything is out; says whether there was something.
    fn wind_up(&mut self) -> bool {
        let held: Vec<Bytes> = self.take_swapped();
        self.ready.extend(held);
        self.ending = self.at_end.take().map(Ending::With);
        self.ending.is_some() || !self.ready.is_empty()
    }

    fn split(&mut self, bytes: &[u8]) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.partial.extend_from_slice(part);
            if part.ends_with(b"\n") || self.partial.len() > MAX_LINE {
                self.whole.push_back(self.partial.split().freeze());
            }
        }
    }

    /// One line: what happens to it by its number, then by its kind.
    async fn line(&mut self, line: Bytes) {
        self.lines += 1;
        if let Some(act) = self.for_next_line.take()
            && self.on_line(act, &line).await
        {
            return;
        }
        while let Some(index) =
            self.points.iter().position(|point| point.at == Place::Event(self.lines))
        {
            let point = self.points.remove(index);
            if self.on_line(point.act, &line).await {
                return;
            }
        }
        self.change(line);
    }

    /// Does something to a line; says whether that was all that becomes of it.
    async fn on_line(&mut self, act: PointAct, line: &Bytes) -> bool {
        match act {
            PointAct::Stall(time) => exact::sleep(time).await,
            PointAct::Slow(pace) => self.pace = Some(pace),
            PointAct::End(action) => {
                self.ending = Some(Ending::With(action));
                return true;
            }
            PointAct::Finish => {
                self.ending = Some(Ending::Finish);
                return true;
            }
            PointAct::CutLine => {
                self.ready.push_back(line.slice(..line.len() / 2));
                self.ending = Some(Ending::With(FaultAction::Close));
                return true;
            }
            PointAct::Insert { line: other, ends } => {
                self.ready.push_back(other);
                if ends {
                    self.ending = Some(Ending::Finish);
                    return true;
                }
            }
            PointAct::Drop => return true,
            PointAct::Duplicate => self.ready.push_back(line.clone()),
        }
        false
    }

    /// The lines that wait for another.
    fn take_swapped(&mut self) -> Vec<Bytes> {
        self.swapped.iter_mut().filter_map(Option::take).map(|(_, line)| line).collect()
    }

    fn change(&mut self, line: Bytes) {
        let kind = kind(&line);
        if kind != Lines::Events {
            // A bookmark says that all before it was sent.
            let held = self.take_swapped();
            self.ready.extend(held);
        }
        for (index, change) in self.changes.iter().enumerate() {
            if change.of != kind {
                continue;
            }
            let n = self.seen[index];
            self.seen[index] += 1;
            if change.what != Change::Reorder
                && change.sample.as_ref().is_some_and(|sample| !(sample.0)(n))
            {
                continue;
            }
            match change.what {
                Change::Drop => return,
                Change::Duplicate => self.ready.push_back(line.clone()),
                Change::Delay(by) => {
                    self.later.push_back((Instant::now() + by, line));
                    return;
                }
                Change::Reorder => {
                    if let Some((_, before)) = self.swapped[index].take() {
                        self.ready.push_back(line);
                        self.ready.push_back(before);
                    } else if change.sample.as_ref().is_none_or(|sample| (sample.0)(n)) {
                        self.swapped[index] = Some((Instant::now() + SWAP, line));
                    } else {
                        self.ready.push_back(line);
                    }
                    return;
                }
            }
        }
        self.ready.push_back(line);
    }
}

/// What a line of a watch is; a line of anything else is an event.
fn kind(line: &[u8]) -> Lines {
    const BOOKMARK: &[u8] = b"{\"type\":\"BOOKMARK\"";
    const END: &[u8] = b"\"k8s.io/initial-events-end\":\"true\"";
    if !line.starts_with(BOOKMARK) {
        return Lines::Events;
    }
    if line.windows(END.len()).any(|part| part == END) {
        Lines::InitialEnd
    } else {
        Lines::Bookmarks
    }
}

/// How long what was sent of a stream has to go out before its reset, which would overtake it.
pub(super) const FLUSH: Duration = Duration::from_millis(5);
