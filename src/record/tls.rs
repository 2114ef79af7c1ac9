//! TLS towards the backend (rustls on ring).

use std::sync::Arc;

use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::upstream::{UpstreamError, UpstreamOptions};

pub(super) fn connector(
    http: HttpConnector,
    options: &UpstreamOptions,
) -> Result<HttpsConnector<HttpConnector>, UpstreamError> {
    let failed = |why: String| UpstreamError::Tls(why);
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(error.to_string()))?;
    let config = if options.insecure {
        let any = Arc::new(AnyCertificate(provider));
        builder.dangerous().with_custom_certificate_verifier(any).with_no_client_auth()
    } else if let Some(path) = &options.ca_file {
        let why = |what: String| failed(format!("the CA file {}: {what}", path.display()));
        let certificates =
            CertificateDer::pem_file_iter(path).map_err(|error| why(error.to_string()))?;
        let mut roots = RootCertStore::empty();
        for certificate in certificates {
            let certificate = certificate.map_err(|error| why(error.to_string()))?;
            roots.add(certificate).map_err(|error| why(error.to_string()))?;
        }
        if roots.is_empty() {
            return Err(why("there is no certificate in it; PEM is expected".to_owned()));
        }
        builder.with_root_certificates(roots).with_no_client_auth()
    } else {
        match builder.clone().with_native_roots() {
            Ok(builder) => builder.with_no_client_auth(),
            // A machine without certificates can still speak to http:// backends.
            Err(_) => builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth(),
        }
    };
    let builder = HttpsConnectorBuilder::new().with_tls_config(config);
    Ok(builder.https_or_http().enable_http1().wrap_connector(http))
}

/// Asked for by name (`--upstream-insecure`): a test backend with a certificate of its own making.
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
