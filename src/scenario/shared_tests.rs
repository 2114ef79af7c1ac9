//! Two servers that share the state of rules decide as one would.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};

use super::testing::{Client, client, code, page, request};
use super::*;
use crate::message::Asked;

/// Servers that share their state, each with its own copy of it.
struct Servers(Vec<Client>);

impl Servers {
    fn new(count: usize, text: &str) -> Self {
        let new = |_| Client { state: ScenarioState::shared(), ..client(text) };
        Self((0..count).map(new).collect())
    }

    /// Lets a server decide, and the others take over what it changed.
    fn send(&self, server: usize, method: &str, target: &str, headers: &HeaderMap) -> Decision {
        let Client { set, state, world, now } = &self.0[server];
        let mut request = request(method, target);
        request.headers = headers.clone();
        let asked = Asked::new(&request);
        let decide = || set.decide(state, &asked, world, *now);
        // The first decisions are made on what another server has changed meanwhile: they are taken back.
        let would = state.would_change(decide);
        let (_, first) = state.tentatively(false, decide);
        let (decision, changes) = state.tentatively(true, decide);
        assert_eq!(first, changes, "what was taken back has left something");
        assert_eq!(would, !changes.changed.is_empty());
        for (key, text) in changes.changed {
            assert_eq!(EntryKey::parse(&key.text()).as_ref(), Some(&key));
            for client in &self.0 {
                client.state.set_entry(&key, text.as_deref()).unwrap();
            }
        }
        decision
    }
}

/// What is seen of a decision.
fn shown(decision: &Decision) -> String {
    let token = match &decision.answer {
        Some(Answer::IssueToken(token)) => token.token.clone(),
        _ => String::new(),
    };
    let limits: Vec<_> = decision.limits.retry_after().into_iter().collect();
    let Decision { effects, by, gate, points, .. } = decision;
    format!(
        "{} {token} {:?} {:?} {gate:?} {} {limits:?}",
        code(decision),
        effects.delay,
        by.as_ref().map(|by| (&by.rule, by.draw)),
        points.len()
    )
}

/// How often each rule matched and acted.
fn uses(set: &ScenarioSet, state: &ScenarioState) -> serde_json::Value {
    set.status(state, Duration::ZERO)["rules"].clone()
}

/// The rules of each kind of state.
const RULES: &[&str] = &[
    "rules: [{steps: [{times: 3, then: {status: 500}}, {times: 2, then: pass}, {forever: true, then: {status: 503}}]}]",
    "rules: [{per: path, steps: [{times: 2, then: {status: 500}}]}]",
    "rules: [{share: [{p: 30%, then: {status: 429}}, {p: 20%, then: {reset: before_headers}}]}]",
    "rules: [{draw_by: request, share: [{p: 40%, then: {status: 503}}]}]",
    "rules: [{delay: {min: 100ms, max: 300ms}}]",
    "rules: [{limit: {requests: 3, window: 10s, per: path}}]",
    "rules: [{limit: {requests: 3, window: 10s, algorithm: sliding_window}}]",
    "rules: [{limit: {requests: 3, window: 10s, burst: 5, algorithm: token_bucket}}]",
    "rules: [{at: [{page: 1, times: 2, then: {status: 410}}]}]",
    "rules: [{at: [{page: 1, times: 90, then: {status: 410}}]}]",
    "rules: [{per: path, steps: [{times: 40, then: {status: 500}}]}]",
    "rules: [{share: [{p: 0.01%, then: {status: 429}}]}]",
    "rules: [{steps: [{forever: true, then: {status: 503}}]}]",
    "{tokens: {iam: {issue: POST /t, in: header X-T, uses: 2, ttl: 20s}}, rules: [{match: {path: /x/**}, require: {token: iam}}]}",
    "{tokens: {iam: {issue: POST /t, in: header X-T}}, rules: [{match: {path: /x/**}, require: {token: iam}}, {match: {path: /x/2}, steps: [{times: 2, then: {revoke: iam}}]}]}",
    "{timeline: {phases: [{name: a, for: 5s, rules: [{then: {status: 500}}]}, {name: b, for: 7s, rules: [{then: {status: 503}}]}]}, rules: [{match: {path: /none}, then: pass}]}",
];

#[test]
fn several_servers_decide_as_one() {
    for text in RULES {
        let (mut one, mut three) = (client(text), Servers::new(3, text));
        let mut headers = HeaderMap::new();
        for n in 0..60_u64 {
            let target = match n % 4 {
                0 => "/t".to_owned(),
                3 => page("/x/list", n % 3),
                path => format!("/x/{path}"),
            };
            let method = if n % 8 == 0 { "POST" } else { "GET" };
            let alone = one.ask_with(method, &target, &headers);
            let server = usize::try_from(n * 7 % 3).unwrap();
            let together = three.send(server, method, &target, &headers);
            assert_eq!(shown(&alone), shown(&together), "{text}: request {n}, {method} {target}");
            if let Some(Answer::IssueToken(token)) = &alone.answer {
                headers.insert("x-t", HeaderValue::from_str(&token.token).unwrap());
            }
            let now = Duration::from_millis(700 * n);
            one.now = now;
            three.0.iter_mut().for_each(|client| client.now = now);
        }
        for client in &three.0 {
            let keeps = client.set.status(&client.state, client.now);
            assert_eq!(keeps["scenarios"], one.set.status(&one.state, one.now)["scenarios"]);
            // What is missing is what one server alone would say, whichever of the three is asked.
            let others = three.0.iter().filter(|other| !std::ptr::eq(*other, client));
            let others: Vec<_> = others.map(|other| other.set.tallies(&other.state)).collect();
            let all = client.set.together(&client.state, &others);
            assert_eq!(client.set.unmet(&all), one.set.unmet(&one.state), "{text}");
            assert_eq!(uses(&client.set, &all), uses(&one.set, &one.state), "{text}");
        }
    }
}

#[test]
fn what_is_local_or_the_same_for_all_changes_nothing_that_is_shared() {
    for text in [
        "rules: [{then: {status: 503}}]",
        "rules: [{delay: 1s, page_size: 3}]",
        "rules: [{local: true, steps: [{times: 3, then: {status: 500}}]}]",
        "rules: [{local: true, share: [{p: 30%, then: {status: 429}}]}]",
        "rules: [{local: true, limit: {requests: 3, window: 10s, per: path}}]",
        "rules: [{match: {path: /other}, steps: [{times: 3, then: {status: 500}}]}]",
    ] {
        let client = Client { state: ScenarioState::shared(), ..client(text) };
        for n in 0..5 {
            let request = request("GET", &format!("/{n}"));
            let decide = || {
                client.set.decide(&client.state, &Asked::new(&request), client.world, client.now)
            };
            assert!(!client.state.would_change(decide), "{text}");
            let (_, changes) = client.state.tentatively(false, decide);
            assert_eq!(changes.changed, [], "{text}");
        }
    }
    // What a rule with `local` counts is kept.
    let text = "rules: [{local: true, steps: [{times: 3, then: {status: 500}}]}]";
    let client = Client { state: ScenarioState::shared(), ..client(text) };
    let codes: Vec<u16> = (0..5)
        .map(|_| {
            // What is asked for without being kept changes nothing.
            assert!(!client.state.would_change(|| client.ask("GET", "/")));
            code(&client.state.tentatively(false, || client.ask("GET", "/")).0)
        })
        .collect();
    assert_eq!(client.state.uses("s/rule-1").matched, 5);
    assert_eq!(codes, [500, 500, 500, 200, 200]);
}

#[test]
fn a_request_that_is_decided_twice_is_reported_once() {
    let text = "rules: [{id: r, steps: [{times: 3, then: {status: 500}}]}]";
    let servers = Servers::new(2, text);
    for server in [0, 1, 0, 0, 1] {
        let _ = servers.send(server, "GET", "/", &HeaderMap::new());
    }
    let uses: Vec<_> = servers.0.iter().map(|client| client.state.uses("s/r")).collect();
    assert_eq!((uses[0].matched, uses[1].matched), (3, 2));
    // All have seen that the steps were met.
    for client in &servers.0 {
        assert_eq!(client.set.unmet(&client.state), []);
    }
}

#[test]
fn the_oldest_of_many_makes_room_on_all_servers() {
    let text = "rules: [{per: path, steps: [{times: 1, then: {status: 500}}]}]";
    let servers = Servers::new(2, text);
    let none = HeaderMap::new();
    for n in 0..10_003 {
        assert_eq!(code(&servers.send(n % 2, "GET", &format!("/{n}"), &none)), 500);
    }
    for server in [0, 1] {
        assert_eq!(code(&servers.send(server, "GET", "/5000", &none)), 200);
    }
    // Forgotten by both.
    assert_eq!(code(&servers.send(1, "GET", "/0", &none)), 500);
    assert_eq!(code(&servers.send(0, "GET", "/0", &none)), 200);
}

#[test]
fn a_text_that_is_no_entry_is_refused() {
    let state = ScenarioState::shared();
    for key in ["other", "counter/a", "attempt/a/zz", "limit/a/00", "timeline", "issued/x"] {
        assert_eq!(EntryKey::parse(key), None, "{key}");
    }
    for (key, text) in
        [("counter/a/0", "x"), ("token/t", "1"), ("timeline/t", "1"), ("issued", "-1")]
    {
        let key = EntryKey::parse(key).unwrap();
        assert!(state.set_entry(&key, Some(text)).is_err(), "{key:?}");
    }
}
