//! A CA and a certificate of the server's own: made at the start, gone with the process.

use std::net::IpAddr;

use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, DnsName, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::TlsError;

/// How long what is made here is valid, in years: longer than any process lives.
const YEARS: i16 = 10;

/// A CA that is made at the start.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    /// Its certificate, for clients.
    pub(super) pem: String,
}

/// What the server shows.
pub(super) struct Issued {
    /// Its certificate, then the CA's.
    pub(super) chain: Vec<CertificateDer<'static>>,
    /// The key of its certificate.
    pub(super) key: PrivateKeyDer<'static>,
}

impl Authority {
    /// Makes a CA.
    pub(super) fn new() -> Result<Self, TlsError> {
        let failed = |error: rcgen::Error| TlsError::unusable(&error);
        let mut ca = params("standin CA").map_err(failed)?;
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().map_err(failed)?;
        let certificate = ca.self_signed(&key).map_err(failed)?;
        let pem = certificate.pem();
        let der = certificate.der().clone();
        Ok(Self { issuer: Issuer::new(ca, key), certificate: der, pem })
    }

    /// A certificate for the given host names and addresses.
    pub(super) fn issue(&self, names: &[String]) -> Result<Issued, TlsError> {
        let failed = |error: rcgen::Error| TlsError::unusable(&error);
        let mut own = params("standin").map_err(failed)?;
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
        let certificate = own.signed_by(&key, &self.issuer).map_err(failed)?;
        Ok(Issued {
            chain: vec![certificate.der().clone(), self.certificate.clone()],
            key: PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
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
