//! Tests of the language: what is accepted, what is rejected, and which rule wins.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;

use super::testing::{Client, client, code, parse, request};
use super::*;
use crate::message::{Asked, FaultPoint, Pace, RequestBody};

#[test]
fn precedence_is_as_written() {
    let text = "
tokens: {t: {issue: POST /t, in: bearer}}
rules:
- {id: gate, match: {path: /gated/**}, require: {token: t, else: {status: 401}}}
- {id: slow, delay: 100ms}
- {id: slower, then: {delay: 200ms}}
- {id: first, match: {path: \"/{both,gated}/**\"}, then: {status: 503}}
- {id: second, match: {path: /both/**}, then: {status: 500}}
- {id: cut, match: {path: /both/cut}, then: {reset: {bytes: 5}}}
";
    let client = Client::new(parse(text).unwrap());
    for (path, status, delay, fault, by) in [
        ("/gated/x", 401, 0, None, "s/gate"),
        ("/both/x", 503, 300, None, "s/first"),
        ("/both/cut", 503, 300, Some(FaultPoint::AfterBytes(5)), "s/cut"),
        ("/other", 200, 300, None, "s/slow"),
    ] {
        let decision = client.ask("GET", path);
        assert_eq!(code(&decision), status, "{path}");
        assert_eq!(decision.effects.delay, Duration::from_millis(delay), "{path}");
        assert_eq!(decision.effects.fault.map(|fault| fault.at), fault, "{path}");
        assert_eq!(decision.by.unwrap().rule.as_ref(), by, "{path}");
    }
}

#[test]
fn all_keys_of_a_match_must_hold() {
    let text = "
rules:
- match: {method: [get, HEAD], path: /apis/kubeflow.org/v1/namespaces/*/*, header: {X-Client: \"can*\"}, namespace: \"team-*\", resource: tfjobs.kubeflow.org}
  then: {status: 500}
";
    let client = Client::new(parse(text).unwrap());
    let headers = HeaderMap::from_iter([("x-client".parse().unwrap(), "canary".parse().unwrap())]);
    let ask = |method: &str, path: &str, headers: &HeaderMap| {
        let path = format!("/apis/kubeflow.org/v1/namespaces/{path}");
        code(&client.ask_with(method, &path, headers))
    };
    assert_eq!(ask("GET", "team-x/tfjobs", &headers), 500);
    assert_eq!(ask("POST", "team-x/tfjobs", &headers), 200);
    assert_eq!(ask("GET", "team-x/tfjobs/a", &headers), 200);
    assert_eq!(ask("GET", "team-x/tfjobs", &HeaderMap::new()), 200);
    assert_eq!(ask("GET", "other/tfjobs", &headers), 200);
    assert_eq!(ask("GET", "team-x/mpijobs", &headers), 200);
}

#[test]
fn all_mistakes_are_reported_with_their_places() {
    let text = "
descripton: x
rules:
- id: a
  match: {pth: /x, verb: list}
  then: {status: 700}
- id: a
  share: [{p: 60%, then: {status: 500}}, {p: 50%, then: pass}]
- steps: [{times: 2, then: {cut: 3s}}]
- then: {status: 500, reset: before_headers}
- delay: 5
- id: nothing
- steps: [{forever: true, then: pass}, {times: 1, then: pass}]
- at: [{page: 1, then: pass}]
  steps: [{times: 1, then: pass}]
- require: {token: iam}
timeline: {ttl: 10m, phases: [{name: a}]}
";
    let expected = "\
s.yaml:2:1: descripton: unknown key \"descripton\"; did you mean \"description\"?
s.yaml:5:11: rules[0].match.pth: unknown key \"pth\"; did you mean \"path\"?
s.yaml:6:18: rules[0].then.status: expected a whole number from 200 to 599, found the number 700; write it like status: 503
s.yaml:7:3: rules[1]: the id \"a\" is taken by an earlier rule; give each rule its own id
s.yaml:8:10: rules[1].share: the shares of one draw add up to 110%; at most 100% can be given out; what is left passes
s.yaml:9:34: rules[2].steps[0].then.cut: unknown word \"3s\"; known here: mid_line
s.yaml:10:9: rules[3].then: reset and status cannot both happen; keep one of them
s.yaml:11:10: rules[4].delay: expected a time with its unit, like 400ms, 30s or 1m30s, found the number 5; write 5s, or 5ms
s.yaml:12:3: rules[5]: this rule does nothing; give it one of then, steps, share, at, require, limit, delay, page_size, expect
s.yaml:13:11: rules[6].steps[0]: the steps after this one are never reached; put the step with forever last
s.yaml:14:3: rules[7]: at and steps on one rule count the same requests twice; split it into two rules
s.yaml:16:20: rules[8].require.token: no token is called \"iam\"; declare it under the key \"tokens\"
s.yaml:17:31: timeline.phases[0]: a phase has one length; give it for: 30s, or forever: true for the last one";
    assert_eq!(parse(text).unwrap_err(), expected);
}

#[test]
fn replies_are_literal_and_stay_in_their_directory() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("body.txt"), "from a file").unwrap();
    let file = directory.path().join("s.yaml");
    let write = |name: &str| {
        let text = format!(
            "rules:\n- then: {{reply: {{status: 202, headers: {{x-a: [b, c]}}, file: {name}}}}}\n"
        );
        std::fs::write(&file, text).unwrap();
        load(&[file.to_string_lossy().into_owned()], 1)
    };
    let client = Client::new(write("body.txt").unwrap().set);
    let Some(Answer::Reply(reply)) = client.ask("GET", "/").answer else { panic!() };
    let plan = reply.plan();
    assert_eq!((plan.status.as_u16(), plan.headers.get_all("x-a").iter().count()), (202, 2));
    assert_eq!(plan.body.known_len(), Some(11));
    let error = write("../../../../../../etc/passwd").unwrap_err().to_string();
    assert!(error.contains("lies outside of the scenario's directory"), "{error}");
}

#[test]
fn bodies_and_clients_distinguish_requests() {
    let set = parse(
        "clients: {canary: {header: {X-Client: \"canary-*\"}}}\n\
         rules:\n\
         - {id: all, match: {path: /jobs}, then: {status: 500}}\n\
         - {id: canary, client: canary, match: {path: /jobs}, then: {status: 503}}\n\
         - {id: large, match: {path: /make, body: {$.spec.replicas: 64, $.metadata.name: \"big-*\"}}, then: {status: 422}}\n\
         - {id: gpu, match: {path: /make, body: \"$..resources[?@.gpu]\"}, then: {status: 429}}\n",
    )
    .unwrap();
    let client = Client::new(set);
    // Rules of a client take precedence over rules for all clients.
    let mut headers = HeaderMap::new();
    assert_eq!(client.code("/jobs"), 500);
    headers.insert("x-client", "canary-7".parse().unwrap());
    assert_eq!(code(&client.ask_with("GET", "/jobs", &headers)), 503);
    headers.insert("x-client", "stable".parse().unwrap());
    assert_eq!(code(&client.ask_with("GET", "/jobs", &headers)), 500);
    for (body, expected) in [
        (r#"{"spec": {"replicas": 64}, "metadata": {"name": "big-1"}}"#, 422),
        (r#"{"spec": {"replicas": 63}, "metadata": {"name": "big-1"}}"#, 200),
        (r#"{"spec": {"replicas": 64}}"#, 200),
        (r#"{"spec": [{"resources": [{"cpu": 1}, {"gpu": 1}]}]}"#, 429),
        ("not JSON", 200),
        ("", 200),
    ] {
        let mut request = request("POST", "/make");
        assert!(client.set.wants_body(&Asked::new(&request)));
        request.body = RequestBody::Bytes(Bytes::from_static(body.as_bytes()));
        let decision = client.send(&request);
        assert_eq!(code(&decision), expected, "{body}");
    }
    assert!(!client.set.wants_body(&Asked::new(&request("POST", "/jobs"))));
    for (text, words) in [
        ("rules: [{id: a, client: b, then: pass}]", "no client is called \"b\""),
        (
            "clients: {a: {path: /x}}\nrules: [{then: pass}]",
            "unknown key \"path\"; it belongs in match",
        ),
        ("clients: {a: {}}\nrules: [{then: pass}]", "is identified by what it sends"),
        ("rules: [{match: {body: \"$.[\"}, then: pass}]", "is not a JSONPath"),
        ("rules: [{match: {body: {name: x}}, then: pass}]", "is not a JSONPath"),
    ] {
        let problems = parse(text).unwrap_err();
        assert!(problems.contains(words), "{text}: {problems}");
    }
}

#[test]
fn rates_are_paces() {
    for (text, size, every) in [
        ("16KiB/s", 1638, Duration::from_secs_f64(1638.0 / 16384.0)),
        ("2B/s", 1, Duration::from_millis(500)),
        ("{chunk: 1B, every: 100ms}", 1, Duration::from_millis(100)),
    ] {
        let client = Client::new(parse(&format!("rules: [{{then: {{slow: {text}}}}}]")).unwrap());
        let pace = client.ask("GET", "/").effects.pace.unwrap();
        assert_eq!(pace, Pace::Chunks { size, every }, "{text}");
    }
    for (text, words) in [
        ("16KiB", "is not a rate"),
        ("0B/s", "is not a rate"),
        ("fast", "is not a rate"),
        ("{chunk: 0, every: 1s}", "of at least 1 B"),
        ("{chunk: 1B}", "\"every\" is missing"),
    ] {
        let problems = parse(&format!("rules: [{{then: {{slow: {text}}}}}]")).unwrap_err();
        assert!(problems.contains(words), "{text}: {problems}");
    }
}

#[test]
fn several_things_can_happen_at_once() {
    let client = client("rules: [{then: {status: 503, delay: 100ms, stall: 1s, slow: 1KiB/s}}]");
    let decision = client.ask("GET", "/");
    assert_eq!(code(&decision), 503);
    assert_eq!(decision.effects.delay, Duration::from_millis(1100));
    assert!(decision.effects.pace.is_some());
}
