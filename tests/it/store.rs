//! Servers that share a store in etcd. Each test has an etcd of its own, where the machine has the program.

use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use standin::{Error, RunningServer, Server};
use tempfile::TempDir;

use crate::support::{Answer, TFJOBS, ask, eventually, files, free_port, post, send};

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

/// An etcd of one member.
pub(crate) struct Etcd {
    process: Child,
    pub(crate) address: String,
    _data: TempDir,
}

impl Drop for Etcd {
    fn drop(&mut self) {
        // Gone is gone.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Etcd {
    /// Starts one; nothing where this machine has no etcd.
    pub(crate) fn start() -> Option<Self> {
        let data = TempDir::new().expect("a directory");
        let (client, peer) = (free_port(), free_port());
        let (url, peer) =
            (format!("http://127.0.0.1:{client}"), format!("http://127.0.0.1:{peer}"));
        let started = Command::new("etcd")
            .args(["--data-dir", &data.path().to_string_lossy(), "--unsafe-no-fsync"])
            .args(["--listen-client-urls", &url, "--advertise-client-urls", &url])
            .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
            .args(["--initial-cluster", &format!("default={peer}"), "--log-level", "error"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match started {
            Ok(process) => {
                let address = format!("etcd://127.0.0.1:{client}/test");
                Some(Self { process, address, _data: data })
            }
            Err(error) => {
                println!(
                    "not tested: etcd cannot be started here ({error}; Debian: apt-get install etcd-server)"
                );
                None
            }
        }
    }

    pub(crate) async fn server(&self) -> RunningServer {
        Server::builder().store(&self.address, false).start().await.expect("it starts")
    }
}

fn map(name: &str) -> Value {
    json!({"metadata": {"name": name}})
}

fn revision(answer: &Answer) -> u64 {
    answer.at("/metadata/resourceVersion").as_str().expect("a revision").parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_server_has_acknowledged_all_others_have() {
    let Some(etcd) = Etcd::start() else { return };
    let (one, other) = tokio::join!(etcd.server(), etcd.server());
    let mut last = 0;
    for n in 0..20 {
        let (writer, reader) = if n % 2 == 0 { (&one, &other) } else { (&other, &one) };
        let made = post(writer, "POST", MAPS, &map(&format!("m{n}"))).await;
        assert_eq!(made.status, 201, "{}", made.text());
        assert!(revision(&made) > last, "revisions grow");
        last = revision(&made);
        let path = format!("{MAPS}/m{n}");
        assert_eq!(ask(reader, "GET", &path).await.json(), made.json());
        assert_eq!(revision(&ask(reader, "GET", MAPS).await), last);
        // A refusal is never of an old state.
        assert_eq!(post(reader, "POST", MAPS, &map(&format!("m{n}"))).await.status, 409);
        let mut changed = made.json();
        changed["data"] = json!({"n": n.to_string()});
        let replaced = post(reader, "PUT", &path, &changed).await;
        assert_eq!(replaced.status, 200, "{}", replaced.text());
        assert_eq!(post(writer, "PUT", &path, &changed).await.status, 409);
        last = revision(&replaced);
    }
    // Both begin with the fixtures, which one of them changes.
    let fixture = format!("{TFJOBS}/tfjob-test");
    let (before, same) = (ask(&one, "GET", &fixture).await, ask(&other, "GET", &fixture).await);
    assert_eq!(before.json(), same.json());
    assert_eq!(ask(&one, "DELETE", &fixture).await.status, 200);
    assert_eq!(ask(&other, "GET", &fixture).await.status, 404);
    let mut again = before.json();
    again["metadata"] = json!({"name": "tfjob-test"});
    assert_eq!(post(&other, "POST", TFJOBS, &again).await.status, 201);
    assert_eq!(ask(&one, "GET", &fixture).await.status, 200);
    // One that starts later sees the same.
    let third = etcd.server().await;
    let lists = [ask(&one, "GET", MAPS).await, ask(&third, "GET", MAPS).await];
    assert_eq!(lists[0].json(), lists[1].json());
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_watches_go_on_at_another_server() {
    let Some(etcd) = Etcd::start() else { return };
    let (one, other) = (etcd.server().await, etcd.server().await);
    for n in 0..5 {
        assert_eq!(post(&one, "POST", MAPS, &map(&format!("m{n}"))).await.status, 201);
    }
    let first = ask(&one, "GET", &format!("{MAPS}?limit=2")).await;
    let token = first.at("/metadata/continue").as_str().expect("a token").to_owned();
    assert_eq!(ask(&one, "DELETE", &format!("{MAPS}/m3")).await.status, 200);
    let next = ask(&other, "GET", &format!("{MAPS}?limit=9&continue={token}")).await;
    let names: Vec<_> = next.names().into_iter().filter(|name| name.starts_with('m')).collect();
    assert_eq!(names, ["m2", "m3", "m4"], "as of the first page");
    let began = revision(&first);
    assert_eq!(post(&other, "POST", MAPS, &map("late")).await.status, 201);
    // One that starts now knows what was before.
    let third = etcd.server().await;
    for server in [&one, &other, &third] {
        let target = format!("{MAPS}?watch=1&timeoutSeconds=1&resourceVersion={began}");
        let lines = ask(server, "GET", &target).await;
        let events: Vec<Value> = lines
            .text()
            .lines()
            .map(|line| serde_json::from_str(line).expect("an event"))
            .collect();
        let seen = |event: &Value| {
            let name = event["object"]["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            (event["type"].as_str().unwrap_or_default().to_owned(), name)
        };
        let expected = [("DELETED", "m3"), ("ADDED", "late")];
        let expected = expected.map(|(kind, name)| (kind.to_owned(), name.to_owned()));
        assert_eq!(events.iter().map(seen).collect::<Vec<_>>(), expected);
    }
    // Compaction reaches all.
    let floor = json!({"revision": revision(&ask(&one, "GET", MAPS).await)});
    assert_eq!(post(&one, "POST", "/__admin/store/compact", &floor).await.status, 200);
    for server in [&one, &other] {
        let target = format!("{MAPS}?limit=9&continue={token}");
        eventually("the token expires", async || ask(server, "GET", &target).await.status == 410)
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collection_is_deleted_by_one_list_while_others_write() {
    let Some(etcd) = Etcd::start() else { return };
    let (one, other) = (etcd.server().await, etcd.server().await);
    let names: Vec<String> = (0..40).map(|n| format!("m{n:02}")).collect();
    for name in &names {
        let map = json!({"metadata": {"name": name, "labels": {"of": "test"}}});
        assert_eq!(post(&one, "POST", MAPS, &map).await.status, 201);
    }
    let changing = async {
        for name in &names {
            let target = format!("{MAPS}/{name}");
            let media = ("content-type", "application/merge-patch+json");
            let changed = send(&other, "PATCH", &target, &[media], r#"{"data": {"n": "1"}}"#).await;
            assert!(changed.status == 200 || changed.status == 404, "{}", changed.text());
        }
    };
    let selected = format!("{MAPS}?labelSelector=of%3Dtest");
    let target = format!("{selected}&limit=20");
    let (gone, ()) = tokio::join!(ask(&one, "DELETE", &target), changing);
    assert_eq!(gone.names(), names[..20], "{}", gone.text());
    assert_eq!(ask(&other, "GET", &selected).await.names(), names[20..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn types_namespaces_collections_and_worlds_are_shared() {
    let Some(etcd) = Etcd::start() else { return };
    let (one, other) = (etcd.server().await, etcd.server().await);
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.example.com"},
        "spec": {
            "group": "example.com", "scope": "Namespaced",
            "names": {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList"},
            "versions": [{"name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}],
        },
    });
    let definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    assert_eq!(post(&one, "POST", definitions, &definition).await.status, 201);
    let thing = json!({"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "t"}});
    let space = json!({"metadata": {"name": "short"}});
    assert_eq!(post(&one, "POST", "/api/v1/namespaces", &space).await.status, 201);
    let things = "/apis/example.com/v1/namespaces/short/things";
    let made = post(&other, "POST", things, &thing).await;
    assert_eq!(made.status, 201, "{}", made.text());
    for n in 0..30 {
        let maps = "/api/v1/namespaces/short/configmaps";
        assert_eq!(post(&one, "POST", maps, &map(&format!("m{n}"))).await.status, 201);
    }
    let gone = ask(&other, "DELETE", "/api/v1/namespaces/short/configmaps").await;
    assert_eq!(gone.names().iter().filter(|name| name.starts_with('m')).count(), 30);
    assert_eq!(ask(&one, "DELETE", "/api/v1/namespaces/short").await.status, 200);
    eventually("the namespace is gone", async || {
        ask(&other, "GET", "/api/v1/namespaces/short").await.status == 404
    })
    .await;
    assert_eq!(ask(&other, "GET", &format!("{things}/t")).await.status, 404);
    assert_eq!(
        ask(&other, "DELETE", &format!("{definitions}/things.example.com")).await.status,
        200
    );
    assert_eq!(ask(&one, "GET", things).await.status, 404);
    // Worlds.
    let in_a = format!("/worlds/a{MAPS}");
    assert_eq!(post(&one, "POST", &in_a, &map("of-a")).await.status, 201);
    assert_eq!(ask(&other, "GET", &format!("{in_a}/of-a")).await.status, 200);
    assert_eq!(ask(&other, "GET", &format!("{MAPS}/of-a")).await.status, 404);
    let before = revision(&ask(&one, "GET", &in_a).await);
    assert_eq!(ask(&other, "DELETE", "/__admin/worlds/a").await.status, 200);
    assert_eq!(ask(&one, "GET", &format!("{in_a}/of-a")).await.status, 404);
    assert_eq!(ask(&one, "GET", &format!("/worlds/a{TFJOBS}")).await.names(), ["tfjob-test"]);
    assert!(revision(&ask(&one, "GET", &in_a).await) > before, "revisions only grow");
    assert_eq!(post(&one, "POST", &in_a, &map("of-a")).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_writers_on_several_servers_all_count() {
    let Some(etcd) = Etcd::start() else { return };
    let (one, other) = (etcd.server().await, etcd.server().await);
    let body = json!({"metadata": {"name": "n"}, "data": {"n": ""}});
    assert_eq!(post(&one, "POST", MAPS, &body).await.status, 201);
    let path = format!("{MAPS}/n");
    let write = async |server: &RunningServer, writer: usize| {
        for n in 0..10 {
            let patch = json!([{"op": "add", "path": format!("/data/{writer}-{n}"), "value": ""}]);
            let media = [("content-type", "application/json-patch+json")];
            let answer = send(server, "PATCH", &path, &media, &patch.to_string()).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
    };
    tokio::join!(write(&one, 0), write(&other, 1), write(&one, 2), write(&other, 3));
    let data = ask(&other, "GET", &path).await.at("/data");
    assert_eq!(data.as_object().map(serde_json::Map::len), Some(41));
}

#[tokio::test(flavor = "multi_thread")]
async fn other_fixtures_are_refused_and_adopted() {
    let Some(etcd) = Etcd::start() else { return };
    let one = etcd.server().await;
    assert_eq!(post(&one, "POST", MAPS, &map("kept")).await.status, 201);
    let other = files(&[(
        "map.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other, namespace: default}\n",
    )]);
    let start = async |adopt| {
        let builder = Server::builder().fixtures(other.path()).store(&etcd.address, adopt);
        builder.start().await
    };
    let Err(Error::Invalid(refused)) = start(false).await else { panic!("it starts") };
    let text = refused.to_string();
    assert!(text.contains("fingerprint") && text.contains("--adopt"), "{text}");
    let adopting = start(true).await.expect("it starts");
    assert_eq!(ask(&adopting, "GET", &format!("{MAPS}/other")).await.status, 200);
    assert_eq!(ask(&adopting, "GET", &format!("{MAPS}/kept")).await.status, 200);
    eventually("the other one says so", async || ask(&one, "GET", "/readyz").await.status == 503)
        .await;
    // What has no prefix, or is no address, is said at the start.
    for address in ["etcd://127.0.0.1:1", "http://127.0.0.1:1/x"] {
        let Err(Error::Setting(why)) = Server::builder().store(address, false).start().await else {
            panic!("it starts")
        };
        assert!(why.contains("etcd://HOST:PORT"), "{why}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn controllers_run_on_one_server_and_go_on_at_another() {
    let Some(etcd) = Etcd::start() else { return };
    let start = async || {
        let builder = Server::builder().stages(true).store(&etcd.address, false);
        builder.start().await.expect("it starts")
    };
    let one = start().await;
    let other = start().await;
    let deployments = "/apis/apps/v1/namespaces/default/deployments";
    let deploy = async |server: &RunningServer, name: &str| {
        let template = json!({
            "metadata": {"labels": {"app": name}},
            "spec": {"containers": [{"name": "c", "image": "i"}]},
        });
        let spec = json!({"replicas": 3, "selector": {"matchLabels": {"app": name}}, "template": template});
        let made =
            post(server, "POST", deployments, &json!({"metadata": {"name": name}, "spec": spec}))
                .await;
        assert_eq!(made.status, 201, "{}", made.text());
    };
    let pods = async |server: &RunningServer, name: &str| {
        let target = format!("/api/v1/namespaces/default/pods?labelSelector=app%3D{name}");
        ask(server, "GET", &target).await.names().len()
    };
    let available = async |server: &RunningServer, name: &str| {
        let found = ask(server, "GET", &format!("{deployments}/{name}")).await;
        found.at("/status/availableReplicas") == 3
    };
    deploy(&other, "first").await;
    eventually("it is available", async || available(&other, "first").await).await;
    assert_eq!((pods(&one, "first").await, pods(&other, "first").await), (3, 3));
    // What its controllers have not done, another server does.
    one.shutdown().await;
    deploy(&other, "second").await;
    eventually("it is available", async || available(&other, "second").await).await;
    assert_eq!((pods(&other, "first").await, pods(&other, "second").await), (3, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_world_that_no_client_uses_is_removed() {
    let Some(etcd) = Etcd::start() else { return };
    let idle = Some(std::time::Duration::from_secs(2));
    let lines = Arc::new(Mutex::new(Vec::new()));
    let builder = || {
        let lines = Arc::clone(&lines);
        let log = move |line: &str| lines.lock().expect("no panic").push(line.to_owned());
        Server::builder().store(&etcd.address, false).store_world_idle(idle).log(log)
    };
    let one = builder().start().await.expect("it starts");
    let other = builder().start().await.expect("it starts");
    let [unused, watched] = ["unused", "watched"].map(|world| format!("/worlds/{world}{MAPS}"));
    for path in [&unused, &watched, &MAPS.to_owned()] {
        assert_eq!(post(&one, "POST", path, &map("m")).await.status, 201);
    }
    let seen = async |server: &RunningServer, path: &str| {
        ask(server, "GET", path).await.names().contains(&"m".to_owned())
    };
    let watching = format!("{watched}?watch=1&timeoutSeconds=30");
    let watch = ask(&other, "GET", &watching);
    let is_removed = |line: &String| line.contains("the world unused was not used for long");
    let removed = eventually("the world is removed", async || {
        lines.lock().expect("no panic").iter().any(is_removed)
    });
    tokio::select! {
        _ = watch => panic!("the watch is shorter than the test"),
        () = removed => {}
    }
    assert!(!seen(&one, &unused).await, "its objects are gone");
    assert!(seen(&one, &watched).await, "a watch is a use");
    assert!(seen(&one, MAPS).await, "the default world stays");
    assert_eq!(post(&other, "POST", &unused, &map("again")).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_a_past_that_etcd_has_are_answered() {
    let Some(etcd) = Etcd::start() else { return };
    let mut bounds = standin::Bounds::default();
    bounds.history.events = 2;
    let builder = Server::builder().store(&etcd.address, false).bounds(bounds);
    let one = builder.start().await.expect("it starts");
    for n in 0..4 {
        assert_eq!(post(&one, "POST", MAPS, &map(&format!("m{n}"))).await.status, 201);
    }
    let first = ask(&one, "GET", &format!("{MAPS}?limit=2")).await;
    let (then, token) =
        (revision(&first), first.at("/metadata/continue").as_str().expect("a token").to_owned());
    for n in 0..4 {
        assert_eq!(ask(&one, "DELETE", &format!("{MAPS}/m{n}")).await.status, 200);
    }
    let exact = format!("{MAPS}?resourceVersion={then}&resourceVersionMatch=Exact");
    let of_objects = |answer: &Answer| -> Vec<String> {
        answer.names().into_iter().filter(|name| name.starts_with('m')).collect()
    };
    for _ in 0..2 {
        let all = ask(&one, "GET", &exact).await;
        assert_eq!(all.status, 200, "{}", all.text());
        assert_eq!(revision(&all), then);
        assert_eq!(of_objects(&all), ["m0", "m1", "m2", "m3"]);
        let rest = ask(&one, "GET", &format!("{MAPS}?continue={token}")).await;
        assert_eq!(rest.status, 200, "{}", rest.text());
        assert_eq!(of_objects(&rest).last().map(String::as_str), Some("m3"));
    }
    // What is compacted is gone, though etcd has it.
    let floor = json!({"revision": revision(&ask(&one, "GET", MAPS).await)});
    assert_eq!(post(&one, "POST", "/__admin/store/compact", &floor).await.status, 200);
    assert_eq!(ask(&one, "GET", &exact).await.status, 410);
    assert_eq!(ask(&one, "GET", &format!("{MAPS}?continue={token}")).await.status, 410);
}
