//! Connections to a member with TLS.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Uri;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tower_service::Service;

use crate::tls::client::{Offer, TlsClient, Trust};

use super::access::Certificates;

/// Connects to one member.
#[derive(Debug, Clone)]
pub(super) struct TlsMember {
    /// `host:port`.
    address: String,
    client: TlsClient,
}

/// A connection, encrypted.
pub(super) trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

impl TlsMember {
    /// A member, by its host and port.
    ///
    /// # Errors
    /// Certificates that cannot be used.
    pub(super) fn new(address: &str, certificates: &Certificates) -> Result<Self, String> {
        let trust = certificates.ca.as_ref().map_or(Trust::System, Trust::Pem);
        let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
        let client = TlsClient::new(trust, certificates.identity.as_ref(), host, Offer::Both);
        let client = client.map_err(|error| error.to_string())?;
        Ok(Self { address: address.to_owned(), client })
    }

    async fn connect(self) -> io::Result<TokioIo<Box<dyn Connection>>> {
        let stream = TcpStream::connect(&self.address).await?;
        stream.set_nodelay(true)?;
        let (stream, http2) = self.client.connect(stream).await?;
        if !http2 {
            return Err(io::Error::other("the server has no HTTP/2: it is no etcd"));
        }
        Ok(TokioIo::new(Box::new(stream)))
    }
}

impl Service<Uri> for TlsMember {
    type Response = TokioIo<Box<dyn Connection>>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        Box::pin(self.clone().connect())
    }
}
