//! Tests: each expectation distinguishes a good client from a bad one.

use super::*;
use crate::message::Ending;
use crate::scenario::GateSeen;

const MS: Duration = Duration::from_millis(1);

pub(super) fn record(at: u32, status: u16) -> Record {
    Record {
        began: MS * at,
        answered: MS * (at + 1),
        ended: Some(MS * (at + 2)),
        peer: None,
        method: "GET".into(),
        path: "/x".into(),
        query: None,
        call: call_id("GET", "/x", None, b""),
        unread: false,
        verb: "list".into(),
        resource: Some("jobs".into()),
        continue_token: None,
        revision: None,
        lists_first: false,
        status,
        fault: None,
        breaks: false,
        hangs: false,
        stalls: false,
        unprocessed: false,
        reorders: false,
        end: Some(Ending::Whole),
        revisions: None,
        retry_after: None,
        expired: None,
        unmatched: false,
        acted: None,
        matched: Vec::new(),
        gate: None,
        created: None,
    }
}

/// Returns the codes of an expectation's findings.
fn codes(expect: Expect, mut records: Vec<Record>) -> Vec<&'static str> {
    let expect = Arc::new(expect);
    for record in &mut records {
        record.matched = vec!["s/r".into()];
    }
    let rules = [("s/r".into(), expect)];
    let findings = grade(&records, &rules, Grade::Fail);
    findings.iter().filter(|finding| finding.rule.is_some()).map(|finding| finding.code).collect()
}

/// Attempts that fail, at these times, and one that does not.
fn attempts(times: &[u32]) -> Vec<Record> {
    let last = times.len() - 1;
    let status = |index| if index == last { 200 } else { 503 };
    times.iter().enumerate().map(|(index, at)| record(*at, status(index))).collect()
}

#[test]
fn retry_after_is_honoured_within_the_slack() {
    let expect = Expect { retry_after: true, slack: MS * 200, ..Expect::default() };
    for (again, expected) in [(1001, vec![]), (801, vec![]), (700, vec!["retry-after"])] {
        let mut first = record(0, 429);
        first.retry_after = Some(MS * 1000);
        let records = vec![first, record(again, 200)];
        assert_eq!(codes(expect.clone(), records), expected, "{again}");
    }
    // Another call need not wait.
    let mut first = record(0, 429);
    first.retry_after = Some(MS * 1000);
    let mut other = record(10, 200);
    other.call = call_id("GET", "/y", None, b"");
    assert!(codes(expect, vec![first, other]).is_empty());
}

#[test]
fn pauses_grow_and_are_not_regular() {
    let backoff = Expect { backoff: true, ..Expect::default() };
    let jitter = Expect { backoff: true, jitter: true, ..Expect::default() };
    let doubled = [0, 101, 302, 703, 1504];
    let drawn = [0, 120, 290, 760, 1400];
    let constant = [0, 101, 202, 303, 404];
    let none = [0, 2, 4, 6, 8];
    assert!(codes(backoff.clone(), attempts(&doubled)).is_empty());
    assert!(codes(backoff.clone(), attempts(&drawn)).is_empty());
    assert_eq!(codes(backoff.clone(), attempts(&constant)), ["no-backoff"]);
    assert_eq!(codes(backoff.clone(), attempts(&none)), ["no-backoff"]);
    assert!(codes(backoff, attempts(&[0, 1, 2])).is_empty(), "two pauses say nothing");
    assert!(codes(jitter.clone(), attempts(&drawn)).is_empty());
    assert_eq!(codes(jitter.clone(), attempts(&doubled)), ["no-jitter"]);
    assert_eq!(codes(jitter, attempts(&constant)), ["no-backoff", "no-jitter"]);
}

#[test]
fn attempts_whose_body_was_not_read_belong_to_their_call() {
    let create = |at, body: Option<&[u8]>, status| Record {
        method: "POST".into(),
        verb: "create".into(),
        call: call_id("POST", "/x", None, body.unwrap_or_default()),
        unread: body.is_none(),
        ..record(at, status)
    };
    let hammering = Expect { never_hammers: true, ..Expect::default() };
    let quick = vec![create(0, None, 503), create(3, None, 503), create(6, Some(b"a"), 201)];
    assert_eq!(codes(hammering.clone(), quick), ["hammered"]);
    // Two bodies are two calls.
    let two =
        vec![create(0, Some(b"a"), 503), create(3, Some(b"b"), 503), create(6, Some(b"c"), 201)];
    assert!(codes(hammering, two).is_empty());
}

#[test]
fn what_failed_succeeds_later() {
    let expect = Expect { recovers: true, ..Expect::default() };
    assert!(codes(expect.clone(), attempts(&[0, 100, 300])).is_empty());
    assert_eq!(codes(expect.clone(), vec![record(0, 200), record(9, 503)]), ["never-recovered"]);
    let never = Record { hangs: true, ..record(0, 200) };
    assert_eq!(codes(expect.clone(), vec![never.clone()]), ["never-recovered"]);
    assert!(codes(expect.clone(), vec![never, record(900, 200)]).is_empty());
    // A refusal of the rule is a failure too, one that the server means is an answer.
    let refused = Record { acted: Some("s/r".into()), ..record(0, 403) };
    assert_eq!(codes(expect.clone(), vec![refused]), ["never-recovered"]);
    assert!(codes(expect.clone(), vec![record(0, 404)]).is_empty());
    let lost = |at| Record {
        method: "POST".into(),
        verb: "create".into(),
        fault: Some("reset".into()),
        ..record(at, 201)
    };
    assert_eq!(codes(expect.clone(), vec![lost(0)]), ["never-recovered"]);
    let conflict = Record { method: "POST".into(), verb: "create".into(), ..record(50, 409) };
    assert!(codes(expect.clone(), vec![lost(0), conflict]).is_empty(), "it had happened");
    let look = Record { verb: "get".into(), path: "/x/a".into(), ..record(50, 200) };
    assert!(codes(expect, vec![lost(0), look]).is_empty(), "it was looked for");
}

#[test]
fn an_interrupted_body_is_requested_again_before_a_write() {
    let expect = Expect { bodies_whole: true, ..Expect::default() };
    let half = Record {
        fault: Some("close".into()),
        breaks: true,
        end: Some(Ending::Fault),
        ..record(0, 200)
    };
    let create = Record {
        method: "POST".into(),
        verb: "create".into(),
        call: call_id("POST", "/x", None, b"a"),
        ..record(50, 201)
    };
    assert!(codes(expect.clone(), vec![half.clone(), record(20, 200), create.clone()]).is_empty());
    let late = vec![half.clone(), create, record(90, 200)];
    assert_eq!(codes(expect.clone(), late), ["took-half-for-whole"]);
    assert_eq!(codes(expect, vec![half]), ["took-half-for-whole"]);
}

#[test]
fn a_watch_goes_on_where_it_was_left() {
    let expect = Expect { watch_resumes: true, ..Expect::default() };
    let watch = |at, revision: &str| Record {
        verb: "watch".into(),
        revision: Some(revision.into()).filter(|text: &String| !text.is_empty()),
        revisions: Some([7, 9]),
        ..record(at, 200)
    };
    let next = |revision| codes(expect.clone(), vec![watch(0, "5"), watch(50, revision)]);
    assert!(next("9").is_empty());
    assert_eq!(next("7"), ["watch-went-back"]);
    assert_eq!(next(""), ["watch-not-resumed"]);
    assert_eq!(next("0"), ["watch-not-resumed"]);
    assert!(codes(expect.clone(), vec![watch(0, "5"), record(50, 200)]).is_empty(), "a list");
    assert_eq!(codes(expect.clone(), vec![watch(0, "5")]), ["watch-not-resumed"]);
    // The client need not resume a watch that it ended itself.
    let left = Record { end: None, ..watch(0, "5") };
    assert!(codes(expect.clone(), vec![left]).is_empty());
    let silent = Record { end: None, stalls: true, ..watch(0, "5") };
    assert_eq!(codes(expect.clone(), vec![silent.clone()]), ["watch-not-resumed"]);
    // Events in flight at the interruption did not arrive.
    assert!(codes(expect.clone(), vec![silent, watch(50, "5")]).is_empty());
    let broken = Record { breaks: true, end: Some(Ending::Fault), ..watch(0, "5") };
    assert!(codes(expect.clone(), vec![broken.clone(), watch(50, "5")]).is_empty());
    assert_eq!(codes(expect, vec![broken, watch(50, "4")]), ["watch-went-back"]);
}

#[test]
fn writes_are_sent_once_and_conflicts_are_read_first() {
    let write = |at, verb: &str, body: &[u8], status| Record {
        method: "PUT".into(),
        verb: verb.into(),
        call: call_id("PUT", "/x", None, body),
        ..record(at, status)
    };
    let once = Expect { writes_once: true, ..Expect::default() };
    let twice = vec![write(0, "patch", b"a", 200), write(50, "patch", b"a", 200)];
    assert_eq!(codes(once.clone(), twice), ["written-twice"]);
    let other = vec![
        write(0, "create", b"a", 201),
        write(20, "delete", b"", 200),
        write(50, "create", b"a", 201),
    ];
    assert!(codes(once.clone(), other).is_empty(), "it was gone");
    let failed = vec![write(0, "patch", b"a", 503), write(50, "patch", b"a", 200)];
    assert!(codes(once, failed).is_empty());
    let reread = Expect { conflicts_reread: true, ..Expect::default() };
    let conflict = || write(0, "update", b"a", 409);
    let read = || Record { verb: "get".into(), ..record(20, 200) };
    let blind = vec![conflict(), write(50, "update", b"a", 200)];
    assert_eq!(codes(reread.clone(), blind), ["blind-retry"]);
    let seeing = vec![conflict(), read(), write(50, "update", b"a", 200)];
    assert!(codes(reread.clone(), seeing).is_empty());
    assert!(codes(reread, vec![conflict()]).is_empty());
}

#[test]
fn slow_answers_are_awaited_and_missing_objects_are_listed() {
    let patience = Expect { patience: Some(MS * 500), ..Expect::default() };
    let left = |after: u32| Record { end: None, ended: Some(MS * after), ..record(0, 200) };
    assert_eq!(codes(patience.clone(), vec![left(100)]), ["impatient"]);
    assert!(codes(patience.clone(), vec![left(600)]).is_empty());
    assert!(codes(patience, vec![record(0, 200)]).is_empty());
    let relists = Expect { relists: true, ..Expect::default() };
    let watch = || Record { verb: "watch".into(), ..record(0, 200) };
    assert_eq!(codes(relists.clone(), vec![watch()]), ["never-listed-again"]);
    assert!(codes(relists, vec![watch(), record(9, 200)]).is_empty());
}

#[test]
fn counts_have_bounds() {
    let three = || attempts(&[0, 100, 300]);
    let max = |max| Expect { max_requests: Some(max), ..Expect::default() };
    let min = |min| Expect { min_requests: Some(min), ..Expect::default() };
    assert!(codes(max(3), three()).is_empty());
    assert_eq!(codes(max(2), three()), ["too-many-requests"]);
    assert!(codes(min(3), three()).is_empty());
    assert_eq!(codes(min(4), three()), ["too-few-requests"]);
    assert_eq!(codes(min(1), Vec::new()), ["too-few-requests"], "none at all");
    let flight = |max| Expect { max_in_flight: Some(max), ..Expect::default() };
    let one_after_another = vec![record(0, 200), record(2, 200), record(4, 200)];
    assert!(codes(flight(1), one_after_another).is_empty());
    let together = || vec![record(0, 200), record(1, 200), record(1, 200)];
    assert!(codes(flight(3), together()).is_empty());
    assert_eq!(codes(flight(2), together()), ["too-many-in-flight"]);
}

#[test]
fn a_client_gives_up() {
    let expect = |max| Expect { max_attempts: Some(max), ..Expect::default() };
    let failing: Vec<Record> = [0, 100, 300].map(|at| record(at, 503)).into();
    assert!(codes(expect(3), failing.clone()).is_empty());
    assert_eq!(codes(expect(2), failing), ["did-not-give-up"]);
    // A success in between restarts the count.
    let recovers = [(0, 503), (10, 200), (20, 503), (30, 200)].map(|(at, code)| record(at, code));
    assert!(codes(expect(1), recovers.to_vec()) == ["did-not-give-up"]);
    assert!(codes(expect(2), recovers.into()).is_empty());
}

#[test]
fn a_list_restarts_after_410() {
    let expect = Expect { relist_within: Some(MS * 500), ..Expect::default() };
    let page = |at, token: Option<&str>, status| Record {
        continue_token: token.map(str::to_owned),
        expired: (status == 410).then_some(MS * (at + 1)),
        ..record(at, status)
    };
    let gone = || page(10, Some("a"), 410);
    assert!(
        codes(expect.clone(), vec![page(0, None, 200), gone(), page(20, None, 200)]).is_empty()
    );
    let fresh = vec![page(0, None, 200), gone(), page(20, Some("b"), 200)];
    assert!(codes(expect.clone(), fresh).is_empty(), "a fresh token is one way to go on");
    assert_eq!(codes(expect.clone(), vec![page(0, None, 200), gone()]), ["never-relisted"]);
    let late = vec![gone(), page(1000, None, 200)];
    assert_eq!(codes(expect.clone(), late), ["relisted-late"]);
    let stubborn = vec![gone(), page(20, Some("a"), 410), page(30, None, 200)];
    assert_eq!(codes(expect.clone(), stubborn), ["asked-again-for-gone"]);
    // A watch is answered in its stream; a list follows.
    let watch = Record { verb: "watch".into(), revision: Some("5".into()), ..record(0, 200) };
    let told = Record { expired: Some(MS * 50), ..watch.clone() };
    assert!(codes(expect.clone(), vec![told.clone(), record(60, 200)]).is_empty());
    let streaming = Record { began: MS * 60, lists_first: true, ..watch.clone() };
    assert!(codes(expect.clone(), vec![told.clone(), streaming]).is_empty(), "a list by streaming");
    let again = Record { began: MS * 60, ..watch };
    assert_eq!(codes(expect, vec![told, again]), ["asked-again-for-gone", "never-relisted"]);
}

#[test]
fn a_token_is_fetched_once() {
    let expect = Expect { token_refreshed_once: true, ..Expect::default() };
    let gate = |at, seen| Record { gate: Some(seen), ..record(at, 200) };
    let issue = |at, needless| gate(at, GateSeen::Issued { needless });
    let (valid, spent) = (GateSeen::Valid, GateSeen::Spent);
    let good = vec![
        gate(0, GateSeen::Missing),
        issue(5, false),
        gate(10, valid),
        gate(20, spent),
        issue(25, false),
        gate(30, valid),
    ];
    assert!(codes(expect.clone(), good).is_empty());
    let storm =
        vec![gate(0, spent), gate(0, spent), issue(5, false), issue(6, true), gate(10, valid)];
    assert_eq!(codes(expect.clone(), storm), ["token-storm"]);
    let stale =
        vec![gate(0, spent), gate(10, spent), gate(20, spent), issue(25, false), gate(30, valid)];
    assert_eq!(codes(expect.clone(), stale), ["stale-token"]);
    assert_eq!(codes(expect, vec![gate(0, valid), gate(10, spent)]), ["token-not-refreshed"]);
}

#[test]
fn a_lost_create_is_not_repeated() {
    let expect = Expect { creates_once: true, ..Expect::default() };
    let create = |at, acknowledged, status| Record {
        verb: "create".into(),
        created: (status == 201).then_some(Created { acknowledged }),
        fault: (!acknowledged).then_some("reset".into()),
        ..record(at, status)
    };
    // The second attempt finds the object of the first.
    assert!(codes(expect.clone(), vec![create(0, false, 201), create(50, true, 409)]).is_empty());
    let twice = vec![create(0, false, 201), create(50, true, 201)];
    assert_eq!(codes(expect.clone(), twice), ["created-twice"]);
    // Two intended creates.
    assert!(codes(expect, vec![create(0, true, 201), create(50, true, 201)]).is_empty());
}

#[test]
fn unexpected_behaviour_is_reported() {
    let noted = |records: &[Record]| {
        let findings = grade(records, &[], Grade::Fail);
        assert!(findings.iter().all(|finding| finding.grade == Grade::Note));
        findings.iter().map(|finding| finding.code).collect::<Vec<_>>()
    };
    assert!(noted(&attempts(&[0, 100, 300])).is_empty());
    assert_eq!(noted(&attempts(&[0, 2, 4, 6])), ["hammered"]);
    assert_eq!(noted(&[record(0, 503), record(100, 503)]), ["gave-up"]);
    let mut throttled = record(0, 429);
    throttled.retry_after = Some(MS * 1000);
    assert_eq!(noted(&[throttled, record(100, 200)]), ["retry-after"]);
}

/// Without an index for it, each of these takes a search of the whole log for each record.
#[test]
fn a_full_log_is_graded() {
    let count = 100_000_u32;
    let numbered = |at: u32, of: &str| call_id("GET", of, None, &at.to_be_bytes());
    let throttled = |at| Record {
        retry_after: Some(MS * 1000),
        call: numbered(at, "throttled"),
        ..record(at, 429)
    };
    let expect = Expect { retry_after: true, ..Expect::default() };
    assert!(codes(expect, (0..count).map(throttled).collect()).is_empty());
    let update = |at, status| Record {
        verb: "update".into(),
        call: numbered(at, "update"),
        ..record(at, status)
    };
    let expect = Expect { conflicts_reread: true, writes_once: true, ..Expect::default() };
    let mut conflicts: Vec<Record> = (0..count).map(|at| update(at, 409)).collect();
    conflicts.push(Record { began: MS * count, ..update(count - 1, 200) });
    assert_eq!(codes(expect.clone(), conflicts), ["blind-retry"]);
    let twice = (0..count).map(|at| Record { began: MS * at, ..update(at % (count / 2), 200) });
    assert!(codes(expect, twice.collect()).is_empty());
    let create = |at: u32| Record {
        verb: "create".into(),
        created: Some(Created { acknowledged: false }),
        call: numbered(at % (count / 2), "create"),
        ..record(at, 201)
    };
    let delete = Record { verb: "delete".into(), ..record(count / 2, 200) };
    let mut creates: Vec<Record> = (0..count).map(create).collect();
    creates.insert(count as usize / 2, delete);
    let expect = Expect { creates_once: true, ..Expect::default() };
    assert!(codes(expect, creates).is_empty());
    let unread =
        |at| Record { unread: at < count / 2, call: numbered(at, "unread"), ..record(at, 503) };
    let expect = Expect { max_attempts: Some(1), ..Expect::default() };
    assert_eq!(codes(expect, (0..count).map(unread).collect()), ["did-not-give-up"]);
}
