//! Scenarios while they run: time, worlds, switching, and the same run twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use standin::{RunningServer, Server};
use tempfile::TempDir;

use crate::support::{TFJOBS, ask, bounds, files, post, send};

async fn under(rules: &str) -> (RunningServer, TempDir) {
    let own = files(&[("s.yaml", rules)]);
    let path = own.path().join("s.yaml");
    let server = Server::builder().scenario(path.to_str().unwrap()).graded(true).start().await;
    (server.unwrap_or_else(|error| panic!("{error}")), own)
}

async fn admin(server: &RunningServer, method: &str, path: &str, body: Value) -> Value {
    let answer = post(server, method, path, &body).await;
    assert_eq!(answer.status, 200, "{method} {path}: {}", answer.text());
    answer.json()
}

const PHASES: &str = "
rules: [{id: always, match: {path: /always}, then: {status: 418}}]
timeline:
  ttl: 10m
  phases:
  - {name: good, for: 30s}
  - {name: bad, for: 30s, rules: [{match: {verb: list}, then: {status: 503}}]}
  - {name: over, forever: true}
";

#[tokio::test]
async fn phases_follow_the_worlds_clock() {
    let (server, _own) = under(PHASES).await;
    admin(&server, "POST", "/__admin/clock/freeze", json!({})).await;
    // Its own world has its own time, and begins with its own first request.
    let other = "/worlds/other";
    admin(&server, "POST", "/worlds/other/__admin/clock/freeze", json!({})).await;
    let code = async |target: &str| ask(&server, "GET", target).await.status.as_u16();
    assert_eq!(code(TFJOBS).await, 200);
    admin(&server, "POST", "/__admin/clock/advance", json!({"by": "30s"})).await;
    assert_eq!(code(TFJOBS).await, 503);
    assert_eq!(code(&format!("{other}{TFJOBS}")).await, 200);
    let status = admin(&server, "GET", "/__admin/standin/scenarios", json!({})).await;
    assert_eq!(status["scenarios"][0]["phase"], "bad");
    admin(&server, "POST", "/__admin/clock/advance", json!({"by": "30s"})).await;
    assert_eq!((code(TFJOBS).await, code("/always").await), (200, 418));
    admin(&server, "POST", "/__admin/clock/advance", json!({"by": "10m"})).await;
    assert_eq!(code("/always").await, 404, "the whole drill has healed itself");
    admin(&server, "POST", "/__admin/scenarios/reset", json!({})).await;
    let step = admin(&server, "POST", "/__admin/scenarios/step", json!({})).await;
    assert_eq!(step["scenarios"][0]["phase"], "bad");
    assert_eq!(code(TFJOBS).await, 503);
    admin(&server, "POST", "/__admin/scenarios/step", json!({})).await;
    assert_eq!(code(TFJOBS).await, 200);
    assert_eq!(post(&server, "POST", "/__admin/scenarios/step", &json!({})).await.status, 409);
}

#[tokio::test]
async fn tokens_age_on_the_worlds_clock() {
    let (server, _own) = under(
        "tokens: {t: {issue: POST /token, in: bearer, ttl: 60s}}\nrules: [{match: {path: /apis/**}, require: {token: t}}]",
    )
    .await;
    admin(&server, "POST", "/__admin/clock/freeze", json!({})).await;
    let issued = send(&server, "POST", "/token", &[], "").await;
    let bearer = format!("Bearer {}", issued.headers["x-subject-token"].to_str().unwrap());
    let code = async || {
        send(&server, "GET", TFJOBS, &[("authorization", &bearer)], "").await.status.as_u16()
    };
    assert_eq!(code().await, 200);
    admin(&server, "POST", "/__admin/clock/advance", json!({"by": "59s"})).await;
    assert_eq!(code().await, 200);
    admin(&server, "POST", "/__admin/clock/advance", json!({"by": "1s"})).await;
    assert_eq!(code().await, 401);
}

#[tokio::test]
async fn a_world_has_its_own_scenarios() {
    let (server, _own) = under(PHASES).await;
    let path = "/worlds/a/__admin/standin/scenarios";
    let switched =
        admin(&server, "PUT", path, json!({"scenarios": ["burst", "continue-chain"], "seed": 5}))
            .await;
    assert_eq!(switched["seed"], 5);
    assert_eq!(switched["rules"][0]["id"], "burst/full");
    let listed = ask(&server, "GET", &format!("/worlds/a{TFJOBS}")).await;
    assert_eq!(
        (listed.status.as_u16(), &listed.headers["x-standin-rule"]),
        (429, &"burst/full".parse().unwrap())
    );
    assert_eq!(ask(&server, "GET", TFJOBS).await.status, 200);
    let status = admin(&server, "GET", path, json!({})).await;
    assert_eq!(status["rules"][0], json!({"id": "burst/full", "matched": 1, "acted": 1}));
    for _ in 0..4 {
        let _ = ask(&server, "GET", &format!("/worlds/a{TFJOBS}")).await;
    }
    // What the scenario generates is there, in short pages, and nowhere else.
    let page = ask(&server, "GET", &format!("/worlds/a{TFJOBS}")).await;
    assert!(page.names().len() == 20 && page.at("/metadata/continue").is_string());
    assert_eq!(ask(&server, "GET", TFJOBS).await.names(), ["tfjob-test"]);
    // Those of the server are known by their names too; files that it was not given are not.
    admin(&server, "PUT", path, json!({"scenarios": ["s"]})).await;
    for (body, status) in [
        (json!({"scenarios": ["/etc/passwd"]}), 404),
        (json!({"scenarios": ["../x.yaml"]}), 404),
        (json!({"scenarios": "burst"}), 400),
        (json!({}), 400),
    ] {
        assert_eq!(post(&server, "PUT", path, &body).await.status.as_u16(), status, "{body}");
    }
    let back = admin(&server, "DELETE", path, json!({})).await;
    assert_eq!(back["rules"][0]["id"], "s/always");
}

#[tokio::test]
async fn findings_are_returned_on_request() {
    let (server, _own) = under(
        "rules: [{id: r, match: {verb: list}, steps: [{times: 1, then: {status: 429, retry_after: 9s}}], expect: {retry_after: honoured}}]",
    )
    .await;
    for _ in 0..2 {
        let _ = ask(&server, "GET", TFJOBS).await;
    }
    let found = admin(&server, "GET", "/__admin/findings", json!({})).await;
    assert_eq!(found["requests"], 2, "the admin API is not graded");
    assert_eq!(found["findings"][0]["code"], "retry-after");
    assert_eq!(found["findings"][0]["rule"], "s/r");
    let plain = Server::builder().start().await.unwrap();
    assert_eq!(ask(&plain, "GET", "/__admin/findings").await.status, 409);
}

/// The outcome of each request of concurrent clients.
async fn run(rules: &str, seed: u64) -> BTreeMap<String, Vec<String>> {
    let own = files(&[("s.yaml", rules)]);
    let path = own.path().join("s.yaml");
    let server = Server::builder().scenario(path.to_str().unwrap()).seed(seed).start().await;
    let server = Arc::new(server.unwrap());
    let clients = (0..16).map(|client| {
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            let mut outcomes = Vec::new();
            for n in 0..10 {
                let target = format!("{TFJOBS}?labelSelector=client%3D{client}-{}", n / 2);
                let answer = ask(&server, "GET", &target).await;
                let rule = answer.headers.get("x-standin-rule");
                outcomes.push(format!("{} {rule:?} {}", answer.status, answer.text()));
            }
            (format!("client-{client:02}"), outcomes)
        })
    });
    let mut all = BTreeMap::new();
    for client in clients.collect::<Vec<_>>() {
        let (name, outcomes) = client.await.unwrap();
        all.insert(name, outcomes);
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_seed_gives_the_same_run_also_to_many_at_once() {
    let rules = "rules: [{match: {verb: list}, draw_by: request, share: [{p: 30%, then: {status: 503}}, {p: 10%, then: {status: 429, retry_after: 1s}}]}]";
    let first = run(rules, 42).await;
    assert_eq!(first, run(rules, 42).await, "byte for byte");
    assert_ne!(first, run(rules, 43).await);
    let failed = first.values().flatten().filter(|outcome| outcome.starts_with("503")).count();
    // 160 draws at 30%: five standard deviations are 29.
    assert!(failed.abs_diff(48) < 29, "{failed}");
}

#[tokio::test]
async fn worlds_that_are_made_up_for_each_request_are_bounded() {
    let own =
        files(&[("s.yaml", "rules: [{draw_by: request, share: [{p: 50%, then: {status: 503}}]}]")]);
    let path = own.path().join("s.yaml");
    let server = Server::builder()
        .scenario(path.to_str().unwrap())
        .bounds(bounds(|bounds| bounds.worlds = 50))
        .start()
        .await;
    let server = server.unwrap();
    for n in 0..500 {
        let world = format!("w{n}");
        let _ = send(&server, "GET", "/version", &[("x-standin-world", &world)], "").await;
    }
    let worlds = ask(&server, "GET", "/__admin/worlds").await;
    assert_eq!(worlds.at("/meta/total"), 51);
    assert_eq!(worlds.at("/meta/dropped"), 450);
}

#[tokio::test]
async fn counters_outlive_a_reload_but_not_a_change() {
    let rule = |code: u16| {
        format!(
            "rules: [{{id: r, match: {{verb: list}}, steps: [{{times: 2, then: {{status: {code}}}}}]}}]"
        )
    };
    let own = files(&[("s.yaml", &rule(500))]);
    let path = own.path().join("s.yaml");
    let server = Server::builder().scenario(path.to_str().unwrap()).start().await.unwrap();
    let code = async || ask(&server, "GET", TFJOBS).await.status.as_u16();
    assert_eq!(code().await, 500);
    std::fs::write(&path, format!("description: the same rule.\n{}", rule(500))).unwrap();
    server.reload().unwrap();
    assert_eq!([code().await, code().await], [500, 200]);
    std::fs::write(&path, rule(502)).unwrap();
    server.reload().unwrap();
    assert_eq!([code().await, code().await, code().await], [502, 502, 200]);
}

#[tokio::test]
async fn a_bad_edit_of_a_scenario_changes_nothing() {
    let own = files(&[("s.yaml", "rules: [{match: {verb: list}, then: {status: 503}}]")]);
    let path = own.path().join("s.yaml");
    let server = Server::builder().scenario(path.to_str().unwrap()).start().await.unwrap();
    std::fs::write(&path, "rules:\n- {thne: pass}\n- {then: {status: 9}}\n").unwrap();
    let problems = server.reload().unwrap_err();
    assert_eq!(problems.0.len(), 3, "{problems}");
    assert_eq!(ask(&server, "GET", TFJOBS).await.status, 503);
    std::fs::write(&path, "rules: [{match: {verb: list}, then: {status: 500}}]").unwrap();
    server.reload().unwrap();
    assert_eq!(ask(&server, "GET", TFJOBS).await.status, 500);
}
