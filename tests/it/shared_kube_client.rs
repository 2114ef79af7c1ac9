//! kube-rs, unmodified, as the client of servers that share a store in etcd: each request goes to another one. With
//! `CONFORMANCE_URL` they are those behind a URL, where a proxy chooses.

use futures_util::{StreamExt, TryStreamExt};
use http::{HeaderName, HeaderValue};
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use kube::runtime::watcher::{self, Event};
use kube::{Client, Config, ResourceExt};
use serde_json::json;

use crate::store::Etcd;
use crate::support::PATIENCE;

/// `ConfigMaps` of the default namespace, at a URL.
fn maps(url: &str) -> Api<DynamicObject> {
    let mut config = Config::new(url.parse().expect("a URL"));
    let token = HeaderValue::from_static("Bearer admin-token");
    config.headers.push((HeaderName::from_static("authorization"), token));
    let maps = ApiResource::from_gvk(&GroupVersionKind::gvk("", "v1", "ConfigMap"));
    Api::namespaced_with(Client::try_from(config).expect("a client"), "default", &maps)
}

fn map(name: &str) -> DynamicObject {
    let maps = ApiResource::from_gvk(&GroupVersionKind::gvk("", "v1", "ConfigMap"));
    let mut map = DynamicObject::new(name, &maps).data(json!({"data": {"n": "1"}}));
    map.labels_mut().insert("of".into(), "kube-rs".into());
    map
}

#[tokio::test]
async fn a_session_works_at_three_servers() {
    let elsewhere = std::env::var("CONFORMANCE_URL").ok();
    let (mut etcd, mut servers, mut urls) = (None, Vec::new(), Vec::new());
    if let Some(url) = elsewhere {
        urls = vec![url; 3];
    } else {
        let Some(started) = Etcd::start() else { return };
        for _ in 0..3 {
            let server = started.server().await;
            urls.push(server.url());
            servers.push(server);
        }
        etcd = Some(started);
    }
    let [one, two, three] = [0, 1, 2].map(|at| maps(&urls[at]));
    let ours = || ListParams::default().labels("of=kube-rs");
    let at_once = DeleteParams::default();
    one.delete_collection(&at_once, &ours()).await.unwrap();
    let config = watcher::Config::default().labels("of=kube-rs");
    let mut events = watcher::watcher(three.clone(), config).boxed();
    while !matches!(events.try_next().await.unwrap(), Some(Event::InitDone)) {}

    // Each server has what another one has acknowledged.
    let made = one.create(&PostParams::default(), &map("first")).await.unwrap();
    let found = two.get("first").await.unwrap();
    assert_eq!((found.uid(), found.resource_version()), (made.uid(), made.resource_version()));
    let mut changed = found.clone();
    changed.data["data"]["n"] = "2".into();
    three.replace("first", &PostParams::default(), &changed).await.unwrap();
    let conflict = one.replace("first", &PostParams::default(), &changed).await.unwrap_err();
    assert!(matches!(&conflict, kube::Error::Api(status) if status.code == 409), "{conflict}");
    let merge = Patch::Merge(json!({"metadata": {"annotations": {"x": "y"}}}));
    two.patch("first", &PatchParams::default(), &merge).await.unwrap();
    let apply = Patch::Apply(
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "first"}, "data": {"m": "3"}}),
    );
    let applied = one.patch("first", &PatchParams::apply("kube-rs"), &apply).await.unwrap();
    assert_eq!(applied.data["data"], json!({"m": "3", "n": "2"}));
    assert_eq!(applied.annotations()["x"], "y");

    // A chain of pages, each from another server.
    for (at, api) in [&one, &two, &three].into_iter().cycle().take(11).enumerate() {
        api.create(&PostParams::default(), &map(&format!("more-{at:02}"))).await.unwrap();
    }
    let (mut names, mut params) = (Vec::new(), ours().limit(4));
    for api in [&two, &three, &one] {
        let page = api.list(&params).await.unwrap();
        names.extend(page.items.iter().map(ResourceExt::name_any));
        params = params.continue_token(&page.metadata.continue_.unwrap_or_default());
        // What is made meanwhile is not in the chain.
        let late = format!("late-{}", names.len());
        two.create(&PostParams::default(), &map(&late)).await.unwrap();
    }
    let mut expected: Vec<String> = (0..11).map(|at| format!("more-{at:02}")).collect();
    expected.insert(0, "first".into());
    assert_eq!(names, expected);
    let deleted = three.delete_collection(&at_once, &ours()).await.unwrap();
    assert_eq!(deleted.left().map(|list| list.items.len()), Some(15));
    assert!(one.list(&ours()).await.unwrap().items.is_empty());

    // The watch has seen all of it, once.
    let (mut applied, mut gone) = (0, 0);
    while gone < 15 {
        let event = tokio::time::timeout(PATIENCE, events.try_next()).await.expect("an event");
        match event.unwrap().expect("no end") {
            Event::Apply(_) => applied += 1,
            Event::Delete(_) => gone += 1,
            other => panic!("the watch begins anew: {other:?}"),
        }
    }
    assert_eq!(applied, 15 + 3);
    drop((servers, etcd));
}
