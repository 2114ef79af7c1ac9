//! The Kubernetes side at size: `cargo bench --bench kubernetes`.
//!
//! Pages are compared with pages by the processor time of the server, in turns; watchers with bare hyper streaming the same bytes to as many
//! clients; memory and start are those of a process of its own.

#[allow(dead_code, reason = "each benchmark uses a part of it")]
#[path = "support/mod.rs"]
mod support;

use std::convert::Infallible;
use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::StreamExt;
use http_body::Frame;
use http_body_util::StreamBody;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Runtime;
use tokio::sync::broadcast;

use support::{Compared, Process, ask_once, compare, is_bare, open_files};

const MAPS: &str = "/api/v1/namespaces/load/configmaps";

fn main() {
    if is_bare() {
        return;
    }
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    if args.first().is_some_and(|arg| arg == "bare-streams") {
        return bare_streams();
    }
    let parts: [(&str, fn()); 4] =
        [("pages", pages), ("watchers", watchers), ("load", load), ("start", start)];
    for (name, run) in parts {
        if args.is_empty() || args.iter().any(|arg| arg == name) {
            run();
        }
    }
}

/// A list of small objects, as a file.
fn objects(path: &Path, count: usize) {
    let mut text = String::from("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMapList\",\"items\":[");
    for n in 0..count {
        let comma = if n == 0 { "" } else { "," };
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "{comma}{{\"metadata\":{{\"name\":\"object-{n:07}\",\"namespace\":\"load\",\"labels\":{{\"shard\":\"{}\"}}}},\"data\":{{\"key\":\"value-{n}\"}}}}",
            n % 100
        );
    }
    text.push_str("]}");
    fs::write(path, text).expect("a file");
}

/// A page of 500 costs the same wherever it stands and however many objects there are.
fn pages() {
    let files = TempDir::new().expect("a directory");
    let serve = |count: usize| {
        let file = files.path().join(format!("{count}.json"));
        objects(&file, count);
        Process::standin(&["--fixtures", file.to_str().expect("a path")])
    };
    let (few, many) = (serve(1_000), serve(100_000));
    let page = format!("{MAPS}?limit=500");
    let Compared { ratio, .. } = compare(&few, &many, &page, &page);
    println!("page of 500 of 100,000 objects: {ratio:.2} of one of 1,000, target 0.90");
    let mut target = page.clone();
    for _ in 1..30 {
        let list: serde_json::Value =
            serde_json::from_slice(&ask_once(many.address(), &target)).expect("a list");
        let token = list["metadata"]["continue"].as_str().expect("a token");
        target = format!("{page}&continue={token}");
    }
    let Compared { ratio, .. } = compare(&many, &many, &page, &target);
    println!("thirtieth page of 500 of 100,000: {ratio:.2} of the first, target 0.90");
    let body = ask_once(many.address(), &page);
    let size = body.len();
    let bare = Process::bare(&body, "application/json");
    let Compared { ratio, .. } = compare(&bare, &many, &page, &page);
    println!("the same page ({size} bytes): {ratio:.2} of bare hyper sending it");
}

/// One write reaches every watcher.
fn watchers() {
    let runtime = Runtime::new().expect("a runtime");
    let object = |n: usize| {
        format!(
            "{{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{{\"name\":\"w-{n}\"}},\"data\":{{\"x\":\"{}\"}}}}",
            "y".repeat(200)
        )
    };
    let default_maps = "/api/v1/namespaces/default/configmaps";
    for count in [1_000, 10_000] {
        if open_files() < count + 100 {
            println!(
                "{count} watchers: left out, only {} files may be open (ulimit -n)",
                open_files()
            );
            continue;
        }
        let server = Process::standin(&[]);
        let address = server.address();
        let idle = server.resident();
        let watch = format!("{default_maps}?watch=true");
        let standin = runtime.block_on(reach(address, &watch, count, &|n| {
            let body = object(n);
            format!("POST {default_maps} HTTP/1.1\r\nhost: b\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len())
        }));
        let each = (server.resident().saturating_sub(idle)) * 1024 / count;
        drop(server);
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.arg("bare-streams");
        let bare = Process::spawn(command, None);
        let theirs = runtime.block_on(reach(bare.address(), "/stream", count, &|n| {
            format!("POST /{n} HTTP/1.1\r\nhost: b\r\ncontent-length: 0\r\n\r\n")
        }));
        drop(bare);
        println!(
            "{count} watchers: the last has an event after {:.1} ms, {:.2} of the time of bare hyper's streams ({:.1} ms); {each} bytes of the server's memory for each",
            ms(standin),
            standin.as_secs_f64() / theirs.as_secs_f64(),
            ms(theirs)
        );
    }
}

/// Opens so many streams, then writes a few times: the median time from a write to the last reader.
async fn reach(
    address: SocketAddr,
    target: &str,
    count: usize,
    write: &dyn Fn(usize) -> String,
) -> Duration {
    let (seen, mut all_seen) = tokio::sync::mpsc::unbounded_channel();
    for _ in 0..count {
        let mut stream = tokio::net::TcpStream::connect(address).await.expect("a connection");
        let request = format!("GET {target} HTTP/1.1\r\nhost: b\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let seen = seen.clone();
        tokio::spawn(async move {
            let mut buffer = [0; 4096];
            // Head first, then an event at a time: each is written in one piece.
            while let Ok(read) = stream.read(&mut buffer).await {
                if read == 0 || seen.send(()).is_err() {
                    return;
                }
            }
        });
    }
    for _ in 0..count {
        all_seen.recv().await.expect("a head");
    }
    let mut writer = tokio::net::TcpStream::connect(address).await.expect("a connection");
    let mut times = Vec::new();
    for n in 0..7 {
        let began = Instant::now();
        writer.write_all(write(n).as_bytes()).await.expect("sent");
        for _ in 0..count {
            all_seen.recv().await.expect("an event");
        }
        times.push(began.elapsed());
        let _ = writer.read(&mut [0; 4096]).await.expect("an answer");
    }
    times.sort();
    times[times.len() / 2]
}

/// What bare hyper does with as many streams: a POST sends a chunk to each.
fn bare_streams() {
    Runtime::new().expect("a runtime").block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        println!("listening on http://{} ", listener.local_addr().expect("an address"));
        let (events, _) = broadcast::channel::<Bytes>(64);
        loop {
            let (socket, _) = listener.accept().await.expect("a connection");
            socket.set_nodelay(true).expect("an option");
            let events = events.clone();
            let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                let receiver = events.subscribe();
                if request.method() == http::Method::POST {
                    let _ = events.send(Bytes::from("z".repeat(450) + "\n"));
                }
                let last = (request.method() == http::Method::POST).then(Bytes::new);
                let stream = futures_util::stream::unfold((receiver, last), |(mut receiver, last)| async move {
                    if last.is_some() {
                        return None;
                    }
                    let bytes = receiver.recv().await.ok()?;
                    Some((Ok::<_, Infallible>(Frame::data(bytes)), (receiver, None)))
                });
                async move { Ok::<_, Infallible>(http::Response::new(StreamBody::new(stream.boxed()))) }
            });
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), service));
        }
    });
}

/// A million small objects.
fn load() {
    let files = TempDir::new().expect("a directory");
    let file = files.path().join("objects.json");
    let count = 1_000_000;
    objects(&file, count);
    let size = fs::metadata(&file).expect("a file").len();
    let began = Instant::now();
    let server = Process::standin(&["--fixtures", file.to_str().expect("a path")]);
    let took = began.elapsed();
    let one = ask_once(server.address(), &format!("{MAPS}/object-0777777"));
    println!(
        "{count} objects load in {:.1} s: {} bytes of memory for each, whose JSON has {} bytes in the file and {} when sent",
        took.as_secs_f64(),
        server.resident() * 1024 / count,
        size / 1_000_000,
        one.len()
    );
}

/// From exec to the first answer, and what a server holds that does nothing.
fn start() {
    let mut times: Vec<Duration> = (0..21)
        .map(|_| {
            let began = Instant::now();
            let server = Process::standin(&[]);
            let _ = ask_once(server.address(), "/apis/kubeflow.org/v1/tfjobs");
            began.elapsed()
        })
        .collect();
    times.sort();
    let server = Process::standin(&[]);
    println!(
        "exec to first answer with the embedded fixtures: {:.1} ms (median of 21); idle: {:.1} MiB",
        ms(times[10]),
        kib_to_mib(server.resident())
    );
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[expect(clippy::cast_precision_loss, reason = "memory in KiB")]
fn kib_to_mib(kib: usize) -> f64 {
    kib as f64 / 1024.0
}
