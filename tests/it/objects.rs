//! Recordings and snapshots of a cluster become state.

use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};
use standin::{RunningServer, Server, UpstreamOptions};
use tempfile::TempDir;

use crate::support::{TFJOBS, ask, everything, files, kubeconfig, post, send, server};

async fn standin(arguments: &[&str]) -> Output {
    let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
    let run = move || {
        std::process::Command::new(env!("CARGO_BIN_EXE_standin")).args(arguments).output().unwrap()
    };
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

async fn serve(directory: &Path) -> RunningServer {
    Server::builder().fixtures(directory).start().await.unwrap()
}

const CONFIGS: &str = "/api/v1/namespaces/default/configmaps";
const SECRETS: &str = "/api/v1/namespaces/default/secrets";

/// A cluster with more config maps than a page has, a secret, and custom resources.
async fn cluster() -> RunningServer {
    let cluster = server().await;
    for number in 0..501 {
        let name = format!("c{number:03}");
        let config = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"k": "v"}});
        assert_eq!(post(&cluster, "POST", CONFIGS, &config).await.status, 201);
    }
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"},
        "data": {"password": "aHVudGVyMi1odW50ZXIy"}});
    assert_eq!(post(&cluster, "POST", SECRETS, &secret).await.status, 201);
    cluster
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_of_a_cluster_is_state() {
    let cluster = cluster().await;
    let directory = TempDir::new().unwrap();
    let to = directory.path().join("state");
    let to = to.to_str().unwrap();
    let types = "cm,secrets,tfjobs.kubeflow.org";
    let config = files(&[("config", &kubeconfig(&cluster.url(), "token: any"))]);
    let config = config.path().join("config").to_string_lossy().into_owned();
    standin(&["snapshot", "--kubeconfig", &config, "--resources", types, "--to", to]).await;
    let job = ask(&cluster, "GET", &format!("{TFJOBS}/tfjob-test")).await.json();
    cluster.shutdown().await;

    let text = everything(Path::new(to));
    assert!(!text.contains("aHVudGVyMi1odW50ZXIy"), "no secret is written");
    let copy = serve(Path::new(to)).await;
    let page = ask(&copy, "GET", &format!("{CONFIGS}?limit=500")).await;
    assert_eq!(page.names().len(), 500);
    assert_eq!(page.at("/metadata/remainingItemCount"), json!(1));
    let again = ask(&copy, "GET", &format!("{TFJOBS}/tfjob-test")).await.json();
    for part in ["/spec", "/status", "/metadata/uid", "/metadata/resourceVersion"] {
        assert_eq!(again.pointer(part), job.pointer(part), "{part}");
    }
    let secret = ask(&copy, "GET", &format!("{SECRETS}/s")).await;
    assert!(secret.at("/data/password").is_string(), "{}", secret.text());
    // The schema was included: it is enforced.
    let wrong = json!({"apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": {"name": "w"}, "spec": {"tfReplicaSpecs": 7}});
    assert_eq!(post(&copy, "POST", TFJOBS, &wrong).await.status, 422);
    assert_eq!(ask(&copy, "DELETE", &format!("{CONFIGS}/c000")).await.status, 200);
    assert_eq!(ask(&copy, "GET", &format!("{CONFIGS}/c000")).await.status, 404);
    copy.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_says_what_it_cannot_take() {
    let cluster = server().await;
    let directory = TempDir::new().unwrap();
    let to = directory.path().to_str().unwrap().to_owned();
    let run = async |arguments: Vec<String>| {
        let run = move || {
            std::process::Command::new(env!("CARGO_BIN_EXE_standin"))
                .args(arguments)
                .output()
                .unwrap()
        };
        let output = tokio::task::spawn_blocking(run).await.unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let (code, text) = run(words(&[
        "snapshot",
        "--upstream",
        &cluster.url(),
        "--resources",
        "unicorns",
        "--to",
        &to,
    ]))
    .await;
    assert_eq!(code, Some(1));
    assert!(text.contains("no resource type \"unicorns\""), "{text}");
    let url = cluster.url();
    cluster.shutdown().await;
    let (code, text) = run(words(&["snapshot", "--upstream", &url, "--to", &to])).await;
    assert_eq!(code, Some(1), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_answers_become_state() {
    let cluster = server().await;
    let recorded = TempDir::new().unwrap();
    let builder =
        Server::builder().nothing_loaded().upstream(cluster.url(), UpstreamOptions::default());
    let proxy = builder.record(recorded.path()).start().await.unwrap();
    let config = |name: &str, value: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"k": value}});
    for (name, value) in [("a", "1"), ("b", "1"), ("c", "1")] {
        assert_eq!(post(&proxy, "POST", CONFIGS, &config(name, value)).await.status, 201);
    }
    assert_eq!(ask(&proxy, "GET", CONFIGS).await.names().len(), 3);
    // The newer state counts, regardless of its source.
    assert_eq!(post(&proxy, "PUT", &format!("{CONFIGS}/a"), &config("a", "2")).await.status, 200);
    assert_eq!(ask(&proxy, "DELETE", &format!("{CONFIGS}/b")).await.status, 200);
    let revision = ask(&proxy, "GET", TFJOBS).await.at("/metadata/resourceVersion");
    ask(&cluster, "DELETE", &format!("{CONFIGS}/c")).await;
    post(&cluster, "POST", CONFIGS, &config("d", "1")).await;
    let from = revision.as_str().unwrap();
    let watch = format!("{CONFIGS}?watch=true&resourceVersion={from}&timeoutSeconds=1");
    let events = ask(&proxy, "GET", &watch).await;
    assert!(events.text().contains("DELETED"), "{}", events.text());
    let table = [("accept", "application/json;as=Table;v=v1;g=meta.k8s.io")];
    send(&proxy, "GET", "/api/v1/namespaces", &table, "").await;
    proxy.shutdown().await;
    cluster.shutdown().await;

    let out = TempDir::new().unwrap();
    let (from, to) = (recorded.path().to_str().unwrap(), out.path().to_str().unwrap());
    let output = standin(&["export", from, "--to", "objects", "--out", to]).await;
    let notes = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(notes.contains("Table"), "{notes}");
    let state = serve(out.path()).await;
    let values: Vec<(String, Value)> = ask(&state, "GET", CONFIGS).await.json()["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            (item["metadata"]["name"].as_str().unwrap().to_owned(), item["data"]["k"].clone())
        })
        .collect();
    assert_eq!(values, [("a".to_owned(), json!("2")), ("d".to_owned(), json!("1"))]);
    assert_eq!(ask(&state, "GET", TFJOBS).await.names(), ["tfjob-test"]);
    assert_eq!(post(&state, "POST", CONFIGS, &config("e", "1")).await.status, 201);
    state.shutdown().await;
}
