//! A small HTTP server for each server under test: what proxies, recordings and webhooks talk to.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::StatusCode;
use serde_json::Value;

use crate::reply::latin1;
use crate::wire::gzip;

/// How long a connection may be silent.
const SILENCE: Duration = Duration::from_secs(20);

/// How many bytes a line or a body may have.
const LONGEST: u64 = 1 << 20;

/// How many requests of a case are kept.
const MOST: usize = 1000;

/// A request that came.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }
}

/// The backend; it ends when this is dropped.
pub(crate) struct Backend {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    seen: Mutex<Vec<Seen>>,
    /// How often each path was asked for.
    hits: Mutex<HashMap<String, u64>>,
    ended: AtomicBool,
}

impl Backend {
    pub(crate) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let accepted = Arc::clone(&shared);
        std::thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                if accepted.ended.load(Ordering::Relaxed) {
                    return;
                }
                let shared = Arc::clone(&accepted);
                std::thread::spawn(move || serve(&socket, &shared));
            }
        });
        Ok(Self { address, shared })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    /// The requests since the last case, in order.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        lock(&self.shared.seen).clone()
    }

    pub(crate) fn forget(&self) {
        lock(&self.shared.seen).clear();
        lock(&self.shared.hits).clear();
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers the requests of a connection until it ends, or a request cannot be read.
fn serve(socket: &TcpStream, shared: &Shared) -> io::Result<()> {
    socket.set_read_timeout(Some(SILENCE))?;
    socket.set_nodelay(true)?;
    let mut reader = BufReader::new(socket);
    while let Some((seen, last)) = receive(&mut reader)? {
        let hit = {
            let mut hits = lock(&shared.hits);
            let hits = hits.entry(seen.path.clone()).or_default();
            *hits += 1;
            *hits
        };
        let mut kept = lock(&shared.seen);
        if kept.len() < MOST {
            kept.push(seen.clone());
        }
        drop(kept);
        let mut writer = socket;
        writer.write_all(&answer(&seen, hit))?;
        if last {
            break;
        }
    }
    Ok(())
}

/// A request, and whether it is the connection's last; none at the connection's end.
fn receive(reader: &mut impl BufRead) -> io::Result<Option<(Seen, bool)>> {
    let request_line = line(reader)?;
    let mut words = request_line.split(' ');
    let (Some(method), Some(path), Some(version)) = (words.next(), words.next(), words.next())
    else {
        return Ok(None);
    };
    let mut headers = Vec::new();
    loop {
        let line = line(reader)?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let mut seen =
        Seen { method: method.to_owned(), path: path.to_owned(), headers, body: Vec::new() };
    if seen.header("Transfer-Encoding").contains("chunked") {
        while let size @ 1.. = number(&line(reader)?, 16)? {
            seen.body.extend(exactly(reader, size)?);
            line(reader)?;
        }
        line(reader)?;
    } else if !seen.header("Content-Length").is_empty() {
        seen.body = exactly(reader, number(seen.header("Content-Length"), 10)?)?;
    }
    let last = version != "HTTP/1.1" || seen.header("Connection").eq_ignore_ascii_case("close");
    Ok(Some((seen, last)))
}

fn line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut bytes = Vec::new();
    reader.by_ref().take(LONGEST).read_until(b'\n', &mut bytes)?;
    Ok(latin1(bytes.trim_ascii_end()))
}

fn exactly(reader: &mut impl BufRead, size: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.by_ref().take(size.min(LONGEST)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn number(text: &str, radix: u32) -> io::Result<u64> {
    let digits = text.split(';').next().unwrap_or_default().trim();
    u64::from_str_radix(digits, radix).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// The whole answer. A segment of the path says which one it is.
fn answer(seen: &Seen, hit: u64) -> Vec<u8> {
    const JSON: (&str, &str) = ("Content-Type", "application/json");
    let path = seen.path.split('?').next().unwrap_or_default();
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    let quoted = |text: &str| Value::from(text).to_string();
    let mut status = StatusCode::OK;
    let mut headers = vec![JSON];
    let has = |segment: &str| segments.contains(&segment);
    let body = if has("echo") {
        let body = String::from_utf8_lossy(&seen.body);
        let (method, path, body) = (quoted(&seen.method), quoted(&seen.path), quoted(&body));
        format!(r#"{{"method": {method}, "path": {path}, "body": {body}}}"#).into_bytes()
    } else if has("text") {
        headers = vec![("Content-Type", "text/plain")];
        b"plain words from the backend".to_vec()
    } else if has("xml") {
        headers = vec![("Content-Type", "application/xml")];
        b"<from>backend</from>".to_vec()
    } else if has("gzip") {
        headers.push(("Content-Encoding", "gzip"));
        gzip(br#"{"zipped": true}"#)
    } else if has("binary") {
        headers = vec![("Content-Type", "application/octet-stream")];
        (0..64).collect()
    } else if has("status") {
        let code = segments.last().and_then(|code| code.parse::<u16>().ok()).unwrap_or(500);
        status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        format!(r#"{{"status": {code}}}"#).into_bytes()
    } else if has("headers") {
        headers.extend([("X-One", "1"), ("X-Many", "a"), ("X-Many", "b")]);
        headers.extend([("ETag", "\"e1\""), ("Cache-Control", "no-cache")]);
        br#"{"ok": true}"#.to_vec()
    } else if has("count") {
        format!(r#"{{"hit": {hit}}}"#).into_bytes()
    } else if has("large") {
        headers = vec![("Content-Type", "text/plain")];
        b"0123456789abcdef".repeat(256)
    } else if has("empty") {
        (status, headers) = (StatusCode::NO_CONTENT, Vec::new());
        Vec::new()
    } else if has("redirect") {
        (status, headers) = (StatusCode::FOUND, vec![("Location", "/elsewhere")]);
        Vec::new()
    } else {
        format!(r#"{{"from": "backend", "path": {}}}"#, quoted(&seen.path)).into_bytes()
    };
    let mut out =
        format!("HTTP/1.1 {} {}\r\n", status.as_u16(), status.canonical_reason().unwrap_or(""));
    for (name, value) in headers {
        out += &format!("{name}: {value}\r\n");
    }
    if status != StatusCode::NO_CONTENT {
        out += &format!("Content-Length: {}\r\n", body.len());
    }
    let mut out = (out + "\r\n").into_bytes();
    if seen.method != "HEAD" && status != StatusCode::NO_CONTENT {
        out.extend(body);
    }
    out
}
