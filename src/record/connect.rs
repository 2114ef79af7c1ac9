//! Connects to one backend, however it is reached: over TCP, a unix socket or a proxy, with or without TLS.
//!
//! The URL of a request says which `Host` it names; where it goes is decided here, once at the start.

use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use http::header::HeaderValue;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tower_service::Service;

use crate::tls::client::TlsClient;

use super::wire_form::FormedStream;

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Why a connection cannot be made.
pub(super) type ConnectError = Box<dyn std::error::Error + Send + Sync>;

/// The way to a backend.
#[derive(Debug, Clone)]
pub(super) enum Route {
    /// To the host of this URL.
    Tcp(Uri),
    /// To a socket of this machine.
    #[cfg_attr(not(unix), expect(dead_code, reason = "there are no such sockets"))]
    Unix(PathBuf),
    /// Through a proxy, which passes requests on (RFC 9112, section 3.2.2).
    Forwarded { proxy: Uri },
    /// Through a tunnel that a proxy opens (RFC 9110, section 9.3.6).
    Tunnelled { proxy: Uri, credentials: Option<HeaderValue>, to: Uri },
}

/// Connects to a backend.
#[derive(Debug, Clone)]
pub(super) struct BackendConnector {
    route: Route,
    tls: Option<TlsClient>,
    /// HTTP/2 is spoken without being negotiated.
    http2_only: bool,
    http: HttpConnector,
}

impl BackendConnector {
    pub(super) fn new(route: Route, tls: Option<TlsClient>, http2_only: bool) -> Self {
        Self { route, tls, http2_only, http: tcp() }
    }

    /// Opens the connection, without TLS.
    pub(super) async fn open(&mut self) -> Result<Box<dyn Io>, ConnectError> {
        Ok(match &self.route {
            Route::Tcp(uri) | Route::Forwarded { proxy: uri } => {
                Box::new(self.http.call(uri.clone()).await?.into_inner())
            }
            #[cfg(unix)]
            Route::Unix(path) => Box::new(tokio::net::UnixStream::connect(path).await?),
            #[cfg(not(unix))]
            Route::Unix(_) => return Err("there are no unix sockets on this system".into()),
            Route::Tunnelled { proxy, credentials, to } => {
                let mut tunnel = Tunnel::new(proxy.clone(), self.http.clone());
                if let Some(credentials) = credentials {
                    tunnel = tunnel.with_auth(credentials.clone());
                }
                Box::new(tunnel.call(to.clone()).await?.into_inner())
            }
        })
    }

    async fn connect(mut self) -> Result<BackendStream, ConnectError> {
        let io = self.open().await?;
        let forwarded = matches!(self.route, Route::Forwarded { .. });
        let Some(tls) = &self.tls else {
            return Ok(BackendStream::new(io, self.http2_only, false, forwarded));
        };
        let handshake = tokio::time::timeout(CONNECT_TIMEOUT, tls.connect(io));
        let (stream, http2) = handshake.await.map_err(|_| "the TLS handshake takes too long")??;
        Ok(BackendStream::new(Box::new(stream), http2, http2, forwarded))
    }
}

/// What connects to hosts.
pub(super) fn tcp() -> HttpConnector {
    let mut http = HttpConnector::new();
    http.set_connect_timeout(Some(CONNECT_TIMEOUT));
    http.set_nodelay(true);
    http.enforce_http(false);
    http
}

impl Service<Uri> for BackendConnector {
    type Response = BackendStream;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<BackendStream, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        Box::pin(self.clone().connect())
    }
}

/// Both directions of a connection.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A connection to a backend.
pub(super) struct BackendStream {
    io: TokioIo<FormedStream<Box<dyn Io>>>,
    /// Whether HTTP/2 was negotiated.
    http2: bool,
    /// Whether a proxy reads the requests, and needs whole URLs in them.
    forwarded: bool,
}

impl BackendStream {
    /// HTTP/1.1 without TLS, without a proxy.
    pub(super) fn plain(io: Box<dyn Io>) -> Self {
        Self::new(io, false, false, false)
    }

    /// HTTP/1.1 over TLS, without a proxy.
    pub(super) fn over_tls(io: Box<dyn Io>) -> Self {
        Self::new(io, false, false, false)
    }

    fn new(io: Box<dyn Io>, is_http2: bool, negotiated: bool, forwarded: bool) -> Self {
        let io = TokioIo::new(FormedStream::new(io, !is_http2));
        Self { io, http2: negotiated, forwarded }
    }
}

impl Connection for BackendStream {
    fn connected(&self) -> Connected {
        let connected = Connected::new().proxy(self.forwarded).extra(self.io.inner().last_form());
        if self.http2 { connected.negotiated_h2() } else { connected }
    }
}

impl Read for BackendStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl Write for BackendStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
    }
}
