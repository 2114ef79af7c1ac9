//! Who a client certificate names.
//!
//! A Kubernetes API server asks for a certificate, and looks at it when a request comes: one that does
//! not hold is a 401, not a failed handshake (`k8s.io/apiserver/pkg/authentication/request/x509`).

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, RootCertStore, SignatureScheme};

use crate::message::ClientCertificate;

use super::{TlsError, provider};

/// Takes any certificate whose key the client holds; whether it is trusted is asked afterwards.
#[derive(Debug)]
pub(super) struct Clients {
    trust: Arc<dyn ClientCertVerifier>,
}

impl Clients {
    pub(super) fn new(roots: RootCertStore) -> Result<Self, TlsError> {
        let trust = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider())
            .build()
            .map_err(|error| TlsError::unusable(&error))?;
        Ok(Self { trust })
    }

    /// Who a client is that showed these certificates, its own first.
    pub(super) fn identify(&self, shown: &[CertificateDer<'_>]) -> Option<ClientCertificate> {
        let (own, others) = shown.split_first()?;
        Some(match self.trust.verify_client_cert(own, others, UnixTime::now()) {
            Ok(_) => subject(own),
            Err(error) => ClientCertificate::Refused(error.to_string()),
        })
    }
}

/// The subject: its common name is the user, its organizations are the groups.
fn subject(certificate: &CertificateDer<'_>) -> ClientCertificate {
    let Ok((_, certificate)) = x509_parser::parse_x509_certificate(certificate) else {
        return ClientCertificate::Refused("it cannot be read".to_owned());
    };
    let subject = certificate.subject();
    let mut names = subject.iter_common_name().filter_map(|name| name.as_str().ok());
    let organizations = subject.iter_organization().filter_map(|name| name.as_str().ok());
    ClientCertificate::Trusted {
        common_name: names.next().unwrap_or_default().to_owned(),
        organizations: organizations.map(str::to_owned).collect(),
    }
}

impl ClientCertVerifier for Clients {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.trust.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.trust.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.trust.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.trust.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::pem::PemObject;

    use super::*;

    /// O=devs, O=ops, CN=alice; made with `openssl req -x509`, its key thrown away.
    const ALICE: &str = "\
-----BEGIN CERTIFICATE-----\n\
MIIBsTCCAVegAwIBAgIUEga7UNAribCNspuKGU+sMbWJqbAwCgYIKoZIzj0EAwIw\n\
LTENMAsGA1UECgwEZGV2czEMMAoGA1UECgwDb3BzMQ4wDAYDVQQDDAVhbGljZTAg\n\
Fw0yNjExMjExMTM3NTZaGA8yMTI2MTAyODExMzc1NlowLTENMAsGA1UECgwEZGV2\n\
czEMMAoGA1UECgwDb3BzMQ4wDAYDVQQDDAVhbGljZTBZMBMGByqGSM49AgEGCCqG\n\
SM49AwEHA0IABMVJmA3/C9xbz9IXkAruqwPd/HJOwpvcgyf6n0UZj7KN18OzK+S7\n\
aRKHURM4dFjAMbqi5tWBsd9HUQy1F1oDzLGjUzBRMB0GA1UdDgQWBBTH/G9GSTPg\n\
PuQU+8ZpTaGoUngDkzAfBgNVHSMEGDAWgBTH/G9GSTPgPuQU+8ZpTaGoUngDkzAP\n\
BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIGB3fqyuW5QPL1ZMdVJR\n\
0J9zzsdXRCFnEnd02nHh4k5cAiEA1FCPUueGirOoLG0xCarR2LxRFqvNceRUmk9F\n\
A+YFw6M=\n\
-----END CERTIFICATE-----";

    #[test]
    fn every_organization_is_a_group() {
        let certificate = CertificateDer::from_pem_slice(ALICE.as_bytes()).unwrap();
        let expected = ClientCertificate::Trusted {
            common_name: "alice".to_owned(),
            organizations: vec!["devs".to_owned(), "ops".to_owned()],
        };
        assert_eq!(subject(&certificate), expected);
        let broken = CertificateDer::from(vec![0x30, 0x03, 0x02, 0x01, 0x00]);
        assert!(matches!(subject(&broken), ClientCertificate::Refused(_)));
    }
}
