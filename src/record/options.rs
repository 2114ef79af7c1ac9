//! How a backend is reached: what [`Builder::upstream`](crate::Builder::upstream) and the command line set.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::document::disk;
use crate::tls::Pem;
use crate::tls::client::Identity;

use super::credentials::Credentials;
use super::route::EnvProxies;

/// The largest PEM file, in bytes.
const MOST: u64 = 4 << 20;

/// A PEM file, or its text.
#[derive(Clone)]
pub(super) enum PemSource {
    File(PathBuf),
    /// A text, and a name for messages.
    Text(PathBuf, Vec<u8>),
}

impl PemSource {
    /// # Errors
    /// A file that cannot be read: which, and why.
    pub(super) fn read(&self) -> Result<Pem, String> {
        match self {
            Self::Text(from, text) => Ok(Pem { from: from.clone(), text: text.clone() }),
            Self::File(path) => match disk::read(path, MOST) {
                Ok(text) => Ok(Pem { from: path.clone(), text }),
                Err(error) => Err(format!("{}: {error}", path.display())),
            },
        }
    }

    pub(super) fn name(&self) -> &Path {
        match self {
            Self::File(path) | Self::Text(path, _) => path,
        }
    }
}

impl std::fmt::Debug for PemSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("PemSource").field(&self.name()).finish()
    }
}

/// How a backend is reached, for [`Builder::upstream`](crate::Builder::upstream).
///
/// ```
/// let options = standin::UpstreamOptions::default()
///     .timeout(std::time::Duration::from_secs(5))
///     .host("api.example.com");
/// let builder = standin::Server::builder().upstream("http://127.0.0.1:8001", options);
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "options do nothing until they are given to a builder"]
pub struct UpstreamOptions {
    pub(super) ca: Option<PemSource>,
    pub(super) identity: Option<(PemSource, PemSource)>,
    pub(super) insecure: bool,
    pub(super) timeout: Option<Duration>,
    pub(super) server_name: Option<String>,
    pub(super) host: Option<String>,
    pub(super) preserve_host: bool,
    pub(super) env_proxies: bool,
    /// The address of the forward proxy that asks, which is none of these.
    pub(super) own_address: Option<SocketAddr>,
    /// For requests that have none.
    pub(super) credentials: Option<Credentials>,
}

impl UpstreamOptions {
    /// Which proxies of the environment apply.
    pub(super) fn proxies(&self) -> EnvProxies {
        match self.own_address {
            _ if !self.env_proxies => EnvProxies::Ignored,
            Some(own) => EnvProxies::ButOwn(own),
            None => EnvProxies::All,
        }
    }

    /// Trusts the certificates of a PEM file instead of the system's, for an `https://` backend: CAs, and
    /// certificates of servers themselves, such as a self-signed one.
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca = Some(PemSource::File(path.into()));
        self
    }

    /// Whether any certificate of the backend is trusted; off by default.
    pub fn insecure(mut self, on: bool) -> Self {
        self.insecure = on;
        self
    }

    /// Sets how long the head of a response may take; the default is a minute. A body may take any time, as a
    /// watch does.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Shows a client certificate to the backend: PEM files with its chain and its key.
    pub fn client_certificate(
        mut self,
        chain: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Self {
        self.identity = Some((PemSource::File(chain.into()), PemSource::File(key.into())));
        self
    }

    /// Sets the name that the backend's certificate has to have, which TLS also sends (SNI); the default is the
    /// host of its URL.
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.server_name = Some(name.into());
        self
    }

    /// The URL of the `Host` that is set: the backend's links may have it.
    pub(crate) fn host_url(&self) -> Option<String> {
        self.host.as_ref().map(|host| format!("http://{host}"))
    }

    /// Sets the `Host` of requests to the backend; the default is the host of its URL.
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = Some(host.into());
        self
    }

    /// Whether requests keep the `Host` that the client sent; off by default.
    pub fn preserve_host(mut self, on: bool) -> Self {
        self.preserve_host = on;
        self
    }

    /// Whether `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` of the environment apply, as they do for
    /// curl; off by default, and on in the program.
    pub fn env_proxies(mut self, on: bool) -> Self {
        self.env_proxies = on;
        self
    }

    /// The certificate to show to the backend.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn read_identity(&self) -> Result<Option<Identity>, String> {
        let Some((chain, key)) = &self.identity else { return Ok(None) };
        Ok(Some(Identity { chain: chain.read()?, key: key.read()? }))
    }
}
