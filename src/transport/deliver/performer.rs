//! Performs a delivery on a body: which bytes are sent next, and what happens at each position.

use std::collections::VecDeque;

use bytes::Bytes;
use tokio::time::Instant;

use crate::message::{
    Body, BodyError, Delivery, Effects, Fault, FaultAction, FaultPoint, Pace, Point, PointAction,
    Position,
};
use crate::transport::exact;

use super::lines::{Changes, Splitter};
use super::pace::Pacer;
use super::schedule::Scheduled;
use super::source::Source;
use super::step::{Step, Steps};

/// Returns the steps of a body with its delivery.
pub(in crate::transport) fn steps(body: Body, delivery: Delivery) -> Steps {
    let performer = Performer::new(body, delivery.into_effects());
    Box::pin(futures_util::stream::unfold(performer, |mut performer| async move {
        let step = performer.next().await?;
        Some((step, performer))
    }))
}

struct Performer {
    source: Scheduled,
    source_ended: bool,
    /// The length of the body from its source, where it is known.
    length: Option<u64>,
    /// Present where something happens to lines.
    splitter: Option<Splitter>,
    changes: Changes,
    /// The points that have not been performed yet.
    points: Vec<Point>,
    /// The fault for the end of a body that ends before the fault's position.
    at_end: Option<FaultAction>,
    /// The pace that begins with the body.
    pace: Option<Pace>,
    pacer: Pacer,
    /// When the headers were sent.
    began: Option<Instant>,
    /// Lines that have arrived and are not processed yet.
    lines: VecDeque<Bytes>,
    /// The bytes to send, in order.
    ready: VecDeque<Bytes>,
    bytes_sent: u64,
    lines_seen: u64,
    /// What happens to the next line, from a position that is not one of a line.
    for_next_line: Option<PointAction>,
    /// How the answer ends once `ready` is sent.
    ending: Option<Ending>,
}

enum Ending {
    Finish,
    Fault(FaultAction),
    Broken(BodyError),
}

/// The reason why a wait ended.
enum Wake {
    Source(Option<Result<Bytes, BodyError>>),
    /// The point with this index is due.
    Point(usize),
    /// A delayed line is due.
    Delayed,
    /// A line has waited long enough for the one that it is to follow.
    Waited,
}

impl Performer {
    fn new(body: Body, effects: Effects) -> Self {
        let splitter = effects.need_lines().then(Splitter::default);
        let Effects { schedule, mut points, changes, pace, fault, .. } = effects;
        let mut at_end = None;
        if let Some(Fault { at, action }) = fault {
            let bytes = match at {
                FaultPoint::BeforeHeaders | FaultPoint::AfterHeaders => 0,
                FaultPoint::AfterBytes(bytes) => bytes,
            };
            at_end = Some(action.clone());
            points.push(Point { at: Position::Bytes(bytes), action: PointAction::End(action) });
        }
        Self {
            length: body.known_len(),
            source: Scheduled::new(Source::new(body), schedule),
            source_ended: false,
            splitter,
            changes: Changes::new(changes),
            points,
            at_end,
            pace,
            pacer: Pacer::default(),
            began: None,
            lines: VecDeque::new(),
            ready: VecDeque::new(),
            bytes_sent: 0,
            lines_seen: 0,
            for_next_line: None,
            ending: None,
        }
    }

    /// Returns the next step, or `None` if the body is complete.
    async fn next(&mut self) -> Option<Step> {
        if self.began.is_none() {
            self.began = Some(Instant::now());
            if let Some(pace) = self.pace.take() {
                self.slow(pace);
            }
        }
        loop {
            if let Some(index) = self.due() {
                self.reach(index).await;
                continue;
            }
            if let Some(piece) = self.piece() {
                self.pacer.wait().await;
                self.pacer.sent(piece.len() as u64);
                self.bytes_sent += piece.len() as u64;
                return Some(Step::Send(piece));
            }
            if let Some(ending) = self.ending.take() {
                self.close();
                return match ending {
                    Ending::Finish => None,
                    Ending::Fault(action) => Some(Step::Fail(action)),
                    Ending::Broken(error) => Some(Step::Broken(error)),
                };
            }
            // One line at a time: everything before it is sent, so that a pause is visible.
            if let Some(line) = self.lines.pop_front() {
                self.line(line).await;
                continue;
            }
            if self.source_ended && !self.changes.has_delayed() {
                if self.wind_up() {
                    continue;
                }
                return None;
            }
            match self.wait().await {
                Wake::Source(item) => self.arrive(item),
                Wake::Point(index) => self.reach(index).await,
                Wake::Waited => self.ready.extend(self.changes.release_longest_waiting()),
                Wake::Delayed => self.ready.extend(self.changes.release_delayed()),
            }
        }
    }

    /// Ends the body: nothing follows.
    fn close(&mut self) {
        self.lines.clear();
        self.ready.clear();
        self.points.clear();
        self.changes.clear();
        self.at_end = None;
        self.source.close();
        self.source_ended = true;
    }

    /// Returns the point that the sent bytes have reached.
    fn due(&self) -> Option<usize> {
        if self.ending.is_some() {
            return None;
        }
        self.points.iter().position(|point| point.at == Position::Bytes(self.bytes_sent))
    }

    /// Performs a point between lines. What happens to a line waits for the next one.
    async fn reach(&mut self, index: usize) {
        let point = self.points.remove(index);
        match point.action {
            PointAction::Stall(time) => exact::sleep(time).await,
            PointAction::Slow(pace) => self.slow(pace),
            PointAction::End(action) => self.end(Ending::Fault(action)),
            PointAction::Finish => self.end(Ending::Finish),
            // Between lines, as far as is known: a line that has arrived in part is not interrupted.
            PointAction::Insert { line, ends } if self.ready.is_empty() => {
                self.ready.push_back(line);
                if ends {
                    self.ending = Some(Ending::Finish);
                }
            }
            action => self.for_next_line = Some(action),
        }
    }

    /// Sends the rest of the body at a pace.
    fn slow(&mut self, pace: Pace) {
        let left = self.length.map(|length| length.saturating_sub(self.bytes_sent));
        self.pacer.begin(pace, left);
    }

    /// Ends the answer; ready bytes are discarded.
    fn end(&mut self, ending: Ending) {
        self.lines.clear();
        self.ready.clear();
        self.ending = Some(ending);
    }

    /// Returns the next bytes to send: up to the next point, and no more than the pace allows at
    /// once.
    fn piece(&mut self) -> Option<Bytes> {
        let front = self.ready.front_mut()?;
        let mut length = front.len() as u64;
        // Once the end is decided, no point interrupts the bytes before it.
        let points = self.points.iter().filter(|_| self.ending.is_none());
        for point in points {
            if let Position::Bytes(at) = point.at
                && at > self.bytes_sent
            {
                length = length.min(at - self.bytes_sent);
            }
        }
        if let Some(limit) = self.pacer.limit() {
            length = length.min(limit);
        }
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length < front.len() {
            return Some(front.split_to(length));
        }
        self.ready.pop_front()
    }

    async fn wait(&mut self) -> Wake {
        let began = self.began.unwrap_or_else(Instant::now);
        let timed = self.points.iter().enumerate().filter_map(|(index, point)| match point.at {
            Position::Time(after) => Some((exact::after(began, after), index)),
            _ => None,
        });
        let timed = timed.min();
        let delayed = self.changes.next_delayed();
        let waited = self.changes.next_waiting();
        if timed.is_none() && delayed.is_none() && waited.is_none() && !self.source_ended {
            return Wake::Source(self.source.next().await);
        }
        let at = |when: Option<Instant>| async move {
            match when {
                Some(when) => exact::until(when).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = at(delayed) => Wake::Delayed,
            () = at(waited), if !self.source_ended => Wake::Waited,
            // A body that has ended has no later positions.
            () = at(timed.map(|(due, _)| due)), if !self.source_ended => {
                Wake::Point(timed.map_or(0, |(_, index)| index))
            }
            item = self.source.next(), if !self.source_ended && !self.changes.is_full() => {
                Wake::Source(item)
            }
        }
    }

    /// Takes the bytes that arrived from the source.
    fn arrive(&mut self, item: Option<Result<Bytes, BodyError>>) {
        match (item, &mut self.splitter) {
            (Some(Ok(bytes)), Some(splitter)) => splitter.push(&bytes, &mut self.lines),
            (Some(Ok(bytes)), None) => self.ready.extend((!bytes.is_empty()).then_some(bytes)),
            (Some(Err(error)), _) => {
                self.source_ended = true;
                self.ending = Some(match self.at_end.take() {
                    Some(action) => Ending::Fault(action),
                    None => Ending::Broken(error),
                });
            }
            (None, splitter) => {
                self.source_ended = true;
                if let Some(splitter) = splitter {
                    splitter.finish(&mut self.lines);
                }
            }
        }
    }

    /// Performs the remaining points once everything is sent; returns whether there were any.
    fn wind_up(&mut self) -> bool {
        self.changes.release_waiting(&mut self.ready);
        self.ending = self.at_end.take().map(Ending::Fault);
        self.ending.is_some() || !self.ready.is_empty()
    }

    /// Handles one line: first what happens at its number, then the changes of its kind.
    async fn line(&mut self, line: Bytes) {
        self.lines_seen += 1;
        if let Some(action) = self.for_next_line.take()
            && self.on_line(action, &line).await
        {
            return;
        }
        while let Some(index) =
            self.points.iter().position(|point| point.at == Position::Event(self.lines_seen))
        {
            let point = self.points.remove(index);
            if self.on_line(point.action, &line).await {
                return;
            }
        }
        self.changes.apply(line, &mut self.ready);
    }

    /// Performs an action on a line; returns whether the line is finished.
    async fn on_line(&mut self, action: PointAction, line: &Bytes) -> bool {
        match action {
            PointAction::Stall(time) => exact::sleep(time).await,
            PointAction::Slow(pace) => self.slow(pace),
            PointAction::End(action) => {
                self.ending = Some(Ending::Fault(action));
                return true;
            }
            PointAction::Finish => {
                self.ending = Some(Ending::Finish);
                return true;
            }
            PointAction::CutLine => {
                self.ready.push_back(line.slice(..line.len() / 2));
                self.ending = Some(Ending::Fault(FaultAction::Close));
                return true;
            }
            PointAction::Insert { line: other, ends } => {
                self.ready.push_back(other);
                if ends {
                    self.ending = Some(Ending::Finish);
                    return true;
                }
            }
            PointAction::Drop => return true,
            PointAction::Duplicate => self.ready.push_back(line.clone()),
        }
        false
    }
}
