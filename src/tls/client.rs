//! TLS as a client: connections to other servers, and the verification of their certificates.

use std::io;
use std::sync::Arc;

use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{Pem, TlsError, provider};

/// Which servers to trust.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Trust<'a> {
    /// The CAs that the system trusts.
    System,
    /// The CAs of a PEM text, and servers that show a certificate of it.
    Pem(&'a Pem),
    /// Any server.
    Anyone,
}

/// The certificate that a client presents, and its key.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) chain: Pem,
    pub(crate) key: Pem,
}

/// Which protocols a client offers (ALPN, RFC 7301).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offer {
    /// HTTP/2 and HTTP/1.1.
    Both,
    /// HTTP/1.1 alone: an upgrade is not possible over HTTP/2.
    Http1,
}

/// Connects to `http://` and `https://` servers.
pub(crate) type Connector = HttpsConnector<HttpConnector>;

/// Returns a connector that goes through `http` and checks no certificates. HTTP/1.1 alone.
///
/// # Errors
/// Why there can be none.
pub(crate) fn connector(mut http: HttpConnector) -> Result<Connector, TlsError> {
    http.enforce_http(false);
    let builder = HttpsConnectorBuilder::new().with_tls_config(config(Trust::Anyone, None)?);
    Ok(builder.https_or_http().enable_http1().wrap_connector(http))
}

/// Makes TLS connections to one server.
#[derive(Clone)]
pub(crate) struct TlsClient {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl TlsClient {
    /// Creates a client of the server with this name, which goes into SNI and is checked.
    ///
    /// # Errors
    /// An invalid name, or unusable certificates or key.
    pub(crate) fn new(
        trust: Trust<'_>,
        identity: Option<&Identity>,
        name: &str,
        offer: Offer,
    ) -> Result<Self, TlsError> {
        let mut config = config(trust, identity)?;
        if offer == Offer::Both {
            config.alpn_protocols.push(b"h2".to_vec());
        }
        config.alpn_protocols.push(b"http/1.1".to_vec());
        let host = name.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(host.to_owned()).map_err(|_| {
            TlsError::unusable(&format!("{host:?} is not the name of a TLS server"))
        })?;
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), name })
    }

    /// Connects. The second value is whether the connection uses HTTP/2.
    ///
    /// # Errors
    /// A failed connection, or an invalid certificate of the server.
    pub(crate) async fn connect<S>(&self, io: S) -> io::Result<(TlsStream<S>, bool)>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let stream = self.connector.connect(self.name.clone(), io).await?;
        let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok((stream, http2))
    }
}

impl std::fmt::Debug for TlsClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("TlsClient").field(&self.name).finish()
    }
}

/// Why a handshake failed, as Go's `crypto/tls` says it.
pub(crate) fn go_reason(error: &io::Error) -> String {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidCertificate(why)) => {
            format!("tls: failed to verify certificate: x509: {}", go_certificate_reason(why))
        }
        Some(rustls::Error::InvalidMessage(_)) => {
            "http: server gave HTTP response to HTTPS client".to_owned()
        }
        Some(rustls::Error::AlertReceived(alert)) => {
            format!("remote error: tls: {}", format!("{alert:?}").to_lowercase())
        }
        _ if error.kind() == io::ErrorKind::UnexpectedEof => "EOF".to_owned(),
        _ if error.kind() == io::ErrorKind::ConnectionReset => {
            "read: connection reset by peer".to_owned()
        }
        _ => format!("tls: {error}"),
    }
}

/// Why a certificate is refused, as Go's `crypto/x509` says it.
fn go_certificate_reason(why: &CertificateError) -> String {
    let time = |time: &UnixTime| {
        let seconds = i64::try_from(time.as_secs()).unwrap_or_default();
        jiff::Timestamp::from_second(seconds).unwrap_or_default().to_string()
    };
    let invalid = "certificate has expired or is not yet valid: current time";
    match why {
        CertificateError::NotValidForNameContext { expected, presented } => {
            let wanted = expected.to_str();
            let (kind, is_address) = match expected {
                ServerName::IpAddress(_) => ("IpAddress(", true),
                _ => ("DnsName(", false),
            };
            let names: Vec<&str> = presented
                .iter()
                .filter_map(|name| name.strip_prefix(kind))
                .map(|name| name.trim_end_matches(')').trim_matches('"'))
                .collect();
            match (names.is_empty(), is_address) {
                (true, true) => format!(
                    "cannot validate certificate for {wanted} because it doesn't contain any IP SANs"
                ),
                (true, false) => {
                    format!("certificate is not valid for any names, but wanted to match {wanted}")
                }
                _ => format!("certificate is valid for {}, not {wanted}", names.join(", ")),
            }
        }
        CertificateError::ExpiredContext { time: now, not_after } => {
            format!("{invalid} {} is after {}", time(now), time(not_after))
        }
        CertificateError::NotValidYetContext { time: now, not_before } => {
            format!("{invalid} {} is before {}", time(now), time(not_before))
        }
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "certificate signed by unknown authority".to_owned()
        }
        // A self-signed certificate that says it is an authority, and is none here.
        CertificateError::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            "certificate signed by unknown authority".to_owned()
        }
        other => other.to_string(),
    }
}

fn config(trust: Trust<'_>, identity: Option<&Identity>) -> Result<ClientConfig, TlsError> {
    let provider = provider();
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::unusable(&error))?;
    let builder = match trust {
        Trust::Anyone => {
            let any = Arc::new(ServerCertificates::any(provider));
            builder.dangerous().with_custom_certificate_verifier(any)
        }
        Trust::Pem(pem) => {
            let named = Arc::new(ServerCertificates::named(pem, provider)?);
            builder.dangerous().with_custom_certificate_verifier(named)
        }
        Trust::System => match builder.clone().with_native_roots() {
            Ok(builder) => builder,
            // A machine without certificates can still connect to http:// backends.
            Err(_) => builder.with_root_certificates(RootCertStore::empty()),
        },
    };
    let Some(Identity { chain, key }) = identity else { return Ok(builder.with_no_client_auth()) };
    let certificates = chain.certificates()?;
    let private = PrivateKeyDer::from_pem_slice(&key.text).map_err(|_| {
        TlsError::file(&key.from, &"there is no private key in it; PEM is expected")
    })?;
    builder.with_client_auth_cert(certificates, private).map_err(|error| {
        let why =
            format!("the key does not fit the certificate of {}: {error}", chain.from.display());
        TlsError::file(&key.from, &why)
    })
}

/// Verifies the certificates of a server. The server must hold the key in every case.
#[derive(Debug)]
struct ServerCertificates {
    accepted: Accepted,
    provider: Arc<CryptoProvider>,
}

#[derive(Debug)]
enum Accepted {
    /// Every certificate: requested explicitly by the user, or the server's CA is not known yet.
    Any,
    /// Certificates given by the user: CAs, and single certificates. A self-signed certificate of a
    /// server is both, and rustls refuses it as a CA (`CaUsedAsEndEntity`).
    Named {
        certificates: Vec<CertificateDer<'static>>,
        /// `None` if none of them can be a CA.
        authorities: Option<Arc<WebPkiServerVerifier>>,
    },
}

impl ServerCertificates {
    fn any(provider: Arc<CryptoProvider>) -> Self {
        Self { accepted: Accepted::Any, provider }
    }

    fn named(pem: &Pem, provider: Arc<CryptoProvider>) -> Result<Self, TlsError> {
        let certificates = pem.certificates()?;
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(certificates.iter().cloned());
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let authorities = verifier.build().ok();
        Ok(Self { accepted: Accepted::Named { certificates, authorities }, provider })
    }
}

impl ServerCertVerifier for ServerCertificates {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Accepted::Named { certificates, authorities } = &self.accepted else {
            return Ok(ServerCertVerified::assertion());
        };
        // Only the holder of its key can present it, so neither its names nor its issuer matter.
        if certificates.iter().any(|named| named == certificate) {
            return Ok(ServerCertVerified::assertion());
        }
        match authorities {
            Some(authorities) => {
                authorities.verify_server_cert(certificate, intermediates, name, ocsp, now)
            }
            None => Err(CertificateError::UnknownIssuer.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
