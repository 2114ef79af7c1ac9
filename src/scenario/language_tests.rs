//! Time, places, draws by request, and what only a Kubernetes API can do wrong.

use std::time::Duration;

use http::HeaderMap;

use super::tests::{Client, code, parse};
use super::*;
use crate::message::{FaultAction, FaultPoint, LastStream, LineAction, LineKind, Position};

const SECOND: Duration = Duration::from_secs(1);

fn client(text: &str) -> Client {
    Client::new(parse(text).unwrap_or_else(|why| panic!("{why}")))
}

#[test]
fn phases_follow_each_other_and_the_drill_heals_itself() {
    let mut client = client(
        "
clients:
  canary: {header: {X-Client: canary}}
rules:
- {id: always, match: {path: /always}, then: {status: 418}}
timeline:
  ttl: 100s
  phases:
  - {name: healthy, for: 30s}
  - name: brownout
    for: 30s
    client: canary
    rules: [{match: {path: /x}, then: {status: 503}}]
  - {name: recovered, forever: true}
",
    );
    let canary = HeaderMap::from_iter([("x-client".parse().unwrap(), "canary".parse().unwrap())]);
    // Time counts from the first request on.
    client.now = SECOND * 1000;
    for (seconds, as_canary, as_other, always) in [
        (0, 200, 200, 418),
        (29, 200, 200, 418),
        (30, 503, 200, 418),
        (59, 503, 200, 418),
        (60, 200, 200, 418),
        (99, 200, 200, 418),
        (100, 200, 200, 200),
    ] {
        client.now = SECOND * (1000 + seconds);
        assert_eq!(code(&client.ask_with("GET", "/x", &canary, |_| {})), as_canary, "{seconds}");
        assert_eq!(client.code("/x"), as_other, "{seconds}");
        assert_eq!(client.code("/always"), always, "{seconds}");
    }
    let phase = |client: &Client| {
        client.set.status(&client.state, client.now)["scenarios"][0]["phase"].clone()
    };
    assert_eq!(phase(&client), "healed");
    client.state.reset(client.now);
    assert_eq!(phase(&client), "not started");
    assert_eq!(client.set.start(&client.state, client.now), 1);
    assert_eq!(phase(&client), "healthy");
    assert_eq!(client.set.step(&client.state, client.now), 1);
    assert_eq!(phase(&client), "brownout");
    assert_eq!(client.set.step(&client.state, client.now), 1);
    assert_eq!(phase(&client), "recovered");
    assert_eq!(client.set.step(&client.state, client.now), 0);
}

#[test]
fn a_timeline_waits_for_what_it_says() {
    for (start, before, after) in [("ready", 503, 503), ("admin", 200, 200)] {
        let text = format!(
            "timeline: {{start: {start}, phases: [{{for: 10s}}, {{forever: true, rules: [{{then: {{status: 503}}}}]}}]}}"
        );
        let mut client = client(&text);
        client.now = SECOND * 10;
        assert_eq!(client.code("/x"), before, "{start}");
        client.now = SECOND * 100;
        assert_eq!(client.code("/x"), after, "{start}");
        if start == "admin" {
            client.set.start(&client.state, client.now);
            assert_eq!(client.code("/x"), 200);
            client.now = SECOND * 110;
            assert_eq!(client.code("/x"), 503);
        }
    }
}

#[test]
fn clients_go_before_phases_and_phases_before_the_rest() {
    let client = client(
        "
clients: {c: {query: {c: \"1\"}}}
rules:
- {id: everybody, then: {status: 500}}
- {id: of-client, client: c, match: {path: /c}, then: {status: 501}}
timeline:
  phases: [{name: p, forever: true, rules: [{id: of-phase, match: {path: \"/{c,p}\"}, then: {status: 502}}]}]
",
    );
    let query = crate::message::Query::parse(Some("c=1")).unwrap();
    let as_client = client.ask("GET", "/c", |facts| facts.query = Box::leak(Box::new(query)));
    assert_eq!(code(&as_client), 501);
    assert_eq!(client.code("/c"), 502);
    assert_eq!(client.code("/p"), 502);
    assert_eq!(client.code("/x"), 500);
    assert_eq!(client.ask("GET", "/p", |_| {}).by.unwrap().rule.as_ref(), "s/p/of-phase");
}

#[test]
fn places_within_a_stream_are_all_told() {
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
    let first = client.ask("GET", "/", |_| {}).points;
    let acts: Vec<(Position, String)> = first
        .iter()
        .map(|(place, then)| match then {
            PointThen::Action(action) => (*place, format!("{action:?}")),
            PointThen::Error(status) => (*place, status.code.to_string()),
            PointThen::Pass => panic!("nothing is told as nothing"),
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
    assert_eq!(acts, expected.map(|(place, act)| (place, act.to_owned())));
    let second = client.ask("GET", "/", |_| {}).points;
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
        let fault = client.ask("GET", path, |_| {}).effects.fault.unwrap();
        assert_eq!((fault.at, fault.action), (at, action), "{path}");
    }
    assert!(parse("rules: [{then: {malformed_chunk: before_headers}}]").is_err());
    assert!(parse("rules: [{then: {goaway: {last_stream: none, at: after_headers}}}]").is_err());
}

#[test]
fn outcomes_by_request_do_not_depend_on_the_order() {
    let text = "
seed: 42
rules: [{draw_by: request, share: [{p: 40%, then: {status: 503}}]}]
";
    let paths: Vec<String> = (0..50).map(|n| format!("/x/{n}")).collect();
    let outcomes = |order: &mut dyn Iterator<Item = &String>| {
        let client = client(text);
        let mut all: Vec<(String, Vec<u16>)> =
            order.map(|path| (path.clone(), (0..3).map(|_| client.code(path)).collect())).collect();
        all.sort();
        all
    };
    let forth = outcomes(&mut paths.iter());
    assert_eq!(forth, outcomes(&mut paths.iter().rev()));
    let failed = forth.iter().flat_map(|(_, codes)| codes).filter(|code| **code == 503).count();
    // 150 draws at 40%: five standard deviations are 30.
    assert!(failed.abs_diff(60) < 30, "{failed}");
    let differ = forth.iter().any(|(_, codes)| codes.windows(2).any(|pair| pair[0] != pair[1]));
    assert!(differ, "each attempt is a draw of its own");
    // The same in one world, another in another.
    let world = |name: &'static str| {
        let client = client(text);
        let draw = |path: &String| code(&client.ask("GET", path, |facts| facts.world = name));
        paths.iter().map(draw).collect::<Vec<_>>()
    };
    assert_eq!(world("a"), world("a"));
    assert_ne!(world("a"), world("b"));
}

#[test]
fn memory_of_requests_is_bounded() {
    let client = client("rules: [{draw_by: request, share: [{p: 40%, then: {status: 503}}]}]");
    for n in 0..30_000 {
        let _ = client.code(&format!("/{n}"));
    }
    // What was forgotten begins anew, with the same draw.
    let first = client.code("/0");
    client.state.reset(Duration::ZERO);
    assert_eq!(client.code("/0"), first);
}

#[test]
fn a_revoked_token_is_dead() {
    let client = client(
        "
tokens: {t: {issue: POST /t, in: bearer}}
rules:
- {require: {token: t}}
- {at: [{page: 3, times: 1, then: {revoke: t}}]}
",
    );
    let Some(Answer::IssueToken(issued)) = client.ask("POST", "/t", |_| {}).answer else {
        panic!()
    };
    let bearer = format!("Bearer {}", issued.token).parse().unwrap();
    let headers = HeaderMap::from_iter([(http::header::AUTHORIZATION, bearer)]);
    let page = |n| client.ask_with("GET", "/x", &headers, |facts| facts.page = Some(n));
    assert_eq!([1, 2].map(|n| code(&page(n))), [200, 200]);
    let refused = page(3);
    assert_eq!((code(&refused), refused.gate), (401, Some(GateSeen::Live)));
    let dead = page(3);
    assert_eq!((code(&dead), dead.gate), (401, Some(GateSeen::Dead)));
    let second = client.ask("POST", "/t", |_| {});
    assert_eq!(second.gate, Some(GateSeen::Issued { needless: false }));
    let third = client.ask("POST", "/t", |_| {});
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
    let decision = client.ask("GET", "/", |_| {});
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
fn several_things_can_happen_at_once() {
    let client = client("rules: [{then: {status: 503, delay: 100ms, stall: 1s, slow: 1KiB/s}}]");
    let decision = client.ask("GET", "/", |_| {});
    assert_eq!(code(&decision), 503);
    assert_eq!(decision.effects.delay, Duration::from_millis(1100));
    assert!(decision.effects.pace.is_some());
}

#[test]
fn uses_are_counted_and_unused_rules_known() {
    let client = client(
        "
rules:
- {id: hit, match: {path: /a}, then: {status: 500}}
- {id: passes, match: {path: /a}, steps: [{times: 1, then: pass}, {times: 1, then: {status: 501}}]}
- {id: missed, match: {path: /b}, then: {status: 500}}
- {id: watches, match: {path: /a}, expect: {max_requests: 3}}
",
    );
    let _ = client.code("/a");
    let unused: Vec<&str> = client.set.unused(&client.state).collect();
    assert_eq!(unused, ["s/passes", "s/missed"]);
    let uses = |rule| {
        let uses = client.state.uses(rule);
        (uses.matched, uses.acted)
    };
    assert_eq!((uses("s/hit"), uses("s/passes"), uses("s/missed")), ((1, 1), (1, 0), (0, 0)));
}

#[test]
fn what_will_happen_is_what_happens() {
    let text = "
seed: 7
rules:
- {id: steps, match: {path: /steps}, steps: [{times: 2, then: pass}, {times: 3, then: {status: 500}}]}
- {id: share, match: {path: /share}, share: [{p: 30%, then: {status: 429}}, {p: 20%, then: {status: 503}}]}
- {id: wait, match: {path: /wait}, delay: {min: 100ms, max: 900ms}}
";
    let client = client(text);
    let preview = client.set.preview("default", 40).json;
    let rules = preview["rules"].as_array().unwrap();
    for n in 0..40_usize {
        let [_, shares, waits] = rules.as_slice() else { panic!() };
        let code = client.code("/share");
        let planned = shares["draws"][n]["then"].as_str().unwrap();
        let expected = match code {
            200 => "pass".to_owned(),
            code => format!("{{status: {code}}}"),
        };
        assert_eq!(planned, expected, "{n}");
        let delay = client.ask("GET", "/wait", |_| {}).effects.delay;
        let planned = waits["delaysMs"][n].as_f64().unwrap();
        assert!((planned - delay.as_secs_f64() * 1e3).abs() < 1e-6, "{n}");
    }
    let spans: Vec<String> = rules[0]["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| format!("{}-{} {}", step["from"], step["to"], step["then"].as_str().unwrap()))
        .collect();
    assert_eq!(spans, ["1-2 pass", "3-5 {status: 500}", "6-null pass"]);
}

#[test]
fn lints_have_stable_codes() {
    let set = parse(
        "
rules:
- {id: all, match: {resource: jobs.x}, then: {status: 500}}
- {id: some, match: {resource: jobs.x, verb: list}, then: {status: 503}}
- {id: also, match: {resource: jobs.x}, delay: 1s}
- {id: faulty, match: {resource: jobs.x}, then: {reset: before_headers}}
- {id: wrong, match: {resource: jbos.x}, then: {status: 503}}
- {id: nowhere, match: {path: /nowhere/**}, then: {status: 503}}
- {id: verb, match: {verb: read}, then: {status: 503}}
",
    )
    .unwrap();
    let served = Served {
        resources: vec!["jobs.x".into()],
        paths: vec!["/apis/x/v1/namespaces/*/jobs".into()],
        open: false,
    };
    let found: Vec<(String, Option<usize>)> = set
        .lint(&served)
        .0
        .iter()
        .map(|found| (found.code.to_owned(), found.place.map(|place| place.line)))
        .collect();
    let expected = [
        ("shadowed-rule", 4),
        ("matches-nothing", 7),
        ("matches-nothing", 8),
        ("matches-nothing", 9),
    ];
    assert_eq!(found, expected.map(|(code, line)| (code.to_owned(), Some(line))));
}

#[test]
fn explaining_names_the_key_that_does_not_hold() {
    let client = client(
        "
rules:
- {id: a, match: {method: DELETE, path: /x/**}, then: {status: 500}}
- {id: b, match: {path: /x/*}, then: {status: 503}}
",
    );
    let query = crate::message::Query::default();
    let headers = HeaderMap::new();
    let facts = Facts {
        method: "GET",
        path: "/x/y",
        query: &query,
        headers: &headers,
        body: None,
        parsed: std::cell::OnceCell::new(),
        verb: None,
        resource: None,
        namespace: None,
        name: None,
        subresource: None,
        page: None,
        world: "default",
    };
    let explained = client.set.explain(&facts);
    assert_eq!(explained.rules.iter().map(|rule| rule.holds).collect::<Vec<_>>(), [false, true]);
    let wrong = explained.rules[0].compared.iter().find(|part| !part.holds).unwrap();
    assert_eq!((wrong.key.as_str(), wrong.wanted.as_str()), ("method", "DELETE"));
    assert_eq!(client.state.uses("s/b"), RuleUse::default(), "nothing is counted");
}

#[test]
fn the_body_of_an_error_in_a_watch_is_upstreams() {
    let client = client("rules: [{at: [{event: 1, then: {event: {status: 500, message: x}}}]}]");
    let decision = client.ask("GET", "/", |_| {});
    let [(Position::Event(1), PointThen::Error(status))] = decision.points.as_slice() else {
        panic!("{:?}", decision.points)
    };
    assert_eq!((status.code.as_u16(), status.message.as_deref()), (500, Some("x")));
}
