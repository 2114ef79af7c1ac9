//! What happens within a body, act by act, on a clock that moves when nothing else can happen.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use tokio::time::Instant;

use super::acts::{Act, acts};
use crate::message::{
    Body, Change, Fault, FaultAction, FaultPoint, LineChange, Lines, Pace, Place, Point, PointAct,
    Sampling, StreamFaults,
};

const SECOND: Duration = Duration::from_secs(1);

/// Five lines: two at once, then one a second.
fn watch() -> Body {
    let piece = |text: &'static str| Ok(Bytes::from_static(text.as_bytes()));
    let slow = futures_util::stream::iter(["c\n", "d\n", "e\n"]).then(move |text| async move {
        tokio::time::sleep(SECOND).await;
        piece(text)
    });
    Body::Stream(Box::pin(futures_util::stream::iter([piece("a\nb\n")]).chain(slow)))
}

fn bytes() -> Body {
    Body::Bytes(Bytes::from_static(b"0123456789"))
}

/// What goes out, as text, each piece with the tenth of a second of its time; then how it ends.
async fn perform(body: Body, faults: StreamFaults, fault: Option<Fault>) -> String {
    let began = Instant::now();
    let mut acts = acts(body, None, fault.as_ref(), Some(Box::new(faults)));
    let mut told = Vec::new();
    while let Some(act) = acts.next().await {
        told.push(match act {
            Act::Data(bytes) => {
                let text = String::from_utf8_lossy(&bytes).replace('\n', ".");
                format!("{text}@{}", began.elapsed().as_millis() / 100)
            }
            Act::End(action) => format!("{}@{}", action.label(), began.elapsed().as_millis() / 100),
            Act::Broken(error) => error.to_string(),
        });
    }
    told.join(" ")
}

fn points(points: impl IntoIterator<Item = (Place, PointAct)>) -> StreamFaults {
    let points = points.into_iter().map(|(at, act)| Point { at, act }).collect();
    StreamFaults { points, changes: Vec::new() }
}

#[tokio::test(start_paused = true)]
async fn points_strike_at_their_places() {
    let line = |ends| PointAct::Insert { line: Bytes::from_static(b"X\n"), ends };
    let ms = Duration::from_millis;
    for (at, act, expected) in [
        (Place::Event(1), PointAct::Stall(SECOND), "a.@10 b.@10 c.@20 d.@30 e.@40"),
        (Place::Event(2), PointAct::Stall(SECOND), "a.@0 b.@10 c.@20 d.@30 e.@40"),
        (Place::Event(3), PointAct::End(FaultAction::Reset), "a.@0 b.@0 reset@10"),
        (Place::Event(3), PointAct::Finish, "a.@0 b.@0"),
        (Place::Event(2), PointAct::CutLine, "a.@0 b@0 close@0"),
        (Place::Event(2), line(true), "a.@0 X.@0"),
        (Place::Event(2), line(false), "a.@0 X.@0 b.@0 c.@10 d.@20 e.@30"),
        (Place::Event(2), PointAct::Drop, "a.@0 c.@10 d.@20 e.@30"),
        (Place::Event(2), PointAct::Duplicate, "a.@0 b.@0 b.@0 c.@10 d.@20 e.@30"),
        (Place::Event(9), PointAct::Drop, "a.@0 b.@0 c.@10 d.@20 e.@30"),
        (Place::Bytes(3), PointAct::End(FaultAction::Close), "a.b@0 close@0"),
        (Place::Bytes(0), PointAct::Stall(SECOND), "a.b.@10 c.@20 d.@30 e.@40"),
        (Place::Bytes(5), PointAct::Stall(SECOND), "a.b.@0 c@10 .@20 d.@30 e.@40"),
        (Place::Bytes(99), PointAct::End(FaultAction::Reset), "a.b.@0 c.@10 d.@20 e.@30"),
        (Place::Time(ms(500)), PointAct::End(FaultAction::Reset), "a.b.@0 reset@5"),
        (Place::Time(ms(1500)), line(true), "a.@0 b.@0 c.@10 X.@15"),
        (Place::Time(ms(1500)), PointAct::Drop, "a.@0 b.@0 c.@10 e.@30"),
        (Place::Time(SECOND * 60), PointAct::Drop, "a.@0 b.@0 c.@10 d.@20 e.@30"),
    ] {
        let told = perform(watch(), points([(at, act.clone())]), None).await;
        assert_eq!(told, expected, "{at:?}: {act:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn places_of_a_body_that_is_no_stream() {
    for (at, act, expected) in [
        (Place::Bytes(4), PointAct::Stall(SECOND), "0123@0 456789@10"),
        (Place::Bytes(4), PointAct::Finish, "0123@0"),
        (Place::Bytes(10), PointAct::End(FaultAction::Reset), "0123456789@0 reset@0"),
        (Place::Event(1), PointAct::CutLine, "01234@0 close@0"),
        (Place::Time(SECOND), PointAct::End(FaultAction::Reset), "0123456789@0"),
    ] {
        let told = perform(bytes(), points([(at, act.clone())]), None).await;
        assert_eq!(told, expected, "{at:?}: {act:?}");
    }
    let slow = PointAct::Slow(Pace { chunk: 3, every: SECOND });
    let told = perform(bytes(), points([(Place::Bytes(4), slow)]), None).await;
    assert_eq!(told, "0123@0 456@0 789@10");
}

#[tokio::test(start_paused = true)]
async fn several_points_strike_in_one_body() {
    let faults = points([
        (Place::Event(2), PointAct::Stall(SECOND)),
        (Place::Event(2), PointAct::Duplicate),
        (Place::Event(4), PointAct::CutLine),
    ]);
    // The stream behind it goes on only when it is asked for more.
    assert_eq!(perform(watch(), faults, None).await, "a.@0 b.@10 b.@10 c.@20 d@30 close@30");
}

#[tokio::test(start_paused = true)]
async fn a_fault_strikes_at_the_end_of_a_shorter_body() {
    let fault = |n| Some(Fault { at: FaultPoint::AfterBytes(n), action: FaultAction::Reset });
    for (n, expected) in [(0, "reset@0"), (4, "0123@0 reset@0"), (99, "0123456789@0 reset@0")] {
        assert_eq!(perform(bytes(), StreamFaults::default(), fault(n)).await, expected);
    }
}

/// Lines of a watch.
fn events() -> Body {
    let lines = [
        "{\"type\":\"ADDED\",\"object\":1}\n",
        "{\"type\":\"BOOKMARK\",\"object\":{\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}}}\n",
        "{\"type\":\"MODIFIED\",\"object\":2}\n",
        "{\"type\":\"BOOKMARK\",\"object\":3}\n",
        "{\"type\":\"DELETED\",\"object\":4}\n",
    ];
    Body::Bytes(lines.concat().into())
}

#[tokio::test(start_paused = true)]
async fn lines_of_a_kind_are_changed() {
    let first_only = Sampling(Arc::new(|n| n == 0));
    for (of, what, sample, expected) in [
        (Lines::Events, Change::Drop, None, "end 3"),
        (Lines::Bookmarks, Change::Drop, None, "1 end 2 4"),
        (Lines::InitialEnd, Change::Drop, None, "1 2 3 4"),
        (Lines::Bookmarks, Change::Duplicate, None, "1 end 2 3 3 4"),
        (Lines::Events, Change::Drop, Some(first_only.clone()), "end 2 3 4"),
        (Lines::Events, Change::Reorder, None, "1 end 2 3 4"),
        (Lines::Events, Change::Reorder, Some(first_only), "1 end 2 3 4"),
        (Lines::Events, Change::Delay(SECOND), None, "end 3 1 2 4"),
        (Lines::Bookmarks, Change::Delay(SECOND), None, "1 end 2 4 3"),
    ] {
        let change = LineChange { of, what, sample };
        let shown = format!("{change:?}");
        let faults = StreamFaults { points: Vec::new(), changes: vec![change] };
        let mut acts = acts(events(), None, None, Some(Box::new(faults)));
        let mut told = Vec::new();
        while let Some(act) = acts.next().await {
            let Act::Data(bytes) = act else { panic!("{act:?}") };
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let number = text.chars().find(char::is_ascii_digit);
            told.push(if text.contains("events-end") {
                "end".into()
            } else {
                number.unwrap().to_string()
            });
        }
        assert_eq!(told.join(" "), expected, "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn pairs_come_in_the_other_order_and_the_last_one_all_the_same() {
    let change = LineChange { of: Lines::Events, what: Change::Reorder, sample: None };
    let faults = StreamFaults { points: Vec::new(), changes: vec![change] };
    // The third waits half a second for a fourth, which comes after a second.
    assert_eq!(perform(watch(), faults, None).await, "b.@0 a.@0 c.@15 d.@25 e.@30");
}
