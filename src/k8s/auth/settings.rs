//! How requests are authenticated and authorized, beyond what the files say: each method sets one thing.

#[cfg(feature = "tls")]
use std::path::Path;

#[cfg(test)]
use http::header::HeaderName;

use super::Auth;
use super::account_tokens::Issuers;
use super::authorization_webhook::AuthorizationWebhook;
#[cfg(feature = "tls")]
use super::front_proxy::FrontProxy;
#[cfg(feature = "tls")]
use super::{account_keys, key_files};

impl Auth {
    /// Sets the authorization modes, by the names that `kube-apiserver --authorization-mode` has for them, with the
    /// webhook of each `Webhook` among them.
    ///
    /// # Errors
    /// Why the list is invalid.
    pub(crate) fn with_modes(
        mut self,
        names: &[String],
        webhooks: Vec<AuthorizationWebhook>,
    ) -> Result<Self, String> {
        self.modes.set(names, webhooks)?;
        self.refuse_anonymous = self.tokens.is_some() && self.modes.allow_everything();
        Ok(self)
    }

    /// Accepts tokens in a header besides `Authorization`.
    #[must_use]
    #[cfg(test)]
    pub(crate) fn with_token_header(mut self, header: HeaderName) -> Self {
        self.token_header = Some(header);
        self
    }

    /// Refuses requests without a token, even where a policy would allow them.
    #[must_use]
    pub(crate) fn without_anonymous(mut self) -> Self {
        self.refuse_anonymous = true;
        self
    }

    /// Refuses tokens that nobody has issued, where there is no token file too: an API server always knows the tokens of
    /// service accounts.
    #[must_use]
    pub(crate) fn with_checked_tokens(mut self) -> Self {
        self.checks_tokens = true;
        self
    }

    /// Requests client certificates. A client without one needs a token, or is anonymous: where no mode restricts
    /// users, it may only see whether the server is healthy, and its version.
    #[must_use]
    pub(crate) fn with_client_certificates(mut self) -> Self {
        self.certificates = true;
        self.restrict_anonymous = self.modes.allow_everything();
        self
    }

    /// Sets the issuers of the tokens of service accounts, and the audiences of this server.
    #[must_use]
    pub(crate) fn with_issuers(mut self, names: Vec<String>, audiences: Vec<String>) -> Self {
        self.issuers = Issuers::new(names, audiences);
        self
    }

    /// Signs the tokens of service accounts with the key of a PEM file, and accepts those of the keys of others; each
    /// is given as its path, for messages, and its text. `jwks_uri` is where clients find the public keys.
    ///
    /// # Errors
    /// Upstream's message about a file without a key.
    #[cfg(feature = "tls")]
    pub(crate) fn with_account_keys(
        mut self,
        (path, signer): (&Path, &[u8]),
        accepted: &[(&Path, Vec<u8>)],
        jwks_uri: Option<String>,
    ) -> Result<Self, String> {
        let mut keys = Vec::new();
        for (path, text) in accepted {
            let found = key_files::PublicKey::all_of_pem(text);
            if found.is_empty() {
                let (path, what) =
                    (path.display(), "data does not contain any valid RSA or ECDSA public keys");
                return Err(format!("error reading public key file {path}: {what}"));
            }
            keys.extend(found);
        }
        let signer = key_files::Signer::of_pem(signer).ok_or_else(|| {
            let (path, what) = (path.display(), "data does not contain a valid RSA or ECDSA private key");
            format!(
                "failed to parse service-account-issuer-key-file: error reading private key file {path}: {what}"
            )
        })?;
        let keys = account_keys::AccountKeys::of_files(signer, keys);
        self.issuers = self.issuers.with_keys(keys, jwks_uri);
        Ok(self)
    }

    /// Leaves out the modes of constrained impersonation.
    #[must_use]
    pub(crate) fn with_legacy_impersonation(mut self) -> Self {
        self.legacy_impersonation = true;
        self
    }

    /// Trusts front proxies.
    #[must_use]
    #[cfg(feature = "tls")]
    pub(crate) fn with_front_proxy(mut self, proxy: FrontProxy) -> Self {
        self.front_proxy = Some(proxy);
        self
    }
}
