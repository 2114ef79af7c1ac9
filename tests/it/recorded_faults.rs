//! Faults of a backend, kept in a recording: the client of the replay meets them at the same request.

use std::net::SocketAddr;
use std::time::Duration;

use standin::{RunningServer, Server, UpstreamOptions};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::deliveries::over_http2;
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

/// How a backend goes on behind the first part of an answer.
#[derive(Debug, Clone, Copy)]
enum Then {
    Closes,
    Resets,
    Stalls,
}

/// A backend that sends a part of an answer, waits, and goes on.
async fn broken_backend(part: &'static str, pause: Duration, then: Then) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 4096];
            let _ = stream.read(&mut buffer).await;
            let _ = stream.write_all(part.as_bytes()).await;
            tokio::time::sleep(pause).await;
            match then {
                Then::Closes => {}
                Then::Resets => stream.set_zero_linger().unwrap(),
                Then::Stalls => drop(stream.read(&mut buffer).await),
            }
        }
    });
    url
}

#[tokio::test]
async fn a_fault_within_a_body_is_replayed_at_its_place() {
    let ms = Duration::from_millis;
    let sized = "HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: 10\r\n\r\n0123";
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\n0123\r\n";
    let json =
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{\"a";
    let none = "HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: 10\r\n\r\n";
    let bad = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\n0123\r\nZZ\r\n";
    // The body, the rule, and what the head announces.
    for (part, pause, then, body, rule, announced) in [
        (sized, ms(0), Then::Closes, "0123", r#"{"close":{"bytes":4}}"#, Some("10")),
        (
            sized,
            ms(300),
            Then::Resets,
            "0123",
            r#"{"reset":{"bytes":4},"stall":{"bytes":4,"for":"300ms"}}"#,
            Some("10"),
        ),
        (json, ms(0), Then::Closes, "{\"a", r#"{"close":{"bytes":3}}"#, Some("99")),
        (none, ms(0), Then::Closes, "", r#"{"close":"after_headers"}"#, Some("10")),
        (chunked, ms(0), Then::Closes, "0123", r#"{"close":{"bytes":4}}"#, None),
        (bad, ms(0), Then::Closes, "0123", r#"{"malformed_chunk":{"bytes":4}}"#, None),
    ] {
        let directory = TempDir::new().unwrap();
        let url = broken_backend(part, pause, then).await;
        let builder = Server::builder().nothing_loaded().keep_faults(true).record(directory.path());
        let live = builder.upstream(url, UpstreamOptions::default()).start().await.unwrap();
        ask(&live, "/x").await;
        live.shutdown().await;
        let faults = std::fs::read_to_string(directory.path().join(".standin-faults.yaml"));
        let faults = faults.unwrap();
        // A pause is as long as it was, on a machine that is busy.
        let rule = rule.split("300ms").next().unwrap();
        assert!(faults.contains(rule), "{faults}");
        let replay = Server::builder().fixtures(directory.path()).start().await.unwrap();
        let request = b"GET /x HTTP/1.1\r\nhost: h\r\n\r\n";
        let (answer, _) = raw(replay.address(), request).await;
        let (head, rest) = answer.split_once("\r\n\r\n").unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        assert_eq!(length, announced, "{answer:?}");
        let whole = announced.map_or_else(|| format!("4\r\n{body}\r\n"), |_| body.to_owned());
        assert!(rest.starts_with(&whole) && !rest.contains("\r\n0\r\n"), "{answer:?}");
        let (got, code) = over_http2(&replay, "/x", 65_535).await;
        assert_eq!(got.as_deref(), Some(body.as_bytes()), "{part}");
        assert!(code.is_some(), "{part}");
        replay.shutdown().await;
    }
}

#[tokio::test]
async fn a_stall_within_a_body_is_replayed_at_its_place() {
    for (head, announced) in [
        ("HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: 10\r\n\r\n0123", true),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\n0123\r\n", false),
    ] {
        let directory = TempDir::new().unwrap();
        let url = broken_backend(head, Duration::ZERO, Then::Stalls).await;
        let builder = Server::builder().nothing_loaded().keep_faults(true).record(directory.path());
        let live = builder.upstream(url, UpstreamOptions::default()).start().await.unwrap();
        let patience = Duration::from_millis(1_300);
        assert!(tokio::time::timeout(patience, ask(&live, "/x")).await.is_err());
        let faults = directory.path().join(".standin-faults.yaml");
        eventually("the fault is recorded", async || faults.exists()).await;
        live.shutdown().await;
        let text = std::fs::read_to_string(faults).unwrap();
        assert!(text.contains(r#"{"stall":{"bytes":4,"for":"forever"}}"#), "{text}");
        let replay = Server::builder().fixtures(directory.path()).start().await.unwrap();
        let mut stream = tokio::net::TcpStream::connect(replay.address()).await.unwrap();
        stream.write_all(b"GET /x HTTP/1.1\r\nhost: h\r\n\r\n").await.unwrap();
        let mut seen = Vec::new();
        let reading =
            async { while stream.read_buf(&mut seen).await.is_ok_and(|count| count > 0) {} };
        let short = Duration::from_millis(400);
        assert!(tokio::time::timeout(short, reading).await.is_err(), "it ended");
        let seen = String::from_utf8_lossy(&seen);
        assert!(seen.contains("0123"), "{seen}");
        assert_eq!(seen.contains("content-length: 10"), announced, "{seen}");
        let whole = tokio::time::timeout(short, over_http2(&replay, "/x", 65_535)).await;
        assert!(whole.is_err(), "{whole:?}");
        drop(stream);
        replay.shutdown().await;
    }
}
