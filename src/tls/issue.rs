//! The server's own CA and certificate: created at start, discarded with the process.

use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, DnsName, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::message::HandshakeFault;

use super::TlsError;

/// The validity of certificates, in years: longer than any process runs.
const YEARS: i16 = 10;

/// The certificate that the server presents.
pub(super) struct Issued {
    /// Its certificate, then the CA's.
    pub(super) chain: Vec<CertificateDer<'static>>,
    /// The key of its certificate.
    pub(super) key: PrivateKeyDer<'static>,
    /// The CA's certificate, for clients.
    pub(super) ca_pem: String,
    /// The host names and addresses in it.
    names: Vec<String>,
    /// The CA, which may issue others.
    authority: Authority,
}

/// Creates a CA, and a certificate of it for the given host names and addresses.
pub(super) fn issue(names: &[String]) -> Result<Issued, TlsError> {
    let ca = Authority::new("standin CA")?;
    let own = params("standin").map_err(|error| TlsError::unusable(&error))?;
    ca.issue(own, names)
}

impl Issued {
    /// Returns a certificate of the same CA for another host.
    pub(super) fn issue_for(&self, host: &str) -> Result<Issued, TlsError> {
        let own = params("standin").map_err(|error| TlsError::unusable(&error))?;
        self.authority.issue(own, &[host.to_owned()])
    }
}

/// Creates a deliberately invalid certificate: of the trusted CA if the server has created it, or
/// else of an unknown one.
pub(super) fn issue_wrong(fault: HandshakeFault, own: Option<&Issued>) -> Result<Issued, TlsError> {
    let failed = |error: rcgen::Error| TlsError::unusable(&error);
    let mut params = params("standin").map_err(failed)?;
    let mut names = own.map_or_else(|| vec!["localhost".to_owned()], |own| own.names.clone());
    match fault {
        HandshakeFault::WrongName => names = vec!["wrong.standin.invalid".to_owned()],
        HandshakeFault::Expired => {
            params.not_before = date_time_ymd(2020, 1, 1);
            params.not_after = date_time_ymd(2020, 2, 1);
        }
        HandshakeFault::UnknownCa | HandshakeFault::Cut => {}
    }
    match own.filter(|_| fault != HandshakeFault::UnknownCa) {
        Some(own) => own.authority.issue(params, &names),
        // With a different name: one of the same name would look like a forgery.
        None => Authority::new("standin CA that nobody knows")?.issue(params, &names),
    }
}

/// A CA.
#[derive(Clone)]
pub(super) struct Authority(Arc<CaParts>);

struct CaParts {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    pem: String,
}

impl Authority {
    fn new(name: &str) -> Result<Self, TlsError> {
        let failed = |error: rcgen::Error| TlsError::unusable(&error);
        let mut ca = params(name).map_err(failed)?;
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().map_err(failed)?;
        let made = ca.self_signed(&key).map_err(failed)?;
        let (certificate, pem) = (made.der().clone(), made.pem());
        Ok(Self(Arc::new(CaParts { issuer: Issuer::new(ca, key), certificate, pem })))
    }

    /// Makes a certificate for host names and addresses.
    fn issue(&self, mut own: CertificateParams, names: &[String]) -> Result<Issued, TlsError> {
        let failed = |error: rcgen::Error| TlsError::unusable(&error);
        for name in names {
            let san = if let Ok(address) = name.parse::<IpAddr>() {
                SanType::IpAddress(address)
            } else {
                let host = name.strip_prefix("*.").unwrap_or(name);
                if DnsName::try_from(host).is_err() {
                    let why = format!("{name:?} is neither a host name nor an address");
                    return Err(TlsError::Unusable(why));
                }
                SanType::DnsName(name.as_str().try_into().map_err(failed)?)
            };
            if !own.subject_alt_names.contains(&san) {
                own.subject_alt_names.push(san);
            }
        }
        own.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        own.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        // Strict verifiers (OpenSSL's X509_STRICT, Python's default since 3.13) want to see it.
        own.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().map_err(failed)?;
        let certificate = own.signed_by(&key, &self.0.issuer).map_err(failed)?;
        Ok(Issued {
            chain: vec![certificate.der().clone(), self.0.certificate.clone()],
            key: PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
            ca_pem: self.0.pem.clone(),
            names: names.to_vec(),
            authority: self.clone(),
        })
    }
}

fn params(common_name: &str) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.remove(DnType::CommonName);
    params.distinguished_name.push(DnType::CommonName, common_name);
    // A clock that is a day behind sees a valid certificate too.
    let day = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let before = day.yesterday().unwrap_or(day);
    let date = |date: jiff::civil::Date, years: i16| {
        // No 29th: it is not in every year.
        let day = date.day().min(28).unsigned_abs();
        date_time_ymd(i32::from(date.year() + years), date.month().unsigned_abs(), day)
    };
    params.not_before = date(before, 0);
    params.not_after = date(day, YEARS);
    Ok(params)
}

/// Issues a certificate for host names and addresses by a CA whose key is not kept. Returns the chain and the key, as PEM.
#[cfg(feature = "cli")]
pub(super) fn issue_pem(names: &[String]) -> Result<(String, String), TlsError> {
    let Issued { chain, key, .. } = issue(names)?;
    let certificates = chain.iter().map(|one| pem("CERTIFICATE", one)).collect();
    Ok((certificates, pem("PRIVATE KEY", key.secret_der())))
}

/// Returns the form that files and kubeconfigs hold (RFC 7468).
pub(super) fn pem(label: &str, der: &[u8]) -> String {
    let encoded = STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    for line in encoded.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem.push_str(&format!("-----END {label}-----\n"));
    pem
}
