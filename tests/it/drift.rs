//! Recordings compared with the current backend, and with descriptions of its API.

use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};
use standin::{RunningServer, Server, UpstreamOptions};
use tempfile::TempDir;

use crate::support::{TFJOBS, ask, files, send, server};

/// Runs `standin diff` outside of the serving threads.
async fn diff(arguments: &[&str]) -> Output {
    let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
    let run = move || {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_standin"));
        command.arg("diff").args(arguments).output().unwrap()
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

async fn recorder(backend: &RunningServer, to: &Path) -> RunningServer {
    let builder =
        Server::builder().nothing_loaded().upstream(backend.url(), UpstreamOptions::default());
    builder.record(to).start().await.unwrap()
}

fn stub(path: &str, response: &Value) -> String {
    json!({"request": {"method": "GET", "urlPath": path}, "response": response}).to_string()
}

/// All files of a folder, by their names.
fn content(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .unwrap()
        .flatten()
        .filter(|entry| entry.path().is_file())
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, std::fs::read(entry.path()).unwrap())
        })
        .collect();
    all.sort();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_drifted_is_shown_and_updated_in_place() {
    let json = |version: u8| {
        json!({"headers": {"Content-Type": "application/json", "X-Kind": "a"},
            "jsonBody": {"version": version, "token": "sk-live-0123456789abcdef", "same": [1, 2]}})
    };
    let live = files(&[
        ("a.json", &stub("/changed", &json(1))),
        ("b.json", &stub("/same", &json!({"body": "text"}))),
        ("c.json", &stub("/gone", &json!({"body": "here"}))),
    ]);
    let backend = Server::builder().fixtures(live.path()).start().await.unwrap();
    let recorded = TempDir::new().unwrap();
    let proxy = recorder(&backend, recorded.path()).await;
    for path in ["/changed", "/same", "/gone"] {
        assert_eq!(ask(&proxy, "GET", path).await.status, 200);
    }
    send(&proxy, "POST", "/same", &[], "x").await;
    proxy.shutdown().await;

    let (url, folder) = (backend.url(), recorded.path().to_str().unwrap().to_owned());
    let before = content(recorded.path());
    let same = diff(&["--upstream", &url, &folder]).await;
    assert_eq!(same.status.code(), Some(0), "{}", text(&same));
    assert!(text(&same).contains("3 the same, 0 drifted, 1 not compared"), "{}", text(&same));

    std::fs::write(live.path().join("a.json"), stub("/changed", &json(2))).unwrap();
    std::fs::remove_file(live.path().join("c.json")).unwrap();
    backend.reload().unwrap();
    let drifted = diff(&["--upstream", &url, &folder]).await;
    let shown = text(&drifted);
    assert_eq!(drifted.status.code(), Some(1), "{shown}");
    for line in ["-  \"version\": 1", "+  \"version\": 2", "-status: 200", "+status: 404"] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    assert!(!shown.contains("sk-live-0123456789abcdef"), "{shown}");
    assert_eq!(content(recorded.path()), before, "nothing is written without --update");
    let ignoring = diff(&["--upstream", &url, &folder, "--ignore", "$.version", "--json"]).await;
    let report: Value = serde_json::from_slice(&ignoring.stdout).unwrap();
    assert_eq!((report["same"].as_u64(), report["drifted"].as_u64()), (Some(2), Some(1)));
    std::fs::write(recorded.path().join(".standin-diff.yaml"), "ignore: [$.version]\n").unwrap();
    let ignoring = diff(&["--upstream", &url, &folder, "--json"]).await;
    assert_eq!(
        ignoring.stdout,
        diff(&["--upstream", &url, &folder, "--ignore", "$.version", "--json"]).await.stdout
    );
    std::fs::remove_file(recorded.path().join(".standin-diff.yaml")).unwrap();

    let updated = diff(&["--upstream", &url, &folder, "--update"]).await;
    assert_eq!(updated.status.code(), Some(0), "{}", text(&updated));
    let after = content(recorded.path());
    let changed: Vec<&str> = before
        .iter()
        .zip(&after)
        .filter(|(before, after)| before != after)
        .map(|(before, _)| before.0.as_str())
        .collect();
    assert_eq!((before.len(), changed.len()), (after.len(), 2), "{changed:?}");
    assert_eq!(diff(&["--upstream", &url, &folder]).await.status.code(), Some(0));
    let replay = Server::builder().fixtures(recorded.path()).start().await.unwrap();
    assert_eq!(ask(&replay, "GET", "/changed").await.at("/version"), json!(2));
    assert_eq!(ask(&replay, "GET", "/gone").await.status, 404);
    replay.shutdown().await;

    backend.shutdown().await;
    let nobody = diff(&["--upstream", &url, &folder]).await;
    assert_eq!(nobody.status.code(), Some(2), "{}", text(&nobody));
}

#[tokio::test(flavor = "multi_thread")]
async fn kubernetes_noise_and_refused_credentials_are_no_drift() {
    let backend = server().await;
    let recorded = TempDir::new().unwrap();
    let proxy = recorder(&backend, recorded.path()).await;
    assert_eq!(ask(&proxy, "GET", TFJOBS).await.status, 200);
    assert_eq!(ask(&proxy, "GET", &format!("{TFJOBS}/tfjob-test")).await.status, 200);
    proxy.shutdown().await;
    let folder = recorded.path().to_str().unwrap();
    // A write elsewhere moves the revision of the list; a label is a change.
    let pod = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}});
    let json = [("content-type", "application/json")];
    send(&backend, "POST", "/api/v1/namespaces/default/configmaps", &json, &pod.to_string()).await;
    let same = diff(&["--upstream", &backend.url(), folder]).await;
    assert_eq!(same.status.code(), Some(0), "{}", text(&same));
    let patch = [("content-type", "application/merge-patch+json")];
    let label = json!({"metadata": {"labels": {"new": "label"}}}).to_string();
    send(&backend, "PATCH", &format!("{TFJOBS}/tfjob-test"), &patch, &label).await;
    let drifted = diff(&["--upstream", &backend.url(), folder]).await;
    assert_eq!(drifted.status.code(), Some(1), "{}", text(&drifted));
    assert!(text(&drifted).contains("+      \"new\": \"label\""), "{}", text(&drifted));

    let tokens = files(&[("tokens.csv", "good,user,1\n"), ("token", "good\n")]);
    let guarded = Server::builder()
        .token_auth_file(tokens.path().join("tokens.csv"))
        .anonymous_auth(false)
        .start()
        .await
        .unwrap();
    let refused = diff(&["--upstream", &guarded.url(), folder]).await;
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused));
    assert!(text(&refused).contains("--token-file"), "{}", text(&refused));
    let token = tokens.path().join("token");
    let allowed =
        diff(&["--upstream", &guarded.url(), folder, "--token-file", token.to_str().unwrap()])
            .await;
    assert_eq!(allowed.status.code(), Some(0), "{}", text(&allowed));
}

#[tokio::test(flavor = "multi_thread")]
async fn recordings_are_compared_with_descriptions() {
    let job = |replicas: &Value| json!({"apiVersion": "x.example/v1", "kind": "Job", "metadata": {"name": "a"}, "spec": {"replicas": replicas}});
    let stubs = files(&[
        (
            "1.json",
            &stub(
                "/apis/x.example/v1/jobs/a",
                &json!({"jsonBody": job(&json!(1)), "headers": {"Content-Type": "application/json"}}),
            ),
        ),
        (
            "2.json",
            &stub(
                "/apis/x.example/v1/jobs/b",
                &json!({"jsonBody": job(&json!("two")), "headers": {"Content-Type": "application/json"}}),
            ),
        ),
        (
            "3.json",
            &stub(
                "/pets/7",
                &json!({"jsonBody": {"name": 7}, "headers": {"Content-Type": "application/json"}}),
            ),
        ),
    ]);
    let crd = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: jobs.x.example}\nspec:\n  group: x.example\n  scope: Cluster\n  names: {plural: jobs, kind: Job}\n  versions:\n  - name: v1\n    served: true\n    storage: true\n    schema:\n      openAPIV3Schema:\n        type: object\n        properties: {spec: {type: object, properties: {replicas: {type: integer}}}}\n";
    let openapi = "openapi: 3.0.0\npaths:\n  /pets/{id}:\n    get:\n      responses:\n        '200':\n          content:\n            application/json:\n              schema: {type: object, properties: {name: {type: string}}}\n";
    let api = files(&[("crd.yaml", crd), ("api.yaml", openapi), ("none.yaml", "a: 1\n")]);
    let at = |name: &str| api.path().join(name).to_str().unwrap().to_owned();
    let folder = stubs.path().to_str().unwrap();
    let found = diff(&[folder, "--against", &at("crd.yaml"), "--json"]).await;
    assert_eq!(found.status.code(), Some(1), "{}", text(&found));
    let report: Value = serde_json::from_slice(&found.stdout).unwrap();
    let verdicts: Vec<&str> = report["fixtures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["verdict"].as_str().unwrap())
        .collect();
    assert_eq!(verdicts, ["same", "drifted", "skipped"], "{report:#}");
    assert!(
        report["fixtures"][1]["diff"].as_str().unwrap().contains("spec.replicas"),
        "{report:#}"
    );
    let found = diff(&[folder, "--against", &at("crd.yaml"), "--against", &at("api.yaml")]).await;
    assert!(text(&found).contains("/name: 7 is not of type"), "{}", text(&found));
    let wrong = diff(&[folder, "--against", &at("none.yaml")]).await;
    assert_eq!(wrong.status.code(), Some(3), "{}", text(&wrong));
}

/// A backend that compresses its answer again for each request: the bytes differ, and say the same.
#[cfg(feature = "gzip")]
async fn compressing(text: &'static str) -> String {
    use std::io::Write as _;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut moment = 0;
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            moment += 1;
            let builder = flate2::GzBuilder::new().mtime(moment);
            let mut gzip = builder.write(Vec::new(), flate2::Compression::fast());
            gzip.write_all(text.as_bytes()).unwrap();
            let body = gzip.finish().unwrap();
            let head = format!(
                "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(&[head.as_bytes(), &body].concat()).await;
        }
    });
    url
}

#[cfg(feature = "gzip")]
#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_compressed_again_is_the_same_answer() {
    let url = compressing("{\"a\": 1}").await;
    let recorded = TempDir::new().unwrap();
    let mut before = Vec::new();
    for _ in 0..2 {
        let builder = Server::builder().nothing_loaded().upstream(&url, UpstreamOptions::default());
        let proxy = builder.record(recorded.path()).start().await.unwrap();
        for _ in 0..2 {
            assert_eq!(ask(&proxy, "GET", "/a").await.status, 200);
        }
        proxy.shutdown().await;
        let after = content(recorded.path());
        assert!(before.is_empty() || before == after, "recorded again it is the same");
        before = after;
    }
    let mappings = before
        .iter()
        .filter(|(name, _)| Path::new(name).extension().is_some_and(|it| it == "json"))
        .count();
    assert_eq!(mappings, 1, "two requests have the same answer");
    let folder = recorded.path().to_str().unwrap();
    let same = diff(&["--upstream", &url, folder]).await;
    assert_eq!(same.status.code(), Some(0), "{}", text(&same));
    let other = compressing("{\"a\": 2}").await;
    let drifted = diff(&["--upstream", &other, folder]).await;
    assert!(text(&drifted).contains("+  \"a\": 2"), "{}", text(&drifted));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_backend_is_not_asked_for_each_stub() {
    let stubs = files(&[
        ("1.json", &stub("/1", &json!({}))),
        ("2.json", &stub("/2", &json!({}))),
        ("3.json", &stub("/3", &json!({}))),
        ("4.json", &stub("/4", &json!({}))),
    ]);
    let folder = stubs.path().to_str().unwrap();
    let gone = diff(&["--upstream", "http://127.0.0.1:1", folder]).await;
    assert_eq!(gone.status.code(), Some(2), "{}", text(&gone));
    let of = |path: &str| {
        let shown = text(&gone);
        shown.lines().find(|line| line.contains(&format!("GET {path} "))).unwrap().to_owned()
    };
    assert!(of("/3").contains("does not answer") && of("/4").contains("not asked"), "{}", of("/4"));
    let nothing = TempDir::new().unwrap();
    let empty = diff(&["--upstream", "http://127.0.0.1:1", nothing.path().to_str().unwrap()]).await;
    assert!(text(&empty).contains("no answer was compared"), "{}", text(&empty));
    let unnamed = diff(&[folder]).await;
    assert_eq!(unnamed.status.code(), Some(2));
    assert!(text(&unnamed).contains("--against"), "{}", text(&unnamed));
}
