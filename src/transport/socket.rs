//! The connection under HTTP: a TCP stream, or TLS over one, whose first bytes were read to detect
//! the protocol.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::tls::server::{LargeRecordBuffer, TlsStream};

/// The first bytes of an HTTP/2 client with prior knowledge (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The first byte of a TLS handshake (RFC 8446, section 5.1).
const HANDSHAKE: u8 = 22;
/// How many bytes are read to detect the protocol: enough for the longest prefix and a request.
const FIRST_READ: usize = 1024;

/// The protocol of a client, detected by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// No bytes: the client has closed the connection.
    Nothing,
    Http1,
    Http2,
    Tls,
}

/// A TCP stream whose first bytes have been read.
#[derive(Debug)]
pub(super) struct Opened {
    read: Bytes,
    tcp: TcpStream,
}

impl Opened {
    /// Waits for the client's first bytes.
    pub(super) async fn first_bytes(tcp: TcpStream) -> io::Result<(Self, Protocol)> {
        // A client sends its first request in one piece: that is what the buffer is for.
        Self::begin(tcp, BytesMut::with_capacity(FIRST_READ)).await
    }

    /// Waits for the first bytes after those that were already consumed.
    pub(super) async fn next_bytes(self) -> io::Result<(Self, Protocol)> {
        let mut read = BytesMut::with_capacity(FIRST_READ);
        read.extend_from_slice(&self.read);
        Self::begin(self.tcp, read).await
    }

    async fn begin(mut tcp: TcpStream, mut read: BytesMut) -> io::Result<(Self, Protocol)> {
        let protocol = loop {
            if read.is_empty() && tcp.read_buf(&mut read).await? == 0 {
                break Protocol::Nothing;
            }
            if read[0] == HANDSHAKE {
                break Protocol::Tls;
            }
            if read.starts_with(PREFACE) {
                break Protocol::Http2;
            }
            if !PREFACE.starts_with(&read) || tcp.read_buf(&mut read).await? == 0 {
                break Protocol::Http1;
            }
        };
        Ok((Self { read: read.freeze(), tcp }, protocol))
    }

    /// Returns whether its first bytes are these.
    pub(super) fn begins_with(&self, bytes: &[u8]) -> bool {
        self.read.starts_with(bytes)
    }

    /// Returns the TCP stream, for an answer outside of any protocol.
    pub(super) fn into_tcp(self) -> TcpStream {
        self.tcp
    }
}

impl AsyncRead for Opened {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.read.is_empty() {
            return Pin::new(&mut self.tcp).poll_read(cx, buf);
        }
        read_again(&mut self.read, buf);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Opened {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write_vectored(cx, bufs)
    }
}

/// The byte stream under HTTP.
#[derive(Debug)]
pub(super) struct Socket {
    /// Bytes that were put back and are read first.
    again: Bytes,
    stream: Stream,
}

#[derive(Debug)]
enum Stream {
    Plain(Opened),
    // Large and rare, so boxed: a plain connection does not pay for it.
    Tls(Box<Encrypted>),
}

#[derive(Debug)]
struct Encrypted {
    stream: TlsStream<Opened>,
    _large_buffer: Option<LargeRecordBuffer>,
}

impl Socket {
    pub(super) fn plain(opened: Opened) -> Self {
        Self { again: Bytes::new(), stream: Stream::Plain(opened) }
    }

    pub(super) fn tls(stream: TlsStream<Opened>, large_buffer: Option<LargeRecordBuffer>) -> Self {
        let encrypted = Encrypted { stream, _large_buffer: large_buffer };
        Self { again: Bytes::new(), stream: Stream::Tls(Box::new(encrypted)) }
    }

    /// Puts bytes back: they are read before anything else, including bytes that were put back
    /// earlier.
    pub(super) fn put_back(&mut self, read: Bytes) {
        if self.again.is_empty() {
            self.again = read;
        } else if !read.is_empty() {
            self.again = [&read[..], &self.again[..]].concat().into();
        }
    }

    /// Returns the TCP stream underneath.
    pub(super) fn tcp(&self) -> &TcpStream {
        match &self.stream {
            Stream::Plain(opened) => &opened.tcp,
            #[cfg(feature = "tls")]
            Stream::Tls(tls) => &tls.stream.get_ref().0.tcp,
            #[cfg(not(feature = "tls"))]
            Stream::Tls(tls) => &tls.stream.tcp,
        }
    }
}

/// Reads bytes that were put back, as many as fit.
fn read_again(read: &mut Bytes, buf: &mut ReadBuf<'_>) {
    let length = read.len().min(buf.remaining());
    buf.put_slice(&read[..length]);
    read.advance(length);
    if read.is_empty() {
        // Frees the buffer.
        *read = Bytes::new();
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.again.is_empty() {
            read_again(&mut this.again, buf);
            return Poll::Ready(Ok(()));
        }
        match &mut this.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Stream::Tls(tls) => Pin::new(&mut tls.stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Stream::Tls(tls) => Pin::new(&mut tls.stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Tls(tls) => Pin::new(&mut tls.stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Tls(tls) => Pin::new(&mut tls.stream).poll_shutdown(cx),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Stream::Plain(stream) => stream.is_write_vectored(),
            Stream::Tls(tls) => tls.stream.is_write_vectored(),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Stream::Tls(tls) => Pin::new(&mut tls.stream).poll_write_vectored(cx, bufs),
        }
    }
}
