//! `standin scenario from`: a server with known faults, a client, the scenario of its journal, and the same client again.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use standin::{RunningServer, Server};

use crate::commands::run;
use crate::support::{TFJOBS, ask, files, try_send};

/// Faults of all kinds: a third of the lists is throttled, creates fail twice, gets are cut or reset.
const FAULTS: &str = "
seed: 11
rules:
- id: throttled
  match: {verb: list, resource: tfjobs.kubeflow.org}
  share: [{p: 30%, then: {status: 429, retry_after: 3s}}, {p: 10%, then: {status: 503, message: no leader}}]
- id: gateway
  match: {path: /v1/things/*}
  steps:
  - {times: 2, then: pass}
  - {times: 3, then: {reply: {status: 502, headers: {Content-Type: text/html}, body: <h1>Bad Gateway</h1>}}}
- id: reset
  match: {verb: get, resource: tfjobs.kubeflow.org}
  steps: [{times: 1, then: {reset: before_headers}}, {times: 2, then: pass}, {times: 1, then: {close: {bytes: 100}}}]
- id: slow
  match: {path: /version}
  delay: {min: 40ms, max: 80ms}
";

/// What a client sees of each call: the status and Retry-After, or that the connection broke.
async fn traffic(server: &RunningServer) -> BTreeMap<String, usize> {
    let mut seen = BTreeMap::new();
    let mut calls = vec![TFJOBS.to_owned(); 200];
    calls.extend((0..8).map(|n| format!("/v1/things/{n}")));
    calls.extend(vec![format!("{TFJOBS}/tfjob-test"); 6]);
    calls.extend(vec!["/version".to_owned(); 12]);
    for call in calls {
        let what = match try_send(server, "GET", &call, &[], "").await {
            Ok(answer) => {
                let wait = answer.headers.get("retry-after").and_then(|wait| wait.to_str().ok());
                format!("{} {}", answer.status.as_u16(), wait.unwrap_or("-"))
            }
            Err(_) => "broken".to_owned(),
        };
        let route = if call.starts_with("/v1/things") { "/v1/things/*" } else { &call };
        *seen.entry(format!("{route}: {what}")).or_insert(0) += 1;
    }
    seen
}

async fn server(scenario: &str) -> RunningServer {
    let stub = r#"{"request": {"method": "GET", "urlPathPattern": "/v1/things/.*"}, "response": {"status": 200, "body": "a thing"}}"#;
    let files = files(&[("s.yaml", scenario), ("fixtures/thing.json", stub)]);
    let path = |name: &str| files.path().join(name).to_str().unwrap().to_owned();
    let embedded = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");
    let builder = Server::builder().fixtures(embedded).fixtures(path("fixtures"));
    builder.scenario(path("s.yaml")).start().await.unwrap_or_else(|error| panic!("{error}"))
}

#[tokio::test]
async fn a_scenario_made_of_a_journal_reproduces_what_clients_saw() {
    let first = server(FAULTS).await;
    let seen = traffic(&first).await;
    let directory = files(&[]);
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    // Of the running server, and of its journal in a file: the same but for the name.
    let (code, _, errors) = run(&["scenario", "from", &first.url(), "-o", &path("url.yaml")]).await;
    assert_eq!(code, 0, "{errors}");
    let journal = ask(&first, "GET", "/__admin/requests").await.json();
    std::fs::write(path("journal.json"), journal.to_string()).unwrap();
    let (code, text, errors) = run(&["scenario", "from", &path("journal.json")]).await;
    assert_eq!(code, 0, "{errors}");
    assert!(errors.contains("226 requests"), "{errors}");
    let rules = |text: &str| text.lines().skip(4).map(str::to_owned).collect::<Vec<_>>();
    let of_url = std::fs::read_to_string(path("url.yaml")).unwrap();
    assert_eq!(rules(&of_url), rules(&text));
    let (code, _, errors) = run(&["check", &path("url.yaml")]).await;
    assert_eq!(code, 0, "{errors}\n{text}");

    let second = server(&text).await;
    let again = traffic(&second).await;
    let kinds: Vec<&String> = seen.keys().collect();
    assert_eq!(again.keys().collect::<Vec<_>>(), kinds, "{text}");
    for (what, count) in &seen {
        // Sequences are exact; shares are drawn again.
        let apart = if what.starts_with(&format!("{TFJOBS}: ")) { 25 } else { 0 };
        let other = again[what];
        assert!(count.abs_diff(other) <= apart, "{what}: {count} and then {other}\n{text}");
    }
    let delay = |journal: &Value| -> Vec<u64> {
        let all = journal["requests"].as_array().unwrap().iter();
        let slow = all.filter(|event| event["request"]["url"] == "/version");
        slow.map(|event| event["timing"]["addedDelay"].as_u64().unwrap()).collect()
    };
    let delays = delay(&ask(&second, "GET", "/__admin/requests").await.json());
    assert_eq!(delays.len(), 12);
    let most = Duration::from_millis(*delays.iter().max().unwrap());
    assert!(most > Duration::from_millis(30) && most < Duration::from_millis(120), "{delays:?}");
    assert!(text.contains("Bad Gateway") && text.contains("no leader"), "{text}");
    first.shutdown().await;
    second.shutdown().await;
}

#[tokio::test]
async fn what_cannot_be_made_into_a_scenario_is_reported() {
    let directory = files(&[
        ("empty.json", r#"{"requests": []}"#),
        ("other.json", r#"{"x": 1}"#),
        ("not.json", "x"),
    ]);
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    for (name, expected) in [
        ("empty.json", "there are no requests"),
        ("other.json", "neither a journal nor a HAR"),
        ("not.json", "is not JSON"),
        ("absent.json", "cannot read"),
    ] {
        let (code, out, errors) = run(&["scenario", "from", &path(name)]).await;
        assert_eq!((code, &*out), (1, ""), "{name}");
        assert!(errors.contains(expected), "{name}: {errors}");
    }
    let (code, _, errors) =
        run(&["scenario", "from", &path("empty.json"), "--out", &path("other.json")]).await;
    assert_eq!(code, 1);
    assert!(errors.contains("--force"), "{errors}");
}

#[tokio::test]
async fn faults_of_a_recording_become_a_scenario() {
    let stub = |name: &str, state: &str, next: &str, status: u16| {
        format!(
            r#"{{"name": "{name}", "scenarioName": "s", "requiredScenarioState": "{state}", "newScenarioState": "{next}",
            "request": {{"method": "GET", "url": "/a"}}, "response": {{"status": {status}, "body": "down"}}}}"#
        )
    };
    let faults = "rules:\n- id: fault-1\n  match: {method: GET, path: /b}\n  steps: [{times: 1, then: {reset: before_headers}}]\n";
    let recording = files(&[
        ("rec/mappings/1.json", &stub("one", "Started", "2", 503)),
        ("rec/mappings/2.json", &stub("two", "2", "3", 503)),
        ("rec/mappings/3.json", &stub("three", "3", "4", 200)),
        ("rec/.standin-faults.yaml", faults),
    ]);
    let folder = recording.path().join("rec");
    let (code, text, errors) = run(&["scenario", "from", folder.to_str().unwrap()]).await;
    assert_eq!(code, 0, "{errors}");
    for part in [
        "{times: 2, then: {reply: {status: 503, body: down}}}",
        "path: /b",
        "reset: before_headers",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[tokio::test]
async fn a_new_scenario_loads_plans_and_passes_the_check() {
    let directory = files(&[]);
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let file = path("my.yaml");
    let (code, out, errors) = run(&["new", "scenario", &file]).await;
    assert_eq!(code, 0, "{errors}");
    assert!(out.contains("standin check"), "{out}");
    let (code, out, errors) = run(&["check", &file]).await;
    assert_eq!((code, &*errors), (0, ""), "{out}");
    assert!(out.contains("scenario rules: 1"), "{out}");
    let (code, plan, _) = run(&["plan", &file, "-n", "3"]).await;
    assert_eq!(code, 0);
    assert!(plan.contains("lists-fail-twice") && plan.contains("503"), "{plan}");
    // What is commented out is valid as well.
    let text = std::fs::read_to_string(&file).unwrap();
    let uncommented: String = text
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(code)
                if code.starts_with([' ', '-'])
                    || code.starts_with("timeline")
                    || code.starts_with("life") =>
            {
                format!("{code}\n")
            }
            _ => format!("{line}\n"),
        })
        .collect();
    std::fs::write(path("all.yaml"), uncommented).unwrap();
    let (code, out, errors) = run(&["check", &path("all.yaml")]).await;
    assert_eq!(code, 0, "{out}{errors}");
    assert!(out.contains("scenario rules: 3"), "{out}");
    let schema = std::fs::read_to_string(path("scenario.schema.json")).unwrap();
    assert!(serde_json::from_str::<Value>(&schema).unwrap().is_object());
    let (code, _, errors) = run(&["new", "scenario", &file]).await;
    assert_eq!(code, 1, "{errors}");
    // It drills a client.
    let server = Server::builder().scenario(&file).start().await.unwrap();
    assert_eq!(ask(&server, "GET", TFJOBS).await.status, 503);
    server.shutdown().await;
}
