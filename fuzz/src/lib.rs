//! What the fuzz targets share: bytes → text made of the pieces of a language, so that most inputs get past
//! the first character, and a server to send them to.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A text of pieces: each byte names one, and one in sixteen stands for itself.
#[must_use]
pub fn text(pieces: &[&str], bytes: &[u8]) -> String {
    let mut out = String::new();
    for pair in bytes.chunks(2) {
        match pair {
            [byte, own] if own % 16 == 0 => out.push(char::from(*byte)),
            [byte, ..] => out.push_str(pieces[usize::from(*byte) % pieces.len()]),
            [] => {}
        }
    }
    out
}

/// Sends bytes on a connection of their own, and gives what comes back until it closes.
///
/// # Panics
/// When the server does not answer within ten seconds, or is gone.
#[must_use]
pub fn send(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).expect("the server is there");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
    // One that closes early is an answer too.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
            panic!("no answer to {bytes:?}")
        }
        _ => answer,
    }
}

/// A request with a body, after which the connection ends.
#[must_use]
pub fn request(method: &str, target: &str, media: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "{method} {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: {media}\r\ncontent-length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body.as_bytes()].concat()
}

/// Fails where the server itself failed.
///
/// # Panics
/// On an answer of 500 that a panic has made.
pub fn check(answer: &[u8]) {
    let text = String::from_utf8_lossy(answer);
    assert!(!text.contains("this is a defect of the server"), "{text}");
}
