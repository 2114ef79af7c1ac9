//! Standin next to bare hyper, in one run: `cargo bench --bench ratios`.
//!
//! Both run in this process, each on a runtime of its own, and are asked by the same client over
//! loopback, in turns; what is printed is the median of the turns' ratios. Absolute numbers belong to
//! one machine at one moment; the ratio says what Standin adds to the HTTP library below it.

use std::convert::Infallible;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use standin::{RunningServer, Server};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// How many connections ask at once.
const CONNECTIONS: usize = 8;
/// How long one turn of one server is.
const TURN: Duration = Duration::from_millis(400);
/// How many turns each server has.
const TURNS: usize = 9;
/// How many times a process is started.
const STARTS: usize = 21;

fn main() {
    // `cargo bench -- a c` runs only those.
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let parts: [(&str, fn()); 4] =
        [("a", static_stub), ("b", many_stubs), ("c", list_page), ("d", start)];
    for (name, run) in parts {
        if wanted.is_empty() || wanted.iter().any(|want| want == name) {
            run();
        }
    }
}

/// (a) A static stub of 1 KiB.
fn static_stub() {
    let body = "x".repeat(1024);
    let stub = json!({"request": {"method": "GET", "urlPath": "/static"},
        "response": {"headers": {"Content-Type": "text/plain"}, "body": body}});
    let standin = Standin::with_stubs(&[stub]);
    let bare = Bare::serving(body.into(), "text/plain");
    let (ratio, theirs, ours) = compare(bare.address, standin.address(), "/static", "/static");
    println!(
        "(a) static stub of 1 KiB: {ratio:.2} of bare hyper ({ours:.0} of {theirs:.0} requests/s), target 0.85"
    );
}

/// The URL part of the n-th stub.
type Url<'a> = &'a dyn Fn(usize) -> Value;

/// (b) One stub of ten, and one of ten thousand.
fn many_stubs() {
    let exact = |n: usize| json!({"urlPath": format!("/things/{n}/parts")});
    let template = |n: usize| json!({"urlPathTemplate": format!("/things{n}/{{id}}/parts")});
    let pattern = |n: usize| json!({"urlPathPattern": format!("/things{n}/[a-z0-9]+/parts")});
    let kinds: [(&str, Url<'_>, &str, &str); 3] = [
        ("urlPath", &exact, "/things/7/parts", "/things/7777/parts"),
        ("urlPathTemplate", &template, "/things7/a/parts", "/things7777/a/parts"),
        ("urlPathPattern", &pattern, "/things7/a/parts", "/things7777/a/parts"),
    ];
    for (name, url, few_target, many_target) in kinds {
        let stubs = |count: usize| -> Vec<Value> {
            (0..count)
                .map(|n| json!({"request": url(n), "response": {"body": format!("answer {n}")}}))
                .collect()
        };
        let few = Standin::with_stubs(&stubs(10));
        let many = Standin::with_stubs(&stubs(10_000));
        let (ratio, _, _) = compare(few.address(), many.address(), few_target, many_target);
        println!("(b) one of 10,000 {name} stubs: {ratio:.2} of one of 10, target 0.90");
    }
}

/// (c) A page of 500 items.
fn list_page() {
    let path = "/apis/kubeflow.org/v1/namespaces/kube-test/tfjobs";
    let page = format!("{path}?limit=500");
    for count in [1_000, 20_000] {
        let scenario = format!(
            "generate:\n- {{resource: tfjobs.kubeflow.org, namespace: kube-test, count: {count}, name: \"job-{{n:06}}\", like: tfjob-test}}\nrules: []\n"
        );
        let directory = TempDir::new().expect("a directory");
        let file = directory.path().join("jobs.yaml");
        fs::write(&file, scenario).expect("a file");
        let standin = Standin::start(|| Server::builder().scenario(file.to_str().expect("a path")));
        let body = ask_once(standin.address(), &page);
        let size = body.len();
        let bare = Bare::serving(body, "application/json");
        let (ratio, theirs, ours) = compare(bare.address, standin.address(), &page, &page);
        println!(
            "(c) page of 500 of {count} objects ({size} bytes): {ratio:.2} of bare hyper sending the same bytes ({ours:.0} of {theirs:.0} requests/s)"
        );
    }
}

/// From exec to the first correct answer, with a thousand stub files.
fn start() {
    let directory = TempDir::new().expect("a directory");
    for n in 0..1_000 {
        let stub = json!({"request": {"method": "GET", "urlPath": format!("/stub/{n}")},
            "response": {"status": 200, "headers": {"Content-Type": "text/plain"}, "body": format!("answer {n}")}});
        fs::write(directory.path().join(format!("stub-{n}.json")), stub.to_string())
            .expect("a file");
    }
    let mut times: Vec<Duration> = (0..STARTS).map(|_| started_in(directory.path())).collect();
    times.sort();
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    println!(
        "(d) exec to first answer with 1,000 stub files: {:.1} ms (median of {STARTS}; fastest {:.1}, slowest {:.1}), target 20 ms",
        ms(times[STARTS / 2]),
        ms(times[0]),
        ms(times[STARTS - 1])
    );
}

fn started_in(fixtures: &std::path::Path) -> Duration {
    let address = {
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        free.local_addr().expect("an address")
    };
    let began = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_standin"))
        .args(["serve", "--listen", &address.to_string(), "--fixtures"])
        .arg(fixtures)
        .stdout(Stdio::null())
        .spawn()
        .expect("it starts");
    let stream = loop {
        match TcpStream::connect(address) {
            Ok(stream) => break stream,
            Err(_) => std::thread::sleep(Duration::from_micros(200)),
        }
    };
    let mut client = Asker { stream, buffer: Vec::new() };
    assert!(client.ask(&request("/stub/777")).ends_with(b"answer 777"));
    let took = began.elapsed();
    child.kill().expect("it ends");
    child.wait().expect("it ends");
    took
}

/// Turns of both servers one after the other: the median ratio, and the median rate of each.
fn compare(
    base: SocketAddr,
    other: SocketAddr,
    base_target: &str,
    other_target: &str,
) -> (f64, f64, f64) {
    let (mut ratios, mut bases, mut others) = (Vec::new(), Vec::new(), Vec::new());
    // The first turns warm up caches, connections and lazily built tables.
    let _ = (rate(base, base_target), rate(other, other_target));
    for _ in 0..TURNS {
        let (a, b) = (rate(base, base_target), rate(other, other_target));
        ratios.push(b / a);
        bases.push(a);
        others.push(b);
    }
    (median(ratios), median(bases), median(others))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Requests per second over some kept-alive connections.
fn rate(address: SocketAddr, target: &str) -> f64 {
    let request = request(target);
    let end = Instant::now() + TURN;
    let began = Instant::now();
    let total: usize = std::thread::scope(|scope| {
        let askers: Vec<_> = (0..CONNECTIONS)
            .map(|_| {
                scope.spawn(|| {
                    let stream = TcpStream::connect(address).expect("a connection");
                    stream.set_nodelay(true).expect("an option");
                    let mut client = Asker { stream, buffer: Vec::new() };
                    let mut answered = 0;
                    while Instant::now() < end {
                        client.ask(&request);
                        answered += 1;
                    }
                    answered
                })
            })
            .collect();
        askers.into_iter().map(|asker| asker.join().expect("it asks")).sum()
    });
    #[expect(clippy::cast_precision_loss, reason = "a count of requests")]
    let rate = total as f64 / began.elapsed().as_secs_f64();
    rate
}

fn request(target: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nhost: bench\r\n\r\n").into_bytes()
}

fn ask_once(address: SocketAddr, target: &str) -> Bytes {
    let stream = TcpStream::connect(address).expect("a connection");
    Bytes::copy_from_slice(Asker { stream, buffer: Vec::new() }.ask(&request(target)))
}

/// A client that costs as little as can be: it looks only for the status and the length.
struct Asker {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Asker {
    /// The body of the answer.
    fn ask(&mut self, request: &[u8]) -> &[u8] {
        self.stream.write_all(request).expect("sent");
        self.buffer.clear();
        let mut chunk = [0_u8; 16 << 10];
        loop {
            let read = self.stream.read(&mut chunk).expect("an answer");
            assert!(read > 0, "the connection ended");
            self.buffer.extend_from_slice(&chunk[..read]);
            let Some(head) = self.buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
                continue;
            };
            assert!(
                self.buffer.starts_with(b"HTTP/1.1 200 "),
                "{}",
                String::from_utf8_lossy(&self.buffer)
            );
            let text = std::str::from_utf8(&self.buffer[..head]).expect("a head");
            let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.expect("a length").parse().expect("a number");
            while self.buffer.len() < head + 4 + length {
                let read = self.stream.read(&mut chunk).expect("an answer");
                assert!(read > 0, "the connection ended");
                self.buffer.extend_from_slice(&chunk[..read]);
            }
            return &self.buffer[head + 4..];
        }
    }
}

/// A Standin on a runtime of its own.
struct Standin {
    server: RunningServer,
    _runtime: Runtime,
    _files: Option<TempDir>,
}

impl Standin {
    fn start(builder: impl FnOnce() -> standin::Builder) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let server = runtime.block_on(builder().start()).expect("it starts");
        Self { server, _runtime: runtime, _files: None }
    }

    fn with_stubs(stubs: &[Value]) -> Self {
        let files = TempDir::new().expect("a directory");
        let text = json!({"mappings": stubs}).to_string();
        fs::write(files.path().join("stubs.json"), text).expect("a file");
        let server = Self::start(|| Server::builder().fixtures(files.path()));
        Self { _files: Some(files), ..server }
    }

    fn address(&self) -> SocketAddr {
        self.server.address()
    }
}

/// What there is to compare with: hyper, one header, one body, nothing else.
struct Bare {
    address: SocketAddr,
    _runtime: Runtime,
}

impl Bare {
    fn serving(body: Bytes, media: &'static str) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let listener =
            runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port");
        let address = listener.local_addr().expect("an address");
        runtime.spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.expect("a connection");
                socket.set_nodelay(true).expect("an option");
                let body = body.clone();
                let service = service_fn(move |_| {
                    let response = http::Response::builder()
                        .header("content-type", media)
                        .body(Full::new(body.clone()))
                        .expect("a response");
                    async move { Ok::<_, Infallible>(response) }
                });
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(socket), service);
                tokio::spawn(connection);
            }
        });
        Self { address, _runtime: runtime }
    }
}
