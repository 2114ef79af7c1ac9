//! An answer as it came off the socket, and how the connection ended.

use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use flate2::read::MultiGzDecoder;
use regex::bytes::Regex;

use crate::wire::left;

/// No answer of the corpus is a hundredth as long.
const LONGEST: usize = 64 << 20;

/// How a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// It was still open when the answer was complete.
    Kept,
    Fin,
    Rst,
    Timeout,
    /// The answer was longer than any may be.
    TooLong,
    /// There was none.
    Refused(ErrorKind),
}

impl End {
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Kept => "kept".to_owned(),
            Self::Fin => "fin".to_owned(),
            Self::Rst => "rst".to_owned(),
            Self::Timeout => "timeout".to_owned(),
            Self::TooLong => format!("more than {LONGEST} bytes"),
            Self::Refused(kind) => format!("refused: {kind}"),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Reply {
    /// None where no status line came.
    pub(crate) status: Option<u16>,
    pub(crate) reason: String,
    pub(crate) headers: Vec<(String, String)>,
    /// The body without chunks and gzip.
    pub(crate) body: Vec<u8>,
    /// The sizes of the chunks, as they came.
    pub(crate) chunks: Vec<usize>,
    pub(crate) end: End,
    /// All bytes, as they came.
    pub(crate) raw: Vec<u8>,
    pub(crate) elapsed: Duration,
}

impl Reply {
    /// An answer without a byte.
    pub(crate) fn ended(end: End) -> Self {
        Self {
            status: None,
            reason: String::new(),
            headers: Vec::new(),
            body: Vec::new(),
            chunks: Vec::new(),
            end,
            raw: Vec::new(),
            elapsed: Duration::ZERO,
        }
    }

    /// All values of a header field, in order.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(given, _)| given.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The first value of a header field.
    pub(crate) fn header<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// Reads an answer to `method`.
    pub(crate) fn read(
        socket: TcpStream,
        method: &str,
        to_end: bool,
        deadline: Instant,
    ) -> Result<Self, String> {
        let mut reader =
            Reader { socket, deadline, begin: 0, ended: false, reply: Self::ended(End::Kept) };
        if to_end {
            reader.rest();
        } else if reader.head() {
            reader.body(method)?;
        }
        let mut reply = reader.reply;
        if reply
            .header("Content-Encoding")
            .is_some_and(|coding| coding.eq_ignore_ascii_case("gzip"))
        {
            let mut plain = Vec::new();
            if MultiGzDecoder::new(reply.body.as_slice()).read_to_end(&mut plain).is_ok() {
                reply.body = plain;
            }
        }
        Ok(reply)
    }
}

/// Takes an answer apart while it comes. What is not taken yet begins at `begin` in the reply's raw bytes.
struct Reader {
    socket: TcpStream,
    deadline: Instant,
    begin: usize,
    ended: bool,
    reply: Reply,
}

impl Reader {
    /// Status line and header fields of the final answer; false where there is none.
    fn head(&mut self) -> bool {
        static STATUS: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(r"^HTTP/1\.[01] (\d{3}) ?(.*)").expect("a pattern"));
        loop {
            let line = self.line().unwrap_or_default();
            let Some(found) = STATUS.captures(&line) else {
                return false;
            };
            let status = latin1(&found[1]).parse().expect("three digits");
            self.reply.status = Some(status);
            self.reply.reason = latin1(&found[2]);
            self.reply.headers.clear();
            while let Some(line) = self.line().filter(|line| !line.is_empty()) {
                let line = latin1(&line);
                let (name, value) = line.split_once(':').unwrap_or((&line, ""));
                self.reply.headers.push((name.to_owned(), value.trim().to_owned()));
            }
            if status >= 200 {
                return true;
            }
        }
    }

    fn body(&mut self, method: &str) -> Result<(), String> {
        if method == "HEAD" || matches!(self.reply.status, Some(204 | 304)) {
            return Ok(());
        }
        let coding = self.reply.header("Transfer-Encoding").unwrap_or_default();
        if coding.to_ascii_lowercase().contains("chunked") {
            self.chunks();
        } else if let Some(length) = self.reply.header("Content-Length") {
            let length =
                length.parse().map_err(|_| format!("the answer's Content-Length is {length:?}"))?;
            self.reply.body = self.exactly(length);
        } else {
            self.reply.body = self.rest();
        }
        Ok(())
    }

    fn chunks(&mut self) {
        loop {
            let line = latin1(&self.line().unwrap_or_default());
            let size = line.split(';').next().unwrap_or_default().trim();
            let Ok(size) = usize::from_str_radix(size, 16) else {
                self.reply.body.extend_from_slice(b"<bad chunk>");
                return;
            };
            if size == 0 {
                self.line();
                return;
            }
            let chunk = self.exactly(size);
            self.reply.chunks.push(chunk.len());
            self.reply.body.extend_from_slice(&chunk);
            self.exactly(2);
        }
    }

    /// A line without its end; none where the connection ends first.
    fn line(&mut self) -> Option<Vec<u8>> {
        let mut searched = self.begin;
        loop {
            let tail = &self.reply.raw[searched..];
            if let Some(at) = tail.windows(2).position(|pair| pair == b"\r\n") {
                let line = self.reply.raw[self.begin..searched + at].to_vec();
                self.begin = searched + at + 2;
                return Some(line);
            }
            searched = self.reply.raw.len().saturating_sub(1).max(self.begin);
            if !self.more() {
                return None;
            }
        }
    }

    /// That many bytes, or what there is until the connection ends.
    fn exactly(&mut self, size: usize) -> Vec<u8> {
        while self.reply.raw.len() - self.begin < size && self.more() {}
        let end = self.reply.raw.len().min(self.begin.saturating_add(size));
        let bytes = self.reply.raw[self.begin..end].to_vec();
        self.begin = end;
        bytes
    }

    fn rest(&mut self) -> Vec<u8> {
        self.exactly(usize::MAX)
    }

    /// Waits for more bytes; false where none will come.
    fn more(&mut self) -> bool {
        if self.ended {
            return false;
        }
        let mut buffer = [0; 8192];
        let _ = self.socket.set_read_timeout(Some(left(self.deadline)));
        self.reply.end = match self.socket.read(&mut buffer) {
            Ok(0) => End::Fin,
            Ok(_) if self.reply.raw.len() > LONGEST => End::TooLong,
            Ok(count) => {
                self.reply.raw.extend_from_slice(&buffer[..count]);
                return true;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => return true,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                End::Timeout
            }
            Err(_) => End::Rst,
        };
        self.ended = true;
        false
    }
}

/// Each byte as the character of its number.
pub(crate) fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}
