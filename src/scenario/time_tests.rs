//! Tests of timelines and delays.

use std::time::Duration;

use http::HeaderMap;

use super::testing::{Client, client, code, parse};
use crate::message::FaultPoint;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn phases_follow_each_other_until_the_end() {
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
        assert_eq!(code(&client.ask_with("GET", "/x", &canary)), as_canary, "{seconds}");
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
fn a_timeline_starts_when_its_start_comes() {
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
    assert_eq!(client.code("/c?c=1"), 501);
    assert_eq!(client.code("/c"), 502);
    assert_eq!(client.code("/p"), 502);
    assert_eq!(client.code("/x"), 500);
    assert_eq!(client.ask("GET", "/p").by.unwrap().rule.as_ref(), "s/p/of-phase");
}

#[test]
fn delays_are_drawn_once_for_each_request_and_stalls_have_an_end_or_none() {
    let set = parse(
        "rules:\n\
         - {id: a, match: {path: /a}, delay: {min: 100ms, max: 300ms}}\n\
         - {id: b, match: {path: /b}, share: [{p: 50%, then: {delay: {median: 400ms, p99: 3s}}}]}\n\
         - {id: c, match: {path: /c}, delay: {p50: 10ms, p99: 1s}}\n\
         - {id: d, match: {path: /d}, steps: [{times: 1, then: {stall: 10s}}, {forever: true, then: {stall: forever}}]}\n\
         - {id: e, match: {path: /e}, then: {garbage: {bytes: 3}}}\n",
    );
    let delays = |client: &Client, path: &str| -> Vec<Duration> {
        (0..50).map(|_| client.ask("GET", path).effects.delay).collect()
    };
    let (one, other) = (
        Client::new(set.unwrap()),
        Client::new(
            parse("rules:\n- {id: a, match: {path: /a}, delay: {min: 100ms, max: 300ms}}\n")
                .unwrap(),
        ),
    );
    // Pure: the same seed, rule and number give the same delay, regardless of other rules.
    let first = delays(&one, "/a");
    assert_eq!(first, delays(&other, "/a"));
    let within = |delay: &Duration| (100..300).contains(&delay.as_millis());
    assert!(first.iter().all(within) && first.windows(2).any(|pair| pair[0] != pair[1]));
    let shared = delays(&one, "/b");
    assert!(shared.iter().any(Duration::is_zero) && shared.iter().any(|delay| !delay.is_zero()));
    assert!(delays(&one, "/c").iter().all(|delay| *delay <= Duration::from_secs(1)));
    assert_eq!(one.ask("GET", "/d").effects.delay, Duration::from_secs(10));
    assert!(one.ask("GET", "/d").effects.delay > Duration::from_secs(365 * 24 * 3600));
    let fault = one.ask("GET", "/e").effects.fault.unwrap();
    assert_eq!(fault.at, FaultPoint::AfterBytes(3));
    for (delay, words) in [
        ("{min: 3s, max: 1s}", "min is longer than max"),
        ("{min: 3s}", "\"max\" is missing"),
        ("{median: 3s, p99: 1s}", "not below it"),
        ("{p50: 3s, p99: 1s}", "percentiles must ascend"),
        ("{p50: 1s, q: 2s}", "is not part of a delay"),
        ("{p0: 1s}", "is not part of a delay"),
        ("{}", "percentiles must ascend"),
    ] {
        let problems = parse(&format!("rules:\n- {{id: a, delay: {delay}}}\n")).unwrap_err();
        assert!(problems.contains(words), "{delay}: {problems}");
    }
}
