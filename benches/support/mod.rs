//! What the benchmarks share: a client that costs little, and servers in processes of their own, whose processor
//! time is what is compared.

use std::cell::Cell;
use std::convert::Infallible;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tempfile::NamedTempFile;
use tokio::runtime::Runtime;

/// How many connections ask at once.
const CONNECTIONS: usize = 8;
/// How long one turn of one server is.
const TURN: Duration = Duration::from_millis(400);
/// How many turns each server has.
const TURNS: usize = 9;
/// How far on each turn begins among the requests.
const A_PRIME: usize = 7919;

/// What two servers cost, beside each other.
pub(crate) struct Compared {
    /// Requests that the second answers in the processor time of one of the first.
    pub(crate) ratio: f64,
    /// Processor time of a request, in microseconds: of the first, and of the second.
    pub(crate) micros: (f64, f64),
}

/// Asks both servers in turns. What counts is the processor time that a server takes itself, so that the client,
/// which shares the machine with it, is not part of the figure. The median of the turns' ratios.
pub(crate) fn compare(
    base: &Process,
    other: &Process,
    base_target: &str,
    other_target: &str,
) -> Compared {
    let (base_request, other_request) = (request(base_target), request(other_target));
    compare_all(
        base,
        other,
        Requests { count: 1, write: &|_, to| to.extend_from_slice(&base_request) },
        Requests { count: 1, write: &|_, to| to.extend_from_slice(&other_request) },
    )
}

/// Requests by their numbers. They are written when they are sent: a client that held a hundred thousand would push
/// the server's memory out of the caches that both share.
#[derive(Clone, Copy)]
pub(crate) struct Requests<'a> {
    pub(crate) count: usize,
    pub(crate) write: &'a (dyn Fn(usize, &mut Vec<u8>) + Sync),
}

/// As [`compare`], where each server is asked one of several requests after the other.
pub(crate) fn compare_all(
    base: &Process,
    other: &Process,
    base_requests: Requests<'_>,
    other_requests: Requests<'_>,
) -> Compared {
    let number = Cell::new(0);
    let cost = |server: &Process, requests: Requests<'_>| {
        number.set(number.get() + 1);
        turn(server, requests, number.get()).micros
    };
    let (mut ratios, mut bases, mut others) = (Vec::new(), Vec::new(), Vec::new());
    // The first turns warm up caches, connections and lazily built tables.
    let _ = (cost(base, base_requests), cost(other, other_requests));
    for _ in 0..TURNS {
        let (a, b) = (cost(base, base_requests), cost(other, other_requests));
        ratios.push(a / b);
        bases.push(a);
        others.push(b);
    }
    Compared { ratio: median(ratios), micros: (median(bases), median(others)) }
}

/// What a server did in one turn.
pub(crate) struct Turn {
    /// Requests in a second.
    pub(crate) rate: f64,
    /// Processor time of each, in microseconds.
    pub(crate) micros: f64,
}

/// Asks a server as much as it answers in a while.
pub(crate) fn turn(server: &Process, requests: Requests<'_>, number: usize) -> Turn {
    let (before, began) = (server.processor_time(), Instant::now());
    let answered = answered_in(server, requests, number);
    let spent = server.processor_time().saturating_sub(before);
    #[expect(clippy::cast_precision_loss, reason = "a count of requests")]
    let answered = answered as f64;
    Turn {
        rate: answered / began.elapsed().as_secs_f64(),
        micros: spent.as_secs_f64() * 1e6 / answered,
    }
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// How many requests are answered in a turn, over some kept-alive connections, each of which begins elsewhere
/// among the requests, and elsewhere in each turn.
fn answered_in(server: &Process, requests: Requests<'_>, turn: usize) -> usize {
    let end = Instant::now() + TURN;
    std::thread::scope(|scope| {
        let askers: Vec<_> = (0..CONNECTIONS)
            .map(|number| {
                scope.spawn(move || {
                    let mut client = server.asker();
                    let mut request = Vec::new();
                    let mut answered = 0;
                    let first = number * requests.count / CONNECTIONS + turn * A_PRIME;
                    while Instant::now() < end {
                        request.clear();
                        (requests.write)((first + answered) % requests.count, &mut request);
                        client.ask(&request);
                        answered += 1;
                    }
                    answered
                })
            })
            .collect();
        askers.into_iter().map(|asker| asker.join().expect("it asks")).sum()
    })
}

pub(crate) fn request(target: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nhost: bench\r\n\r\n").into_bytes()
}

pub(crate) fn ask_once(address: SocketAddr, target: &str) -> Bytes {
    Bytes::copy_from_slice(Asker::connect(address).ask(&request(target)))
}

/// A stream to a server.
pub(crate) trait Connection: Read + Write + Send {}

impl<S: Read + Write + Send> Connection for S {}

/// A client that costs as little as can be: it looks only for the status and the length.
pub(crate) struct Asker {
    stream: Box<dyn Connection>,
    /// What was received, and the body of an answer in chunks.
    buffer: Vec<u8>,
    body: Vec<u8>,
}

impl Asker {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        Self::new(TcpStream::connect(address).expect("a connection"))
    }

    pub(crate) fn new(stream: TcpStream) -> Self {
        stream.set_nodelay(true).expect("an option");
        Self::over(stream)
    }

    pub(crate) fn over(stream: impl Connection + 'static) -> Self {
        Self { stream: Box::new(stream), buffer: Vec::new(), body: Vec::new() }
    }

    /// The body of the answer.
    pub(crate) fn ask(&mut self, request: &[u8]) -> &[u8] {
        let (status, body) = self.exchange(request);
        assert!(status == 200, "{status}: {}", String::from_utf8_lossy(body));
        body
    }

    /// The status and the body of the answer.
    pub(crate) fn exchange(&mut self, request: &[u8]) -> (u16, &[u8]) {
        self.stream.write_all(request).expect("sent");
        self.stream.flush().expect("sent");
        self.buffer.clear();
        let head = loop {
            self.receive();
            if let Some(head) = self.buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break head;
            }
        };
        let begin = head + 4;
        let text = std::str::from_utf8(&self.buffer[..head]).expect("a head");
        let status = text.get(9..12).and_then(|status| status.parse().ok()).expect("a status");
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
        if let Some(length) = length {
            let length: usize = length.parse().expect("a number");
            while self.buffer.len() < begin + length {
                self.receive();
            }
            return (status, &self.buffer[begin..]);
        }
        while !self.buffer.ends_with(b"0\r\n\r\n") {
            self.receive();
        }
        self.body.clear();
        let mut rest = &self.buffer[begin..];
        while let Some(end) = rest.windows(2).position(|bytes| bytes == b"\r\n") {
            let size = std::str::from_utf8(&rest[..end]).expect("a size");
            let size = usize::from_str_radix(size, 16).expect("a size");
            self.body.extend_from_slice(&rest[end + 2..][..size]);
            rest = &rest[end + 2 + size + 2..];
        }
        (status, &self.body)
    }

    fn receive(&mut self) {
        let mut chunk = [0_u8; 16 << 10];
        let read = self.stream.read(&mut chunk).expect("an answer");
        assert!(read > 0, "the connection ended");
        self.buffer.extend_from_slice(&chunk[..read]);
    }
}

/// How many files this process may have open.
pub(crate) fn open_files() -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap_or_default();
    line.split_whitespace().nth(3).and_then(|number| number.parse().ok()).unwrap_or(1024)
}

/// A server in a process of its own; ends with it.
pub(crate) struct Process {
    child: Child,
    address: SocketAddr,
    /// How clients connect to it.
    connect: fn(SocketAddr) -> Asker,
    /// What it serves, where that is a file of its own.
    _body: Option<NamedTempFile>,
}

impl Process {
    /// The program as a server, on a free port.
    pub(crate) fn standin(args: &[&str]) -> Self {
        Self::program("serve", args)
    }

    /// The program with a command that serves, on a free port.
    pub(crate) fn program(command: &str, args: &[&str]) -> Self {
        let mut program = Command::new(env!("CARGO_BIN_EXE_standin"));
        program.args([command, "--listen", "127.0.0.1:0"]).args(args);
        Self::spawn(program, None)
    }

    /// What there is to compare with: hyper, one header, one body, nothing else. The program that asks is started
    /// once more; see [`is_bare`].
    pub(crate) fn bare(body: &[u8], media: &str) -> Self {
        Self::bare_with("bare", body, media)
    }

    /// The same with another first argument.
    pub(crate) fn bare_with(kind: &str, body: &[u8], media: &str) -> Self {
        let mut file = NamedTempFile::new().expect("a file");
        file.write_all(body).expect("written");
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.args([kind, media]).arg(file.path());
        Self::spawn(command, Some(file))
    }

    /// A server that names its address in its first line.
    pub(crate) fn spawn(mut command: Command, body: Option<NamedTempFile>) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        let out = child.stdout.take().expect("its output");
        BufReader::new(out).read_line(&mut line).expect("a line");
        let address = line.rsplit("://").next().and_then(|rest| rest.split(' ').next());
        let address = address.and_then(|text| text.parse().ok()).expect("an address");
        Self { child, address, connect: Asker::connect, _body: body }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same server, to which clients connect in another way.
    pub(crate) fn reached_by(mut self, connect: fn(SocketAddr) -> Asker) -> Self {
        self.connect = connect;
        self
    }

    /// A client that is connected to it.
    pub(crate) fn asker(&self) -> Asker {
        (self.connect)(self.address)
    }

    /// The processor time of all its threads so far, in the program and in the kernel.
    pub(crate) fn processor_time(&self) -> Duration {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).expect("its threads");
        let spent = tasks.filter_map(|task| {
            let text = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<u64>().ok()
        });
        Duration::from_nanos(spent.sum())
    }

    /// Its resident memory, in KiB.
    pub(crate) fn resident(&self) -> usize {
        self.status("VmRSS:")
    }

    /// The most resident memory it ever had, in KiB.
    pub(crate) fn most_resident(&self) -> usize {
        self.status("VmHWM:")
    }

    fn status(&self, key: &str) -> usize {
        let status =
            fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with(key)).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves as bare hyper, where this program was started for that.
pub(crate) fn is_bare() -> bool {
    let args: Vec<String> = std::env::args().collect();
    let [_, kind, media, file] = args.as_slice() else { return false };
    if kind != "bare" {
        return false;
    }
    let body = Bytes::from(fs::read(file).expect("its body"));
    let media = http::HeaderValue::from_str(media).expect("a media type");
    Runtime::new().expect("a runtime").block_on(async move {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        println!("listening on http://{} ", listener.local_addr().expect("an address"));
        loop {
            let (socket, _) = listener.accept().await.expect("a connection");
            socket.set_nodelay(true).expect("an option");
            let (body, media) = (body.clone(), media.clone());
            let service = service_fn(move |_| {
                let mut response = http::Response::new(Full::new(body.clone()));
                response.headers_mut().insert(http::header::CONTENT_TYPE, media.clone());
                async move { Ok::<_, Infallible>(response) }
            });
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(socket), service);
            tokio::spawn(connection);
        }
    })
}
