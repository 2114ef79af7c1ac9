//! Who may call the admin API: a token, or the credentials and HTTPS of `WireMock` (`C/security/BasicAuthenticator.java`,
//! `C/http/AdminRequestHandler.java`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use sha2::{Digest as _, Sha256};

use crate::message::Request;

use super::reply::AdminError;

/// What a request to the admin API needs.
#[derive(Clone, Default)]
pub(crate) struct AdminAccess {
    /// `user:password` in base64, as it comes in (RFC 7617).
    credentials: Option<Box<str>>,
    /// The hash of the token: hashes take the same time to compare, whatever was sent.
    token: Option<[u8; 32]>,
    /// Whether it has to come over HTTPS.
    pub(crate) https_only: bool,
}

impl AdminAccess {
    /// Asks for a user name and a password.
    pub(crate) fn require(&mut self, user: &str, password: &str) {
        self.credentials = Some(STANDARD.encode(format!("{user}:{password}")).into());
    }

    /// Asks for a token: as a bearer token (RFC 6750), or as the password of any user, which browsers ask for.
    pub(crate) fn require_token(&mut self, token: &str) {
        self.token = Some(Sha256::digest(token.as_bytes()).into());
    }

    /// Whether a request carries the token. Everybody may ask whether the server is healthy.
    fn is_authorized(token: &[u8; 32], request: &Request) -> bool {
        if matches!(request.path(), "/__admin/health" | "/__admin/health/") {
            return true;
        }
        let given = request.headers.get_all(AUTHORIZATION).iter();
        let mut given = given.filter_map(|value| value.to_str().ok()?.split_once(' '));
        given.any(|(scheme, value)| {
            let is_token = |sent: &[u8]| same(&Sha256::digest(sent).into(), token);
            if scheme.eq_ignore_ascii_case("bearer") {
                return is_token(value.trim().as_bytes());
            }
            if !scheme.eq_ignore_ascii_case("basic") {
                return false;
            }
            let decoded = STANDARD.decode(value.trim()).unwrap_or_default();
            let colon = decoded.iter().position(|byte| *byte == b':');
            colon.is_some_and(|colon| is_token(&decoded[colon + 1..]))
        })
    }

    /// Refuses a request that lacks what it needs.
    pub(super) fn check(&self, request: &Request) -> Result<(), AdminError> {
        if self.https_only && !request.tls {
            return Err(AdminError::HttpsOnly);
        }
        if let Some(token) = &self.token {
            if Self::is_authorized(token, request) {
                return Ok(());
            }
            if self.credentials.is_none() {
                return Err(AdminError::TokenWanted);
            }
        }
        let Some(wanted) = &self.credentials else { return Ok(()) };
        let given = request.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = given.and_then(|value| value.split_once(' '));
        let right = given.is_some_and(|(scheme, credentials)| {
            scheme.eq_ignore_ascii_case("basic") && equal(credentials.trim(), wanted)
        });
        if right { Ok(()) } else { Err(AdminError::Unauthorized) }
    }
}

/// Whether two texts are equal, in a time that depends on their lengths alone.
fn equal(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

/// Whether two hashes are equal, in the same time for all.
fn same(a: &[u8; 32], b: &[u8; 32]) -> bool {
    a.iter().zip(b).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

/// The credentials are not shown.
impl std::fmt::Debug for AdminAccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AdminAccess")
            .field("credentials", &self.credentials.is_some())
            .field("token", &self.token.is_some())
            .field("https_only", &self.https_only)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    fn request(authorization: Option<&str>, tls: bool) -> Request {
        let mut request = Request::new(Method::GET, "/__admin/mappings");
        request.tls = tls;
        if let Some(value) = authorization {
            request.headers.insert(AUTHORIZATION, value.parse().unwrap());
        }
        request
    }

    #[test]
    fn credentials_are_asked_for() {
        let mut access = AdminAccess::default();
        assert!(access.check(&request(None, false)).is_ok());
        access.require("u", "p");
        assert!(access.check(&request(Some("basic dTpw"), false)).is_ok());
        for wrong in
            [None, Some("Basic dTpx"), Some("Bearer dTpw"), Some("dTpw"), Some("Basic dTp")]
        {
            let refused = access.check(&request(wrong, false));
            assert!(matches!(refused, Err(AdminError::Unauthorized)), "{wrong:?}");
        }
        assert!(!format!("{access:?}").contains("dTpw"));
    }

    #[test]
    fn a_token_is_asked_for() {
        let mut access = AdminAccess::default();
        access.require_token("s3cret");
        for right in ["Bearer s3cret", "bearer  s3cret", "Basic OnMzY3JldA==", "basic dTpzM2NyZXQ="]
        {
            assert!(access.check(&request(Some(right), false)).is_ok(), "{right}");
        }
        for wrong in [
            None,
            Some("Bearer s3cre"),
            Some("Bearer s3cretx"),
            Some("Bearer"),
            Some("Bearer "),
            Some("s3cret"),
            Some("Basic s3cret"),
            Some("Basic czNjcmV0"),
            Some("Basic dTpw"),
        ] {
            let refused = access.check(&request(wrong, false));
            assert!(matches!(refused, Err(AdminError::TokenWanted)), "{wrong:?}");
        }
        let health = Request::new(Method::GET, "/__admin/health");
        assert!(access.check(&health).is_ok());
        // With credentials of WireMock either will do.
        access.require("u", "p");
        assert!(access.check(&request(Some("Basic dTpw"), false)).is_ok());
        assert!(access.check(&request(Some("Bearer s3cret"), false)).is_ok());
        assert!(access.check(&request(None, false)).is_err());
    }

    #[test]
    fn https_may_be_asked_for() {
        let access = AdminAccess { https_only: true, ..AdminAccess::default() };
        assert!(matches!(access.check(&request(None, false)), Err(AdminError::HttpsOnly)));
        assert!(access.check(&request(None, true)).is_ok());
    }
}
