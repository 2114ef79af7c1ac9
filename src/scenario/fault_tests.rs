//! Faults of the connection, of streams, and of the Kubernetes side.

use std::time::Duration;

use http::HeaderMap;

use super::testing::{JOBS, client, code, page, parse};
use super::*;
use crate::message::{FaultAction, FaultPoint, LastStream, LineAction, LineKind, Position};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn all_places_within_a_stream_are_in_the_decision() {
    let client = client(
        "
rules:
- at:
  - {event: 3, times: 1, then: {stall: 10s}}
  - {bytes: 64KiB, then: {cut: mid_line}}
  - {time: 5s, then: {reset: here}}
  - {event: 4, then: {event: drop}}
  - {event: 5, then: {event: expired}}
  - {event: 6, then: {event: {json: {type: ADDED}}}}
  - {event: 7, then: {goaway: {last_stream: none}}}
  - {event: 8, then: {cut: clean}}
  - {event: 9, then: pass}
",
    );
    let first = client.ask("GET", "/").points;
    let actions: Vec<(Position, String)> = first
        .iter()
        .map(|(place, then)| match then {
            PointThen::Action(action) => (*place, format!("{action:?}")),
            PointThen::Error(status) => (*place, status.code.to_string()),
            PointThen::Pass => panic!("a pass is not a place"),
        })
        .collect();
    let expected = [
        (Position::Event(3), "Stall(10s)"),
        (Position::Bytes(65536), "CutLine"),
        (Position::Time(SECOND * 5), "End(Reset)"),
        (Position::Event(4), "Drop"),
        (Position::Event(5), "410 Gone"),
        (Position::Event(6), "Insert { line: b\"{\\\"type\\\":\\\"ADDED\\\"}\\n\", ends: false }"),
        (Position::Event(7), "End(GoAway { code: 0, last: None })"),
        (Position::Event(8), "Finish"),
    ];
    assert_eq!(actions, expected.map(|(place, action)| (place, action.to_owned())));
    let second = client.ask("GET", "/").points;
    assert_eq!(second.len(), 7, "the first was for one stream");
}

#[test]
fn faults_of_http2_have_codes_and_places() {
    let client = client(
        "
rules:
- {match: {path: /a}, then: {rst_stream: REFUSED_STREAM}}
- {match: {path: /b}, then: {rst_stream: {code: 8, at: {bytes: 10}}}}
- {match: {path: /c}, then: {goaway: {code: ENHANCE_YOUR_CALM, last_stream: none}}}
- {match: {path: /d}, then: {malformed_chunk: after_headers}}
- {match: {path: /e}, then: {cut: {bytes: 5}}}
",
    );
    for (path, at, action) in [
        ("/a", FaultPoint::BeforeHeaders, FaultAction::ResetStream(7)),
        ("/b", FaultPoint::AfterBytes(10), FaultAction::ResetStream(8)),
        ("/c", FaultPoint::BeforeHeaders, FaultAction::GoAway { code: 11, last: LastStream::None }),
        ("/d", FaultPoint::AfterHeaders, FaultAction::MalformedChunk),
        ("/e", FaultPoint::AfterBytes(5), FaultAction::Close),
    ] {
        let fault = client.ask("GET", path).effects.fault.unwrap();
        assert_eq!((fault.at, fault.action), (at, action), "{path}");
    }
    assert!(parse("rules: [{then: {malformed_chunk: before_headers}}]").is_err());
    assert!(parse("rules: [{then: {goaway: {last_stream: none, at: after_headers}}}]").is_err());
}

#[test]
fn a_revoked_token_is_invalid() {
    let client = client(
        "
tokens: {t: {issue: POST /t, in: bearer}}
rules:
- {require: {token: t}}
- {at: [{page: 3, times: 1, then: {revoke: t}}]}
",
    );
    let Some(Answer::IssueToken(issued)) = client.ask("POST", "/t").answer else { panic!() };
    let bearer = format!("Bearer {}", issued.token).parse().unwrap();
    let headers = HeaderMap::from_iter([(http::header::AUTHORIZATION, bearer)]);
    let list = |n| client.ask_with("GET", &page(JOBS, n), &headers);
    assert_eq!([1, 2].map(|n| code(&list(n))), [200, 200]);
    let refused = list(3);
    assert_eq!((code(&refused), refused.gate), (401, Some(GateSeen::Valid)));
    let dead = list(3);
    assert_eq!((code(&dead), dead.gate), (401, Some(GateSeen::Spent)));
    let second = client.ask("POST", "/t");
    assert_eq!(second.gate, Some(GateSeen::Issued { needless: false }));
    let third = client.ask("POST", "/t");
    assert_eq!(third.gate, Some(GateSeen::Issued { needless: true }));
}

#[test]
fn kubernetes_words_come_together() {
    let client = client(
        "
rules:
- {then: {compact: now, stale: 3}}
- {then: {compact: {keep: 5}, fail_after: 2, status: 503, finalizer: 5s}}
- {then: {expired: status, too_large: true}}
- {then: {bookmarks: drop, initial_end: drop, events: {duplicate: 20%}}}
",
    );
    let decision = client.ask("GET", "/");
    assert!(decision.answer.is_none(), "the status is that of the rest of the collection");
    let then = decision.kubernetes.unwrap();
    assert_eq!((then.compact, then.stale), (Some(Compact::Now), Some(3)));
    assert_eq!((then.fail_after, then.finalizer), (Some(2), Some(SECOND * 5)));
    assert_eq!(then.fails_with.unwrap().code.as_u16(), 503);
    assert!(then.expired_as_status && then.too_large);
    let changes: Vec<_> =
        decision.effects.changes.iter().map(|change| (change.of, change.action)).collect();
    assert_eq!(
        changes,
        [
            (LineKind::Events, LineAction::Duplicate),
            (LineKind::Bookmarks, LineAction::Drop),
            (LineKind::InitialEnd, LineAction::Drop)
        ]
    );
    // A share of the lines: the same ones each time, within the bound.
    let sample = decision.effects.changes[0].sample.clone().unwrap();
    let hits = (0..10_000).filter(|line| (sample.0)(*line)).count();
    assert!(hits.abs_diff(2000) < 200, "{hits}");
}

#[test]
fn the_body_of_an_error_in_a_watch_is_upstreams() {
    let client = client("rules: [{at: [{event: 1, then: {event: {status: 500, message: x}}}]}]");
    let decision = client.ask("GET", "/");
    let [(Position::Event(1), PointThen::Error(status))] = decision.points.as_slice() else {
        panic!("{:?}", decision.points)
    };
    assert_eq!((status.code.as_u16(), status.message.as_deref()), (500, Some("x")));
}
