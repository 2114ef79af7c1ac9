//! Faults on the wire, byte by byte: on stubs, objects, recordings and proxied answers, over HTTP/1.1
//! and HTTP/2.

mod frames;
mod places;

use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Full};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use standin::UpstreamOptions;
use standin::{RunningServer, Server};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{End, PATIENCE, TFJOBS, ask, eventually, files, post, raw};

/// A body of 2,000 bytes.
fn body() -> String {
    "0123456789".repeat(200)
}

/// Four chunks of a stream, a millisecond apart.
fn recorded() -> String {
    let chunk = format!(r#"{{"after": "1ms", "body": "{}"}}"#, "0123456789".repeat(50));
    let chunks = [chunk.as_str(); 4].join(", ");
    format!(
        r#"{{"status": 200, "body": "{}", "transformers": ["standin-stream"], "transformerParameters": {{"chunks": [{chunks}]}}}}"#,
        body()
    )
}

fn stub(name: &str, response: &str) -> String {
    format!(r#"{{"request": {{"urlPath": "/{name}"}}, "response": {response}}}"#)
}

/// A server with answers from every origin: stubs, recordings, objects, a backend.
struct All {
    server: RunningServer,
    _backend: RunningServer,
    _files: [TempDir; 3],
}

/// One path for each kind of answer.
const KINDS: [&str; 4] = ["/stub", "/recorded", TFJOBS, "/proxied"];

/// A response with the length of its body: without it stubs are sent in chunks.
fn with_length() -> String {
    let (body, length) = (body(), body().len());
    format!(r#"{{"status": 200, "headers": {{"Content-Length": "{length}"}}, "body": "{body}"}}"#)
}

async fn all(rules: &str) -> All {
    let fixtures = files(&[
        ("stub.json", &stub("stub", &with_length())),
        (
            "recorded.json",
            // As the recorder writes a stream: with its pace.
            &stub("recorded", &recorded()),
        ),
        ("crds.json", include_str!("../../fixtures/crds/tfjobs.json")),
        ("job.yaml", &job("one")),
    ]);
    let behind = files(&[("proxied.json", &stub("proxied", &with_length()))]);
    let backend = Server::builder().fixtures(behind.path()).start().await.unwrap();
    let scenario = files(&[("s.yaml", rules)]);
    let server = Server::builder()
        .fixtures(fixtures.path())
        .scenario(scenario.path().join("s.yaml").to_str().unwrap())
        .upstream(backend.url(), UpstreamOptions::default())
        .start()
        .await
        .unwrap();
    All { server, _backend: backend, _files: [fixtures, behind, scenario] }
}

fn job(name: &str) -> String {
    let padding = "x".repeat(2000);
    format!(
        "apiVersion: kubeflow.org/v1\nkind: TFJob\nmetadata: {{name: {name}, namespace: kube-test, annotations: {{pad: {padding}}}}}\n\
         spec: {{tfReplicaSpecs: {{Worker: {{replicas: 1, template: {{spec: {{containers: [{{name: tensorflow, image: x}}]}}}}}}}}}}\n"
    )
}

fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
}

/// The body without chunk sizes, and whether the answer had a length.
fn dechunked(answer: &str) -> (String, bool) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    if head.contains("content-length") {
        return (body.to_owned(), true);
    }
    let mut rest = body;
    let mut whole = String::new();
    while let Some((size, after)) = rest.split_once("\r\n") {
        let Ok(size) = usize::from_str_radix(size, 16) else { break };
        let size = size.min(after.len());
        whole.push_str(&after[..size]);
        rest = after[size..].trim_start_matches("\r\n");
    }
    (whole, false)
}

#[tokio::test]
async fn every_fault_strikes_every_kind_of_answer() {
    let table: [(&str, Option<usize>, End); 9] = [
        ("reset: before_headers", None, End::Reset),
        ("close: before_headers", None, End::Closed),
        ("garbage: before_headers", None, End::Closed),
        ("close: after_headers", Some(0), End::Closed),
        ("close: {bytes: 700}", Some(700), End::Closed),
        ("cut: {bytes: 1KiB}", Some(1024), End::Closed),
        ("malformed_chunk: {bytes: 700}", Some(700), End::Closed),
        ("stall: 30ms", None, End::Closed),
        ("slow: {chunk: 1000B, every: 5ms}", None, End::Closed),
    ];
    for (then, bytes, end) in table {
        let all = all(&format!("rules: [{{then: {{{then}}}}}]")).await;
        for path in KINDS {
            let (got, ended) = raw(all.server.address(), get(path).as_bytes()).await;
            assert_eq!(ended, end, "{path} {then}: {got}");
            if then.contains("before") {
                let expected = if then.contains("garbage") { "this is not HTTP" } else { "" };
                assert!(got.contains(expected) && got.len() < 60, "{path} {then}: {got}");
                continue;
            }
            assert!(got.starts_with("HTTP/1.1 200 OK\r\n"), "{path} {then}: {got}");
            let (body, has_length) = dechunked(&got);
            match bytes {
                // The announced length is true; the body is short.
                Some(bytes) => assert_eq!(body.len(), bytes, "{path} {then}"),
                None => assert!(body.len() >= 2000, "{path} {then}: {} bytes", body.len()),
            }
            if then.contains("malformed") {
                assert!(!has_length && got.contains("\r\nzz\r\n"), "{path} {then}: {got}");
            }
        }
    }
}

#[tokio::test]
async fn a_truncated_body_has_a_true_length() {
    let all = all("rules: [{then: {cut: {bytes: 100}}}]").await;
    let (got, end) = raw(all.server.address(), get("/stub").as_bytes()).await;
    assert!(got.contains("content-length: 2000\r\n") && end == End::Closed, "{got}");
    assert!(got.ends_with(&body()[..100]), "{got}");
    let (got, end) = raw(all.server.address(), get("/recorded").as_bytes()).await;
    assert!(got.contains("transfer-encoding: chunked\r\n") && end == End::Closed, "{got}");
    assert!(!got.contains("\r\n0\r\n"), "no last chunk: {got}");
}

/// Returns how much of a body arrived, and the code of the `RST_STREAM` that ended it.
async fn over_http2(server: &RunningServer, path: &str) -> (Option<usize>, Result<(), u32>) {
    let tcp = TcpStream::connect(server.address()).await.unwrap();
    let (mut sender, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(tcp)).await.unwrap();
    tokio::spawn(connection);
    let request = http::Request::get(format!("http://stand.in{path}"));
    let request = request.body(Empty::<Bytes>::new()).unwrap();
    let code = |error: hyper::Error| {
        let source = std::error::Error::source(&error);
        let reason = source.and_then(|source| source.downcast_ref::<h2::Error>()?.reason());
        u32::from(reason.unwrap_or_else(|| panic!("{error:?}")))
    };
    let answer = match sender.send_request(request).await {
        Ok(answer) => answer,
        Err(error) => return (None, Err(code(error))),
    };
    let mut body = answer.into_body();
    let mut got = 0;
    loop {
        match body.frame().await {
            Some(Ok(frame)) => got += frame.into_data().map_or(0, |data| data.len()),
            Some(Err(error)) => return (Some(got), Err(code(error))),
            None => return (Some(got), Ok(())),
        }
    }
}

#[tokio::test]
async fn streams_of_http2_end_with_the_requested_code() {
    for (then, bytes, ended) in [
        ("rst_stream: REFUSED_STREAM", None, Err(7)),
        ("rst_stream: {code: CANCEL, at: after_headers}", Some(0), Err(8)),
        ("rst_stream: {code: 11, at: {bytes: 1000}}", Some(1000), Err(11)),
        ("reset: before_headers", None, Err(2)),
        ("close: {bytes: 500}", Some(500), Err(2)),
        ("garbage: after_headers", Some(0), Err(1)),
        ("malformed_chunk: {bytes: 10}", Some(10), Err(1)),
        ("slow: {chunk: 1000B, every: 2ms}", Some(2000), Ok(())),
        ("stall: 10ms", Some(2000), Ok(())),
    ] {
        let all = all(&format!("rules: [{{then: {{{then}}}}}]")).await;
        for path in ["/stub", "/recorded", "/proxied"] {
            assert_eq!(over_http2(&all.server, path).await, (bytes, ended), "{path} {then}");
        }
    }
}

#[tokio::test]
async fn a_request_that_stalls_forever_ends_with_its_client_and_others_are_served() {
    let all = all("rules: [{match: {path: /stub}, then: {stall: forever}}]").await;
    let mut stalled = TcpStream::connect(all.server.address()).await.unwrap();
    stalled.write_all(get("/stub").as_bytes()).await.unwrap();
    assert_eq!(ask(&all.server, "GET", "/recorded").await.status, 200);
    let mut buffer = [0; 1];
    let silent = tokio::time::timeout(Duration::from_millis(100), stalled.read(&mut buffer)).await;
    assert!(silent.is_err(), "not a byte");
    drop(stalled);
    // A stalled request does not delay the shutdown of the server.
    let mut other = TcpStream::connect(all.server.address()).await.unwrap();
    other.write_all(get("/stub").as_bytes()).await.unwrap();
    let journal = all.server.journal();
    eventually("it has arrived", async || journal.recorded() >= 3).await;
    let began = Instant::now();
    all.server.shutdown().await;
    assert!(began.elapsed() < PATIENCE);
    assert_eq!(
        tokio::time::timeout(PATIENCE, other.read(&mut buffer)).await.unwrap().unwrap_or(0),
        0
    );
}

#[tokio::test]
async fn an_answer_after_a_long_wait_is_the_whole_answer() {
    let all = all("rules: [{then: {delay: 600ms}}]").await;
    for path in KINDS {
        let keep = format!(
            "GET {path} HTTP/1.1\r\nhost: x\r\n\r\nHEAD {path} HTTP/1.1\r\nhost: x\r\n\r\n{}",
            get(path)
        );
        let (got, end) = raw(all.server.address(), keep.as_bytes()).await;
        assert_eq!(end, End::Closed);
        assert_eq!(got.matches("HTTP/1.1 200 OK\r\n").count(), 3, "{path}: {got}");
        assert_eq!(got.matches("x-standin-rule: s/rule-1\r\n").count(), 3, "{path}");
    }
    // A request with a body, which is read first.
    let created = post(&all.server, "POST", TFJOBS, &serde_json::json!({
        "apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": {"name": "late"},
        "spec": {"tfReplicaSpecs": {"Worker": {"replicas": 1, "template": {"spec": {"containers": [{"name": "tensorflow", "image": "x"}]}}}}},
    }))
    .await;
    assert_eq!(created.status, 201, "{}", created.text());
}

#[tokio::test]
async fn a_create_is_withheld_and_happens_once() {
    let scenario = files(&[("s.yaml", "rules: [{match: {verb: create}, then: {withhold: 50ms}}]")]);
    let path = scenario.path().join("s.yaml");
    let server = Server::builder().scenario(path.to_str().unwrap()).start().await.unwrap();
    let tcp = TcpStream::connect(server.address()).await.unwrap();
    let (mut sender, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(tcp)).await.unwrap();
    tokio::spawn(connection);
    let body = Full::new(Bytes::from(job("withheld")));
    let request = http::Request::post(format!("http://stand.in{TFJOBS}"))
        .header("content-type", "application/yaml")
        .body(body)
        .unwrap();
    assert_eq!(sender.send_request(request).await.unwrap().status(), 201);
    assert_eq!(ask(&server, "GET", TFJOBS).await.names(), ["tfjob-test", "withheld"]);
}
