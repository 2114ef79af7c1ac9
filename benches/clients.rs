//! What clients cost: `cargo bench --bench clients`.
//!
//! Worlds by the time and memory that each takes, watches by the memory of an idle connection, and a
//! list over HTTP/2 and TLS beside bare hyper with the same TLS settings.

#[allow(dead_code, reason = "each benchmark uses a part of it")]
#[path = "support/mod.rs"]
mod support;

#[allow(dead_code, reason = "each benchmark uses a part of it")]
#[path = "support/tls.rs"]
mod tls_support;

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::ServerName;
use standin::Server;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio_rustls::TlsConnector;

use support::{Asker, Process, ask_once, median, open_files, request};
use tls_support::{BARE_HTTP2, anyone, is_bare_tls};

const MAPS: &str = "/api/v1/namespaces/load/configmaps";
const TFJOBS: &str = "/apis/kubeflow.org/v1/namespaces/kube-test/tfjobs";

fn main() {
    if is_bare_tls() {
        return;
    }
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let parts: [(&str, fn()); 3] = [("worlds", worlds), ("idle", idle), ("tls", tls)];
    for (name, run) in parts {
        if args.is_empty() || args.iter().any(|arg| arg == name) {
            run();
        }
    }
}

/// Fixtures with so many small objects.
fn objects(count: usize) -> TempDir {
    let mut text = String::from("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMapList\",\"items\":[");
    for n in 0..count {
        let comma = if n == 0 { "" } else { "," };
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "{comma}{{\"metadata\":{{\"name\":\"object-{n:07}\",\"namespace\":\"load\"}},\"data\":{{\"key\":\"value-{n}\"}}}}"
        );
    }
    text.push_str("]}");
    let directory = TempDir::new().expect("a directory");
    std::fs::write(directory.path().join("objects.json"), text).expect("a file");
    directory
}

/// Forking a world, and ten thousand of them at once.
fn worlds() {
    for count in [10, 100_000] {
        let files = objects(count);
        let runtime = Runtime::new().expect("a runtime");
        let server =
            runtime.block_on(Server::builder().fixtures(files.path()).start()).expect("it starts");
        let mut times: Vec<Duration> = (0..2_000)
            .map(|n| {
                let began = Instant::now();
                server.world(&format!("world-{n}")).expect("a name");
                began.elapsed()
            })
            .collect();
        times.sort();
        println!(
            "a world forks from {count} objects in {:.1} µs (median of 2,000), {:.1} µs (99th of 100); target 100 µs",
            micros(times[1000]),
            micros(times[1980])
        );
        runtime.block_on(server.shutdown());
    }
    let files = objects(10_000);
    let path = files.path().to_str().expect("a path");
    let server = Process::standin(&["--max-worlds", "60000", "--fixtures", path]);
    let address = server.address();
    let stream = std::net::TcpStream::connect(address).expect("a connection");
    let mut asker = Asker::new(stream);
    let mut make = |worlds: std::ops::Range<usize>| {
        for n in worlds {
            asker.ask(&request(&format!("/worlds/world-{n}{MAPS}?limit=1")));
        }
    };
    // The first ones fill the journal, and whatever else is filled once.
    make(0..10_000);
    let before = server.resident();
    make(10_000..60_000);
    let each = server.resident().saturating_sub(before) * 1024 / 50_000;
    let listed: serde_json::Value =
        serde_json::from_slice(&ask_once(address, "/__admin/worlds")).expect("JSON");
    println!(
        "{} worlds at once, each with a list read: {each} bytes of memory for each of the last 50,000; target 20,480",
        listed["meta"]["total"].as_u64().unwrap_or(0) - 1
    );
}

/// Watches that nothing happens to: each on a connection of its own, and many on one.
fn idle() {
    let count = (open_files().saturating_sub(100) / 2).min(5_000);
    let runtime = Runtime::new().expect("a runtime");
    for (how, tls, h2, streams) in [
        ("HTTP/1.1", false, false, 1),
        ("HTTP/1.1 over TLS", true, false, 1),
        ("HTTP/2, 50 on a connection", false, true, 50),
        ("HTTP/2 over TLS, 50 on a connection", true, true, 50),
        ("HTTP/2, alone on its connection", false, true, 1),
        ("HTTP/2 over TLS, alone on its connection", true, true, 1),
    ] {
        let server = Process::standin(if tls { &["--tls"] } else { &[] });
        let address = server.address();
        let idle = server.resident();
        runtime.block_on(async {
            let connector = tls.then(|| TlsConnector::from(anyone(h2)));
            let mut held = Vec::new();
            for _ in 0..count / streams {
                held.push(watch(address, connector.as_ref(), h2, streams).await);
            }
            let each = (server.resident().saturating_sub(idle)) * 1024 / count;
            println!("an idle watch over {how}: {each} bytes of the server's memory (of {count})");
        });
    }
    println!("target for an idle watch: 20,480 bytes");
}

/// Watches on one connection whose first events have come, and what keeps them open.
async fn watch(
    address: SocketAddr,
    connector: Option<&TlsConnector>,
    h2: bool,
    streams: usize,
) -> Box<dyn std::any::Any> {
    let tcp = TcpStream::connect(address).await.expect("a connection");
    let target = format!("{TFJOBS}?watch=true");
    match connector {
        None => watch_on(tcp, &target, h2, streams).await,
        Some(connector) => {
            let name = ServerName::try_from("localhost").expect("a name");
            watch_on(connector.connect(name, tcp).await.expect("a handshake"), &target, h2, streams)
                .await
        }
    }
}

async fn watch_on<S>(
    mut stream: S,
    target: &str,
    h2: bool,
    streams: usize,
) -> Box<dyn std::any::Any>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    if h2 {
        let (mut sender, connection) =
            http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("HTTP/2");
        tokio::spawn(connection);
        let mut answers = Vec::new();
        for _ in 0..streams {
            let mut answer = sender.send_request(get(target)).await.expect("an answer");
            answer.body_mut().frame().await.expect("an event").expect("a frame");
            answers.push(answer);
        }
        return Box::new((sender, answers));
    }
    let request = format!("GET {target} HTTP/1.1\r\nhost: b\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut buffer = [0; 4096];
    assert!(stream.read(&mut buffer).await.expect("an event") > 0);
    Box::new(stream)
}

fn get(target: &str) -> http::Request<Empty<Bytes>> {
    http::Request::get(format!("http://bench{target}")).body(Empty::new()).expect("a request")
}

/// A list of 500 over HTTP/2 and TLS.
fn tls() {
    let files = objects(500);
    let server = Process::standin(&["--tls", "--fixtures", files.path().to_str().expect("a path")]);
    let runtime = Runtime::new().expect("a runtime");
    let body = runtime.block_on(async {
        let mut sender = connect(server.address()).await;
        let answer = sender.send_request(get(MAPS)).await.expect("an answer");
        answer.into_body().collect().await.expect("a body").to_bytes()
    });
    let size = body.len();
    let bare = Process::bare_with(BARE_HTTP2, &body, "application/json");
    // Processor time of a list, in microseconds.
    let cost = |server: &Process| {
        let before = server.processor_time();
        let answered = runtime.block_on(answered(server.address()));
        micros(server.processor_time().saturating_sub(before)) / f64::from(answered)
    };
    let mut ratios = Vec::new();
    let _ = (cost(&bare), cost(&server));
    for _ in 0..9 {
        let theirs = cost(&bare);
        ratios.push(theirs / cost(&server));
    }
    println!(
        "a list of 500 ({size} bytes) over HTTP/2 and TLS: {:.2} of bare hyper sending it with the same settings, target 0.70",
        median(ratios)
    );
}

/// How many lists are answered in a turn: eight connections, four streams on each.
async fn answered(address: SocketAddr) -> u32 {
    let end = Instant::now() + Duration::from_millis(500);
    let mut askers = Vec::new();
    for _ in 0..8 {
        let sender = connect(address).await;
        for _ in 0..4 {
            let mut sender = sender.clone();
            askers.push(tokio::spawn(async move {
                let mut answered = 0_u32;
                while Instant::now() < end {
                    let answer = sender.send_request(get(MAPS)).await.expect("an answer");
                    let mut body = answer.into_body();
                    while let Some(frame) = body.frame().await {
                        frame.expect("a frame");
                    }
                    answered += 1;
                }
                answered
            }));
        }
    }
    let mut total = 0;
    for asker in askers {
        total += asker.await.expect("it asks");
    }
    total
}

async fn connect(address: SocketAddr) -> SendRequest<Empty<Bytes>> {
    let tcp = TcpStream::connect(address).await.expect("a connection");
    tcp.set_nodelay(true).expect("an option");
    let name = ServerName::try_from("localhost").expect("a name");
    let stream = TlsConnector::from(anyone(true)).connect(name, tcp).await.expect("a handshake");
    // Windows that hold a whole list, as Go's client has them.
    let (sender, connection) = http2::Builder::new(TokioExecutor::new())
        .initial_stream_window_size(4 << 20)
        .initial_connection_window_size(16 << 20)
        .handshake(TokioIo::new(stream))
        .await
        .expect("HTTP/2");
    tokio::spawn(connection);
    sender
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
