//! TLS as a server: the presented certificate, client certificates, and their reload.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
pub(crate) use tokio_rustls::server::TlsStream;

use crate::message::{ClientCertificate, HandshakeFault};

use super::identity::Clients;
use super::issue::{Issued, issue, issue_wrong, pem};
pub(crate) use super::records::LargeRecordBuffer;
use super::records::RecordBuffers;
use super::{TlsError, certificates, provider};

/// The protocols that clients may choose, best first (ALPN, RFC 7301).
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// How a server serves HTTPS, for [`Builder::tls`](crate::Builder::tls): TLS 1.2 and 1.3.
///
/// By default it makes a CA at its start, and a certificate for `localhost` and the loopback addresses.
///
/// ```
/// # async fn run() -> Result<(), standin::Error> {
/// let options = standin::TlsOptions::default().name("standin.test");
/// let server = standin::Server::builder().tls(options).start().await?;
/// assert!(server.url().starts_with("https://127.0.0.1:"));
/// let ca_for_the_client = server.ca_pem().unwrap_or_default();
/// assert!(ca_for_the_client.starts_with("-----BEGIN CERTIFICATE-----"));
/// # server.shutdown().await; Ok(()) }
/// # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "options do nothing until they are given to a builder"]
pub struct TlsOptions {
    certificate: Option<(PathBuf, PathBuf)>,
    names: Vec<String>,
    client_ca: Option<PathBuf>,
    front_proxy_ca: Option<PathBuf>,
}

impl TlsOptions {
    /// Sets a certificate chain and its key, as PEM files, in place of the server's own. With the feature
    /// `hot-reload` they are reloaded when the files change.
    pub fn certificate(mut self, chain: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.certificate = Some((chain.into(), key.into()));
        self
    }

    /// Adds a host name or address to the server's own certificate, such as that of a container.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.names.push(name.into());
        self
    }

    /// Sets a PEM file of CAs whose client certificates identify users: the common name is the user, the
    /// organizations are the groups.
    pub fn client_ca(mut self, file: impl Into<PathBuf>) -> Self {
        self.client_ca = Some(file.into());
        self
    }

    /// Sets a PEM file of CAs whose client certificates are those of front proxies: see
    /// [`Builder::front_proxy`](crate::Builder::front_proxy).
    pub(crate) fn front_proxy_ca(mut self, file: impl Into<PathBuf>) -> Self {
        self.front_proxy_ca = Some(file.into());
        self
    }

    /// Returns whether client certificates are requested.
    pub(crate) fn asks_for_certificates(&self) -> bool {
        self.client_ca.is_some()
    }

    /// Returns the files in it.
    #[cfg(feature = "hot-reload")]
    fn files(&self) -> Vec<PathBuf> {
        let pair = self.certificate.iter().flat_map(|(chain, key)| [chain, key]);
        pair.chain(&self.client_ca).chain(&self.front_proxy_ca).cloned().collect()
    }
}

/// How many hosts have a certificate at once.
const MAX_HOSTS: usize = 256;

/// The current TLS configuration of a server.
#[derive(Debug)]
pub(crate) struct Tls {
    options: TlsOptions,
    /// Created once: a reload of other files must not change it, because clients trust it.
    own: Option<Issued>,
    now: ArcSwap<Current>,
    /// The invalid certificates for scenarios, each created on first use.
    wrong: Mutex<HashMap<HandshakeFault, Arc<ServerConfig>>>,
    /// The configurations for the hosts of a forward proxy.
    hosts: Mutex<HashMap<String, Arc<ServerConfig>>>,
    records: RecordBuffers,
}

#[derive(Debug)]
struct Current {
    config: Arc<ServerConfig>,
    clients: Option<Arc<Clients>>,
    ca_pem: String,
}

impl std::fmt::Debug for Issued {
    /// Omits the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issued").field("ca_pem", &self.ca_pem).finish_non_exhaustive()
    }
}

impl Tls {
    /// Reads the files, or creates a certificate.
    ///
    /// # Errors
    /// The first file that cannot be used; a key that is not the certificate's.
    pub(crate) fn new(mut options: TlsOptions, listen: std::net::IpAddr) -> Result<Self, TlsError> {
        let own = if options.certificate.is_some() {
            None
        } else {
            let given = std::mem::take(&mut options.names);
            let mut names = vec!["localhost".to_owned(), "127.0.0.1".into(), "::1".into()];
            if !listen.is_unspecified() {
                names.push(listen.to_string());
            }
            names.extend(given);
            Some(issue(&names)?)
        };
        let now = ArcSwap::from_pointee(Current::load(&options, own.as_ref())?);
        let (wrong, hosts, records) = Default::default();
        Ok(Self { options, own, now, wrong, hosts, records })
    }

    /// Returns the configuration with a deliberately invalid certificate.
    fn wrong(&self, fault: HandshakeFault) -> Result<Arc<ServerConfig>, TlsError> {
        let known = |made: &HashMap<_, _>| made.get(&fault).cloned();
        if let Some(config) = known(&self.wrong.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(config);
        }
        // Keys are generated without the lock: other handshakes do not wait for that.
        let config = config_of(issue_wrong(fault, self.own.as_ref())?)?;
        let mut made = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(made.entry(fault).or_insert(Arc::new(config))))
    }

    /// Reads the files again for new connections. On `Err` nothing has changed.
    ///
    /// # Errors
    /// As [`Tls::new`].
    #[cfg(feature = "hot-reload")]
    pub(crate) fn reload(&self) -> Result<(), TlsError> {
        self.now.store(Arc::new(Current::load(&self.options, self.own.as_ref())?));
        Ok(())
    }

    /// Returns its files.
    #[cfg(feature = "hot-reload")]
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        self.options.files()
    }

    /// Returns the certificate that clients have to trust: the CA's, or the last of the given
    /// chain.
    pub(crate) fn ca_pem(&self) -> String {
        self.now.load().ca_pem.clone()
    }

    /// Performs the handshake.
    ///
    /// # Errors
    /// A violation of TLS by the client.
    pub(crate) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        fault: Option<HandshakeFault>,
    ) -> std::io::Result<Accepted<S>> {
        let now = self.now.load_full();
        let config = match fault {
            None => Arc::clone(&now.config),
            Some(fault) => self.wrong(fault).map_err(std::io::Error::other)?,
        };
        let mut stream = TlsAcceptor::from(config).accept(stream).await?;
        let large_buffer = self.records.enlarge(&mut stream);
        let session = stream.get_ref().1;
        let http2 = session.alpn_protocol() == Some(PROTOCOLS[0]);
        let shown = session.peer_certificates().unwrap_or_default();
        let client = now.clients.as_ref().and_then(|clients| clients.identify(shown));
        Ok(Accepted { stream, http2, client: client.map(Arc::new), large_buffer })
    }
}

impl Tls {
    /// Returns whether it can present certificates for other hosts: it has its own CA.
    pub(crate) fn issues(&self) -> bool {
        self.own.is_some()
    }

    /// Performs the handshake as another host, with a certificate issued for it.
    ///
    /// # Errors
    /// A violation of TLS by the client, and a host that no certificate can name.
    pub(crate) async fn accept_as<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        host: &str,
        stream: S,
    ) -> std::io::Result<Accepted<S>> {
        let config = self.of_host(host).map_err(std::io::Error::other)?;
        let mut stream = TlsAcceptor::from(config).accept(stream).await?;
        let large_buffer = self.records.enlarge(&mut stream);
        let http2 = stream.get_ref().1.alpn_protocol() == Some(PROTOCOLS[0]);
        Ok(Accepted { stream, http2, client: None, large_buffer })
    }

    fn of_host(&self, host: &str) -> Result<Arc<ServerConfig>, TlsError> {
        let known = |hosts: &HashMap<_, _>| hosts.get(host).cloned();
        if let Some(config) = known(&self.hosts.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(config);
        }
        let Some(own) = &self.own else {
            return Err(TlsError::Unusable("there is no CA to issue certificates".into()));
        };
        let config = Arc::new(config_of(own.issue_for(host)?)?);
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() >= MAX_HOSTS {
            // They are issued again on demand.
            hosts.clear();
        }
        hosts.insert(host.to_owned(), Arc::clone(&config));
        Ok(config)
    }
}

/// Returns the configuration with an issued certificate, without client certificates.
fn config_of(issued: Issued) -> Result<ServerConfig, TlsError> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::unusable(&error))?
        .with_no_client_auth()
        .with_single_cert(issued.chain, issued.key)
        .map_err(|error| TlsError::unusable(&error))?;
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    Ok(config)
}

/// A connection after its handshake.
pub(crate) struct Accepted<S> {
    pub(crate) stream: TlsStream<S>,
    /// Whether the client chose HTTP/2.
    pub(crate) http2: bool,
    /// The certificate that the client presented, if any.
    pub(crate) client: Option<Arc<ClientCertificate>>,
    /// Is dropped with the stream.
    pub(crate) large_buffer: Option<LargeRecordBuffer>,
}

impl Current {
    fn load(options: &TlsOptions, own: Option<&Issued>) -> Result<Self, TlsError> {
        let read = |path: Option<&Path>| path.map(certificates).transpose();
        let clients = Clients::new(
            read(options.client_ca.as_deref())?,
            read(options.front_proxy_ca.as_deref())?,
        )?;
        let clients = clients.map(Arc::new);
        let (chain, key, ca_pem) = match (&options.certificate, own) {
            (Some((chain, key)), _) => {
                let key = PrivateKeyDer::from_pem_file(key)
                    .map_err(|error| TlsError::file(key, &error))?;
                let chain = certificates(chain)?;
                let ca_pem = chain.last().map(|last| pem("CERTIFICATE", last)).unwrap_or_default();
                (chain, key, ca_pem)
            }
            (None, Some(own)) => (own.chain.clone(), own.key.clone_key(), own.ca_pem.clone()),
            (None, None) => {
                return Err(TlsError::Unusable("there is neither a certificate nor a CA".into()));
            }
        };
        let builder = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::unusable(&error))?;
        let builder = match &clients {
            Some(clients) => builder.with_client_cert_verifier(Arc::clone(clients) as Arc<_>),
            None => builder.with_no_client_auth(),
        };
        let mut config =
            builder.with_single_cert(chain, key).map_err(|error| match &options.certificate {
                Some((chain, _)) => {
                    TlsError::file(chain, &format!("{error}; is the key this certificate's?"))
                }
                None => TlsError::unusable(&error),
            })?;
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        Ok(Self { config: Arc::new(config), clients, ca_pem })
    }
}

/// Issues a certificate for host names and addresses by a CA whose key is not kept. Returns the chain and the key, as PEM.
///
/// # Errors
/// A name that no certificate can have.
#[cfg(feature = "cli")]
pub(crate) fn issued_pem(names: &[String]) -> Result<(String, String), TlsError> {
    super::issue::issue_pem(names)
}
