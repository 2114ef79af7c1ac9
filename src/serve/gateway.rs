//! The gateway in front of the CCI service: every API call carries a token of the identity service, and
//! what is refused here has the gateway's own shape, not that of a Status.
//!
//! Source: the CCI documents on making requests (`X-Auth-Token`, `POST /v3/auth/tokens`), and the
//! gateway's error list (APIG.0301).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::k8s::{Auth, User};
use crate::message::{Origin, Plan};

/// The path at which tokens are issued.
pub(crate) const TOKENS: &str = "/v3/auth/tokens";

/// How long a token lives where nothing else is said: as the identity service has it.
pub(crate) const TOKEN_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// How many tokens are kept; the one that expires first makes room.
const MAX_TOKENS: usize = 10_000;

/// The identity service: what it issues is good for a while, in the world it was issued in.
#[derive(Debug)]
pub(crate) struct Gateway {
    lifetime: Duration,
}

/// The tokens that were issued in one world.
#[derive(Debug, Default)]
pub(crate) struct IssuedTokens(Mutex<HashMap<String, Issued>>);

#[derive(Debug, Clone)]
struct Issued {
    user: Arc<User>,
    expires: Timestamp,
}

impl Gateway {
    pub(crate) fn new(lifetime: Duration) -> Self {
        Self { lifetime }
    }

    /// Answers a request for a token (Identity API v3, password authentication). Any name and any
    /// password will do.
    pub(crate) fn issue(&self, body: &[u8], tokens: &IssuedTokens, now: Timestamp) -> Plan {
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let identity = &request["auth"]["identity"];
        let user = &identity["password"]["user"];
        let name = user["name"].as_str().unwrap_or_default();
        if name.is_empty() || !user["password"].is_string() {
            let message = "The request you have made requires authentication: auth.identity.password.user needs a name and a password.";
            return identity_error(StatusCode::UNAUTHORIZED, message);
        }
        let expires = now.checked_add(self.lifetime).unwrap_or(Timestamp::MAX);
        let token = format!("MII{}", uuid::Uuid::new_v4().simple());
        let groups = vec!["system:authenticated".to_owned()];
        let user_id = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, name.as_bytes());
        let known = User { name: name.to_owned(), uid: user_id.simple().to_string(), groups };
        tokens.keep(token.clone(), Issued { user: Arc::new(known), expires }, now);
        let project = request["auth"]["scope"]["project"]["name"].as_str().unwrap_or("standin");
        let domain = user["domain"]["name"].as_str().unwrap_or("standin");
        let body = json!({"token": {
            "methods": ["password"],
            "issued_at": time(now),
            "expires_at": time(expires),
            "catalog": [],
            "roles": [],
            "project": {"name": project, "domain": {"name": domain}},
            "user": {"id": user_id.simple().to_string(), "name": name, "domain": {"name": domain}},
        }});
        let mut plan = Plan::json(StatusCode::CREATED, Origin::Server, body.to_string());
        if let Ok(token) = HeaderValue::from_str(&token) {
            plan.headers.insert(HeaderName::from_static("x-subject-token"), token);
        }
        plan
    }
}

impl IssuedTokens {
    /// Forgets them.
    pub(super) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn keep(&self, token: String, issued: Issued, now: Timestamp) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_TOKENS {
            kept.retain(|_, issued| issued.expires > now);
        }
        if kept.len() >= MAX_TOKENS
            && let Some(first) = kept.iter().min_by_key(|(_, issued)| issued.expires)
        {
            let first = first.0.clone();
            kept.remove(&first);
        }
        kept.insert(token, issued);
    }
}

/// Who sent a request: the owner of an issued token, or of one in the token file.
///
/// # Errors
/// The gateway's 401.
pub(super) fn authenticate(
    tokens: &IssuedTokens,
    headers: &HeaderMap,
    auth: &Auth,
    now: Timestamp,
) -> Result<Arc<User>, Box<Plan>> {
    let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
    let bearer = |value: String| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
    };
    let token = headers.get("x-auth-token").and_then(text);
    let token = token.or_else(|| headers.get(AUTHORIZATION).and_then(text).and_then(bearer));
    let Some(token) = token.filter(|token| !token.is_empty()) else {
        return Err(refused("x-auth-token not found"));
    };
    let issued = {
        let kept = tokens.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&token).cloned()
    };
    match issued {
        Some(issued) if issued.expires > now => Ok(issued.user),
        Some(issued) => {
            Err(refused(&format!("token expires, expires_at: {}", time(issued.expires))))
        }
        None => auth.user_of(&token).ok_or_else(|| refused("decrypt token fail")),
    }
}

fn time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.000000Z").to_string()
}

fn refused(why: &str) -> Box<Plan> {
    let body = json!({
        "error_msg": format!("Incorrect IAM authentication information: {why}"),
        "error_code": "APIG.0301",
        "request_id": uuid::Uuid::new_v4().simple().to_string(),
    });
    Box::new(Plan::json(StatusCode::UNAUTHORIZED, Origin::Server, body.to_string()))
}

fn identity_error(code: StatusCode, message: &str) -> Plan {
    let title = code.canonical_reason().unwrap_or_default();
    let body = json!({"error": {"message": message, "code": code.as_u16(), "title": title}});
    Plan::json(code, Origin::Server, body.to_string())
}
