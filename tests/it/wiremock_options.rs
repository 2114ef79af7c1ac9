//! The program with WireMock's options.

use std::process::Stdio;

use http::HeaderMap;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::support::{PATIENCE, files};

/// A server as a process, and its URL.
async fn start(arguments: &[&str]) -> (Child, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_standin"))
        .args(["--port", "0", "--disable-banner"])
        .args(arguments)
        .kill_on_drop(true)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it runs");
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.take().expect("its output"));
    tokio::time::timeout(PATIENCE, out.read_line(&mut line)).await.expect("a line").expect("text");
    let from = line.find("http://").unwrap_or_else(|| panic!("no URL in {line:?}"));
    let url = line[from..].split_whitespace().next().expect("a URL").to_owned();
    child.stdout = Some(out.into_inner());
    (child, url)
}

async fn ask(
    method: &str,
    url: &str,
    fields: &[(&str, &str)],
    body: &str,
) -> (u16, HeaderMap, String) {
    let mut request = http::Request::builder().method(method).uri(url);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(bytes::Bytes::from(body.to_owned()))).expect("a request");
    let client = Client::builder(TokioExecutor::new()).build_http();
    let answer = tokio::time::timeout(PATIENCE, client.request(request)).await;
    let (head, body) = answer.expect("an answer").expect("an answer").into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    (head.status.as_u16(), head.headers, String::from_utf8_lossy(&body).into_owned())
}

fn all<'h>(headers: &'h HeaderMap, name: &str) -> Vec<&'h str> {
    headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
}

#[tokio::test]
async fn stub_cors_lets_pages_read_answers_but_not_the_admin_api() {
    let stub = r#"{"request": {"url": "/a"}, "response": {"body": "hi", "headers": {"Access-Control-Allow-Origin": "http://own"}}}"#;
    let root = files(&[("mappings/a.json", stub)]);
    let root = root.path().to_str().unwrap();
    let (_child, url) = start(&["--root-dir", root, "--enable-stub-cors"]).await;
    let origin = ("origin", "http://x.com");
    let (status, headers, body) = ask("GET", &format!("{url}/a"), &[origin], "").await;
    assert_eq!((status, body.as_str()), (200, "hi"));
    assert_eq!(all(&headers, "access-control-allow-origin"), ["http://x.com", "http://own"]);
    assert_eq!(all(&headers, "vary"), ["Origin"]);
    let method = ("access-control-request-method", "PUT");
    let asked = ("access-control-request-headers", "x-a");
    let (status, headers, body) =
        ask("OPTIONS", &format!("{url}/gone"), &[origin, method, asked], "").await;
    assert_eq!((status, body.as_str()), (200, ""));
    assert_eq!(all(&headers, "access-control-allow-headers"), ["x-a"]);
    assert_eq!(
        all(&headers, "access-control-allow-methods"),
        ["OPTIONS,GET,POST,PUT,PATCH,DELETE"]
    );
    // Without the question it is an ordinary request.
    let (status, ..) = ask("OPTIONS", &format!("{url}/gone"), &[origin], "").await;
    assert_eq!(status, 404);
    // Preflight requests are in no journal.
    let (_, _, requests) = ask("GET", &format!("{url}/__admin/requests"), &[], "").await;
    assert!(requests.contains("\"total\":2"), "{requests}");
    let admin = format!("{url}/__admin/mappings");
    for (method, fields) in [("GET", vec![origin]), ("OPTIONS", vec![origin, method])] {
        let (status, headers, _) = ask(method, &admin, &fields, "").await;
        assert!(status >= 400 && all(&headers, "access-control-allow-origin").is_empty());
    }
}

#[tokio::test]
async fn without_objects_kubernetes_paths_are_paths_like_others() {
    let root = files(&[("mappings/a.json", r#"{"request": {"url": "/api/v1/pods"}}"#)]);
    let root = root.path().to_str().unwrap();
    let (_child, url) = start(&["--root-dir", root]).await;
    let (status, ..) = ask("GET", &format!("{url}/api/v1/pods"), &[], "").await;
    assert_eq!(status, 200);
    for path in ["/api", "/apis/apps/v1/deployments", "/healthz", "/version", "/openapi/v2"] {
        let (status, _, body) = ask("GET", &format!("{url}{path}"), &[], "").await;
        assert_eq!(status, 404, "{path}");
        assert!(body.contains("Request was not matched"), "{path}: {body}");
    }
}

#[tokio::test]
async fn the_journal_is_turned_off_and_bounds_are_set() {
    let stub = r#"{"request": {"url": "/a", "bodyPatterns": [{"contains": "x"}]}}"#;
    let root = files(&[("mappings/a.json", stub)]);
    let root = root.path().to_str().unwrap();
    let bound = ["--bound", "request-body-bytes=1KiB"];
    let (_child, url) =
        start(&["--root-dir", root, "--no-request-journal", bound[0], bound[1]]).await;
    let target = format!("{url}/a");
    assert_eq!(ask("POST", &target, &[], "x").await.0, 200);
    assert_eq!(ask("POST", &target, &[], &"x".repeat(1024)).await.0, 200);
    let (status, _, body) = ask("POST", &target, &[], &"x".repeat(1025)).await;
    let why = "the body is larger than the limit of 1024 bytes; --bound request-body-bytes=SIZE raises it\n";
    assert_eq!((status, body.as_str()), (413, why));
    let count = format!("{url}/__admin/requests/count");
    let (status, _, body) = ask("POST", &count, &[], "{}").await;
    assert_eq!(status, 200);
    assert!(body.contains("-1") && body.contains("\"requestJournalDisabled\":true"), "{body}");
}
