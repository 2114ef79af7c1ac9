//! Faults specific to a Kubernetes API, seen by a real client (kube).

use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};
use kube::api::{
    Api, ApiResource, DeleteParams, DynamicObject, ListParams, PostParams, WatchEvent, WatchParams,
};
use kube::core::GroupVersionKind;
use kube::runtime::watcher;
use kube::{Client, Config};
use serde_json::json;
use standin::{RunningServer, Server};
use tempfile::TempDir;

use crate::support::{PATIENCE, TFJOBS, eventually, files, send};

struct Met {
    server: RunningServer,
    api: Api<DynamicObject>,
    _files: TempDir,
}

async fn meet(rules: &str) -> Met {
    let scenario = files(&[("s.yaml", rules)]);
    let path = scenario.path().join("s.yaml");
    let server = Server::builder().scenario(path.to_str().unwrap()).start().await.unwrap();
    let client = Client::try_from(Config::new(server.url().parse().unwrap())).unwrap();
    let kind = ApiResource::from_gvk_with_plural(
        &GroupVersionKind::gvk("kubeflow.org", "v1", "TFJob"),
        "tfjobs",
    );
    let api = Api::namespaced_with(client, "kube-test", &kind);
    Met { server, api, _files: scenario }
}

fn job(name: &str) -> DynamicObject {
    serde_json::from_value(json!({
        "apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": {"name": name},
        "spec": {"tfReplicaSpecs": {"Worker": {"replicas": 1, "template": {"spec": {"containers": [{"name": "tensorflow", "image": "x"}]}}}}},
    }))
    .unwrap()
}

impl Met {
    async fn create(&self, name: &str) {
        self.api.create(&PostParams::default(), &job(name)).await.unwrap();
    }

    async fn names(&self) -> Vec<String> {
        let list = self.api.list(&ListParams::default()).await.unwrap();
        list.items.into_iter().map(|object| object.metadata.name.unwrap()).collect()
    }

    /// The next events of a watch: kind and name, as many as requested.
    async fn events(&self, count: usize, change: impl AsyncFnOnce()) -> Vec<String> {
        let version =
            self.api.list(&ListParams::default()).await.unwrap().metadata.resource_version;
        let stream = self.api.watch(&WatchParams::default(), &version.unwrap()).await.unwrap();
        change().await;
        let told = stream.take(count).map(|event| match event {
            Ok(WatchEvent::Added(object)) => format!("added {}", object.metadata.name.unwrap()),
            Ok(WatchEvent::Modified(object)) => {
                format!("modified {}", object.metadata.name.unwrap())
            }
            Ok(WatchEvent::Deleted(object)) => format!("deleted {}", object.metadata.name.unwrap()),
            Ok(WatchEvent::Bookmark(_)) => "bookmark".to_owned(),
            Ok(WatchEvent::Error(status)) => format!("error {}", status.code),
            Err(error) => format!("broken: {error}"),
        });
        tokio::time::timeout(PATIENCE, told.collect()).await.expect("in time")
    }
}

fn code(error: &kube::Error) -> u16 {
    match error {
        kube::Error::Api(status) => status.code,
        other => panic!("{other:?}"),
    }
}

const CHAIN: &str = "
generate:
- {resource: tfjobs.kubeflow.org, namespace: kube-test, count: 9, name: \"chain-{n}\", like: tfjob-test}
";

#[tokio::test]
async fn a_chain_is_refused_at_its_page_with_or_without_a_way_on() {
    for (token, goes_on) in [("fresh", true), ("none", false)] {
        let met = meet(&format!(
            "{CHAIN}rules: [{{match: {{verb: list}}, at: [{{page: 2, times: 1, then: {{status: 410, continue: {token}}}}}]}}]"
        ))
        .await;
        let first = met.api.list(&ListParams::default().limit(4)).await.unwrap();
        let next = first.metadata.continue_.unwrap();
        let gone =
            met.api.list(&ListParams::default().limit(4).continue_token(&next)).await.unwrap_err();
        assert_eq!(code(&gone), 410);
        // The client keeps no metadata of a Status: it is looked at besides.
        let path = format!("{TFJOBS}?limit=4&continue={next}");
        met.server.world("default").unwrap().reset();
        let answer = send(&met.server, "GET", &path, &[], "").await;
        let fresh = answer.at("/metadata/continue");
        assert_eq!(fresh.is_string(), goes_on, "{}", answer.text());
        if let Some(token) = fresh.as_str() {
            let rest = met.api.list(&ListParams::default().continue_token(token)).await.unwrap();
            assert_eq!(rest.items.len(), 6, "ten jobs, four on the first page");
        }
    }
}

#[tokio::test]
async fn a_token_dies_in_the_middle_of_a_chain() {
    let met = meet(&format!(
        "{CHAIN}
tokens: {{t: {{issue: POST /token, in: bearer}}}}
rules:
- {{match: {{path: /apis/**}}, require: {{token: t}}}}
- {{match: {{verb: list}}, at: [{{page: 2, times: 1, then: {{revoke: t}}}}]}}
"
    ))
    .await;
    let fetch = async || {
        let answer = send(&met.server, "POST", "/token", &[], "").await;
        answer.headers["x-subject-token"].to_str().unwrap().to_owned()
    };
    let api = |token: String| {
        let mut config = Config::new(met.server.url().parse().unwrap());
        config.auth_info.token = Some(token.into());
        let client = Client::try_from(config).unwrap();
        Api::<DynamicObject>::namespaced_with(
            client,
            "kube-test",
            &ApiResource::from_gvk_with_plural(
                &GroupVersionKind::gvk("kubeflow.org", "v1", "TFJob"),
                "tfjobs",
            ),
        )
    };
    let first = api(fetch().await);
    let page = first.list(&ListParams::default().limit(4)).await.unwrap();
    let next = ListParams::default().limit(4).continue_token(&page.metadata.continue_.unwrap());
    assert_eq!(code(&first.list(&next).await.unwrap_err()), 401);
    assert_eq!(code(&first.list(&next).await.unwrap_err()), 401, "it stays dead");
    // The chain is complete for a client with a new token.
    assert_eq!(api(fetch().await).list(&next).await.unwrap().items.len(), 4);
}

#[tokio::test]
async fn history_is_compacted_and_watches_are_informed() {
    let met = meet("rules: [{match: {verb: create, name: \"\"}, then: pass}, {match: {verb: get}, then: {compact: now}}]").await;
    let version =
        met.api.list(&ListParams::default()).await.unwrap().metadata.resource_version.unwrap();
    met.create("a").await;
    let _ = met.api.get("a").await.unwrap();
    let mut stream = met.api.watch(&WatchParams::default(), &version).await.unwrap().boxed();
    match tokio::time::timeout(PATIENCE, stream.try_next()).await.unwrap() {
        Ok(Some(WatchEvent::Error(status))) => {
            assert_eq!((status.code, status.reason.as_str()), (410, "Expired"));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_expired_watch_is_refused_with_a_status() {
    let met = meet(
        "rules: [{match: {verb: get}, then: {compact: now}}, {match: {verb: watch}, then: {expired: status}}]",
    )
    .await;
    let version =
        met.api.list(&ListParams::default()).await.unwrap().metadata.resource_version.unwrap();
    met.create("a").await;
    // One that has not expired works as usual.
    assert!(met.api.watch(&WatchParams::default(), &version).await.is_ok());
    let _ = met.api.get("a").await.unwrap();
    let Err(error) = met.api.watch(&WatchParams::default(), &version).await else {
        panic!("it is refused")
    };
    assert_eq!(code(&error), 410);
}

#[tokio::test]
async fn events_are_dropped_doubled_and_swapped() {
    for (word, expected) in [
        ("duplicate", vec!["added a", "added a", "added b", "added b"]),
        ("reorder", vec!["added b", "added a", "added d", "added c"]),
        ("{delay: 50ms}", vec!["added a", "added b", "added c", "added d"]),
    ] {
        let met =
            meet(&format!("rules: [{{match: {{verb: watch}}, then: {{events: {word}}}}}]")).await;
        let told = met
            .events(4, async || {
                for name in ["a", "b", "c", "d"] {
                    met.create(name).await;
                }
            })
            .await;
        assert_eq!(told, expected, "{word}");
    }
    let met = meet("rules: [{match: {verb: watch}, at: [{event: 2, then: {event: drop}}, {event: 4, then: {event: {status: 500}}}]}]").await;
    let told = met
        .events(3, async || {
            for name in ["a", "b", "c", "d"] {
                met.create(name).await;
            }
        })
        .await;
    assert_eq!(told, ["added a", "added c", "error 500"]);
}

#[tokio::test]
async fn half_a_line_breaks_the_watch() {
    let met =
        meet("rules: [{match: {verb: watch}, at: [{event: 2, times: 1, then: {cut: mid_line}}]}]")
            .await;
    let told = met
        .events(2, async || {
            met.create("a").await;
            met.create("b").await;
        })
        .await;
    assert_eq!(told[0], "added a");
    assert!(told.get(1).is_none_or(|last| last.starts_with("broken")), "{told:?}");
    // A client that watches again misses nothing.
    assert_eq!(met.events(1, async || met.create("c").await).await, ["added c"]);
}

/// The events of kube's watcher that lists by streaming.
async fn streamed(met: &Met, wait: Duration) -> Vec<&'static str> {
    let config = watcher::Config::default().streaming_lists();
    let mut stream = watcher(met.api.clone(), config).boxed();
    let mut seen = Vec::new();
    while let Ok(Some(event)) = tokio::time::timeout(wait, stream.next()).await {
        seen.push(match event {
            Ok(watcher::Event::Init) => "init",
            Ok(watcher::Event::InitApply(_)) => "object",
            Ok(watcher::Event::InitDone) => "done",
            Ok(_) => "event",
            Err(_) => "error",
        });
        if seen.last() == Some(&"done") {
            break;
        }
    }
    seen
}

#[tokio::test]
async fn a_streaming_list_waits_for_its_end() {
    let met =
        meet("rules: [{match: {verb: watch}, steps: [{times: 1, then: {initial_end: drop}}]}]")
            .await;
    let hanging = streamed(&met, Duration::from_millis(400)).await;
    assert_eq!(hanging, ["init", "object"], "it waits for ever");
    assert_eq!(streamed(&met, PATIENCE).await, ["init", "object", "done"]);
    let late = meet("rules: [{match: {verb: watch}, then: {initial_end: {delay: 300ms}}}]").await;
    let began = std::time::Instant::now();
    assert_eq!(streamed(&late, PATIENCE).await, ["init", "object", "done"]);
    assert!(began.elapsed() >= Duration::from_millis(300));
    // Other bookmarks are another word.
    let other = meet("rules: [{match: {verb: watch}, then: {bookmarks: drop}}]").await;
    assert_eq!(streamed(&other, PATIENCE).await, ["init", "object", "done"]);
}

#[tokio::test]
async fn a_revision_is_too_large_and_reads_are_stale() {
    let met =
        meet("rules: [{match: {verb: list}, steps: [{times: 1, then: {too_large: true}}]}]").await;
    let answer = send(&met.server, "GET", &format!("{TFJOBS}?resourceVersion=7"), &[], "").await;
    assert_eq!(answer.status, 504);
    assert_eq!(answer.at("/message"), "Timeout: Too large resource version: 7, current: 6");
    assert_eq!(answer.at("/details/causes/0/reason"), "ResourceVersionTooLarge");
    met.server.world("default").unwrap().reset();
    // The client tries a 504 again by itself, and gets through.
    let at = ListParams::default().at("7").matching(kube::api::VersionMatch::NotOlderThan);
    assert!(met.api.list(&at).await.is_ok());

    let met = meet("rules: [{match: {verb: \"{get,list}\"}, then: {stale: 2}}]").await;
    for name in ["a", "b", "c"] {
        met.create(name).await;
    }
    assert_eq!(met.names().await, ["a", "tfjob-test"]);
    assert_eq!(code(&met.api.get("c").await.unwrap_err()), 404);
    assert!(met.api.get("a").await.is_ok());
}

#[tokio::test]
async fn a_collection_is_half_deleted() {
    let met = meet(&format!(
        "{CHAIN}rules: [{{match: {{verb: deletecollection}}, steps: [{{times: 1, then: {{fail_after: 4, status: 500}}}}]}}]"
    ))
    .await;
    let delete =
        async || met.api.delete_collection(&DeleteParams::default(), &ListParams::default()).await;
    assert_eq!(code(&delete().await.unwrap_err()), 500);
    assert_eq!(met.names().await.len(), 6, "ten, less four");
    assert!(delete().await.is_ok());
    assert!(met.names().await.is_empty());
}

#[tokio::test]
async fn a_finalizer_is_removed_by_the_worlds_clock() {
    let met = meet("rules: [{match: {verb: delete}, then: {finalizer: 60s}}]").await;
    let world = met.server.world("default").unwrap();
    world.freeze();
    let deleted = met.api.delete("tfjob-test", &DeleteParams::default()).await.unwrap();
    assert!(deleted.left().unwrap().metadata.deletion_timestamp.is_some());
    assert_eq!(met.names().await, ["tfjob-test"]);
    world.advance(Duration::from_secs(59));
    assert_eq!(met.names().await, ["tfjob-test"]);
    world.advance(Duration::from_secs(2));
    eventually("the job is gone", async || met.names().await.is_empty()).await;
}

#[tokio::test]
async fn too_many_requests_come_as_text_too() {
    let met =
        meet("rules: [{steps: [{times: 1, then: {status: 429, as: text, retry_after: 1s}}]}]")
            .await;
    let answer = send(&met.server, "GET", TFJOBS, &[], "").await;
    assert_eq!(answer.text(), "Too many requests, please try again later.\n");
    assert_eq!(
        (answer.status.as_u16(), answer.headers["retry-after"].as_bytes()),
        (429, &b"1"[..])
    );
    assert_eq!(met.names().await, ["tfjob-test"]);
}
