//! The user of etcd: its name and password, and the token that etcd gives for them.
//!
//! A token that is not used for some minutes expires, and a member that begins anew knows none: etcd refuses the request,
//! and the next one asks for a token anew, as etcd's own client does (`clientv3/retry_interceptor.go`).

use std::fmt;

use tokio::sync::Mutex;
use tonic::metadata::AsciiMetadataValue;
use tonic::{Code, Status};

/// What a member says whose etcd has no users: requests go without a token.
pub(super) const NO_USERS: &str = "etcdserver: authentication is not enabled";

/// What a user may not do.
pub(super) const NOT_PERMITTED: &str = "etcdserver: permission denied";

/// How etcd refuses a token that is not known any more, one of former users and roles, and a request without one.
const STALE: [&str; 3] = [
    "etcdserver: invalid auth token",
    "etcdserver: revision of auth store is old",
    "etcdserver: user name is empty",
];

/// A password, which nothing shows.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Password(String);

impl Password {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    /// The password itself.
    pub(super) fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

/// A user of etcd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(super) user: String,
    pub(super) password: Password,
}

/// A user and its token.
#[derive(Debug)]
pub(super) struct Tokens {
    pub(super) credentials: Credentials,
    /// Held while etcd is asked for it: all who need it wait for one answer.
    pub(super) current: Mutex<Current>,
}

/// What is known of a token.
#[derive(Debug, Clone, Default)]
pub(super) enum Current {
    /// Etcd has to be asked.
    #[default]
    Unknown,
    /// Etcd has no users.
    NotNeeded,
    Token(AsciiMetadataValue),
}

impl Tokens {
    pub(super) fn new(credentials: Credentials) -> Self {
        Self { credentials, current: Mutex::default() }
    }

    /// Etcd is asked anew, unless that has happened since this one was used.
    pub(super) async fn forget(&self, used: Option<&AsciiMetadataValue>) {
        let mut current = self.current.lock().await;
        let is_used = match (&*current, used) {
            (Current::Token(token), Some(used)) => token == used,
            (Current::NotNeeded, None) => true,
            _ => false,
        };
        if is_used {
            *current = Current::Unknown;
        }
    }
}

/// Whether etcd refuses the token of a request.
pub(super) fn is_stale(why: &str) -> bool {
    STALE.iter().any(|stale| why.contains(stale))
}

/// Whether etcd has no users.
pub(super) fn has_no_users(status: &Status) -> bool {
    status.code() == Code::FailedPrecondition && status.message() == NO_USERS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_token_is_forgotten_once() {
        let credentials = Credentials { user: "u".into(), password: Password::new("hush7".into()) };
        assert!(!format!("{credentials:?}").contains("hush7"));
        let tokens = Tokens::new(credentials);
        let [old, new] = ["a.1", "a.2"].map(AsciiMetadataValue::from_static);
        *tokens.current.lock().await = Current::Token(new.clone());
        tokens.forget(Some(&old)).await;
        assert!(matches!(&*tokens.current.lock().await, Current::Token(token) if *token == new));
        tokens.forget(Some(&new)).await;
        assert!(matches!(*tokens.current.lock().await, Current::Unknown));
    }
}
