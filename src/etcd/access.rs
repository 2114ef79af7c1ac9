//! Who a store is for: certificates and a user, from options.

use std::path::{Path, PathBuf};

use crate::tls::Pem;
use crate::tls::client::Identity;

use super::StoreAddress;
use super::credentials::{Credentials, Password};

/// How a server reaches the etcd of [`Builder::store`](crate::Builder::store): TLS, a client certificate, a user.
///
/// ```
/// let access = standin::StoreAccess::default()
///     .ca_file("pki/ca.pem")
///     .client_certificate("pki/client.pem", "pki/client-key.pem")
///     .user("standin", std::env::var("ETCD_PASSWORD").unwrap_or_default());
/// let builder = standin::Server::builder().store("etcds://etcd-0:2379/standin", false).store_access(access);
/// ```
#[derive(Debug, Clone, Default)]
pub struct StoreAccess {
    ca: Option<PathBuf>,
    identity: Option<(PathBuf, PathBuf)>,
    user: Option<String>,
    password: Option<Password>,
}

impl StoreAccess {
    /// The CAs that sign the certificates of etcd, as a PEM file. Without it those that the system trusts.
    #[must_use]
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca = Some(path.into());
        self
    }

    /// The certificate that is shown to etcd, and its key, as PEM files.
    #[must_use]
    pub fn client_certificate(
        mut self,
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Self {
        self.identity = Some((certificate.into(), key.into()));
        self
    }

    /// The user of etcd. It takes the place of one in the address.
    #[must_use]
    pub fn user(mut self, name: impl Into<String>, password: impl Into<String>) -> Self {
        self.user = Some(name.into());
        self.password(password)
    }

    /// The password of the user that the address names.
    #[must_use]
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = Some(Password::new(password.into()));
        self
    }

    /// What of it concerns an address, read from the files.
    ///
    /// # Errors
    /// A file that cannot be read; a user without a password.
    pub(crate) fn of(self, address: &StoreAddress) -> Result<Access, String> {
        let tls = address.tls || self.ca.is_some() || self.identity.is_some();
        let ca = self.ca.as_deref().map(read).transpose()?;
        let identity = match &self.identity {
            Some((chain, key)) => Some(Identity { chain: read(chain)?, key: read(key)? }),
            None => None,
        };
        let user = self.user.or_else(|| address.user.clone());
        let password = self.password.or_else(|| address.password.clone());
        let credentials = match (user, password) {
            (Some(user), Some(password)) => Some(Credentials { user, password }),
            (Some(user), None) => {
                return Err(format!(
                    "the user {user:?} of etcd has no password: set STANDIN_STORE_PASSWORD, or name a file with --store-password-file"
                ));
            }
            // Without a user it is that of something else.
            (None, _) => None,
        };
        Ok(Access { tls: tls.then_some(Certificates { ca, identity }), credentials })
    }
}

/// What is needed to connect to etcd.
#[derive(Debug, Clone, Default)]
pub(crate) struct Access {
    /// Nothing without TLS.
    pub(super) tls: Option<Certificates>,
    pub(super) credentials: Option<Credentials>,
}

/// The certificates of a connection.
#[derive(Debug, Clone)]
pub(super) struct Certificates {
    /// Nothing: those that the system trusts.
    pub(super) ca: Option<Pem>,
    pub(super) identity: Option<Identity>,
}

fn read(path: &Path) -> Result<Pem, String> {
    let text = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(Pem { from: path.to_path_buf(), text })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(options: StoreAccess, address: &str) -> Result<Access, String> {
        options.of(&address.parse().unwrap())
    }

    #[test]
    fn a_user_needs_a_password() {
        let of = |options, address| {
            access(options, address)
                .map(|access| access.credentials.map(|of| (of.user, of.password.text().to_owned())))
        };
        let pair = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(of(StoreAccess::default(), "etcd://a/p"), Ok(None));
        assert_eq!(of(StoreAccess::default(), "etcd://u:w@a/p"), Ok(pair("u", "w")));
        assert_eq!(of(StoreAccess::default().password("x"), "etcd://u@a/p"), Ok(pair("u", "x")));
        assert_eq!(of(StoreAccess::default().user("v", "x"), "etcd://u:w@a/p"), Ok(pair("v", "x")));
        assert_eq!(of(StoreAccess::default().password("x"), "etcd://a/p"), Ok(None));
        assert!(of(StoreAccess::default(), "etcd://u@a/p").unwrap_err().contains("no password"));
    }

    #[test]
    fn certificates_turn_tls_on() {
        assert!(access(StoreAccess::default(), "etcd://a/p").unwrap().tls.is_none());
        assert!(access(StoreAccess::default(), "etcds://a/p").unwrap().tls.is_some());
        let missing = StoreAccess::default().ca_file("no/such.pem");
        assert!(access(missing, "etcd://a/p").unwrap_err().starts_with("no/such.pem: "));
    }
}
