//! The options of a store in etcd: its address, certificates, and user. The names of etcdctl's variables are known too.

use std::env;
use std::path::PathBuf;

use clap::Args;

use crate::{Builder, StoreAccess};

use crate::cli::CommandError;

/// How the store is reached.
#[derive(Debug, Args)]
pub(crate) struct StoreArgs {
    /// Keep the objects in etcd, where servers with the same fixtures and the same address share them:
    /// etcd://HOST:PORT[,HOST:PORT..]/PREFIX, or etcds:// with TLS. Several addresses with commas between them are several
    /// clusters, each with a part of the worlds. Without it objects are in memory.
    #[arg(long, value_name = "URL")]
    pub(crate) store: Option<String>,
    /// CAs that sign the certificates of etcd, as PEM; turns TLS on. Without it those that the system trusts.
    #[arg(long, value_name = "FILE")]
    store_ca_file: Option<PathBuf>,
    /// Certificate that is shown to etcd, as PEM; turns TLS on.
    #[arg(long, value_name = "FILE", requires = "store_key_file")]
    store_cert_file: Option<PathBuf>,
    /// Key of that certificate, as PEM.
    #[arg(long, value_name = "FILE", requires = "store_cert_file")]
    store_key_file: Option<PathBuf>,
    /// User of etcd. Its password is in `STANDIN_STORE_PASSWORD`, or in a file.
    #[arg(long, value_name = "NAME")]
    store_user: Option<String>,
    /// File with the password of the user of etcd.
    #[arg(long, value_name = "FILE")]
    store_password_file: Option<PathBuf>,
}

/// The variable with the password of the user. It has no option: a command line is seen by all users of a machine.
pub(super) const PASSWORD: &str = "STANDIN_STORE_PASSWORD";

impl StoreArgs {
    /// The address, and how it is reached; nothing without a store.
    ///
    /// # Errors
    /// A password on the command line, a file that cannot be read.
    pub(crate) fn access(&self) -> Result<Option<(String, StoreAccess)>, CommandError> {
        let Some(address) = &self.store else { return Ok(None) };
        if has_password(address) && variable("STANDIN_STORE").as_ref() != Some(address) {
            return Err(CommandError::Usage(format!(
                "--store: a password on the command line is seen by all users of this machine: give it in {PASSWORD} or with --store-password-file, or the whole address in STANDIN_STORE"
            )));
        }
        let tls = address.contains("etcds://");
        let of_etcdctl = |name| variable(name).filter(|_| tls).map(PathBuf::from);
        let mut access = StoreAccess::default();
        if let Some(ca) = self.store_ca_file.clone().or_else(|| of_etcdctl("ETCDCTL_CACERT")) {
            access = access.ca_file(ca);
        }
        let pair = self.store_cert_file.clone().zip(self.store_key_file.clone());
        let pair = pair.or_else(|| of_etcdctl("ETCDCTL_CERT").zip(of_etcdctl("ETCDCTL_KEY")));
        if let Some((certificate, key)) = pair {
            access = access.client_certificate(certificate, key);
        }
        let mut user = self.store_user.clone();
        let mut password = self.password()?;
        if user.is_none() && !address.contains('@') {
            user = variable("ETCDCTL_USER");
            // As in etcdctl, the password may follow the name.
            if let Some((name, word)) = user.as_deref().and_then(|user| user.split_once(':')) {
                let (name, word) = (name.to_owned(), word.to_owned());
                (user, password) = (Some(name), password.or(Some(word)));
            }
        }
        let password = password.or_else(|| variable("ETCDCTL_PASSWORD"));
        access = match (user, password) {
            (Some(user), Some(password)) => access.user(user, password),
            (None, Some(password)) => access.password(password),
            (Some(user), None) => {
                return Err(CommandError::Usage(format!(
                    "--store-user: the user {user:?} needs a password: give it in {PASSWORD} or with --store-password-file"
                )));
            }
            (None, None) => access,
        };
        Ok(Some((address.clone(), access)))
    }

    /// Gives a server its store.
    ///
    /// # Errors
    /// As [`Self::access`].
    pub(crate) fn on(&self, builder: Builder, adopt: bool) -> Result<Builder, CommandError> {
        Ok(match self.access()? {
            Some((address, access)) => builder.store(&address, adopt).store_access(access),
            None => builder,
        })
    }

    fn password(&self) -> Result<Option<String>, CommandError> {
        let Some(path) = &self.store_password_file else { return Ok(variable(PASSWORD)) };
        let text = std::fs::read_to_string(path).map_err(|error| {
            CommandError::Usage(format!("--store-password-file: {}: {error}", path.display()))
        })?;
        Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
    }
}

/// Whether an address has a password before its hosts; of several, any.
fn has_password(addresses: &str) -> bool {
    let addresses = addresses.replace("etcds://", "etcd://");
    let mut users = addresses.split("etcd://").filter_map(|rest| rest.rsplit_once('@'));
    users.any(|(user, _)| user.contains(':'))
}

/// A variable of the environment that is set.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(store: &str) -> StoreArgs {
        StoreArgs {
            store: Some(store.to_owned()),
            store_ca_file: None,
            store_cert_file: None,
            store_key_file: None,
            store_user: None,
            store_password_file: None,
        }
    }

    #[test]
    fn a_password_on_the_command_line_is_refused_and_not_shown() {
        for address in [
            "etcd://u:hush7@a/p",
            "etcds://u:hush/7@a/p",
            "etcd://a/p,etcd://u:hush@b/q",
            "etcd://u:hush@a/p,etcd://u@b/q",
        ] {
            let error = args(address).access().unwrap_err().to_string();
            assert!(error.contains(PASSWORD) && !error.contains("hush"), "{error}");
        }
        for address in ["etcd://u@a/p", "etcd://a:1,[::1]:2/p", "etcd://a:1/p,etcd://b:2/q"] {
            assert!(args(address).access().unwrap().is_some(), "{address}");
        }
    }

    #[test]
    fn a_password_file_has_one_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        std::fs::write(&path, "word\r\n").unwrap();
        let mut args = args("etcd://u@a/p");
        args.store_password_file = Some(path);
        assert_eq!(args.password().unwrap().as_deref(), Some("word"));
        args.store_password_file = Some(folder.path().join("none"));
        assert!(args.password().unwrap_err().to_string().contains("--store-password-file"));
    }
}
