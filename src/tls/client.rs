//! The client's side: how another server is reached, and whose certificate is good enough.

use std::path::Path;
use std::sync::Arc;

use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::{TlsError, provider, roots};

/// Whom to trust.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Trust<'a> {
    /// The CAs the system trusts.
    System,
    /// The CAs of a PEM file.
    File(&'a Path),
    /// Whoever answers.
    Anyone,
}

/// Connects to `http://` and `https://` servers.
pub(crate) type Connector = HttpsConnector<HttpConnector>;

/// A connector that goes through `http` and checks certificates as `trust` says. HTTP/1.1 alone.
///
/// # Errors
/// A file of certificates that cannot be used.
pub(crate) fn connector(trust: Trust<'_>, mut http: HttpConnector) -> Result<Connector, TlsError> {
    http.enforce_http(false);
    let builder = HttpsConnectorBuilder::new().with_tls_config(config(trust)?);
    Ok(builder.https_or_http().enable_http1().wrap_connector(http))
}

fn config(trust: Trust<'_>) -> Result<ClientConfig, TlsError> {
    let provider = provider();
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::unusable(&error))?;
    Ok(match trust {
        Trust::Anyone => {
            let any = Arc::new(AnyCertificate(provider));
            builder.dangerous().with_custom_certificate_verifier(any).with_no_client_auth()
        }
        Trust::File(path) => builder.with_root_certificates(roots(path)?).with_no_client_auth(),
        Trust::System => match builder.clone().with_native_roots() {
            Ok(builder) => builder.with_no_client_auth(),
            // A machine without certificates can still speak to http:// backends.
            Err(_) => builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth(),
        },
    })
}

/// Asked for by name: a test backend with a certificate of its own making, or a server whose CA is not
/// known yet.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
