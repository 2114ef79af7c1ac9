//! Who may call the admin API: credentials, and HTTPS (`C/security/BasicAuthenticator.java`,
//! `C/http/AdminRequestHandler.java`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;

use crate::message::Request;

use super::reply::AdminError;

/// What a request to the admin API needs.
#[derive(Clone, Default)]
pub(crate) struct AdminAccess {
    /// `user:password` in base64, as it comes in (RFC 7617).
    credentials: Option<Box<str>>,
    /// Whether it has to come over HTTPS.
    pub(crate) https_only: bool,
}

impl AdminAccess {
    /// Asks for a user name and a password.
    pub(crate) fn require(&mut self, user: &str, password: &str) {
        self.credentials = Some(STANDARD.encode(format!("{user}:{password}")).into());
    }

    /// Refuses a request that lacks what it needs.
    pub(super) fn check(&self, request: &Request) -> Result<(), AdminError> {
        if self.https_only && !request.tls {
            return Err(AdminError::HttpsOnly);
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

/// The credentials are not shown.
impl std::fmt::Debug for AdminAccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AdminAccess")
            .field("credentials", &self.credentials.is_some())
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
    fn https_may_be_asked_for() {
        let access = AdminAccess { https_only: true, ..AdminAccess::default() };
        assert!(matches!(access.check(&request(None, false)), Err(AdminError::HttpsOnly)));
        assert!(access.check(&request(None, true)).is_ok());
    }
}
