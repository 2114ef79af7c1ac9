//! A backend on loopback that answers complete requests with the exact bytes that a test provides.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A request as it arrived.
pub(crate) struct Asked {
    pub(crate) target: String,
    /// The request line and the header fields.
    pub(crate) head: String,
}

/// An answer: header fields, each with its line end, and a body.
pub(crate) struct Reply {
    pub(crate) status: &'static str,
    pub(crate) fields: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// An answer with status 200.
    pub(crate) fn ok(content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let fields = format!("content-type: {content_type}\r\n");
        Self { status: "200 OK", fields, body: body.into() }
    }
}

/// Starts a backend; it answers until the test ends.
pub(crate) async fn start(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let answer = Arc::clone(&answer);
            tokio::spawn(async move { talk(stream, &*answer).await });
        }
    });
    address
}

async fn talk(mut stream: TcpStream, answer: &(impl Fn(&Asked) -> Reply + Sync)) -> Option<()> {
    let mut read = Vec::new();
    loop {
        let end = loop {
            if let Some(end) = read.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end + 4;
            }
            more(&mut stream, &mut read).await?;
        };
        let head = String::from_utf8_lossy(&read[..end]).into_owned();
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
        });
        let whole = end + length.unwrap_or(0_usize);
        while read.len() < whole {
            more(&mut stream, &mut read).await?;
        }
        read.drain(..whole);
        let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let Reply { status, fields, body } = answer(&Asked { target, head });
        let length = body.len();
        let mut out =
            format!("HTTP/1.1 {status}\r\n{fields}content-length: {length}\r\n\r\n").into_bytes();
        out.extend_from_slice(&body);
        stream.write_all(&out).await.ok()?;
    }
}

async fn more(stream: &mut TcpStream, read: &mut Vec<u8>) -> Option<()> {
    let mut buffer = [0_u8; 4096];
    match stream.read(&mut buffer).await {
        Ok(0) | Err(_) => None,
        Ok(count) => {
            read.extend_from_slice(&buffer[..count]);
            Some(())
        }
    }
}
