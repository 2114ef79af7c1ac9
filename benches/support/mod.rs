//! What the benchmarks share: a client that costs little, a Standin and a bare hyper to ask.

use std::convert::Infallible;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use standin::RunningServer;
use tokio::runtime::Runtime;

/// How many connections ask at once.
const CONNECTIONS: usize = 8;
/// How long one turn of one server is.
const TURN: Duration = Duration::from_millis(400);
/// How many turns each server has.
const TURNS: usize = 9;

/// Turns of both servers one after the other: the median ratio, and the median rate of each.
pub(crate) fn compare(
    base: SocketAddr,
    other: SocketAddr,
    base_target: &str,
    other_target: &str,
) -> (f64, f64, f64) {
    compare_all(base, other, &[request(base_target)], &[request(other_target)])
}

/// As [`compare`], where each server is asked one of several requests after the other.
pub(crate) fn compare_all(
    base: SocketAddr,
    other: SocketAddr,
    base_requests: &[Vec<u8>],
    other_requests: &[Vec<u8>],
) -> (f64, f64, f64) {
    let (mut ratios, mut bases, mut others) = (Vec::new(), Vec::new(), Vec::new());
    // The first turns warm up caches, connections and lazily built tables.
    let _ = (rate(base, base_requests), rate(other, other_requests));
    for _ in 0..TURNS {
        let (a, b) = (rate(base, base_requests), rate(other, other_requests));
        ratios.push(b / a);
        bases.push(a);
        others.push(b);
    }
    (median(ratios), median(bases), median(others))
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Requests per second over some kept-alive connections, each of which begins elsewhere among the requests.
fn rate(address: SocketAddr, requests: &[Vec<u8>]) -> f64 {
    let end = Instant::now() + TURN;
    let began = Instant::now();
    let total: usize = std::thread::scope(|scope| {
        let askers: Vec<_> = (0..CONNECTIONS)
            .map(|number| {
                scope.spawn(move || {
                    let stream = TcpStream::connect(address).expect("a connection");
                    stream.set_nodelay(true).expect("an option");
                    let mut client = Asker { stream, buffer: Vec::new() };
                    let mut answered = 0;
                    let first = number * requests.len() / CONNECTIONS;
                    for request in requests.iter().cycle().skip(first) {
                        if Instant::now() >= end {
                            break;
                        }
                        client.ask(request);
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

pub(crate) fn request(target: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nhost: bench\r\n\r\n").into_bytes()
}

pub(crate) fn ask_once(address: SocketAddr, target: &str) -> Bytes {
    let stream = TcpStream::connect(address).expect("a connection");
    Bytes::copy_from_slice(Asker { stream, buffer: Vec::new() }.ask(&request(target)))
}

/// A client that costs as little as can be: it looks only for the status and the length.
pub(crate) struct Asker {
    pub(crate) stream: TcpStream,
    pub(crate) buffer: Vec<u8>,
}

impl Asker {
    /// The body of the answer.
    pub(crate) fn ask(&mut self, request: &[u8]) -> &[u8] {
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
pub(crate) struct Standin {
    server: RunningServer,
    _runtime: Runtime,
}

impl Standin {
    pub(crate) fn start(builder: impl FnOnce() -> standin::Builder) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let server = runtime.block_on(builder().start()).expect("it starts");
        Self { server, _runtime: runtime }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address()
    }
}

/// What there is to compare with: hyper, one header, one body, nothing else.
pub(crate) struct Bare {
    pub(crate) address: SocketAddr,
    _runtime: Runtime,
}

impl Bare {
    pub(crate) fn serving(body: Bytes, media: &'static str) -> Self {
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

/// How many files this process may have open.
pub(crate) fn open_files() -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap_or_default();
    line.split_whitespace().nth(3).and_then(|number| number.parse().ok()).unwrap_or(1024)
}

/// A server in a process of its own; ends with it.
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn standin(args: &[&str]) -> (Self, SocketAddr) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_standin"));
        command.arg("serve").args(args);
        Self::spawn(command)
    }

    pub(crate) fn spawn(mut command: Command) -> (Self, SocketAddr) {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        let out = child.stdout.take().expect("its output");
        BufReader::new(out).read_line(&mut line).expect("a line");
        let address = line.rsplit("://").next().and_then(|rest| rest.split(' ').next());
        (Self(child), address.and_then(|text| text.parse().ok()).expect("an address"))
    }

    /// Its resident memory, in KiB.
    pub(crate) fn resident(&self) -> usize {
        let status =
            fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
