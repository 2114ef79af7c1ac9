//! The identity in a client certificate.
//!
//! A Kubernetes API server requests a certificate and verifies it per request: an invalid one is a
//! 401, not a failed handshake (`k8s.io/apiserver/pkg/authentication/request/x509`).

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, RootCertStore, SignatureScheme};
use x509_parser::x509::X509Version;

use crate::message::ClientCertificate;

use super::{TlsError, provider};

/// Some CAs.
#[derive(Debug)]
struct Trust {
    verifier: Arc<dyn ClientCertVerifier>,
    /// The CAs again, for certificates that the verifier does not support.
    authorities: Vec<CertificateDer<'static>>,
}

impl Trust {
    fn new(authorities: Vec<CertificateDer<'static>>) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        for authority in &authorities {
            roots.add(authority.clone()).map_err(|error| TlsError::unusable(&error))?;
        }
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
        let verifier = verifier.build().map_err(|error| TlsError::unusable(&error))?;
        Ok(Self { verifier, authorities })
    }

    /// The identity of a certificate to these CAs.
    fn identify(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
    ) -> ClientCertificate {
        match self.verifier.verify_client_cert(own, others, UnixTime::now()) {
            Ok(_) => subject(own),
            Err(_) if self.signed_version_1(own) => subject(own),
            Err(error) => ClientCertificate::Refused(error.to_string()),
        }
    }

    /// Returns whether a certificate of version 1 is valid: one without extensions, as `openssl
    /// x509 -req` creates by default. Go's verifier accepts them, the one used here does not
    /// support them.
    fn signed_version_1(&self, certificate: &CertificateDer<'_>) -> bool {
        let Ok((_, certificate)) = x509_parser::parse_x509_certificate(certificate) else {
            return false;
        };
        let signs = |authority: &CertificateDer<'_>| {
            x509_parser::parse_x509_certificate(authority).is_ok_and(|(_, authority)| {
                authority.subject() == certificate.issuer()
                    && certificate.verify_signature(Some(authority.public_key())).is_ok()
            })
        };
        certificate.version() == X509Version::V1
            && certificate.validity().is_valid()
            && self.authorities.iter().any(signs)
    }
}

/// Accepts any certificate whose key the client holds; trust is checked later.
#[derive(Debug)]
pub(super) struct Clients {
    users: Option<Trust>,
    proxies: Option<Trust>,
    /// What a handshake asks for and checks: that of the first CAs.
    handshake: Arc<dyn ClientCertVerifier>,
    provider: Arc<CryptoProvider>,
}

impl Clients {
    /// The CAs of clients, and those of front proxies. Nothing where there are neither.
    pub(super) fn new(
        clients: Option<Vec<CertificateDer<'static>>>,
        proxies: Option<Vec<CertificateDer<'static>>>,
    ) -> Result<Option<Self>, TlsError> {
        let clients = clients.map(Trust::new).transpose()?;
        let proxies = proxies.map(Trust::new).transpose()?;
        let Some(first) = clients.as_ref().or(proxies.as_ref()) else { return Ok(None) };
        let handshake = Arc::clone(&first.verifier);
        Ok(Some(Self { users: clients, proxies, handshake, provider: provider() }))
    }

    /// Returns the identity of a client that presented these certificates, its own first.
    pub(super) fn identify(&self, shown: &[CertificateDer<'_>]) -> Option<ClientCertificate> {
        let (own, others) = shown.split_first()?;
        let as_client = self.users.as_ref().map(|trust| trust.identify(own, others));
        match self.proxies.as_ref().map(|trust| trust.identify(own, others)) {
            Some(ClientCertificate::Trusted { common_name, .. }) => {
                let as_client = as_client.map(Box::new);
                Some(ClientCertificate::FrontProxy { common_name, as_client })
            }
            as_proxy => as_client.or(as_proxy),
        }
    }
}

/// Returns the subject: its common name is the user, its organizations are the groups.
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
        self.handshake.root_hint_subjects()
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
        self.handshake.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let Ok((_, parsed)) = x509_parser::parse_x509_certificate(certificate) else {
            return self.handshake.verify_tls13_signature(message, certificate, signature);
        };
        // By the key alone, so that the version of what is around it does not matter.
        let key = SubjectPublicKeyInfoDer::from(parsed.public_key().raw);
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature_with_raw_key(message, &key, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.handshake.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::pem::PemObject;

    use super::*;

    // Made with `openssl req -x509` and `openssl x509 -req`, their keys thrown away.
    const CA: &str = "\
-----BEGIN CERTIFICATE-----\n\
MIIBfDCCASGgAwIBAgIUKCXfFmtry1AGvzFUHxOcuF39DjEwCgYIKoZIzj0EAwIw\n\
EjEQMA4GA1UEAwwHdGVzdCBjYTAgFw0yNjExMjExMjMxMDZaGA8yMTI2MTAyODEy\n\
MzEwNlowEjEQMA4GA1UEAwwHdGVzdCBjYTBZMBMGByqGSM49AgEGCCqGSM49AwEH\n\
A0IABD3Ob2Fj92LPzQRdI8lZ1N1qOKrF9V6xDPU/tBbB0qp3dkRuS3Jy9Oqa6rrf\n\
vgJUX6uxX0F5Azn9HFCEw02Pt1ijUzBRMB0GA1UdDgQWBBQ0m+kHS46ogA+gKBkQ\n\
wgrbmpRcoTAfBgNVHSMEGDAWgBQ0m+kHS46ogA+gKBkQwgrbmpRcoTAPBgNVHRMB\n\
Af8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQCWWTpAoeeGAF0VaLOtgr69TbBV\n\
fD/jgwDowacL3uAj2wIhAIFZDFAttAnD0VYoF5VPOtNna4+RQMpZ1Yc+AFd0mt4E\n\
-----END CERTIFICATE-----";
    /// O=devs, O=ops, CN=alice; of version 1, without extensions.
    const ALICE: &str = "\
-----BEGIN CERTIFICATE-----\n\
MIIBOjCB4gIUGKMPZPT8GF1QBQl3DCnGd9FsmWMwCgYIKoZIzj0EAwIwEjEQMA4G\n\
A1UEAwwHdGVzdCBjYTAgFw0yNjExMjExMjMxMDZaGA8yMTI2MTAyODEyMzEwNlow\n\
LTENMAsGA1UECgwEZGV2czEMMAoGA1UECgwDb3BzMQ4wDAYDVQQDDAVhbGljZTBZ\n\
MBMGByqGSM49AgEGCCqGSM49AwEHA0IABBYIeqXki2Vwyb4/Bgm2NR8vTKBRH0XP\n\
R4QqdeOeGHf8Nnnc9wtQL+D3ofHr0HXxj7A12Q2p6bZ4QV1TYgoNnuAwCgYIKoZI\n\
zj0EAwIDRwAwRAIgd653FgsaFbFZNATdcyWo4cNO52RE+o0nJ0gknD5xnJECIELE\n\
HEeBTJWPamTHzkNSAUodT7crsA2YI3VRdH6CD+2p\n\
-----END CERTIFICATE-----";

    fn certificate(pem: &str) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
    }

    #[test]
    fn every_organization_is_a_group() {
        let expected = ClientCertificate::Trusted {
            common_name: "alice".to_owned(),
            organizations: vec!["devs".to_owned(), "ops".to_owned()],
        };
        assert_eq!(subject(&certificate(ALICE)), expected);
        let broken = CertificateDer::from(vec![0x30, 0x03, 0x02, 0x01, 0x00]);
        assert!(matches!(subject(&broken), ClientCertificate::Refused(_)));
    }

    #[test]
    fn certificates_of_version_1_hold_when_the_ca_signed_them() {
        let ours = Clients::new(Some(vec![certificate(CA)]), None).unwrap().unwrap();
        let found = ours.identify(&[certificate(ALICE)]);
        assert!(matches!(found, Some(ClientCertificate::Trusted { .. })), "{found:?}");
        // One of the same CA's name, with another key; and one that was tampered with.
        let other = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(rcgen::DnType::CommonName, "test ca");
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let other = params.self_signed(&other).unwrap().der().clone();
        let theirs = Clients::new(Some(vec![other]), None).unwrap().unwrap();
        assert!(matches!(
            theirs.identify(&[certificate(ALICE)]),
            Some(ClientCertificate::Refused(_))
        ));
        let mut changed = certificate(ALICE).to_vec();
        let at = changed.windows(5).position(|bytes| bytes == b"alice").unwrap();
        changed[at] = b'A';
        let found = ours.identify(&[CertificateDer::from(changed)]);
        assert!(matches!(found, Some(ClientCertificate::Refused(_))), "{found:?}");
        assert_eq!(ours.identify(&[]), None);
    }

    #[test]
    fn a_certificate_of_a_front_proxy_may_be_one_of_a_client_too() {
        let ours = || Some(vec![certificate(CA)]);
        let trusted = || subject(&certificate(ALICE));
        let found = |clients, proxies| {
            Clients::new(clients, proxies).unwrap().unwrap().identify(&[certificate(ALICE)])
        };
        let proxy = |as_client: Option<ClientCertificate>| {
            let as_client = as_client.map(Box::new);
            Some(ClientCertificate::FrontProxy { common_name: "alice".to_owned(), as_client })
        };
        assert_eq!(found(None, ours()), proxy(None));
        assert_eq!(found(ours(), ours()), proxy(Some(trusted())));
        assert_eq!(found(ours(), None), Some(trusted()));
        assert!(Clients::new(None, None).unwrap().is_none());
    }
}
