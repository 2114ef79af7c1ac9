//! A backend is recorded, goes away, and its recording answers in its place.

use std::path::Path;

use serde_json::json;
use standin::{RunningServer, Server, UpstreamOptions};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::{
    PATIENCE, TFJOBS, ask, everything, post, read_all, send, server, with_scenario,
};

async fn recorder(backend: &RunningServer, to: &Path) -> RunningServer {
    let builder =
        Server::builder().nothing_loaded().upstream(backend.url(), UpstreamOptions::default());
    builder.record(to).start().await.unwrap()
}

/// The body of a raw chunked answer.
fn unchunked(answer: &str) -> String {
    let mut rest = answer.split_once("\r\n\r\n").expect("a head").1;
    let mut body = String::new();
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).expect("a chunk");
        body.push_str(&after[..size]);
        rest = &after[size + 2..];
    }
    body
}

/// Watches, has jobs written in the meantime, and reads to the end of the stream.
async fn watch(server: &RunningServer, revision: &str, meanwhile: impl AsyncFnOnce()) -> String {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let request = format!(
        "GET {TFJOBS}?watch=true&resourceVersion={revision}&timeoutSeconds=1 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    meanwhile().await;
    let (answer, _) = tokio::time::timeout(PATIENCE, read_all(&mut stream)).await.expect("it ends");
    unchunked(&answer)
}

#[tokio::test]
async fn a_recording_answers_when_the_backend_is_gone() {
    let backend = server().await;
    let directory = TempDir::new().unwrap();
    let proxy = recorder(&backend, directory.path()).await;
    let secret = [
        ("authorization", "Bearer secret-1"),
        ("cookie", "secret-2"),
        ("x-auth-token", "secret-3"),
    ];
    let list = send(&proxy, "GET", TFJOBS, &secret, "").await;
    assert_eq!(list.names(), ["tfjob-test"]);
    let revision = list.at("/metadata/resourceVersion").as_str().unwrap().to_owned();
    let job = json!({"apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": {"name": "made"}, "spec": list.at("/items/0/spec")});
    let mut created = None;
    let events = watch(&proxy, &revision, async || {
        created = Some(post(&proxy, "POST", TFJOBS, &job).await);
    })
    .await;
    let created = created.unwrap();
    assert_eq!(created.status, 201, "{}", created.text());
    assert!(events.contains("\"ADDED\"") && events.contains("\"made\""), "{events}");
    let missing = ask(&proxy, "GET", &format!("{TFJOBS}/none")).await;
    assert_eq!(missing.status, 404);
    assert_eq!(proxy.journal().count(|exchange| exchange.origin.label() == "upstream"), 4);
    proxy.shutdown().await;
    backend.shutdown().await;

    let on_disk = everything(directory.path());
    assert!(!on_disk.contains("secret-"), "{on_disk}");
    let replay = Server::builder().fixtures(directory.path()).start().await.unwrap();
    assert_eq!(ask(&replay, "GET", TFJOBS).await.json(), list.json());
    let again = post(&replay, "POST", TFJOBS, &job).await;
    assert_eq!((again.status.as_u16(), again.json()), (201, created.json()));
    assert_eq!(ask(&replay, "GET", &format!("{TFJOBS}/none")).await.json(), missing.json());
    assert_eq!(watch(&replay, &revision, async || {}).await, events, "event by event");
}

#[tokio::test]
async fn token_secrets_stay_off_the_disk() {
    let backend = with_scenario("token-refresh").await;
    let directory = TempDir::new().unwrap();
    let proxy = recorder(&backend, directory.path()).await;
    let issued = send(
        &proxy,
        "POST",
        "/v3/auth/tokens",
        &[("content-type", "application/json")],
        "{\"auth\": {\"password\": \"secret-1\"}}",
    )
    .await;
    let token = issued.headers["x-subject-token"].to_str().unwrap().to_owned();
    let list = send(&proxy, "GET", TFJOBS, &[("x-auth-token", &token)], "").await;
    assert_eq!(list.status, 200);
    proxy.shutdown().await;
    let on_disk = everything(directory.path());
    assert!(!on_disk.contains(&token) && !on_disk.contains("secret-1"), "{on_disk}");
}

#[tokio::test]
async fn a_serving_server_records_what_it_cannot_answer() {
    let files = crate::support::files(&[(
        "stub.json",
        "{\"request\": {\"urlPath\": \"/far\"}, \"response\": {\"body\": \"away\"}}",
    )]);
    let backend = Server::builder().fixtures(files.path()).start().await.unwrap();
    let directory = TempDir::new().unwrap();
    let server = Server::builder()
        .upstream(backend.url(), UpstreamOptions::default())
        .record(directory.path())
        .start()
        .await
        .unwrap();
    assert_eq!(ask(&server, "GET", TFJOBS).await.names(), ["tfjob-test"], "its own");
    assert_eq!(ask(&server, "GET", "/far").await.text(), "away");
    backend.shutdown().await;
    assert_eq!(ask(&server, "GET", "/far").await.status, 502);
    server.shutdown().await;
    let on_disk = everything(directory.path());
    assert!(on_disk.contains("/far") && !on_disk.contains("tfjob"), "{on_disk}");
}
