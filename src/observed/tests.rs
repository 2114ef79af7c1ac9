//! Tests with synthetic journals and HARs, and the scenarios generated from them. `reproduce` loads
//! each.

use serde_json::{Value, json};

use super::{ObservedError, Reproduction, read, reproduce};

/// Returns a serve event of a journal, at this many milliseconds.
fn event(at: u64, method: &str, url: &str, status: u16) -> Value {
    json!({
        "request": {"method": method, "url": url, "loggedDate": 1_700_000_000_000_u64 + at},
        "response": {"status": status, "headers": {"Content-Type": "text/plain"}, "body": ""},
        "timing": {"addedDelay": 0, "processTime": 0, "totalTime": 0},
    })
}

fn made(json: &Value) -> Reproduction {
    reproduce(&read(json).unwrap(), "journal.json").unwrap_or_else(|error| panic!("{error}"))
}

/// Returns a journal, newest first.
fn journal(mut events: Vec<Value>) -> Value {
    events.reverse();
    json!({"requests": events, "meta": {"total": events.len()}})
}

fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

const JOBS: &str = "/apis/kubeflow.org/v1/namespaces/kube-test/tfjobs";

#[test]
fn an_outage_has_its_own_phase() {
    let event = |n: u64| {
        let at = n * 100;
        let is_down = (10_000..18_000).contains(&at);
        let mut event = event(at, "GET", JOBS, if is_down { 503 } else { 200 });
        if is_down {
            event["response"]["headers"]["Retry-After"] = "2".into();
        }
        event
    };
    let made = made(&journal((0..300).map(event).collect()));
    assert_eq!((made.requests, made.faults, made.rules, made.phases), (300, 80, 1, 3));
    has(
        &made.text,
        &[
            "  - name: healthy\n    for: 10s\n  - name: outage\n    for: 8s\n",
            "match: {verb: list, resource: tfjobs.kubeflow.org}",
            "then: {status: 503, retry_after: 2s}",
            "retry_after: honoured",
            "  - name: recovered\n    forever: true\n",
        ],
    );
}

#[test]
fn an_outage_of_everything_is_one_rule() {
    let paths = ["/a", "/b", JOBS];
    let event = |n: u64| {
        let status = if (100..200).contains(&n) { 502 } else { 200 };
        event(n * 50, "GET", paths[usize::try_from(n % 3).unwrap()], status)
    };
    let made = made(&journal((0..300).map(event).collect()));
    assert_eq!((made.rules, made.phases), (1, 3));
    has(&made.text, &["- id: all-requests\n      then: {status: 502}"]);
}

#[test]
fn a_short_sequence_is_kept_as_it_was() {
    let statuses = [200, 500, 500, 429, 200, 200];
    let events = (0..).zip(statuses).map(|(n, status)| event(n, "GET", "/v1/jobs", status));
    let made = made(&journal(events.collect()));
    has(
        &made.text,
        &[
            "match: {method: GET, path: /v1/jobs}",
            "  - {times: 1, then: pass}\n  - {times: 2, then: {status: 500}}\n  - {times: 1, then: {status: 429}}\n  expect",
            "recovers: required",
        ],
    );
    assert_eq!(made.phases, 0);
}

#[test]
fn many_changes_become_shares_of_a_draw() {
    let status = |n: u64| match n % 10 {
        1 | 4 | 7 => 429,
        8 => 503,
        _ => 200,
    };
    let made =
        made(&journal((0..500).map(|n| event(n * 10, "POST", "/v1/jobs", status(n))).collect()));
    has(&made.text, &["{p: 30%, then: {status: 429}}", "{p: 10%, then: {status: 503}}"]);
}

#[test]
fn names_in_paths_become_patterns() {
    let mut events = Vec::new();
    for (n, name) in (0..).zip(["one", "two", "three", "four", "five", "six"]) {
        events.push(event(
            n,
            "GET",
            &format!("/v1/jobs/{name}/logs"),
            if n == 2 { 500 } else { 200 },
        ));
        events.push(event(n, "GET", &format!("/v1/users/{n}?x=1"), 503));
        events.push(event(n, "GET", "/v1/status", 500));
    }
    let made = made(&journal(events));
    has(&made.text, &["path: \"/v1/jobs/*/logs\"", "path: \"/v1/users/*\"", "path: /v1/status"]);
    assert_eq!(made.rules, 3);
}

#[test]
fn client_errors_are_faults_only_where_the_same_request_succeeds_too() {
    let made = made(&journal(vec![
        event(0, "GET", "/a", 401),
        event(1, "GET", "/a", 200),
        event(2, "GET", "/b", 403),
        event(3, "GET", "/b", 403),
        event(4, "GET", "/c", 404),
        event(5, "GET", "/c", 200),
    ]));
    assert_eq!((made.faults, made.rules), (1, 1));
    has(&made.text, &["{times: 1, then: {status: 401}}"]);
}

#[test]
fn bodies_are_taken_over_without_secrets() {
    let secret = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";
    let mut status = event(0, "GET", JOBS, 500);
    status["response"]["body"] =
        json!({"kind": "Status", "reason": "Internal", "message": format!("token: {secret}")})
            .to_string()
            .into();
    let mut gateway = event(1, "GET", &format!("/v1/x?access_token={secret}"), 429);
    gateway["response"]["headers"]["Content-Type"] = "application/json".into();
    gateway["response"]["body"] =
        json!({"error_code": "APIG.0308", "password": "hunter2-hunter2"}).to_string().into();
    let mut html = event(2, "GET", &format!("/t/{secret}/y"), 502);
    html["response"]["body"] = "<h1>Bad \u{1b}[31mGateway</h1>".into();
    let made = made(&journal(vec![status, gateway, html]));
    has(&made.text, &["reason: Internal", "APIG.0308", "path: \"/t/*/y\"", "then: {status: 502}"]);
    for part in [secret, "hunter2", "dozjgNryP4J3jVmNHl0w5N"] {
        assert!(!made.text.contains(part), "{part} is in\n{}", made.text);
    }
}

#[test]
fn connections_that_broke_break_again() {
    let mut reset = event(0, "GET", "/a", 200);
    reset["request"]["standin"] = json!({"fault": "reset", "durationMicroseconds": 100});
    let mut cut = event(1, "GET", "/b", 200);
    cut["request"]["standin"] = json!({"fault": "close", "faultAt": {"bytes": 200}});
    let mut wiremock = event(2, "GET", "/c", 200);
    wiremock["response"]["fault"] = "EMPTY_RESPONSE".into();
    let mut corrupted = event(3, "GET", "/d", 200);
    corrupted["request"]["standin"] = json!({"fault": "changed"});
    let made = made(&journal(vec![reset, cut, wiremock, corrupted]));
    assert_eq!(made.faults, 3);
    has(
        &made.text,
        &["{reset: before_headers}", "{close: {bytes: 200}}", "{close: before_headers}"],
    );
}

#[test]
fn latencies_become_delays_by_quantile() {
    let event = |n: u64| {
        let mut event = event(n * 10, "GET", "/slow", if n.is_multiple_of(2) { 200 } else { 504 });
        event["timing"]["totalTime"] = (if n.is_multiple_of(2) { 50 + n } else { 2000 }).into();
        event
    };
    let made = made(&journal((0..400).map(event).collect()));
    has(
        &made.text,
        &[
            "{p: 50%, then: {status: 504, delay: {p10: 2s, p50: 2s, p90: 2s, p99: 2s, p100: 2s}}}",
            "{p: 50%, then: {delay: {p10: 90ms, p50: 250ms, p90: 408ms, p99: 444ms, p100: 448ms}}}",
        ],
    );
}

#[test]
fn watches_end_again_when_they_did() {
    let watch = format!("{JOBS}?watch=true&resourceVersion=5");
    let made = made(&journal((0..6).map(|n| event(n * 3000, "GET", &watch, 200)).collect()));
    has(&made.text, &["{time: 3s, times: 5, then: {cut: clean}}", "watch: resumes"]);
}

#[test]
fn a_har_is_read_with_what_has_no_answer() {
    let entry = |at: u64, path: &str, status: u16, change: &dyn Fn(&mut Value)| {
        let second = at / 1000;
        let mut entry = json!({
            "startedDateTime": format!("2026-01-02T03:04:{:02}.{:03}Z", second % 60, at % 1000),
            "time": 30, "timings": {"wait": 25.5},
            "request": {"method": "get", "url": format!("https://api.example:8443{path}"), "headers": []},
            "response": {"status": status, "headers": [], "content": {"size": 0}, "bodySize": 0},
        });
        change(&mut entry);
        entry
    };
    let error =
        |name: &'static str| move |entry: &mut Value| entry["response"]["_error"] = name.into();
    let truncated = |entry: &mut Value| {
        entry["response"]["headers"] = json!([{"name": "Content-Length", "value": "1000"}]);
        entry["response"]["content"]["size"] = 300.into();
        entry["response"]["bodySize"] = 300.into();
    };
    let expired = |entry: &mut Value| {
        entry["time"] = 400.into();
        entry["response"]["content"]["text"] =
            "{\"type\":\"ADDED\",\"object\":{}}\n{\"type\":\"ERROR\",\"object\":{\"code\":410}}\n"
                .into();
    };
    let no = |_: &mut Value| {};
    let har = json!({"log": {"version": "1.2", "entries": [
        entry(300, "/a", 0, &error("net::ERR_CONNECTION_RESET")),
        entry(0, "/a", 200, &no),
        entry(400, "/b#x", 0, &error("net::ERR_EMPTY_RESPONSE")),
        entry(500, "/c", 0, &error("net::ERR_ABORTED")),
        entry(600, "/d", 0, &error("net::ERR_TIMED_OUT")),
        entry(700, "/e", 200, &truncated),
        entry(800, &format!("{JOBS}?watch=1"), 200, &expired),
        entry(900, "/f", 429, &|entry| {
            entry["response"]["headers"] = json!([{"name": "retry-after", "value": "Fri, 02 Jan 2026 03:04:15 GMT"},
                {"name": "date", "value": "Fri, 02 Jan 2026 03:04:05 GMT"}]);
        }),
    ]}});
    let observed = read(&har).unwrap();
    assert!(observed.notes[0].contains("1 entries"), "{:?}", observed.notes);
    let made = reproduce(&observed, "x.har").unwrap();
    has(
        &made.text,
        &[
            "reset: before_headers",
            "close: before_headers",
            "{stall: forever}",
            "{close: {bytes: 300}",
            "at: [{time: 400ms, times: 1, then: {event: expired}}]",
            "{status: 429, delay: 25ms, retry_after: 10s}",
        ],
    );
}

#[test]
fn hostile_texts_stay_within_their_places() {
    let mut bad = event(0, "GET", "/a", 503);
    bad["request"]["url"] = "/x: y\nrules: [{then: pass}] # \u{202e} {{}} '\"".into();
    bad["request"]["method"] = "G\nrules:".into();
    bad["response"]["headers"]["Content-Type"] = "text/html\": {x: [".into();
    bad["response"]["body"] = "true\n- {then: pass}\n\"'#\\".into();
    let made = reproduce(&read(&journal(vec![bad])).unwrap(), "a\n# b\u{2028}").unwrap();
    assert_eq!(made.rules, 1);
    assert!(!made.text.contains(['\u{202e}', '\u{2028}']), "{}", made.text);
}

#[test]
fn what_cannot_be_used_is_reported() {
    assert!(matches!(read(&json!({"a": 1})), Err(ObservedError::Format)));
    assert!(matches!(read(&json!({"requests": [{"x": 1}]})), Err(ObservedError::Format)));
    let empty = read(&json!({"requests": []})).unwrap();
    assert!(matches!(reproduce(&empty, "x"), Err(ObservedError::Empty)));
    let healthy = read(&journal(vec![event(0, "GET", "/a", 200)])).unwrap();
    assert!(matches!(reproduce(&healthy, "x"), Err(ObservedError::Healthy(1))));
    let found = json!({"requests": [{"method": "GET", "url": "/a", "loggedDate": 1}]});
    assert!(read(&found).unwrap().notes[0].contains("requests/find"));
}
