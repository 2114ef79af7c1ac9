//! Connections to an API server's webhooks: TLS, with certificates that are checked.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Uri;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::tls::Pem;
use crate::tls::client::{Identity, Offer, TlsClient, Trust, go_reason};

use super::api_backend_target::BackendTarget;
use super::connect::{BackendStream, ConnectError};

/// The port of `http`.
const HTTP: u16 = 80;

/// The port of `https`.
const HTTPS: u16 = 443;

/// Where a webhook is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct WebhookTarget {
    /// Its URL; its host is the name that its certificate has to have.
    pub(crate) url: String,
    /// The host and port to connect to, where they are not those of the URL.
    pub(crate) address: Option<(String, u16)>,
    /// The certificates to trust, in PEM; empty for those that the system trusts.
    pub(crate) ca_bundle: Vec<u8>,
}

/// Connects to one webhook, or to the server of an API service.
#[derive(Debug, Clone)]
pub(super) struct WebhookConnector {
    host: String,
    port: u16,
    /// Nothing for plain HTTP, where a redirect of a webhook can lead.
    tls: Option<TlsClient>,
}

impl WebhookConnector {
    /// A connector to a webhook.
    ///
    /// # Errors
    /// Why there can be none: its URL, or its certificates.
    pub(super) fn new(target: &WebhookTarget) -> Result<Self, String> {
        let uri: Uri = target.url.parse().map_err(|error| format!("{error}"))?;
        let name = uri.host().ok_or("http: no Host in request URL")?;
        let bundle = Pem { from: "caBundle".into(), text: target.ca_bundle.clone() };
        let is_given = !target.ca_bundle.is_empty();
        let trust = if is_given { Trust::Pem(&bundle) } else { Trust::System };
        let is_plain = uri.scheme() == Some(&http::uri::Scheme::HTTP);
        let tls = (!is_plain).then(|| TlsClient::new(trust, None, name, Offer::Http1)).transpose();
        let tls = tls.map_err(|why| why.to_string())?;
        let own = || {
            let host = name.trim_start_matches('[').trim_end_matches(']');
            (host.to_owned(), uri.port_u16().unwrap_or(if is_plain { HTTP } else { HTTPS }))
        };
        let (host, port) = target.address.clone().unwrap_or_else(own);
        Ok(Self { host, port, tls })
    }

    /// A connector to the server of an API service, which has TLS.
    ///
    /// # Errors
    /// Why there can be none: its name, or the certificates.
    pub(super) fn to_backend(
        target: &BackendTarget,
        identity: Option<&Identity>,
    ) -> Result<Self, String> {
        let bundle = Pem { from: "caBundle".into(), text: target.ca_bundle.clone() };
        let trust = match (target.is_insecure, target.ca_bundle.is_empty()) {
            (true, _) => Trust::Anyone,
            (false, true) => Trust::System,
            (false, false) => Trust::Pem(&bundle),
        };
        let tls = TlsClient::new(trust, identity, &target.name, Offer::Http1);
        let tls = Some(tls.map_err(|why| why.to_string())?);
        let (host, port) = target.address.clone();
        Ok(Self { host, port, tls })
    }

    async fn connect(self) -> Result<BackendStream, ConnectError> {
        let stream = dial(&self.host, self.port).await?;
        let Some(tls) = self.tls else { return Ok(BackendStream::plain(Box::new(stream))) };
        let (stream, _) = tls.connect(stream).await.map_err(|error| go_reason(&error))?;
        Ok(BackendStream::over_tls(Box::new(stream)))
    }
}

/// Opens a connection to the first address that takes it.
async fn dial(host: &str, port: u16) -> Result<TcpStream, String> {
    let addresses = tokio::net::lookup_host((host, port)).await;
    let addresses: Vec<SocketAddr> =
        addresses.map_err(|_| format!("dial tcp: lookup {host}: no such host"))?.collect();
    let mut failure = format!("dial tcp: lookup {host}: no such host");
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // It is for speed alone.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => failure = format!("dial tcp {address}: connect: {}", system_text(&error)),
        }
    }
    Err(failure)
}

/// An error of the system, as Go prints it.
fn system_text(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::NetworkUnreachable => "network is unreachable".to_owned(),
        io::ErrorKind::HostUnreachable => "no route to host".to_owned(),
        _ => error.to_string().to_lowercase(),
    }
}

impl Service<Uri> for WebhookConnector {
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
