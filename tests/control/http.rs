//! HTTP/1.1 over a socket: one request a connection, or one connection that is kept, and what came of the answer, whole
//! or not.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

/// An answer, as far as it came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

/// Why there is no whole answer.
#[derive(Debug)]
pub(crate) enum Broken {
    /// Nothing that is HTTP came, or nothing in time.
    Nothing,
    /// The head, and a part of the body.
    Half(Answer),
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// How long it asks to wait.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.header("retry-after")?.parse().ok().map(Duration::from_secs)
    }
}

/// The server, and what its requests carry.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    address: String,
    prefix: String,
    pub(crate) token: Option<String>,
    /// How long a whole answer may take.
    deadline: Duration,
    /// The connection that is kept; nothing where each request has one of its own.
    kept: Option<Arc<Mutex<Option<TcpStream>>>>,
}

impl Server {
    /// The one that a drill names.
    pub(crate) fn of_drill(deadline: Duration) -> Self {
        let url = std::env::var("STANDIN_URL").expect("a drill names its server");
        let rest = url.strip_prefix("http://").expect("it speaks HTTP");
        let (address, path) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = if path.is_empty() { String::new() } else { format!("/{path}") };
        Self { address: address.to_owned(), prefix, token: None, deadline, kept: None }
    }

    /// Sends its requests on one connection from now on, as long as that is there.
    pub(crate) fn keep_connection(&mut self) {
        self.kept = Some(Arc::default());
    }

    /// A request, sent.
    pub(crate) fn open(
        &self,
        method: &str,
        target: &str,
        body: &str,
    ) -> std::io::Result<TcpStream> {
        let stream = TcpStream::connect(&self.address)?;
        self.write(stream, method, target, body, "close")
    }

    fn write(
        &self,
        mut stream: TcpStream,
        method: &str,
        target: &str,
        body: &str,
        connection: &str,
    ) -> std::io::Result<TcpStream> {
        let media =
            if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
        let token = self.token.as_ref().map(|token| format!("X-Auth-Token: {token}\r\n"));
        let head = format!(
            "{method} {}{target} HTTP/1.1\r\nHost: localhost\r\nConnection: {connection}\r\nContent-Type: {media}\r\n\
             Content-Length: {}\r\n{}\r\n",
            self.prefix,
            body.len(),
            token.unwrap_or_default(),
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(body.as_bytes())?;
        Ok(stream)
    }

    /// A request, and its answer.
    pub(crate) fn send(&self, method: &str, target: &str, body: &str) -> Result<Answer, Broken> {
        let is_whole = |bytes: &[u8]| parse(bytes).is_some_and(|(_, whole)| whole);
        let bytes = match &self.kept {
            None => {
                let stream = self.open(method, target, body).map_err(|_| Broken::Nothing)?;
                read(&stream, self.deadline, is_whole)
            }
            Some(kept) => {
                let stream = kept.lock().expect("no client panics").take();
                let stream = stream.map_or_else(|| TcpStream::connect(&self.address), Ok);
                let sent = stream
                    .and_then(|stream| self.write(stream, method, target, body, "keep-alive"));
                let stream = sent.map_err(|_| Broken::Nothing)?;
                let bytes = read(&stream, self.deadline, is_whole);
                if is_whole(&bytes) {
                    *kept.lock().expect("no client panics") = Some(stream);
                }
                bytes
            }
        };
        match parse(&bytes) {
            None => Err(Broken::Nothing),
            Some((answer, true)) => Ok(answer),
            Some((answer, false)) => Err(Broken::Half(answer)),
        }
    }

    /// Moves the world's clock on: what takes a minute takes no time.
    pub(crate) fn wait(&self, time: Duration) {
        let body = format!(r#"{{"by": "{}ms"}}"#, time.as_millis());
        // A server that is away for a moment answers later.
        let moved = (0..50).find_map(|_| {
            let moved = self.send("POST", "/__admin/clock/advance", &body).ok();
            if moved.is_none() {
                std::thread::sleep(Duration::from_millis(50));
            }
            moved
        });
        let moved = moved.expect("the admin API answers");
        assert_eq!(moved.status, 200, "{}", moved.text());
    }
}

/// Reads until it is enough, the connection ends, or the time is over.
pub(crate) fn read(
    mut stream: &TcpStream,
    deadline: Duration,
    enough: impl Fn(&[u8]) -> bool,
) -> Vec<u8> {
    let end = Instant::now() + deadline;
    let (mut bytes, mut buffer) = (Vec::new(), vec![0; 64 << 10]);
    while !enough(&bytes) {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() || stream.set_read_timeout(Some(left)).is_err() {
            break;
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
        }
    }
    bytes
}

/// What came of an answer, and whether that is all of it; nothing where its head did not come.
pub(crate) fn parse(mut bytes: &[u8]) -> Option<(Answer, bool)> {
    // What is left of the last chunk of the answer before, on a connection that is kept.
    while let Some(rest) = bytes.strip_prefix(b"\r\n") {
        bytes = rest;
    }
    let end = bytes.windows(4).position(|part| part == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?.to_owned();
    let status = head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    let mut answer = Answer { status, head, body: Vec::new() };
    let rest = &bytes[end + 4..];
    if let Some(length) = answer.header("content-length") {
        let length: usize = length.parse().ok()?;
        answer.body = rest[..length.min(rest.len())].to_vec();
        return Some((answer, rest.len() >= length));
    }
    if answer.header("transfer-encoding").is_none() {
        answer.body = rest.to_vec();
        return Some((answer, matches!(status, 204 | 304)));
    }
    let (body, whole) = chunks(rest);
    answer.body = body;
    Some((answer, whole))
}

/// The bytes of a body in chunks, and whether the last one came.
fn chunks(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    loop {
        let Some(line) = rest.windows(2).position(|part| part == b"\r\n") else {
            return (body, false);
        };
        let size = std::str::from_utf8(&rest[..line]).ok();
        let size = size.and_then(|size| usize::from_str_radix(size.trim(), 16).ok());
        let Some(size) = size else { return (body, false) };
        rest = &rest[line + 2..];
        if size == 0 {
            return (body, true);
        }
        body.extend_from_slice(&rest[..size.min(rest.len())]);
        if rest.len() < size + 2 {
            return (body, false);
        }
        rest = &rest[size + 2..];
    }
}
