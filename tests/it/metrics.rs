//! `/__admin/metrics`: a scrape shows the clients' requests.

use std::collections::BTreeMap;

use standin::{RunningServer, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{ask, files, try_send};

/// The samples of a scrape, by name and labels.
async fn scrape(server: &RunningServer) -> BTreeMap<String, String> {
    let answer = ask(server, "GET", "/__admin/metrics").await;
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(answer.headers["content-type"], content_type);
    let text = answer.text();
    assert!(text.ends_with("# EOF\n"), "{text}");
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.to_owned())
        })
        .collect()
}

#[tokio::test]
async fn a_scrape_shows_what_clients_did() {
    let scenario = "rules:\n- id: \"odd \\\"rule\\\"\"\n  match: {path: /gone}\n  then: {status: 503}\n- id: cut\n  match: {path: /cut}\n  then: {reset: before_headers}\n";
    let server = Server::builder().scenario_yaml(scenario).start().await.unwrap();
    let list = "/apis/kubeflow.org/v1/tfjobs";
    for path in [list, list, "/gone", "/nothing"] {
        ask(&server, "GET", path).await;
    }
    assert!(try_send(&server, "GET", "/cut", &[], "").await.is_err());
    let mut watch = TcpStream::connect(server.address()).await.unwrap();
    watch
        .write_all(format!("GET {list}?watch=1 HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes())
        .await
        .unwrap();
    watch.read_exact(&mut [0; 12]).await.unwrap();
    let samples = scrape(&server).await;
    for (name, value) in [
        (r#"standin_requests_total{stage="kubernetes",status="200"}"#, "3"),
        (r#"standin_requests_total{stage="scenario",status="503"}"#, "1"),
        (r#"standin_rule_actions_total{rule="inline/odd \"rule\""}"#, "1"),
        (r#"standin_rule_actions_total{rule="inline/cut"}"#, "1"),
        (r#"standin_faults_total{fault="reset"}"#, "1"),
        (r#"standin_request_duration_seconds_count{stage="kubernetes"}"#, "3"),
        (r#"standin_request_duration_seconds_bucket{le="+Inf",stage="kubernetes"}"#, "3"),
        ("standin_watches", "1"),
        ("standin_worlds", "1"),
        (r#"standin_reloads_total{result="success"}"#, "0"),
    ] {
        assert_eq!(samples.get(name).map(String::as_str), Some(value), "{name} in {samples:#?}");
    }
    assert!(samples.keys().any(|name| name.starts_with("standin_build_info{version=")));
    drop(watch);
    // The scrapes themselves are of the admin stage.
    let admin = &scrape(&server).await[r#"standin_requests_total{stage="admin",status="200"}"#];
    assert_ne!(admin, "0");
    server.shutdown().await;
}

#[tokio::test]
async fn a_failed_reload_is_counted() {
    let stub = r#"{"request": {"url": "/a"}, "response": {"status": 200}}"#;
    let folder = files(&[("stub.json", stub)]);
    let server = Server::builder().fixtures(folder.path()).start().await.unwrap();
    assert!(server.reload().is_ok());
    std::fs::write(folder.path().join("stub.json"), "{").unwrap();
    assert!(server.reload().is_err());
    let samples = scrape(&server).await;
    assert_eq!(samples[r#"standin_reloads_total{result="success"}"#], "1");
    assert_eq!(samples[r#"standin_reloads_total{result="failure"}"#], "1");
    assert_eq!((&*samples["standin_reload_problems"], &*samples["standin_stubs"]), ("1", "1"));
    server.shutdown().await;
}
