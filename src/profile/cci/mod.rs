//! The CCI service: its identity service, its gateway, and what its errors carry.
//!
//! Source: the CCI documents on making requests and on status codes.

mod gateway;
mod identity;

pub(crate) use gateway::{Gateway, IssuedTokens};
pub(crate) use identity::{IssuedToken, issued};

use std::time::Duration;

use http::header::HeaderName;

use crate::k8s::ApiError;

/// The header that carries a token.
pub(crate) const TOKEN_HEADER: HeaderName = HeaderName::from_static("x-auth-token");

/// The path at which tokens are issued.
pub(crate) const TOKENS_PATH: &str = "/v3/auth/tokens";

/// The default validity of a token: that of the identity service.
pub(crate) const TOKEN_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// The field that the service adds to a `Status`.
const ERROR_CODE: &str = "errorCode";

/// Adds the `errorCode` to an error: `CCI.01.`, the HTTP status, and 101, the documented form of a
/// general error of the service.
pub(crate) fn add_error_code(error: &mut ApiError) {
    if !error.plain && !error.extra.contains_key(ERROR_CODE) {
        set_error_code(error, &format!("CCI.01.{}101", error.code.as_u16()));
    }
}

/// Sets the `errorCode` of an error to that of a rule.
pub(crate) fn set_error_code(error: &mut ApiError, code: &str) {
    error.extra.insert(ERROR_CODE, code.into());
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::profile::Profile;

    fn code(error: &ApiError) -> Value {
        serde_json::from_slice::<Value>(&error.to_json()).unwrap()["errorCode"].clone()
    }

    #[test]
    fn each_status_has_a_code_and_a_rules_own_code_stays() {
        let config = Profile::Cci.configure(crate::k8s::Config::default());
        let missing = config.amended(ApiError::no_such_resource());
        assert_eq!(code(&missing), "CCI.01.404101");
        let mut own = ApiError::unauthorized();
        set_error_code(&mut own, "CCI.01.401001");
        assert_eq!(code(&config.amended(own)), "CCI.01.401001");
        let plain = config.amended(ApiError::no_such_path());
        assert!(plain.plain && plain.extra.is_empty(), "it is no Status");
        let upstream = Profile::Kubernetes.configure(crate::k8s::Config::default());
        assert_eq!(code(&upstream.amended(ApiError::no_such_resource())), Value::Null);
    }
}
