//! Tests of limits, counter keys, and header fields on real answers.

use std::time::Duration;

use http::{HeaderMap, HeaderName, StatusCode};
use proptest::prelude::*;

use super::rule::limit::LimitState;
use super::testing::{Client, JOBS, client, code, page, parse, request};
use super::*;
use crate::message::{Body, Origin, Plan};

const MS: Duration = Duration::from_millis(1);

/// Returns the fields of an answer to a request, and its code.
fn answer(client: &Client, headers: &[(&str, &str)], target: &str) -> (u16, HeaderMap) {
    let mut all = HeaderMap::new();
    for (name, value) in headers {
        all.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
    }
    let decision = client.ask_with("GET", target, &all);
    let mut fields = HeaderMap::new();
    decision.limits.add_to(&mut fields, 1_000_000.0);
    (code(&decision), fields)
}

fn codes(client: &Client, headers: &[(&str, &str)], count: usize) -> Vec<u16> {
    (0..count).map(|_| answer(client, headers, "/x").0).collect()
}

#[test]
fn a_fixed_window_begins_with_its_first_request() {
    let mut client = client("rules: [{id: quota, limit: {requests: 2, window: 1500ms}}]");
    client.now = MS * 700;
    assert_eq!(codes(&client, &[], 3), [200, 200, 429]);
    client.now = MS * 2199;
    let refused = client.ask("GET", "/x");
    let Some(Answer::Status(status)) = &refused.answer else { panic!("{refused:?}") };
    assert_eq!(status.retry_after, Some(MS));
    client.now = MS * 2200;
    assert_eq!(codes(&client, &[], 3), [200, 200, 429]);
    client.state.reset(client.now);
    assert_eq!(codes(&client, &[], 3), [200, 200, 429], "a reset begins anew");
}

#[test]
fn a_sliding_window_looks_back() {
    let mut client = client(
        "rules: [{limit: {requests: 2, window: 1s, algorithm: sliding_window, retry_after: date}}]",
    );
    for (at, expected, wait) in [
        (0, 200, None),
        (600, 200, None),
        (900, 429, Some(100)),
        (1000, 200, None),
        (1100, 429, Some(500)),
    ] {
        client.now = MS * at;
        let decision = client.ask("GET", "/x");
        assert_eq!(code(&decision), expected, "at {at} ms");
        let wait = wait.map(|wait| RetryAfter::Until(MS * wait));
        assert_eq!(decision.limits.retry_after(), wait, "at {at} ms");
    }
}

#[test]
fn a_bucket_has_a_burst_and_is_filled_evenly() {
    let mut client =
        client("rules: [{limit: {requests: 10, window: 1s, algorithm: token_bucket, burst: 3}}]");
    assert_eq!(codes(&client, &[], 4), [200, 200, 200, 429]);
    client.now = MS * 99;
    let decision = client.ask("GET", "/x");
    assert_eq!(decision.limits.retry_after(), Some(RetryAfter::Seconds(1)));
    client.now = MS * 100;
    assert_eq!(codes(&client, &[], 2), [200, 429]);
    client.now = MS * 5000;
    assert_eq!(codes(&client, &[], 4), [200, 200, 200, 429], "it holds no more than the burst");
}

#[test]
fn answers_say_what_is_left() {
    let client = client(
        "rules: [{id: 'a \"b\"', limit: {requests: 2, window: 90s, headers: {X-Left: '{remaining}/{limit} in {reset} of {window}', X-At: '{reset_at}'}}}]",
    );
    for (remaining, expected) in [(1, 200), (0, 200), (0, 429)] {
        let (code, fields) = answer(&client, &[], "/x");
        let field = |name: &str| fields.get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(code, expected);
        assert_eq!(field("ratelimit-policy").unwrap(), "\"a \\\"b\\\"\";q=2;w=90");
        assert_eq!(field("ratelimit").unwrap(), format!("\"a \\\"b\\\"\";r={remaining};t=90"));
        assert_eq!(field("x-ratelimit-limit").unwrap(), "2");
        assert_eq!(field("x-ratelimit-remaining").unwrap(), remaining.to_string());
        assert_eq!(field("x-ratelimit-reset").unwrap(), "1000090");
        assert_eq!(field("x-left").unwrap(), format!("{remaining}/2 in 90 of 90"));
        assert_eq!(field("x-at").unwrap(), "1000090");
    }
}

#[test]
fn several_limits_are_listed_and_the_tightest_stands_in_the_old_fields() {
    let client = client(
        "
rules:
- {id: burst, limit: {requests: 5, window: 1s}}
- {id: day, limit: {requests: 100, window: 24h, announce: ietf}}
- {id: hidden, limit: {requests: 1, window: 1s, announce: none, else: {status: 503}}}
",
    );
    let (_, fields) = answer(&client, &[], "/x");
    assert_eq!(fields["ratelimit-policy"], "\"burst\";q=5;w=1, \"day\";q=100;w=86400");
    assert_eq!(fields["x-ratelimit-remaining"], "4");
    assert_eq!(answer(&client, &[], "/x").0, 503);
}

#[test]
fn every_key_has_separate_counts() {
    for (per, one, other) in [
        ("token", ("x-auth-token", "a"), ("x-auth-token", "b")),
        ("token", ("authorization", "Bearer a"), ("authorization", "Bearer b")),
        ("address", ("x-forwarded-for", "10.0.0.1"), ("x-forwarded-for", "10.0.0.2")),
        ("client", ("x-client", "a"), ("x-client", "b")),
        ("client", ("x-auth-token", "a"), ("x-auth-token", "b")),
        ("header X-Tenant", ("x-tenant", "a"), ("x-tenant", "b")),
        ("{header: x-tenant}", ("x-tenant", "a"), ("x-tenant", "b")),
    ] {
        let client = client(&format!(
            "clients: {{a: {{header: {{X-Client: a}}}}, b: {{header: {{X-Client: b}}}}}}\nrules: [{{limit: {{requests: 1, window: 1s, per: {per}}}}}]"
        ));
        assert_eq!(codes(&client, &[one], 2), [200, 429], "{per}");
        assert_eq!(codes(&client, &[other], 2), [200, 429], "{per}");
    }
    let client = client("rules: [{limit: {requests: 1, window: 1s, per: [path, query q]}}]");
    for target in ["/a?q=1", "/a?q=2", "/b?q=1", "/b"] {
        let ask = || answer(&client, &[], target).0;
        assert_eq!([ask(), ask()], [200, 429], "{target}");
    }
}

#[test]
fn the_first_attempt_of_each_call_fails() {
    let client = client(
        "rules: [{per: request, steps: [{times: 1, then: {status: 503}}, {times: 1, then: pass}]}]",
    );
    let post = |target: &str, body: &'static str| {
        let mut request = request("POST", target);
        request.body = crate::message::RequestBody::Bytes(body.into());
        code(&client.send(&request))
    };
    assert!(client.set.wants_body(&crate::message::Asked::new(&request("POST", "/x"))));
    assert_eq!(
        [post("/x", "1"), post("/x", "2"), post("/x", "1"), post("/x", "2")],
        [503, 503, 200, 200]
    );
    // Parameters in another order, and another deadline, are the same call.
    let targets = ["/l?a=1&b=2&timeout=1s", "/l?b=2&a=1&timeout=9s", "/l?a=1&b=3"];
    assert_eq!(targets.map(|target| client.code(target)), [503, 200, 503]);
    let by_body =
        parse("rules: [{per: $.metadata.name, steps: [{times: 1, then: {status: 503}}]}]");
    assert!(by_body.unwrap().reads_bodies);
}

#[test]
fn places_are_counted_by_key_too() {
    let client = client(
        "rules: [{per: header X-Id, at: [{page: 2, times: 1, then: {status: 410}}, {event: 3, times: 2, then: {cut: clean}}]}]",
    );
    let ask = |id: &str| {
        let headers =
            HeaderMap::from_iter([(HeaderName::from_static("x-id"), id.parse().unwrap())]);
        let decision = client.ask_with("GET", &page(JOBS, 2), &headers);
        (code(&decision), decision.points.len())
    };
    assert_eq!([ask("a"), ask("b"), ask("a"), ask("a")], [(410, 1), (410, 1), (200, 1), (200, 0)]);
}

#[test]
fn fields_of_real_answers_change() {
    let client = client(
        "
rules:
- {then: {headers: {Warning: ['299 - \"old\"', '299 - \"really\"'], X-A: first}}}
- {then: {headers: {X-A: second, X-B: b}, remove_headers: [ETag, Date, Content-Length]}}
",
    );
    let decision = client.ask("GET", "/x");
    assert!(decision.answer.is_none());
    let mut plan = Plan::new(StatusCode::OK, Origin::Kubernetes, Body::Bytes("x".into()));
    plan.headers.insert("etag", "1".parse().unwrap());
    plan.headers.insert("x-a", "true".parse().unwrap());
    decision.fields.apply(&mut plan);
    assert_eq!(plan.headers.get_all("warning").iter().count(), 2);
    assert_eq!(
        (&plan.headers["x-a"], &plan.headers["x-b"]),
        (&"first".parse().unwrap(), &"b".parse().unwrap())
    );
    assert!(!plan.headers.contains_key("etag"));
    let effects = plan.delivery.effects().unwrap();
    assert!(effects.undated && effects.unannounced);
}

#[test]
fn wrong_limits_and_fields_are_refused() {
    for (text, why) in [
        ("rules: [{limit: {requests: 1, window: 0s}}]", "a window cannot be zero"),
        ("rules: [{limit: {requests: 0, window: 1s}}]", "0"),
        ("rules: [{limit: {requests: 1}}]", "window"),
        ("rules: [{limit: {requests: 1, window: 1s, burst: 3}}]", "a window has no burst"),
        (
            "rules: [{limit: {requests: 1, window: 1s, headers: {X: '{left}'}}}]",
            "{left} is not a placeholder; known here: {limit}, {remaining}",
        ),
        (
            "rules: [{limit: {requests: 1, window: 1s, per: ip}}]",
            "\"ip\" is not a part of a request; write request, client",
        ),
        ("rules: [{per: path, then: pass}]", "this rule counts nothing"),
        (
            "rules: [{per: {header: X, query: y}, steps: [{times: 1, then: pass}]}]",
            "a key is one part of a request",
        ),
        ("rules: [{then: {headers: {Content-Length: 3}}}]", "belongs to the framing"),
        ("rules: [{then: {remove_headers: 'a b'}}]", "\"a b\" is not a header name"),
        (
            "rules: [{at: [{event: 1, then: {event: {json: {}, headers: {A: b}}}}]}]",
            "headers goes with a status",
        ),
    ] {
        let error = parse(text).unwrap_err();
        assert!(error.contains(why), "{text}: {error}");
    }
}

proptest! {
    /// For any times: a refused request passes after its `Retry-After`, and not before.
    #[test]
    fn retry_after_is_true(
        algorithm in prop::sample::select(vec!["fixed_window", "sliding_window", "token_bucket"]),
        requests in 1_u64..5,
        pauses in prop::collection::vec(0_u64..700, 1..40),
    ) {
        let rules = format!("rules: [{{limit: {{requests: {requests}, window: 1s, algorithm: {algorithm}}}}}]");
        let mut client = client(&rules);
        let rule = &client.set.rules[0];
        let (limit, key) = (rule.limit.clone().unwrap(), rule.key.clone());
        let spend = |client: &Client, now| {
            let mut memory = client.state.lock();
            memory.limits.spend(&key, &limit, [0; 32], now)
        };
        let mut passed: Vec<Duration> = Vec::new();
        for pause in pauses {
            client.now += MS * u32::try_from(pause).unwrap();
            let state = spend(&client, client.now);
            if state.passes {
                passed.push(client.now);
            } else {
                prop_assert!(!state.retry_after.is_zero());
                let just_before = (client.now + state.retry_after).saturating_sub(Duration::from_nanos(1));
                prop_assert!(!spend(&client, just_before).passes, "too late");
                client.now += state.retry_after;
                let LimitState { passes, .. } = spend(&client, client.now);
                prop_assert!(passes, "too early");
                passed.push(client.now);
            }
        }
        if algorithm == "sliding_window" {
            for window in passed.windows(usize::try_from(requests).unwrap() + 1) {
                let apart = window[window.len() - 1].saturating_sub(window[0]);
                prop_assert!(apart >= Duration::from_secs(1));
            }
        }
    }
}
