//! kube-rs, unmodified, as the client.

use futures_util::{StreamExt, TryStreamExt};
use kube::api::{
    Api, DeleteParams, ListParams, ObjectMeta, Patch, PatchParams, PostParams, WatchEvent,
    WatchParams,
};
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Client, Config, CustomResource, ResourceExt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use standin::RunningServer;

use crate::support::{PATIENCE, server, with_scenario};

#[derive(CustomResource, Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[kube(group = "kubeflow.org", version = "v1", kind = "TFJob", plural = "tfjobs", namespaced)]
#[serde(rename_all = "camelCase")]
struct TFJobSpec {
    tf_replica_specs: Value,
}

fn client(server: &RunningServer) -> Client {
    let config = Config::new(server.url().parse().expect("a URL"));
    Client::try_from(config).expect("a client")
}

fn tfjobs(server: &RunningServer) -> Api<TFJob> {
    Api::namespaced(client(server), "kube-test")
}

fn job(name: &str) -> TFJob {
    let spec = TFJobSpec {
        tf_replica_specs: json!({"Worker": {"replicas": 1, "template": {"spec": {"containers": []}}}}),
    };
    TFJob {
        metadata: ObjectMeta {
            name: Some(name.into()),
            labels: Some([("team".into(), "a".into())].into()),
            ..ObjectMeta::default()
        },
        ..TFJob::new(name, spec)
    }
}

#[tokio::test]
async fn all_three_types_are_found_by_discovery_and_listed() {
    let server = server().await;
    for (gvk, namespace, name) in [
        (GroupVersionKind::gvk("kubeflow.org", "v1", "TFJob"), "kube-test", "tfjob-test"),
        (GroupVersionKind::gvk("kubeflow.org", "v1alpha2", "MPIJob"), "kube-test", "mpi-test"),
        (
            GroupVersionKind::gvk("batch.volcano.sh", "v1alpha1", "Job"),
            "cci-namespace-42263891",
            "openmpi-hello-2-com",
        ),
    ] {
        let (resource, _) = kube::discovery::pinned_kind(&client(&server), &gvk).await.unwrap();
        let api: Api<DynamicObject> = Api::namespaced_with(client(&server), namespace, &resource);
        let list = api.list(&ListParams::default()).await.unwrap();
        assert_eq!(list.items.iter().map(ResourceExt::name_any).collect::<Vec<_>>(), [name]);
        let all: Api<DynamicObject> = Api::all_with(client(&server), &resource);
        assert_eq!(all.list(&ListParams::default()).await.unwrap().items.len(), 1);
        assert_eq!(api.get(name).await.unwrap().namespace().as_deref(), Some(namespace));
    }
}

#[tokio::test]
async fn objects_are_written_and_deleted() {
    let server = server().await;
    let api = tfjobs(&server);
    let created = api.create(&PostParams::default(), &job("one")).await.unwrap();
    assert!(created.uid().is_some() && created.resource_version().is_some());
    let mut changed = created.clone();
    changed.labels_mut().insert("team".into(), "b".into());
    let replaced = api.replace("one", &PostParams::default(), &changed).await.unwrap();
    assert_ne!(replaced.resource_version(), created.resource_version());
    let conflict = api.replace("one", &PostParams::default(), &changed).await.unwrap_err();
    let kube::Error::Api(status) = conflict else { panic!("an API error: {conflict}") };
    assert_eq!((status.code, status.reason.as_str()), (409, "Conflict"));
    let patch = Patch::Merge(json!({"metadata": {"annotations": {"x": "y"}}}));
    let patched = api.patch("one", &PatchParams::default(), &patch).await.unwrap();
    assert_eq!(patched.annotations()["x"], "y");
    let deleted = api.delete("one", &DeleteParams::default()).await.unwrap();
    assert!(deleted.right().is_some_and(|status| status.is_success()));
    assert!(api.get_opt("one").await.unwrap().is_none());
}

#[tokio::test]
async fn lists_come_in_pages_and_collections_are_deleted() {
    let server = with_scenario("continue-chain").await;
    let api = tfjobs(&server);
    let (mut names, mut params) = (Vec::new(), ListParams::default().limit(100));
    loop {
        let page = api.list(&params).await.unwrap();
        names.extend(page.items.iter().map(ResourceExt::name_any));
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params = params.continue_token(&token),
            None => break,
        }
    }
    assert_eq!(names.len(), 251);
    names.dedup();
    assert_eq!(names.len(), 251);
    let deleted = api
        .delete_collection(
            &DeleteParams::default(),
            &ListParams::default().fields("metadata.name!=tfjob-test"),
        )
        .await
        .unwrap();
    assert_eq!(deleted.left().map(|list| list.items.len()), Some(250));
    let left = api.list(&ListParams::default()).await.unwrap();
    assert_eq!(left.items.iter().map(ResourceExt::name_any).collect::<Vec<_>>(), ["tfjob-test"]);
}

#[tokio::test]
async fn a_watch_streams_events_and_ends_at_its_timeout() {
    let server = server().await;
    let api = tfjobs(&server);
    let revision =
        api.list(&ListParams::default()).await.unwrap().metadata.resource_version.unwrap();
    let params = WatchParams::default().timeout(1);
    let mut events = api.watch(&params, &revision).await.unwrap().boxed();
    api.create(&PostParams::default(), &job("one")).await.unwrap();
    api.delete("one", &DeleteParams::default()).await.unwrap();
    let all = async {
        let mut seen = Vec::new();
        while let Some(event) = events.try_next().await.unwrap() {
            seen.push(match event {
                WatchEvent::Added(job) => format!("ADDED {}", job.name_any()),
                WatchEvent::Deleted(job) => format!("DELETED {}", job.name_any()),
                other => format!("{other:?}"),
            });
        }
        seen
    };
    let seen = tokio::time::timeout(PATIENCE, all).await.expect("it ends by itself");
    assert_eq!(seen, ["ADDED one", "DELETED one"]);
}

#[tokio::test]
async fn the_watcher_sees_everything_and_survives_compaction() {
    let server = server().await;
    let api = tfjobs(&server);
    for config in
        [watcher::Config::default().page_size(1), watcher::Config::default().streaming_lists()]
    {
        api.delete_collection(&DeleteParams::default(), &ListParams::default()).await.unwrap();
        api.create(&PostParams::default(), &job("before")).await.unwrap();
        let mut applied = watcher(api.clone(), config).default_backoff().applied_objects().boxed();
        let mut next = async || {
            let job = tokio::time::timeout(PATIENCE, applied.try_next()).await.expect("an event");
            job.unwrap().expect("no end").name_any()
        };
        assert_eq!(next().await, "before");
        api.create(&PostParams::default(), &job("after")).await.unwrap();
        assert_eq!(next().await, "after");
        let listed = api.list(&ListParams::default()).await.unwrap();
        server.compact(listed.metadata.resource_version.unwrap().parse().unwrap());
        api.create(&PostParams::default(), &job("later")).await.unwrap();
        assert_eq!(next().await, "later");
    }
}

#[tokio::test]
async fn a_type_without_a_definition_is_served_from_its_objects() {
    let fixtures = crate::support::files(&[(
        "w.yaml",
        "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w, namespace: kube-test}\nspec: {size: 1}\n",
    )]);
    let server = standin::Server::builder().fixtures(fixtures.path()).start().await.unwrap();
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("example.com", "v1", "Widget"));
    let api: Api<DynamicObject> = Api::namespaced_with(client(&server), "kube-test", &resource);
    assert_eq!(api.get("w").await.unwrap().data["spec"]["size"], 1);
}
