//! Expectations of rules: a good and a bad client for each.

use std::time::Duration;

use serde_json::{Value, json};
use standin::{RunningServer, Server, Verdict, WorldHandle};
use tempfile::TempDir;

use crate::support::{Answer, TFJOBS, files, send, try_send};

/// A client that waits by advancing the world's clock, so that no real time passes.
struct Toy {
    server: RunningServer,
    world: WorldHandle,
    token: std::cell::RefCell<String>,
    _files: TempDir,
}

async fn toy(rules: &str) -> Toy {
    let scenario = files(&[("s.yaml", rules)]);
    let path = scenario.path().join("s.yaml");
    let server = Server::builder()
        .scenario(path.to_str().unwrap())
        .graded(true)
        .start()
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let world = server.world("default").unwrap();
    world.freeze();
    Toy { server, world, token: std::cell::RefCell::default(), _files: scenario }
}

impl Toy {
    async fn get(&self, target: &str) -> Answer {
        let bearer = format!("Bearer {}", self.token.borrow());
        send(&self.server, "GET", target, &[("authorization", &bearer)], "").await
    }

    /// Creates a job; returns `None` if no answer arrived.
    async fn create(&self, name: Value) -> Option<u16> {
        let body = json!({
            "apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": name,
            "spec": {"tfReplicaSpecs": {"Worker": {"replicas": 1, "template": {"spec": {"containers": [{"name": "tensorflow", "image": "x"}]}}}}},
        });
        let headers = [("content-type", "application/json")];
        let answer = try_send(&self.server, "POST", TFJOBS, &headers, &body.to_string()).await;
        answer.ok().map(|answer| answer.status.as_u16())
    }

    async fn fetch(&self) {
        let answer = send(&self.server, "POST", "/token", &[], "").await;
        let token = answer.headers["x-subject-token"].to_str().unwrap();
        token.clone_into(&mut self.token.borrow_mut());
    }

    fn wait(&self, ms: u64) {
        self.world.advance(Duration::from_millis(ms));
    }

    /// Repeats a request until it succeeds, with these pauses.
    async fn retry(&self, target: &str, pauses: &[u64]) {
        for pause in pauses {
            if self.get(target).await.status == 200 {
                return;
            }
            self.wait(*pause);
        }
        let _ = self.get(target).await;
    }

    /// Returns the codes of the rules' findings.
    fn codes(&self) -> Vec<&'static str> {
        let findings = self.world.findings();
        let by_rule = findings.iter().filter(|finding| finding.rule.is_some());
        by_rule.map(|finding| finding.code).collect()
    }
}

#[tokio::test]
async fn waiting_as_asked_is_distinguished_from_not_waiting() {
    let rules = "rules: [{match: {verb: list}, steps: [{times: 1, then: {status: 429, retry_after: 2s}}], expect: {retry_after: honoured, slack: 200ms}}]";
    for (pause, expected) in [(2000, vec![]), (1850, vec![]), (500, vec!["retry-after"])] {
        let toy = toy(rules).await;
        let first = toy.get(TFJOBS).await;
        assert_eq!(first.headers["retry-after"], "2");
        toy.wait(pause);
        let _ = toy.get(TFJOBS).await;
        assert_eq!(toy.codes(), expected, "{pause}");
    }
}

#[tokio::test]
async fn backing_off_is_distinguished_from_hammering() {
    let rules = "rules: [{match: {verb: list}, steps: [{times: 4, then: {status: 503}}], expect: {backoff: exponential, jitter: required}}]";
    for (pauses, expected) in [
        ([110, 190, 430, 790], vec![]),
        ([100, 200, 400, 800], vec!["no-jitter"]),
        ([100, 100, 100, 100], vec!["no-backoff", "no-jitter"]),
        ([0, 0, 0, 0], vec!["no-backoff", "no-jitter"]),
    ] {
        let toy = toy(rules).await;
        toy.retry(TFJOBS, &pauses).await;
        assert_eq!(toy.codes(), expected, "{pauses:?}");
    }
}

#[tokio::test]
async fn too_many_requests_and_never_giving_up_are_found() {
    let rules = "rules: [{match: {verb: list}, then: {status: 503}, expect: {max_attempts: 3, max_requests: 4}}]";
    let patient = toy(rules).await;
    patient.retry(TFJOBS, &[100, 200]).await;
    assert!(patient.codes().is_empty());
    let stubborn = toy(rules).await;
    stubborn.retry(TFJOBS, &[100, 200, 400, 800]).await;
    assert_eq!(stubborn.codes(), ["too-many-requests", "did-not-give-up"]);
}

#[tokio::test]
async fn too_many_concurrent_requests_are_found() {
    let rules = "rules: [{match: {verb: list}, then: {delay: 100ms}, expect: {max_in_flight: 2}}]";
    let orderly = toy(rules).await;
    for _ in 0..4 {
        let _ = orderly.get(TFJOBS).await;
        orderly.wait(200);
    }
    assert!(orderly.codes().is_empty());
    let herd = toy(rules).await;
    // On a frozen clock every end precedes every start, so time has to pass.
    herd.world.release();
    let all = (0..4).map(|_| herd.get(TFJOBS));
    futures_util::future::join_all(all).await;
    assert_eq!(herd.codes(), ["too-many-in-flight"]);
}

#[tokio::test]
async fn listing_again_after_410_is_distinguished_from_not_listing() {
    let rules = "
generate: [{resource: tfjobs.kubeflow.org, namespace: kube-test, count: 9, name: \"c-{n}\", like: tfjob-test}]
rules:
- match: {verb: list}
  at: [{page: 2, then: {status: 410, continue: none}}]
  expect: {relist_within: 5s}
";
    let chain = async |toy: &Toy| {
        let first = toy.get(&format!("{TFJOBS}?limit=3")).await;
        let next = first.at("/metadata/continue").as_str().unwrap().to_owned();
        let next = format!("{TFJOBS}?limit=3&continue={next}");
        assert_eq!(toy.get(&next).await.status, 410);
        next
    };
    let good = toy(rules).await;
    chain(&good).await;
    good.wait(1000);
    let _ = good.get(TFJOBS).await;
    assert!(good.codes().is_empty());
    let late = toy(rules).await;
    chain(&late).await;
    late.wait(60_000);
    let _ = late.get(TFJOBS).await;
    assert_eq!(late.codes(), ["relisted-late"]);
    let never = toy(rules).await;
    chain(&never).await;
    assert_eq!(never.codes(), ["never-relisted"]);
    let stubborn = toy(rules).await;
    let next = chain(&stubborn).await;
    stubborn.wait(100);
    let _ = stubborn.get(&next).await;
    let _ = stubborn.get(TFJOBS).await;
    assert_eq!(stubborn.codes(), ["asked-again-for-gone"]);
}

#[tokio::test]
async fn refreshing_a_token_once_is_distinguished_from_a_storm() {
    let rules = "
tokens: {t: {issue: POST /token, in: bearer, ttl: 60s}}
rules: [{match: {path: /apis/**}, require: {token: t}, expect: {token: refreshed_once}}]
";
    let good = toy(rules).await;
    good.fetch().await;
    assert_eq!(good.get(TFJOBS).await.status, 200);
    good.wait(61_000);
    assert_eq!(good.get(TFJOBS).await.status, 401);
    good.wait(10);
    good.fetch().await;
    assert_eq!(good.get(TFJOBS).await.status, 200);
    assert!(good.codes().is_empty());
    let storm = toy(rules).await;
    storm.fetch().await;
    storm.fetch().await;
    storm.fetch().await;
    let _ = storm.get(TFJOBS).await;
    assert_eq!(storm.codes(), ["token-storm"]);
    let stale = toy(rules).await;
    stale.fetch().await;
    stale.wait(61_000);
    for _ in 0..3 {
        assert_eq!(stale.get(TFJOBS).await.status, 401);
        stale.wait(100);
    }
    assert_eq!(stale.codes(), ["stale-token", "token-not-refreshed"]);
}

#[tokio::test]
async fn creating_twice_is_found() {
    let rules = "rules: [{match: {verb: create}, steps: [{times: 1, then: {reset: before_headers}}], expect: {creates: once}}]";
    let named = toy(rules).await;
    assert_eq!(named.create(json!({"name": "one"})).await, None, "the answer is lost");
    assert_eq!(named.create(json!({"name": "one"})).await, Some(409), "and the job is there");
    assert!(named.codes().is_empty());
    let generated = toy(rules).await;
    assert_eq!(generated.create(json!({"generateName": "job-"})).await, None);
    assert_eq!(generated.create(json!({"generateName": "job-"})).await, Some(201));
    assert_eq!(generated.codes(), ["created-twice"]);
}

#[tokio::test]
async fn a_place_within_a_stream_is_met_when_a_stream_reaches_it() {
    let rules = "rules: [{match: {verb: watch}, at: [{event: 2, times: 1, then: {cut: clean}}]}]";
    // A watch without events counts as a request but has no event.
    let short = toy(rules).await;
    short.world.release();
    let list = short.get(TFJOBS).await;
    let version = list.at("/metadata/resourceVersion").as_str().unwrap().to_owned();
    let _ =
        short.get(&format!("{TFJOBS}?watch=true&resourceVersion={version}&timeoutSeconds=1")).await;
    let verdict = short.world.verdict();
    assert_eq!(verdict.verdict, Verdict::NotMet, "{verdict:?}");
    let why = &verdict.findings[0].message;
    assert!(why.contains("event 2 of a stream") && why.contains("0 of"), "{why}");
    let long = toy(rules).await;
    for name in ["a", "b"] {
        assert_eq!(long.create(json!({ "name": name })).await, Some(201));
    }
    let seen = long.get(&format!("{TFJOBS}?watch=true&resourceVersion=0")).await;
    assert_eq!(seen.status, 200);
    assert_eq!(long.world.verdict().verdict, Verdict::Passed, "{:?}", long.world.verdict());
    // A place in bytes, of a body that is short and of one that is long enough.
    for (bytes, expected) in [(100, Verdict::Passed), (1_000_000, Verdict::NotMet)] {
        let rules = format!(
            "rules: [{{match: {{verb: list}}, at: [{{bytes: {bytes}, then: {{slow: 1MiB/s}}}}]}}]"
        );
        let toy = toy(&rules).await;
        let _ = toy.get(TFJOBS).await;
        assert_eq!(toy.world.verdict().verdict, expected, "{bytes}");
    }
}
