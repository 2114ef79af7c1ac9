//! Requests → lanes of a drawing: one for each call, with positions in percent of the time span.

use std::collections::HashMap;
use std::time::Duration;

use crate::grade::{Kind, SeenRequest};

use super::super::mark::Mark;

/// The most lanes; the calls after them share one more.
const LANES: usize = 20;
/// The most rows of a lane: requests of one call that overlap stand below each other.
const ROWS: usize = 4;
/// Marks that are closer than this are drawn as one, in percent.
const CLOSE: f64 = 1.1;

/// The lanes of a drawing.
#[derive(Debug)]
pub(super) struct Lanes {
    pub(super) span: Duration,
    pub(super) lanes: Vec<Lane>,
}

/// The requests with one method and path, or those of all calls without a separate lane.
#[derive(Debug, Default)]
pub(super) struct Lane {
    /// Method and path; `None` if it is shared.
    pub(super) call: Option<(String, String)>,
    /// How many calls it has.
    pub(super) calls: usize,
    pub(super) requests: usize,
    /// How many of them were answered with an error, or not at all.
    pub(super) errors: usize,
    pub(super) rows: usize,
    pub(super) bars: Vec<Bar>,
    /// From and to: the times that clients were asked to wait.
    pub(super) waits: Vec<(f64, f64)>,
    pub(super) retries: Vec<Retry>,
    pub(super) marks: Vec<Dot>,
}

/// A request: from its start to the start of its answer, and to its end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bar {
    pub(super) row: usize,
    pub(super) from: f64,
    pub(super) answered: f64,
    pub(super) to: f64,
}

/// The line from a failed attempt to the next one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Retry {
    pub(super) from: (f64, usize),
    pub(super) to: (f64, usize),
}

/// A mark at the start of an answer, or of several that are close.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Dot {
    pub(super) row: usize,
    pub(super) at: f64,
    pub(super) mark: Mark,
    pub(super) requests: usize,
    /// The first of them, as text.
    pub(super) text: String,
}

impl Lanes {
    /// Lays requests out. Without requests there are no lanes.
    pub(super) fn of(requests: &[SeenRequest]) -> Self {
        let Some(scale) = Scale::of(requests) else {
            return Self { span: Duration::ZERO, lanes: Vec::new() };
        };
        let mut order: Vec<&SeenRequest> = requests.iter().collect();
        order.sort_by_key(|request| request.began);
        let mut by_call: HashMap<(&str, &str), usize> = HashMap::new();
        let mut grouped: Vec<Vec<&SeenRequest>> = Vec::new();
        for request in order {
            let next = by_call.len();
            let lane = *by_call.entry((&request.method, &request.path)).or_insert(next);
            let lane = lane.min(LANES);
            if lane == grouped.len() {
                grouped.push(Vec::new());
            }
            grouped[lane].push(request);
        }
        let calls = by_call.len();
        let lane = |(index, group): (usize, &Vec<&SeenRequest>)| {
            let first = group[0];
            let is_shared = index == LANES && calls > LANES + 1;
            Lane {
                call: (!is_shared).then(|| (first.method.clone(), first.path.clone())),
                calls: if is_shared { calls - LANES } else { 1 },
                ..Lane::of(group, scale)
            }
        };
        Self { span: scale.span, lanes: grouped.iter().enumerate().map(lane).collect() }
    }
}

/// Times → places.
#[derive(Debug, Clone, Copy)]
struct Scale {
    from: Duration,
    span: Duration,
}

impl Scale {
    fn of(requests: &[SeenRequest]) -> Option<Self> {
        let from = requests.iter().map(|request| request.began).min()?;
        // An answer that never arrives has no end.
        let end = |request: &SeenRequest| request.ended.unwrap_or(request.began);
        let to = requests.iter().map(end).max()?;
        Some(Self { from, span: to.saturating_sub(from).max(Duration::from_millis(1)) })
    }

    fn place(self, at: Duration) -> f64 {
        let part = at.saturating_sub(self.from).as_secs_f64() / self.span.as_secs_f64();
        // No page is wide enough to show more digits.
        (part * 100_000.0).round().min(100_000.0) / 1000.0
    }

    fn bar(self, request: &SeenRequest, row: usize) -> Bar {
        let from = self.place(request.began);
        let to = request.ended.map_or(100.0, |ended| self.place(ended)).max(from);
        let answered = self.place(request.answered).clamp(from, to);
        Bar { row, from, answered, to }
    }
}

impl Lane {
    fn of(requests: &[&SeenRequest], scale: Scale) -> Self {
        let mut lane = Self { requests: requests.len(), ..Self::default() };
        // Where each row is free again, and the last attempt of each call.
        let mut free: Vec<f64> = Vec::new();
        let mut last: HashMap<u64, (f64, usize, Kind)> = HashMap::new();
        for request in requests {
            let from = scale.place(request.began);
            let row = free.iter().position(|free| *free <= from).unwrap_or_else(|| {
                if free.len() < ROWS {
                    free.push(0.0);
                }
                free.len() - 1
            });
            let bar = scale.bar(request, row);
            free[row] = free[row].max(bar.to);
            let kind = request.kind();
            lane.errors += usize::from(kind != Kind::Answered);
            if let Some(time) = request.retry_after {
                lane.waits.push((bar.answered, scale.place(request.answered.saturating_add(time))));
            }
            let before = last.insert(request.call, (bar.answered, row, kind));
            if let Some((at, row_before, _)) = before.filter(|(_, _, kind)| *kind != Kind::Answered)
            {
                lane.retries.push(Retry { from: (at, row_before), to: (from, row) });
            }
            lane.bars.push(bar);
            lane.mark(request, bar);
        }
        lane.rows = free.len();
        lane
    }

    /// Adds the mark of a request, or adds the request to a mark that is close.
    fn mark(&mut self, request: &SeenRequest, bar: Bar) {
        let mark = Mark::of(request);
        let close = |dot: &&mut Dot| dot.row == bar.row && (dot.at - bar.answered).abs() < CLOSE;
        // Requests come in the order of their starts: the close ones are the last.
        if let Some(dot) = self.marks.iter_mut().rev().take(2 * ROWS).find(close) {
            dot.requests += 1;
            dot.mark = dot.mark.max(mark);
            return;
        }
        let text = format!("attempt {}: {}", request.attempt, request.result);
        self.marks.push(Dot { row: bar.row, at: bar.answered, mark, requests: 1, text });
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::request;
    use super::*;

    #[test]
    fn attempts_of_a_call_are_linked_and_waits_are_placed() {
        let mut first = request("GET", "/a", 0, 10, 429);
        first.retry_after = Some(Duration::from_millis(50));
        let mut second = request("GET", "/a", 90, 100, 200);
        second.attempt = 2;
        let lanes = Lanes::of(&[first, second]).lanes;
        let [lane] = lanes.as_slice() else { panic!("{lanes:?}") };
        assert_eq!((lane.requests, lane.errors, lane.rows), (2, 1, 1));
        assert_eq!(lane.waits, [(10.0, 60.0)]);
        assert_eq!(lane.retries, [Retry { from: (10.0, 0), to: (90.0, 0) }]);
        let marks: Vec<Mark> = lane.marks.iter().map(|dot| dot.mark).collect();
        assert_eq!(marks, [Mark::ClientError, Mark::Answered]);
    }

    #[test]
    fn requests_that_overlap_have_rows_and_what_is_close_is_one_mark() {
        let beside: Vec<_> = (0..9).map(|_| request("GET", "/a", 0, 100, 200)).collect();
        let lanes = Lanes::of(&beside).lanes;
        assert_eq!((lanes[0].rows, lanes[0].bars.len(), lanes[0].marks.len()), (ROWS, 9, ROWS));
        let mut quick: Vec<_> =
            (0..50).map(|n| request("GET", "/a", n, n, if n == 7 { 500 } else { 200 })).collect();
        quick.push(request("GET", "/a", 10_000, 10_000, 200));
        let lanes = Lanes::of(&quick).lanes;
        assert_eq!(lanes[0].marks.len(), 2);
        assert_eq!((lanes[0].marks[0].requests, lanes[0].marks[0].mark), (50, Mark::ServerError));
    }

    #[test]
    fn calls_beyond_the_bound_share_a_lane() {
        let many: Vec<_> =
            (0..100).map(|n| request("GET", &format!("/{n}"), n, n + 1, 200)).collect();
        let lanes = Lanes::of(&many).lanes;
        assert_eq!(lanes.len(), LANES + 1);
        let last = lanes.last().unwrap();
        assert_eq!((last.call.is_none(), last.calls, last.requests), (true, 80, 80));
    }

    #[test]
    fn an_answer_that_never_comes_ends_where_the_client_leaves() {
        let mut never = request("GET", "/a", 0, 100, 200);
        (never.lost, never.answered) = (true, Duration::MAX);
        let lanes = Lanes::of(&[never]).lanes;
        assert_eq!(lanes[0].bars, [Bar { row: 0, from: 0.0, answered: 100.0, to: 100.0 }]);
        assert_eq!(lanes[0].marks[0].mark, Mark::Lost);
    }
}
