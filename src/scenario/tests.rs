//! The language, word by word, and every shipped file.

use std::path::Path;
use std::time::Duration;

use http::HeaderMap;

use super::language::file;
use super::*;
use crate::document::Format;
use crate::document::Source;
use crate::message::{FaultPoint, Pace, Query};

const JOBS: &str = "/apis/kubeflow.org/v1/namespaces/kube-test/tfjobs";

pub(super) fn parse(text: &str) -> Result<ScenarioSet, String> {
    let source = Source { path: "s.yaml".into(), format: Format::Yaml, text: text.into() };
    let (scenario, problems) =
        file::read(&source, "s", Some(Path::new(".")), file::Before::default());
    if !problems.is_empty() {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        return Err(lines.join("\n"));
    }
    let seed = scenario.seed.unwrap_or(1);
    let about = rule::set::About {
        name: "s".into(),
        path: "s.yaml".into(),
        timeline: scenario.timeline,
        verdict: scenario.verdict,
    };
    let parts = rule::set::Parts {
        rules: scenario.rules,
        tokens: scenario.tokens,
        scenarios: vec![about],
        generate: scenario.generate,
        http2: scenario.http2,
        seed,
    };
    Ok(ScenarioSet::new(parts).with_seed(seed))
}

pub(super) struct Client {
    pub(super) set: ScenarioSet,
    pub(super) state: ScenarioState,
    pub(super) now: Duration,
}

impl Client {
    pub(super) fn new(set: ScenarioSet) -> Self {
        Self { set, state: ScenarioState::default(), now: Duration::ZERO }
    }

    pub(super) fn ask(
        &self,
        method: &str,
        path: &str,
        facts: impl FnOnce(&mut Facts<'_>),
    ) -> Decision {
        self.ask_with(method, path, &HeaderMap::new(), facts)
    }

    pub(super) fn ask_with(
        &self,
        method: &str,
        path: &str,
        headers: &HeaderMap,
        change: impl FnOnce(&mut Facts<'_>),
    ) -> Decision {
        let query = Query::default();
        let mut facts = Facts {
            method,
            path,
            query: &query,
            headers,
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
        change(&mut facts);
        self.set.decide(&self.state, &facts, self.now)
    }

    pub(super) fn code(&self, path: &str) -> u16 {
        code(&self.ask("GET", path, |_| {}))
    }
}

/// The status a decision answers; 200 when it lets the request pass.
pub(super) fn code(decision: &Decision) -> u16 {
    match &decision.answer {
        Some(Answer::Status(status)) => status.code.as_u16(),
        Some(Answer::Reply(reply)) => reply.plan().status.as_u16(),
        Some(Answer::IssueToken(_)) => 201,
        None => 200,
    }
}

fn shipped_client(name: &str) -> Client {
    Client::new(load(&[name.to_owned()], 7).unwrap().set)
}

#[test]
fn every_shipped_status_answers_the_documented_endpoints_and_nothing_else() {
    for status in [400, 401, 403, 404, 405, 406, 409, 410, 415, 422, 429, 500, 503, 504] {
        let client = shipped_client(&format!("status-{status}"));
        for resource in ["tfjobs.kubeflow.org", "mpijobs.kubeflow.org", "jobs.batch.volcano.sh"] {
            let decision = client.ask("DELETE", JOBS, |facts| facts.resource = Some(resource));
            assert_eq!(code(&decision), status, "{resource}");
            let Some(Answer::Status(answer)) = decision.answer else { panic!("{resource}") };
            assert_eq!(answer.retry_after.is_some(), matches!(status, 429 | 503), "{status}");
        }
        assert_eq!(client.code("/api"), 200);
        assert_eq!(
            code(&client.ask("GET", "/api/v1/pods", |facts| facts.resource = Some("pods"))),
            200
        );
    }
}

#[test]
fn every_shipped_scenario_loads_and_says_what_it_is() {
    let all = shipped();
    assert!(all.len() >= 14 + 25, "{} scenarios", all.len());
    for (name, description) in all {
        let loaded = load(std::slice::from_ref(&name), 7).unwrap();
        assert!(loaded.warnings.is_empty(), "{}", loaded.warnings);
        assert!(description.ends_with('.') && !loaded.set.is_empty(), "{name}: {description}");
    }
}

#[test]
fn a_token_opens_the_gate_until_it_is_used_up_or_too_old() {
    let mut client = shipped_client("token-refresh");
    let list = JOBS;
    let with = |client: &Client, name: &'static str, value: &str| {
        let headers = HeaderMap::from_iter([(name.parse().unwrap(), value.parse().unwrap())]);
        code(&client.ask_with("GET", list, &headers, |_| {}))
    };
    let fetch = |client: &Client| match client.ask("POST", "/v3/auth/tokens", |_| {}).answer {
        Some(Answer::IssueToken(issued)) => issued,
        other => panic!("{other:?}"),
    };
    assert_eq!(client.code(list), 401);
    assert_eq!(with(&client, "x-auth-token", "made-up"), 401);
    let first = fetch(&client);
    assert_eq!(first.expires_in, Duration::from_secs(60));
    assert_eq!(with(&client, "authorization", &format!("Bearer {}", first.token)), 200);
    for _ in 0..99 {
        assert_eq!(with(&client, "x-auth-token", &first.token), 200);
    }
    assert_eq!(with(&client, "x-auth-token", &first.token), 401, "100 uses");
    let second = fetch(&client);
    assert_ne!(first.token, second.token);
    client.now = Duration::from_secs(59);
    assert_eq!(with(&client, "x-auth-token", &second.token), 200);
    client.now = Duration::from_secs(60);
    assert_eq!(with(&client, "x-auth-token", &second.token), 401, "60 s");
    client.state.reset(client.now);
    assert_eq!(fetch(&client).token, first.token, "a reset begins the same run again");
}

#[test]
fn steps_count_and_a_reset_is_a_fault() {
    let client = shipped_client("flaky-delete");
    let outcomes: Vec<_> = (0..5)
        .map(|_| client.ask("DELETE", JOBS, |facts| facts.verb = Some("deletecollection")))
        .map(|decision| (code(&decision), decision.effects.fault.map(|fault| fault.at)))
        .collect();
    let reset = Some(FaultPoint::BeforeHeaders);
    assert_eq!(outcomes, [(500, None), (500, None), (200, reset), (200, None), (200, None)]);
    assert_eq!(code(&client.ask("DELETE", JOBS, |facts| facts.verb = Some("delete"))), 200);
}

#[test]
fn pages_are_short_and_the_third_expires_once() {
    let client = shipped_client("continue-expired");
    let limited: &Query<'_> = Box::leak(Box::new(Query::parse(Some("limit=500")).unwrap()));
    let page = |page| {
        client.ask("GET", JOBS, |facts| {
            facts.query = limited;
            facts.verb = Some("list");
            facts.resource = Some("tfjobs.kubeflow.org");
            facts.page = Some(page);
        })
    };
    assert_eq!((code(&page(1)), page(1).page_size), (200, Some(10)));
    let third = page(3);
    let Some(Answer::Status(status)) = &third.answer else { panic!("{third:?}") };
    assert_eq!((status.code.as_u16(), status.continue_token), (410, Some(ContinueToken::Fresh)));
    assert_eq!(third.by.unwrap().rule.as_ref(), "continue-expired/expired");
    assert_eq!(code(&page(3)), 200, "once");
    let whole = client.ask("GET", JOBS, |facts| {
        facts.verb = Some("list");
        facts.resource = Some("tfjobs.kubeflow.org");
    });
    assert_eq!(whole.page_size, None, "who asks for no pages gets none");
    let made = client.set.generated();
    assert_eq!((made.len(), made[0].count, made[0].name(7)), (3, 50, "chain-0007".to_owned()));
}

#[test]
fn shares_are_drawn_by_the_seed() {
    let run = |seed| {
        let client = Client::new(load(&["throttled".into()], 7).unwrap().set.with_seed(seed));
        (0..1000).map(|_| client.code("/apis/x")).collect::<Vec<_>>()
    };
    assert_eq!(run(42), run(42));
    assert_ne!(run(42), run(43));
    let refused = run(42).iter().filter(|code| **code == 429).count();
    assert!(refused.abs_diff(300) < 75, "{refused} of 1000 at 30%");
}

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
        let decision = client.ask("GET", path, |_| {});
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
- match: {method: [get, HEAD], path: /a/*/c, header: {X-Client: \"can*\"}, namespace: \"team-*\", resource: tfjobs.kubeflow.org}
  then: {status: 500}
";
    let client = Client::new(parse(text).unwrap());
    let headers = HeaderMap::from_iter([("x-client".parse().unwrap(), "canary".parse().unwrap())]);
    let ask = |method: &str, path: &str, headers: &HeaderMap, namespace: &'static str| {
        code(&client.ask_with(method, path, headers, |facts| {
            facts.namespace = Some(namespace);
            facts.resource = Some("tfjobs.kubeflow.org");
        }))
    };
    assert_eq!(ask("GET", "/a/b/c", &headers, "team-x"), 500);
    assert_eq!(ask("POST", "/a/b/c", &headers, "team-x"), 200);
    assert_eq!(ask("GET", "/a/b/x/c", &headers, "team-x"), 200);
    assert_eq!(ask("GET", "/a/b/c", &HeaderMap::new(), "team-x"), 200);
    assert_eq!(ask("GET", "/a/b/c", &headers, "other"), 200);
}

#[test]
fn mistakes_are_told_all_at_once_with_their_places() {
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
s.yaml:5:11: rules[0].match.pth: unknown key \"pth\"; did you mean \"path\"?
s.yaml:6:18: rules[0].then.status: expected a whole number from 200 to 599, found the number 700
s.yaml:8:10: rules[1].share: the shares of one draw add up to 110%; at most 100% can be given out; what is left passes
s.yaml:7:3: rules[1]: the id \"a\" is taken by an earlier rule; give each rule an id of its own
s.yaml:9:34: rules[2].steps[0].then.cut: unknown word \"3s\"; known here: mid_line
s.yaml:10:9: rules[3].then: reset and status cannot both happen; keep one of them
s.yaml:11:10: rules[4].delay: expected a time with its unit, like 400ms, 30s or 1m30s, found the number 5
s.yaml:12:3: rules[5]: this rule does nothing; give it one of then, steps, share, at, require, delay, page_size, expect
s.yaml:13:11: rules[6].steps[0]: the steps after this one are never reached; put the step with forever last
s.yaml:14:3: rules[7]: at and steps on one rule count the same requests twice; make two rules of it
s.yaml:16:20: rules[8].require.token: no token is called \"iam\"; declare it under the key \"tokens\"
s.yaml:17:31: timeline.phases[0]: a phase says how long it is; give it for: 30s, or forever: true for the last one
s.yaml:2:1: descripton: unknown key \"descripton\"; did you mean \"description\"?";
    assert_eq!(parse(text).unwrap_err(), expected);
}

#[test]
fn unknown_names_suggest_the_nearest() {
    let error = load(&["thortled".into()], 1).unwrap_err();
    assert_eq!(
        error.to_string(),
        "thortled: there is no such file, and no shipped scenario of this name; did you mean \"throttling/throttled\"?"
    );
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
    let Some(Answer::Reply(reply)) = client.ask("GET", "/", |_| {}).answer else { panic!() };
    let plan = reply.plan();
    assert_eq!((plan.status.as_u16(), plan.headers.get_all("x-a").iter().count()), (202, 2));
    assert_eq!(plan.body.known_len(), Some(11));
    let error = write("../../../../../../etc/passwd").unwrap_err().to_string();
    assert!(error.contains("lies outside of the scenario's directory"), "{error}");
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
        (0..50).map(|_| client.ask("GET", path, |_| {}).effects.delay).collect()
    };
    let (one, other) = (
        Client::new(set.unwrap()),
        Client::new(
            parse("rules:\n- {id: a, match: {path: /a}, delay: {min: 100ms, max: 300ms}}\n")
                .unwrap(),
        ),
    );
    // Pure: the same seed, rule and number give the same delay, whatever other rules there are.
    let first = delays(&one, "/a");
    assert_eq!(first, delays(&other, "/a"));
    let within = |delay: &Duration| (100..300).contains(&delay.as_millis());
    assert!(first.iter().all(within) && first.windows(2).any(|pair| pair[0] != pair[1]));
    let shared = delays(&one, "/b");
    assert!(shared.iter().any(Duration::is_zero) && shared.iter().any(|delay| !delay.is_zero()));
    assert!(delays(&one, "/c").iter().all(|delay| *delay <= Duration::from_secs(1)));
    assert_eq!(one.ask("GET", "/d", |_| {}).effects.delay, Duration::from_secs(10));
    assert!(one.ask("GET", "/d", |_| {}).effects.delay > Duration::from_secs(365 * 24 * 3600));
    let fault = one.ask("GET", "/e", |_| {}).effects.fault.unwrap();
    assert_eq!(fault.at, FaultPoint::AfterBytes(3));
    for (delay, words) in [
        ("{min: 3s, max: 1s}", "min is longer than max"),
        ("{min: 3s}", "\"max\" is missing"),
        ("{median: 3s, p99: 1s}", "not below it"),
        ("{p50: 3s, p99: 1s}", "percentiles grow"),
        ("{p50: 1s, q: 2s}", "is not part of a delay"),
        ("{p0: 1s}", "is not part of a delay"),
        ("{}", "percentiles grow"),
    ] {
        let problems = parse(&format!("rules:\n- {{id: a, delay: {delay}}}\n")).unwrap_err();
        assert!(problems.contains(words), "{delay}: {problems}");
    }
}

#[test]
fn bodies_and_clients_tell_requests_apart() {
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
    // A client's own rules come before those of everybody.
    let mut headers = HeaderMap::new();
    assert_eq!(client.code("/jobs"), 500);
    headers.insert("x-client", "canary-7".parse().unwrap());
    assert_eq!(code(&client.ask_with("GET", "/jobs", &headers, |_| {})), 503);
    headers.insert("x-client", "stable".parse().unwrap());
    assert_eq!(code(&client.ask_with("GET", "/jobs", &headers, |_| {})), 500);
    for (body, expected) in [
        (r#"{"spec": {"replicas": 64}, "metadata": {"name": "big-1"}}"#, 422),
        (r#"{"spec": {"replicas": 63}, "metadata": {"name": "big-1"}}"#, 200),
        (r#"{"spec": {"replicas": 64}}"#, 200),
        (r#"{"spec": [{"resources": [{"cpu": 1}, {"gpu": 1}]}]}"#, 429),
        ("not JSON", 200),
        ("", 200),
    ] {
        let decision = client.ask("POST", "/make", |facts| {
            assert!(client.set.wants_body(facts));
            facts.body = Some(body.as_bytes());
        });
        assert_eq!(code(&decision), expected, "{body}");
    }
    client.ask("POST", "/jobs", |facts| assert!(!client.set.wants_body(facts)));
    for (text, words) in [
        ("rules: [{id: a, client: b, then: pass}]", "no client is called \"b\""),
        ("clients: {a: {path: /x}}\nrules: [{then: pass}]", "is told by what it sends"),
        ("clients: {a: {}}\nrules: [{then: pass}]", "is told by what it sends"),
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
        let pace = client.ask("GET", "/", |_| {}).effects.pace.unwrap();
        assert_eq!(pace, Pace::Chunks { size, every }, "{text}");
    }
    for (text, words) in [
        ("16KiB", "is not a rate"),
        ("0B/s", "is not a rate"),
        ("fast", "is not a rate"),
        ("{chunk: 0, every: 1s}", "at least one byte"),
        ("{chunk: 1B}", "\"every\" is missing"),
    ] {
        let problems = parse(&format!("rules: [{{then: {{slow: {text}}}}}]")).unwrap_err();
        assert!(problems.contains(words), "{text}: {problems}");
    }
}
