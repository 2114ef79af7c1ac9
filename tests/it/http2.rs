//! HTTP/2 by prior knowledge: many streams, and clients that abuse them, byte by byte.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use standin::{RunningServer, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{PATIENCE, TFJOBS, ask, bounds, files, server};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
/// The flags `END_HEADERS` and `END_STREAM`.
const WHOLE: u8 = 0x5;
/// `GET /version`, `:scheme http`, `:authority x`, in HPACK's literal forms.
const GET_VERSION: &[u8] = b"\x82\x86\x41\x01x\x44\x08/version";

async fn connect(server: &RunningServer) -> SendRequest<Empty<Bytes>> {
    let tcp = TcpStream::connect(server.address()).await.unwrap();
    let (sender, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(tcp)).await.unwrap();
    tokio::spawn(connection);
    sender
}

fn request(path: &str) -> http::Request<Empty<Bytes>> {
    http::Request::get(format!("http://stand.in{path}")).body(Empty::new()).unwrap()
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = u32::try_from(payload.len()).unwrap().to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// The frames that a server sends until it ends the connection: kind and payload.
async fn frames(stream: &mut TcpStream) -> Vec<(u8, Vec<u8>)> {
    let mut all = Vec::new();
    let reading = async {
        let mut buffer = vec![0_u8; 16 << 10];
        while let Ok(read) = stream.read(&mut buffer).await {
            if read == 0 {
                break;
            }
            all.extend_from_slice(&buffer[..read]);
        }
    };
    tokio::time::timeout(PATIENCE, reading).await.expect("the connection ends");
    let (mut frames, mut rest) = (Vec::new(), &all[..]);
    while rest.len() >= 9 {
        let length = usize::from(rest[0]) << 16 | usize::from(rest[1]) << 8 | usize::from(rest[2]);
        let end = (9 + length).min(rest.len());
        frames.push((rest[3], rest[9..end].to_vec()));
        rest = &rest[end..];
    }
    frames
}

#[tokio::test]
async fn many_streams_share_a_connection() {
    let server = server().await;
    let mut sender = connect(&server).await;
    let watch = sender.send_request(request(&format!("{TFJOBS}?watch=true"))).await.unwrap();
    assert_eq!(watch.status(), 200);
    let mut events = watch.into_body();
    let first = events.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(first.starts_with(b"{\"type\":\"ADDED\""), "{first:?}");
    let all = (0..200).map(|_| {
        let mut sender = sender.clone();
        tokio::spawn(async move {
            let answer = sender.send_request(request(TFJOBS)).await.unwrap();
            answer.into_body().collect().await.unwrap().to_bytes().len()
        })
    });
    let lengths = futures_util::future::join_all(all).await;
    let whole = ask(&server, "GET", TFJOBS).await.body.len();
    assert!(lengths.into_iter().all(|length| length.unwrap() == whole));
}

#[tokio::test]
async fn stubs_see_the_host_that_was_asked_for() {
    let stub = r#"{"request": {"urlPath": "/x", "headers": {"Host": {"equalTo": "stand.in"}}}, "response": {"status": 200}}"#;
    let own = files(&[("stub.json", stub)]);
    let server = Server::builder().fixtures(own.path()).start().await.unwrap();
    let answer = connect(&server).await.send_request(request("/x")).await.unwrap();
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn a_fault_ends_its_stream_alone() {
    let rules = "rules:\n\
        - {id: before, match: {path: /apis/kubeflow.org/v1/**}, then: {reset: before_headers}}\n\
        - {id: within, match: {path: /apis/batch.volcano.sh/**}, then: {close: {bytes: 10}}}\n";
    let own = files(&[("faults.yaml", rules)]);
    let path = own.path().join("faults.yaml");
    let server = Server::builder().scenario(path.to_str().unwrap()).start().await.unwrap();
    let mut sender = connect(&server).await;
    assert!(sender.send_request(request(TFJOBS)).await.is_err());
    let cut = sender.send_request(request("/apis/batch.volcano.sh/v1alpha1/jobs")).await.unwrap();
    assert_eq!(cut.status(), 200);
    let mut body = cut.into_body();
    let mut got = Vec::new();
    let ended = loop {
        match body.frame().await {
            Some(Ok(frame)) => got.extend(frame.into_data().unwrap()),
            ended => break ended,
        }
    };
    assert!(matches!(ended, Some(Err(_))), "a reset, not an end");
    assert_eq!(got, b"{\"apiVersi");
    // The connection continues.
    let whole = sender.send_request(request("/version")).await.unwrap();
    assert!(whole.into_body().collect().await.is_ok());
}

#[tokio::test]
async fn a_flood_of_resets_ends_its_connection_and_is_reported_once() {
    let lines = Arc::new(Mutex::new(Vec::<String>::new()));
    let told = Arc::clone(&lines);
    let server = Server::builder()
        .log(move |line| told.lock().unwrap().push(line.to_owned()))
        .start()
        .await
        .unwrap();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        let mut flood = PREFACE.to_vec();
        flood.extend(frame(SETTINGS, 0, 0, b""));
        for stream in (1..20_001).step_by(2) {
            flood.extend(frame(HEADERS, WHOLE, stream, GET_VERSION));
            flood.extend(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
        }
        // It may end before everything is sent.
        let _ = stream.write_all(&flood).await;
        let seen = frames(&mut stream).await;
        let goaway = seen.iter().find(|(kind, _)| *kind == GOAWAY);
        // ENHANCE_YOUR_CALM (RFC 9113, section 7), where it arrives before the reset of the socket.
        assert!(
            goaway.is_none_or(|(_, payload)| payload[4..8] == 11_u32.to_be_bytes()),
            "{seen:?}"
        );
    }
    assert_eq!(ask(&server, "GET", "/version").await.status, 200);
    let lines = lines.lock().unwrap().clone();
    assert_eq!(lines.iter().filter(|line| line.contains("HTTP/2")).count(), 1, "{lines:?}");
    let served = server.journal().recorded();
    assert!(served < 10_000, "{served} of 30,000 requests that nobody waited for were answered");
}

#[tokio::test]
async fn headers_have_bounds() {
    let server = server().await;
    let mut sender = connect(&server).await;
    let mut large = request("/version");
    large.headers_mut().insert("x-large", "x".repeat(100 << 10).parse().unwrap());
    match sender.send_request(large).await {
        Ok(answer) => assert_eq!(answer.status(), 431),
        Err(error) => assert!(!error.is_timeout(), "{error}"),
    }
    let mut sender = connect(&server).await;
    assert_eq!(sender.send_request(request("/version")).await.unwrap().status(), 200);
}

#[tokio::test]
async fn idle_connections_are_closed_and_watches_are_not_idle() {
    let bounds = bounds(|bounds| bounds.transport.idle_timeout = Duration::from_millis(100));
    let server = Server::builder().bounds(bounds).start().await.unwrap();
    let mut watching = connect(&server).await;
    let watch = watching.send_request(request(&format!("{TFJOBS}?watch=true"))).await.unwrap();
    let mut idle = TcpStream::connect(server.address()).await.unwrap();
    idle.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, b"")].concat()).await.unwrap();
    let seen = frames(&mut idle).await;
    assert!(seen.iter().any(|(kind, _)| *kind == GOAWAY), "{seen:?}");
    // The idle one was closed after two turns at most; the watch outlived them.
    assert_eq!(watching.send_request(request("/version")).await.unwrap().status(), 200);
    drop(watch);
}

#[tokio::test]
async fn silent_and_incomplete_connections_are_closed() {
    let bounds = bounds(|bounds| bounds.transport.header_timeout = Duration::from_millis(100));
    let server = Server::builder().bounds(bounds).start().await.unwrap();
    for begun in [&b""[..], b"P", b"PRI * HTTP/2.0\r\n"] {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(begun).await.unwrap();
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "{begun:?}");
    }
    assert_eq!(ask(&server, "GET", "/version").await.status, 200);
}

#[tokio::test]
async fn hundreds_of_idle_connections_do_not_keep_others_from_being_served() {
    let bounds = bounds(|bounds| bounds.transport.connections = 400);
    let server = Server::builder().bounds(bounds).start().await.unwrap();
    let mut idle = Vec::new();
    for n in 0..390 {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        if n % 2 == 0 {
            stream.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, b"")].concat()).await.unwrap();
        }
        idle.push(stream);
    }
    let mut sender = connect(&server).await;
    assert_eq!(sender.send_request(request("/version")).await.unwrap().status(), 200);
    // Up to the bound; one more is refused, and the others go on.
    let mut refused = None;
    for _ in 0..50 {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        let mut first = [0; 12];
        let told = tokio::time::timeout(Duration::from_millis(50), stream.read_exact(&mut first));
        if matches!(told.await, Ok(Ok(_))) {
            refused = Some(first);
            break;
        }
        idle.push(stream);
    }
    assert_eq!(refused.as_ref(), Some(b"HTTP/1.1 503"));
    assert_eq!(sender.send_request(request("/version")).await.unwrap().status(), 200);
}
