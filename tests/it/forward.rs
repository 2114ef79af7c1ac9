//! A forward proxy: its clients' requests to any server are recorded, distinguished by server, and replayed without them.

use std::net::SocketAddr;

use standin::{RunningServer, Server};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::plain_backend::{self, Reply};
use crate::support::{End, eventually, everything, raw};

/// A backend that says its name.
async fn backend(name: &'static str) -> SocketAddr {
    plain_backend::start(move |asked| Reply::ok("text/plain", format!("{name} {}", asked.target)))
        .await
}

async fn recorder(to: &TempDir) -> RunningServer {
    let builder = Server::builder().nothing_loaded().world_prefix(None);
    builder.forward_proxy([""; 0]).record(to.path()).start().await.unwrap()
}

/// The body of the answer to a request with an absolute URL.
async fn absolute(server: &RunningServer, url: &str) -> String {
    let host = url.split('/').nth(2).unwrap();
    let request = format!("GET {url} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    let (text, _) = raw(server.address(), request.as_bytes()).await;
    text.split_once("\r\n\r\n").map_or(text.clone(), |(_, body)| body.to_owned())
}

#[tokio::test]
async fn two_servers_are_recorded_and_replayed_separately() {
    let (one, two) = (backend("one").await, backend("two").await);
    let directory = TempDir::new().unwrap();
    let live = recorder(&directory).await;
    let urls = [format!("http://{one}/x?y=1"), format!("http://{two}/x?y=1")];
    assert_eq!(absolute(&live, &urls[0]).await, "one /x?y=1");
    assert_eq!(absolute(&live, &urls[1]).await, "two /x?y=1");
    // A path of this server belongs to the other server here.
    assert_eq!(absolute(&live, &format!("http://{one}/__admin/x")).await, "one /__admin/x");
    let (text, _) =
        raw(live.address(), b"GET /x HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n").await;
    assert!(text.contains("HTTP_PROXY"), "{text}");
    eventually("all is recorded", async || {
        everything(directory.path()).matches("\"port\"").count() == 3
    })
    .await;
    live.shutdown().await;

    let replay = Server::builder().fixtures(directory.path()).forward_proxy([""; 0]);
    let replay = replay.start().await.unwrap();
    assert_eq!(absolute(&replay, &urls[0]).await, "one /x?y=1");
    assert_eq!(absolute(&replay, &urls[1]).await, "two /x?y=1");
    assert_eq!(absolute(&replay, &format!("http://{one}/__admin/x")).await, "one /__admin/x");
    let other = absolute(&replay, "http://other.test/x?y=1").await;
    assert!(!other.contains("one") || other.contains("404") || other.contains("host"), "{other}");
    replay.shutdown().await;
}

#[tokio::test]
async fn a_connect_gets_a_tunnel_where_there_is_no_certificate_to_show() {
    let one = backend("one").await;
    let directory = TempDir::new().unwrap();
    let live = recorder(&directory).await;
    let request = format!(
        "CONNECT {one} HTTP/1.1\r\nhost: {one}\r\n\r\nGET /in HTTP/1.1\r\nhost: {one}\r\nconnection: close\r\n\r\n"
    );
    let mut stream = TcpStream::connect(live.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut seen = String::new();
    while !seen.ends_with("one /in") {
        let mut buffer = [0; 1024];
        let count = stream.read(&mut buffer).await.unwrap();
        assert!(count > 0, "{seen}");
        seen.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
    assert!(
        seen.starts_with("HTTP/1.1 200 Connection Established\r\n\r\nHTTP/1.1 200 OK"),
        "{seen}"
    );
    drop(stream);
    let (text, end) = raw(live.address(), b"CONNECT 127.0.0.1:1 HTTP/1.1\r\n\r\n").await;
    assert!(text.starts_with("HTTP/1.1 502"), "{text}");
    assert_eq!(end, End::Closed);
    live.shutdown().await;
    assert!(!everything(directory.path()).contains("/in"));
}
