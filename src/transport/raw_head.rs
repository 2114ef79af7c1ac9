//! The head of an HTTP/1.1 answer as bytes, if it is sent without hyper: after informational
//! answers, or slowly.

use std::io;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, Version};
use tokio::io::AsyncWriteExt;

use crate::message::{HeadLayout, Pace, SlowHead};

use super::socket::Socket;
use super::{exact, interim};

/// An unsent head.
pub(super) struct RawHead {
    /// The informational answers before it.
    before: Vec<u8>,
    head: Vec<u8>,
    pace: Option<Pace>,
}

impl RawHead {
    /// Returns the head of an answer, whose body may be chunked.
    pub(super) fn new(
        slow: &SlowHead,
        (status, reason): (StatusCode, Option<Bytes>),
        headers: &HeaderMap,
        (is_chunked, version): (bool, Version),
        layout: Option<&HeadLayout>,
    ) -> Self {
        let mut before = Vec::new();
        if version != Version::HTTP_10 {
            before.extend(slow.informational.iter().flat_map(interim::head_of));
        }
        let usual = status.canonical_reason().unwrap_or_default().as_bytes();
        let mut head = format!("HTTP/1.1 {} ", status.as_u16()).into_bytes();
        head.extend_from_slice(reason.as_deref().unwrap_or(usual));
        head.extend_from_slice(b"\r\n");
        for (name, value) in headers {
            head.extend_from_slice(name.as_str().as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value.as_bytes());
            head.extend_from_slice(b"\r\n");
        }
        if is_chunked {
            head.extend_from_slice(b"transfer-encoding: chunked\r\n");
        }
        head.extend_from_slice(b"\r\n");
        let head = layout.and_then(|layout| layout.arranged(&head)).unwrap_or(head);
        Self { before, head, pace: slow.pace }
    }

    /// Sends the head.
    pub(super) async fn send(self, socket: &mut Socket) -> io::Result<()> {
        socket.write_all(&self.before).await?;
        let (size, every) = match self.pace {
            Some(Pace::Chunks { size, every }) => (size.max(1), Some(every)),
            _ => (self.head.len().max(1), None),
        };
        for (number, part) in self.head.chunks(size).enumerate() {
            if let Some(every) = every.filter(|_| number > 0) {
                exact::sleep(every).await;
            }
            socket.write_all(part).await?;
            socket.flush().await?;
        }
        Ok(())
    }
}
