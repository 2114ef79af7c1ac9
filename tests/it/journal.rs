//! The journal, as WireMock's clients ask for it, and recordings made of it.

use serde_json::{Value, json};
use standin::{RunningServer, Server};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{PATIENCE, ask, files, send};

const SECRET: &str = "s3cret-4711-abcdef";

async fn admin(server: &RunningServer, path: &str, body: &Value) -> Value {
    let path = format!("/__admin/{path}");
    let answer = send(server, "POST", &path, &[], &body.to_string()).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

async fn server(stubs: &Value) -> (RunningServer, tempfile::TempDir) {
    let directory = files(&[("stubs.json", &json!({"mappings": stubs}).to_string())]);
    let server = Server::builder().fixtures(directory.path()).start().await.unwrap();
    (server, directory)
}

#[tokio::test]
async fn requests_are_counted_by_their_bodies_for_every_reader() {
    let (server, _files) = server(&json!([{"request": {"urlPath": "/a"}}])).await;
    for n in 0..3 {
        send(&server, "POST", "/a", &[], &format!("{{\"n\": {n}}}")).await;
    }
    send(&server, "POST", "/b", &[], "{\"n\": 1}").await;
    let by_body = json!({"bodyPatterns": [{"equalToJson": {"n": 1}}]});
    assert_eq!(admin(&server, "requests/count", &by_body).await["count"], 2);
    let by_both = json!({"urlPath": "/a", "bodyPatterns": [{"equalToJson": {"n": 1}}]});
    let found = admin(&server, "requests/find", &by_both).await;
    assert_eq!(found["requests"].as_array().map(Vec::len), Some(1));
    assert_eq!(found["requests"][0]["body"], "{\"n\": 1}");
    let removed = admin(&server, "requests/remove", &json!({"urlPath": "/a"})).await;
    assert_eq!(removed["serveEvents"].as_array().map(Vec::len), Some(3));
    assert_eq!(ask(&server, "GET", "/__admin/requests").await.at("/meta/total"), 1);
    // The admin API is not in the journal.
    assert_eq!(server.journal().recorded(), 4);
}

#[tokio::test]
async fn secrets_are_compared_and_not_shown() {
    let (server, _files) = server(&json!([{"request": {"urlPath": "/a"}}])).await;
    let bearer = format!("Bearer {SECRET}");
    let target = format!("/a?access_token={SECRET}");
    send(&server, "GET", &target, &[("authorization", &bearer)], "").await;
    send(&server, "GET", "/miss", &[("authorization", &bearer)], "").await;
    let pattern = json!({"headers": {"Authorization": {"equalTo": bearer}}});
    assert_eq!(admin(&server, "requests/count", &pattern).await["count"], 2);
    for path in ["requests", "requests/unmatched", "requests/unmatched/near-misses"] {
        let shown = ask(&server, "GET", &format!("/__admin/{path}")).await;
        assert!(shown.status == 200 && !shown.text().contains(SECRET), "{}", shown.text());
    }
    let found = admin(&server, "requests/find", &pattern).await.to_string();
    assert!(!found.contains(SECRET) && found.contains("Bearer "), "{found}");
}

#[tokio::test]
async fn what_kubernetes_answers_has_a_verb_and_a_resource() {
    let server = Server::builder().start().await.unwrap();
    ask(&server, "GET", "/apis/kubeflow.org/v1/tfjobs").await;
    let shown = ask(&server, "GET", "/__admin/requests").await;
    let standin = shown.at("/requests/0/request/standin");
    assert_eq!(
        (&standin["verb"], &standin["resource"]),
        (&json!("list"), &json!("tfjobs.kubeflow.org"))
    );
    assert_eq!(standin["answeredBy"], "kubernetes");
    assert_eq!(shown.at("/requests/0/wasMatched"), true);
}

#[tokio::test]
async fn a_recording_replays_without_its_secrets() {
    let echo = json!([{
        "request": {"urlPath": "/login"},
        "response": {"jsonBody": {"access_token": SECRET, "who": "me"}, "headers": {"Content-Type": "application/json"}},
    }]);
    let (backend, _backend_files) = server(&echo).await;
    let (server, _files) = server(&json!([])).await;
    let spec = json!({"targetBaseUrl": backend.url(), "captureHeaders": {"Authorization": {}}});
    admin(&server, "recordings/start", &spec).await;
    let bearer = format!("Bearer {SECRET}");
    let headers = [("authorization", bearer.as_str())];
    let target = format!("/login?token={SECRET}&page=1");
    let first = send(&server, "GET", &target, &headers, "").await;
    assert_eq!(first.at("/access_token"), SECRET);
    let stopped = admin(&server, "recordings/stop", &Value::Null).await;
    let text = stopped.to_string();
    assert!(!text.contains(SECRET) && text.contains("\"page\":"), "{text}");
    assert_eq!(ask(&server, "GET", "/__admin/recordings/status").await.at("/status"), "Stopped");
    // The backend is no longer asked.
    let asked = backend.journal().recorded();
    let again = send(&server, "GET", &target, &headers, "").await;
    assert_eq!((again.status.as_u16(), again.at("/who")), (200, json!("me")));
    assert_eq!(backend.journal().recorded(), asked);
    assert_eq!(send(&server, "GET", "/login?token=x&page=2", &headers, "").await.status, 404);
}

#[tokio::test]
async fn a_body_behind_the_answer_is_in_the_journal_while_the_connection_lives() {
    const UPGRADE: &str =
        "connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAEAAEAA\r\n";
    let (server, _files) = server(&json!([{"request": {"urlPath": "/a"}}])).await;
    for (framing, body) in [
        ("content-length: 4\r\n".to_owned(), "abcd"),
        (format!("content-length: 4\r\n{UPGRADE}"), "abcd"),
        ("transfer-encoding: chunked\r\n".to_owned(), "4\r\nabcd\r\n0\r\n\r\n"),
        (format!("transfer-encoding: chunked\r\n{UPGRADE}"), "4\r\nabcd\r\n0\r\n\r\n"),
    ] {
        for split in [false, true] {
            let mut connection = TcpStream::connect(server.address()).await.unwrap();
            let head = format!("POST /a HTTP/1.1\r\nhost: a\r\n{framing}\r\n");
            let first = if split { head.clone() } else { format!("{head}{body}") };
            connection.write_all(first.as_bytes()).await.unwrap();
            assert!(head_of(&mut connection).await.starts_with("HTTP/1.1 200"));
            if split {
                connection.write_all(body.as_bytes()).await.unwrap();
            }
            let shown = ask(&server, "GET", "/__admin/requests?limit=1").await;
            assert_eq!(shown.at("/requests/0/request/body"), "abcd", "{framing}, {split}");
            // The connection can carry another request.
            connection.write_all(b"GET /a HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
            assert!(head_of(&mut connection).await.starts_with("HTTP/1.1 200"));
        }
    }
}

/// What arrives up to the end of an answer without a body.
async fn head_of(connection: &mut TcpStream) -> String {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n0\r\n\r\n") {
        let byte = tokio::time::timeout(PATIENCE, connection.read_u8()).await;
        read.push(byte.expect("an answer").expect("a byte"));
    }
    String::from_utf8(read).unwrap()
}
