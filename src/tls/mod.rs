//! TLS on one stack (rustls on ring), outside of the pipeline: the certificate that the server
//! presents ([`server`]), and those that it trusts as a client of a backend or of another server
//! ([`client`]).

#[cfg(any(feature = "record", feature = "etcd"))]
pub(crate) mod client;
mod identity;
mod issue;
mod records;
pub(crate) mod server;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// Why TLS cannot be set up, in [`Error::Tls`](crate::Error::Tls).
///
/// ```
/// # async fn run() {
/// let options = standin::TlsOptions::default().certificate("no/such.pem", "no/such.key");
/// match standin::Server::builder().tls(options).start().await {
///     Err(standin::Error::Tls(standin::TlsError::File { path, .. })) => eprintln!("{}", path.display()),
///     other => panic!("{other:?}"),
/// }
/// # }
/// # tokio::runtime::Runtime::new().unwrap().block_on(run());
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be used.
    #[error("{}: {why}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The problem and what is expected.
        why: String,
    },
    /// The certificate, its key and the settings do not fit each other.
    #[error("{0}")]
    Unusable(String),
}

impl TlsError {
    fn file(path: &Path, why: &impl ToString) -> Self {
        Self::File { path: path.to_path_buf(), why: why.to_string() }
    }

    fn unusable(error: &impl ToString) -> Self {
        Self::Unusable(error.to_string())
    }
}

/// Returns the cryptography everything here uses.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// PEM text, and where it comes from.
#[cfg(any(feature = "record", feature = "etcd"))]
#[derive(Clone)]
pub(crate) struct Pem {
    pub(crate) from: PathBuf,
    pub(crate) text: Vec<u8>,
}

#[cfg(any(feature = "record", feature = "etcd"))]
impl Pem {
    fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let found = CertificateDer::pem_slice_iter(&self.text).collect::<Result<Vec<_>, _>>();
        match found {
            Ok(found) if found.is_empty() => Err(TlsError::file(&self.from, &NO_CERTIFICATE)),
            Ok(found) => Ok(found),
            Err(error) => Err(TlsError::file(&self.from, &error)),
        }
    }
}

#[cfg(any(feature = "record", feature = "etcd"))]
impl std::fmt::Debug for Pem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Pem").field(&self.from).finish()
    }
}

/// What is wrong with a file of certificates that has none.
const NO_CERTIFICATE: &str = "there is no certificate in it; PEM is expected";

/// Returns the certificates of a PEM file.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match pem {
        Ok(found) if found.is_empty() => Err(TlsError::file(path, &NO_CERTIFICATE)),
        Ok(found) => Ok(found),
        Err(error) => Err(TlsError::file(path, &error)),
    }
}
