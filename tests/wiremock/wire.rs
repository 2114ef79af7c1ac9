//! An HTTP/1.1 client on a bare socket: it sends what a step says, to the byte.
//!
//! Each exchange has a connection of its own and ends at its deadline.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::case::{RequestStep, text_of};
use crate::reply::{End, Reply};

/// The Host header of each request that does not bring its own.
const HOST: &str = "stub.example:8080";

/// A request as it goes out.
pub(crate) struct Outgoing {
    /// Answers to HEAD have no body.
    pub(crate) method: String,
    pub(crate) bytes: Vec<u8>,
}

impl Outgoing {
    /// The request of a step.
    pub(crate) fn of(step: &RequestStep) -> Result<Self, String> {
        if let Some(raw) = &step.raw {
            let method = raw.split(' ').next().unwrap_or_default().to_owned();
            return Ok(Self { method, bytes: latin1(raw)? });
        }
        let mut body = match (&step.body64, &step.body) {
            (Some(encoded), _) => {
                Some(STANDARD.decode(encoded).map_err(|error| format!("body64: {error}"))?)
            }
            (None, Some(body)) => Some(text_of(body).into_bytes()),
            (None, None) => None,
        };
        if step.gzip_body {
            body = body.map(|body| gzip(&body));
        }
        let method = step.method.as_deref().unwrap_or("GET");
        let path = step.path.as_deref().unwrap_or("/");
        Ok(Self::new(method, path, &step.headers.0, body.as_deref()))
    }

    /// A request with nothing that the arguments do not say, but for Host, the length, and the type of
    /// admin requests.
    pub(crate) fn new(
        method: &str,
        path: &str,
        headers: &[(String, String)],
        body: Option<&[u8]>,
    ) -> Self {
        let given = |name: &str| headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name));
        let mut head = format!("{method} {path} HTTP/1.1\r\n");
        if !given("host") {
            head += &format!("Host: {HOST}\r\n");
        }
        if path.starts_with("/__admin") && body.is_some() && !given("content-type") {
            head += "Content-Type: application/json\r\n";
        }
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        if let Some(body) = body.filter(|_| !given("content-length")) {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        let mut bytes = (head + "\r\n").into_bytes();
        bytes.extend_from_slice(body.unwrap_or_default());
        Self { method: method.to_owned(), bytes }
    }

    /// Sends the request on a new connection and reads the answer; `to_end` reads all there is until the
    /// connection ends, and no HTTP in it. Fails where the answer cannot be read as HTTP.
    pub(crate) fn exchange(
        &self,
        address: SocketAddr,
        to_end: bool,
        deadline: Instant,
    ) -> Result<Reply, String> {
        let begin = Instant::now();
        let mut socket = match TcpStream::connect_timeout(&address, left(deadline)) {
            Ok(socket) => socket,
            Err(error) => return Ok(Reply::ended(End::Refused(error.kind()))),
        };
        // An answer may come, and the connection end, before all is sent: what was answered counts.
        let _ = socket.set_nodelay(true);
        let _ = socket.set_write_timeout(Some(left(deadline)));
        let _ = socket.write_all(&self.bytes);
        let mut reply = Reply::read(socket, &self.method, to_end, deadline)?;
        reply.elapsed = begin.elapsed();
        Ok(reply)
    }
}

/// The time until the deadline; sockets do not take zero.
pub(crate) fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1))
}

/// Each character as its byte.
fn latin1(text: &str) -> Result<Vec<u8>, String> {
    let byte = |char: char| {
        u8::try_from(char).map_err(|_| format!("{char:?} in a raw request is more than a byte"))
    };
    text.chars().map(byte).collect()
}

/// The bytes, compressed, as one gzip member.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("memory takes all bytes");
    encoder.finish().expect("memory takes all bytes")
}
