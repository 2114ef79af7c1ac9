//! The certificate that this server shows to the servers of API services.

#[cfg(feature = "record")]
use std::fs;
#[cfg(feature = "record")]
use std::path::PathBuf;

use crate::error::Error;
use crate::record::ApiBackends;
#[cfg(feature = "record")]
use crate::tls::Pem;
#[cfg(feature = "record")]
use crate::tls::client::Identity;

use super::Builder;

/// # API services
///
/// ```
/// let builder = standin::Server::builder().aggregator_certificate("proxy.crt", "proxy.key");
/// ```
#[cfg(feature = "record")]
impl Builder {
    /// Shows a certificate to the servers that answer API services, as `kube-apiserver --proxy-client-cert-file
    /// --proxy-client-key-file` does: they trust the headers of requests that come with it. [`Builder::start`] fails for
    /// files that cannot be read.
    pub fn aggregator_certificate(
        mut self,
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Self {
        self.aggregator_certificate = Some((certificate.into(), key.into()));
        self
    }

    /// What asks the servers of API services.
    pub(super) fn open_aggregator(&self) -> Result<ApiBackends, Error> {
        let Some((certificate, key)) = &self.aggregator_certificate else {
            return Ok(ApiBackends::default());
        };
        let read = |path: &PathBuf| {
            let text = fs::read(path);
            let text = text.map_err(|error| Error::Setting(format!("{}: {error}", path.display())));
            Ok::<_, Error>(Pem { from: path.clone(), text: text? })
        };
        Ok(ApiBackends::new(Some(Identity { chain: read(certificate)?, key: read(key)? })))
    }
}

#[cfg(not(feature = "record"))]
impl Builder {
    /// What asks no server: this build has no client.
    #[expect(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "as in a build with a client"
    )]
    pub(super) fn open_aggregator(&self) -> Result<ApiBackends, Error> {
        Ok(ApiBackends)
    }
}
