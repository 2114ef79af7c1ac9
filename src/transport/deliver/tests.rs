//! Tests of deliveries, step by step, on a paused clock that only advances when nothing else can
//! happen.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use tokio::time::Instant;

use super::{Step, steps};
use crate::message::{
    Body, Effects, Fault, FaultAction, FaultPoint, LineAction, LineChange, LineKind, Pace, Point,
    PointAction, Position, Sampling, TimedChunk,
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

/// Returns the sent pieces as text, each with its time in tenths of a second, and then the end.
async fn perform(body: Body, effects: Effects) -> String {
    let began = Instant::now();
    let mut steps = steps(body, effects.into());
    let mut sent = Vec::new();
    while let Some(step) = steps.next().await {
        sent.push(match step {
            Step::Send(bytes) => {
                let text = String::from_utf8_lossy(&bytes).replace('\n', ".");
                format!("{text}@{}", began.elapsed().as_millis() / 100)
            }
            Step::Fail(action) => {
                format!("{}@{}", action.label(), began.elapsed().as_millis() / 100)
            }
            Step::Broken(error) => error.to_string(),
        });
    }
    sent.join(" ")
}

fn points(points: impl IntoIterator<Item = (Position, PointAction)>) -> Effects {
    let points = points.into_iter().map(|(at, action)| Point { at, action }).collect();
    Effects { points, ..Effects::default() }
}

#[tokio::test(start_paused = true)]
async fn points_strike_at_their_places() {
    let line = |ends| PointAction::Insert { line: Bytes::from_static(b"X\n"), ends };
    let ms = Duration::from_millis;
    for (at, action, expected) in [
        (Position::Event(1), PointAction::Stall(SECOND), "a.@10 b.@10 c.@20 d.@30 e.@40"),
        (Position::Event(2), PointAction::Stall(SECOND), "a.@0 b.@10 c.@20 d.@30 e.@40"),
        (Position::Event(3), PointAction::End(FaultAction::Reset), "a.@0 b.@0 reset@10"),
        (Position::Event(3), PointAction::Finish, "a.@0 b.@0"),
        (Position::Event(2), PointAction::CutLine, "a.@0 b@0 close@0"),
        (Position::Event(2), line(true), "a.@0 X.@0"),
        (Position::Event(2), line(false), "a.@0 X.@0 b.@0 c.@10 d.@20 e.@30"),
        (Position::Event(2), PointAction::Drop, "a.@0 c.@10 d.@20 e.@30"),
        (Position::Event(2), PointAction::Duplicate, "a.@0 b.@0 b.@0 c.@10 d.@20 e.@30"),
        (Position::Event(9), PointAction::Drop, "a.@0 b.@0 c.@10 d.@20 e.@30"),
        (Position::Bytes(3), PointAction::End(FaultAction::Close), "a.b@0 close@0"),
        (Position::Bytes(0), PointAction::Stall(SECOND), "a.b.@10 c.@20 d.@30 e.@40"),
        (Position::Bytes(5), PointAction::Stall(SECOND), "a.b.@0 c@10 .@20 d.@30 e.@40"),
        (Position::Bytes(99), PointAction::End(FaultAction::Reset), "a.b.@0 c.@10 d.@20 e.@30"),
        (Position::Time(ms(500)), PointAction::End(FaultAction::Reset), "a.b.@0 reset@5"),
        (Position::Time(ms(1500)), line(true), "a.@0 b.@0 c.@10 X.@15"),
        (Position::Time(ms(1500)), PointAction::Drop, "a.@0 b.@0 c.@10 e.@30"),
        (Position::Time(SECOND * 60), PointAction::Drop, "a.@0 b.@0 c.@10 d.@20 e.@30"),
    ] {
        let sent = perform(watch(), points([(at, action.clone())])).await;
        assert_eq!(sent, expected, "{at:?}: {action:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn places_of_a_body_that_is_no_stream() {
    for (at, action, expected) in [
        (Position::Bytes(4), PointAction::Stall(SECOND), "0123@0 456789@10"),
        (Position::Bytes(4), PointAction::Finish, "0123@0"),
        (Position::Bytes(10), PointAction::End(FaultAction::Reset), "0123456789@0 reset@0"),
        (Position::Event(1), PointAction::CutLine, "01234@0 close@0"),
        (Position::Time(SECOND), PointAction::End(FaultAction::Reset), "0123456789@0"),
    ] {
        let sent = perform(bytes(), points([(at, action.clone())])).await;
        assert_eq!(sent, expected, "{at:?}: {action:?}");
    }
    let slow = PointAction::Slow(Pace::Chunks { size: 3, every: SECOND });
    let sent = perform(bytes(), points([(Position::Bytes(4), slow)])).await;
    assert_eq!(sent, "0123@0 456@0 789@10");
}

#[tokio::test(start_paused = true)]
async fn several_points_strike_in_one_body() {
    let faults = points([
        (Position::Event(2), PointAction::Stall(SECOND)),
        (Position::Event(2), PointAction::Duplicate),
        (Position::Event(4), PointAction::CutLine),
    ]);
    // The stream behind it only continues when it is polled.
    assert_eq!(perform(watch(), faults).await, "a.@0 b.@10 b.@10 c.@20 d@30 close@30");
}

#[tokio::test(start_paused = true)]
async fn a_fault_strikes_at_the_end_of_a_shorter_body() {
    let fault = |n| Effects {
        fault: Some(Fault { at: FaultPoint::AfterBytes(n), action: FaultAction::Reset }),
        ..Effects::default()
    };
    for (n, expected) in [(0, "reset@0"), (4, "0123@0 reset@0"), (99, "0123456789@0 reset@0")] {
        assert_eq!(perform(bytes(), fault(n)).await, expected);
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
    for (of, action, sample, expected) in [
        (LineKind::Events, LineAction::Drop, None, "end 3"),
        (LineKind::Bookmarks, LineAction::Drop, None, "1 end 2 4"),
        (LineKind::InitialEnd, LineAction::Drop, None, "1 2 3 4"),
        (LineKind::Bookmarks, LineAction::Duplicate, None, "1 end 2 3 3 4"),
        (LineKind::Events, LineAction::Drop, Some(first_only.clone()), "end 2 3 4"),
        (LineKind::Events, LineAction::Reorder, None, "1 end 2 3 4"),
        (LineKind::Events, LineAction::Reorder, Some(first_only), "1 end 2 3 4"),
        (LineKind::Events, LineAction::Delay(SECOND), None, "end 3 1 2 4"),
        (LineKind::Bookmarks, LineAction::Delay(SECOND), None, "1 end 2 4 3"),
    ] {
        let change = LineChange { of, action, sample };
        let shown = format!("{change:?}");
        let effects = Effects { changes: vec![change], ..Effects::default() };
        let mut steps = steps(events(), effects.into());
        let mut sent = Vec::new();
        while let Some(step) = steps.next().await {
            let Step::Send(bytes) = step else { panic!("{step:?}") };
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let number = text.chars().find(char::is_ascii_digit);
            sent.push(if text.contains("events-end") {
                "end".into()
            } else {
                number.unwrap().to_string()
            });
        }
        assert_eq!(sent.join(" "), expected, "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn pairs_come_in_the_other_order_and_the_last_one_all_the_same() {
    let change = LineChange { of: LineKind::Events, action: LineAction::Reorder, sample: None };
    let faults = Effects { changes: vec![change], ..Effects::default() };
    // The third waits half a second for a fourth, which comes after a second.
    assert_eq!(perform(watch(), faults).await, "b.@0 a.@0 c.@15 d.@25 e.@30");
}

/// Returns a stub's body with a schedule of these chunks: seconds after the one before, and bytes.
fn scheduled(chunks: &[(u64, usize)]) -> Effects {
    let chunk = |(seconds, bytes): &(u64, usize)| TimedChunk {
        after: SECOND * u32::try_from(*seconds).unwrap(),
        bytes: *bytes,
    };
    Effects { schedule: Some(chunks.iter().map(chunk).collect()), ..Effects::default() }
}

#[tokio::test(start_paused = true)]
async fn bytes_of_a_recorded_stream_become_available_by_its_schedule() {
    for (chunks, expected) in [
        (&[(0, 4), (2, 6)][..], "0123@0 456789@20"),
        (&[(1, 3), (1, 3), (1, 4)], "012@10 345@20 6789@30"),
        // A chunk without bytes is a pause; bytes after the last chunk come with it.
        (&[(1, 2), (1, 0), (1, 2)], "01@10 23@30 456789@30"),
        (&[], "0123456789@0"),
        // A schedule that is longer than the body ends with the body.
        (&[(1, 8), (1, 8), (9, 8)], "01234567@10 89@20"),
    ] {
        assert_eq!(perform(bytes(), scheduled(chunks)).await, expected, "{chunks:?}");
    }
    // Chunks of the source and of the schedule need not be the same.
    let text = |text: &'static str| Ok(Bytes::from_static(text.as_bytes()));
    let pieces = || Body::Pieces(vec![Bytes::from_static(b"01234"), Bytes::from_static(b"56789")]);
    assert_eq!(perform(pieces(), scheduled(&[(0, 7), (1, 3)])).await, "0123456@0 789@10");
    let stream = futures_util::stream::iter([text("01234"), text("56789")]);
    let stream = Body::Stream(Box::pin(stream));
    assert_eq!(perform(stream, scheduled(&[(0, 7), (1, 3)])).await, "01234@0 56@0 789@10");
}

#[tokio::test(start_paused = true)]
async fn a_schedule_goes_with_everything_else() {
    let schedule = scheduled(&[(0, 4), (2, 6)]).schedule;
    let with = |effects: Effects| Effects { schedule: schedule.clone(), ..effects };
    let pace = Pace::Chunks { size: 3, every: SECOND };
    let slow = with(Effects { pace: Some(pace), ..Effects::default() });
    assert_eq!(perform(bytes(), slow).await, "012@0 3@10 456@20 789@30");
    let early = points([(Position::Time(SECOND), PointAction::End(FaultAction::Reset))]);
    assert_eq!(perform(bytes(), with(early)).await, "0123@0 reset@10");
    let within = points([(Position::Bytes(6), PointAction::Stall(SECOND))]);
    assert_eq!(perform(bytes(), with(within)).await, "0123@0 45@20 6789@30");
    // A wait that something else interrupts is not begun again.
    let between = points([(Position::Time(SECOND), PointAction::Slow(pace))]);
    assert_eq!(perform(bytes(), with(between)).await, "0123@0 456@20 789@30");
}

#[tokio::test(start_paused = true)]
async fn a_body_is_dribbled_over_a_time() {
    let dribble = |chunks, over| Effects {
        pace: Some(Pace::Dribble { chunks, over: SECOND * over }),
        ..Effects::default()
    };
    for (chunks, over, expected) in [
        (5, 5, "01@10 23@20 45@30 67@40 89@50"),
        // The last chunk has the remainder.
        (3, 3, "012@10 345@20 6789@30"),
        (1, 2, "0123456789@20"),
        (0, 2, "0123456789@20"),
        (2, 0, "01234@0 56789@0"),
        // No more chunks than bytes.
        (99, 1, "0@1 1@2 2@3 3@4 4@5 5@6 6@7 7@8 8@9 9@10"),
    ] {
        let sent = perform(bytes(), dribble(chunks, over)).await;
        assert_eq!(sent, expected, "{chunks} chunks over {over} s");
    }
    // Chunks do not depend on how the body is stored.
    let pieces = [&b"0"[..], b"123", b"", b"45678", b"9"].map(Bytes::from_static).to_vec();
    assert_eq!(perform(Body::Pieces(pieces), dribble(2, 2)).await, "01234@10 56789@20");
    assert_eq!(perform(Body::Empty, dribble(5, 5)).await, "");
    // Without a length there is nothing to divide.
    assert_eq!(perform(watch(), dribble(5, 50)).await, "a.b.@0 c.@10 d.@20 e.@30");
    // From a position on: the rest of the body.
    let rest = Pace::Dribble { chunks: 2, over: SECOND * 4 };
    let from_four = points([(Position::Bytes(4), PointAction::Slow(rest))]);
    assert_eq!(perform(bytes(), from_four).await, "0123@0 456@20 789@40");
    // A fault within it still happens.
    let fault = Some(Fault { at: FaultPoint::AfterBytes(5), action: FaultAction::Close });
    let cut = Effects { fault, ..dribble(2, 2) };
    assert_eq!(perform(bytes(), cut).await, "01234@10 close@10");
}

#[tokio::test(start_paused = true)]
async fn delayed_lines_are_sent_when_they_are_due() {
    // Bookmarks are late by less than events: they overtake them.
    let late =
        |of, seconds| LineChange { of, action: LineAction::Delay(SECOND * seconds), sample: None };
    let changes = vec![late(LineKind::Events, 5), late(LineKind::Bookmarks, 1)];
    let sent = perform(events(), Effects { changes, ..Effects::default() }).await;
    let times: Vec<&str> = sent.rsplit('@').map(|part| &part[..2.min(part.len())]).collect();
    assert_eq!(times[..5], ["50", "50", "50", "10", "0 "], "{sent}");
    assert!(sent.contains("{\"type\":\"BOOKMARK\",\"object\":3}.@10"), "{sent}");
}

#[tokio::test(start_paused = true)]
async fn times_without_end_are_waited_for() {
    for at in [Position::Time(Duration::MAX), Position::Bytes(4)] {
        let action = PointAction::Stall(Duration::MAX);
        let sent = perform(bytes(), points([(at, action)]));
        let ended = tokio::time::timeout(SECOND * 3600, sent).await.is_ok();
        assert_eq!(ended, at != Position::Bytes(4), "{at:?}");
    }
}
