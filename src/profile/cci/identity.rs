//! The answers of the identity service (Identity API v3).

use http::StatusCode;
use http::header::{HeaderName, HeaderValue};
use jiff::Timestamp;
use serde_json::json;

use crate::message::{Origin, Plan};

/// The header that carries a new token.
const SUBJECT_TOKEN: HeaderName = HeaderName::from_static("x-subject-token");

/// The data of a new token.
#[derive(Debug)]
pub(crate) struct IssuedToken<'a> {
    pub(crate) token: &'a str,
    pub(crate) issued: Timestamp,
    pub(crate) expires: Timestamp,
    /// The name of the project it is for.
    pub(crate) project: &'a str,
    /// The name of the domain of project and user.
    pub(crate) domain: &'a str,
    /// The id of its owner, where one is known.
    pub(crate) user_id: Option<String>,
    /// The name of its owner.
    pub(crate) user: &'a str,
}

/// Returns 201 with a new token in a header, and its data in the body.
pub(crate) fn issued(token: &IssuedToken<'_>) -> Plan {
    let domain = json!({"name": token.domain});
    let mut user = json!({"name": token.user, "domain": domain});
    if let Some(id) = &token.user_id {
        user["id"] = id.as_str().into();
    }
    let body = json!({"token": {
        "methods": ["password"],
        "issued_at": time(token.issued),
        "expires_at": time(token.expires),
        "catalog": [],
        "roles": [],
        "project": {"name": token.project, "domain": domain},
        "user": user,
    }});
    let mut plan = Plan::json(StatusCode::CREATED, Origin::Server, body.to_string());
    if let Ok(token) = HeaderValue::from_str(token.token) {
        plan.headers.insert(SUBJECT_TOKEN, token);
    }
    plan
}

/// Returns a refusal of the identity service.
pub(super) fn error(code: StatusCode, message: &str) -> Plan {
    let title = code.canonical_reason().unwrap_or_default();
    let body = json!({"error": {"message": message, "code": code.as_u16(), "title": title}});
    Plan::json(code, Origin::Server, body.to_string())
}

/// Returns a time as the service writes it.
pub(super) fn time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.000000Z").to_string()
}
