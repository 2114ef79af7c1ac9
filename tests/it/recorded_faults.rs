//! Faults of a backend, kept in a recording: the client of the replay meets them at the same request.

use std::net::SocketAddr;
use std::time::Duration;

use standin::{RunningServer, Server, UpstreamOptions};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::support::{End, eventually, everything, raw};

/// A backend that answers `/silent` never, whose second answer to `/cut` ends after four of ten bytes,
/// and that answers `/gone` with nothing.
async fn backend() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut cuts = 0;
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 4096];
            let count = stream.read(&mut buffer).await.unwrap_or(0);
            let asked = String::from_utf8_lossy(&buffer[..count]).into_owned();
            let whole =
                "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 10\r\n\r\n0123456789";
            cuts += i32::from(asked.starts_with("GET /cut"));
            if asked.starts_with("GET /silent") {
                tokio::spawn(async move { drop(stream.read(&mut buffer).await) });
                continue;
            }
            let answer = match asked.as_str() {
                asked if asked.starts_with("GET /gone") => "",
                asked if asked.starts_with("GET /cut") && cuts == 2 => &whole[..whole.len() - 6],
                _ => whole,
            };
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    address
}

async fn ask(server: &RunningServer, path: &str) -> (String, End) {
    let request = format!("GET {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n");
    let (text, end) = raw(server.address(), request.as_bytes()).await;
    (text.split_once("\r\n\r\n").map_or(text.clone(), |(_, body)| body.to_owned()), end)
}

async fn record(keeps: bool) -> TempDir {
    let directory = TempDir::new().unwrap();
    let builder = Server::builder().nothing_loaded().keep_faults(keeps).record(directory.path());
    let url = format!("http://{}", backend().await);
    let options = UpstreamOptions::default().timeout(Duration::from_millis(300));
    let live = builder.upstream(url, options).start().await.unwrap();
    for path in ["/cut", "/cut", "/cut", "/gone", "/silent"] {
        ask(&live, path).await;
    }
    live.shutdown().await;
    directory
}

#[tokio::test]
async fn a_kept_fault_comes_back_at_the_same_request() {
    let directory = record(true).await;
    let replay = Server::builder().fixtures(directory.path()).start().await.unwrap();
    assert_eq!(ask(&replay, "/cut").await.0, "0123456789");
    assert_eq!(ask(&replay, "/cut").await.0, "0123");
    assert_eq!(ask(&replay, "/cut").await.0, "0123456789");
    assert_eq!(ask(&replay, "/gone").await.0, "");
    let silent = tokio::time::timeout(Duration::from_millis(300), ask(&replay, "/silent")).await;
    assert!(silent.is_err(), "{silent:?}");
    replay.shutdown().await;
}

#[tokio::test]
async fn faults_are_omitted_by_default() {
    let directory = record(false).await;
    assert!(!directory.path().join(".standin-faults.yaml").exists());
    assert!(!everything(directory.path()).contains("\"0123\""));
}

#[tokio::test]
async fn a_client_that_gives_up_has_met_a_stall() {
    let directory = TempDir::new().unwrap();
    let builder = Server::builder().nothing_loaded().keep_faults(true).record(directory.path());
    let url = format!("http://{}", backend().await);
    let live = builder.upstream(url, UpstreamOptions::default()).start().await.unwrap();
    let patience = Duration::from_millis(1_200);
    assert!(tokio::time::timeout(patience, ask(&live, "/silent")).await.is_err());
    let faults = directory.path().join(".standin-faults.yaml");
    eventually("the fault is recorded", async || faults.exists()).await;
    live.shutdown().await;
    assert!(std::fs::read_to_string(faults).unwrap().contains(r#"{"stall":"forever"}"#));
    let replay = Server::builder().fixtures(directory.path()).start().await.unwrap();
    let short = Duration::from_millis(200);
    assert!(tokio::time::timeout(short, ask(&replay, "/silent")).await.is_err());
    replay.shutdown().await;
}
