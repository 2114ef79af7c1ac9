//! The gateway in front of the service: every API call carries a token of the identity service, and a refusal
//! has the gateway's own shape, not that of a Status.
//!
//! Source: the CCI documents on making requests (`X-Auth-Token`, `POST /v3/auth/tokens`), and the gateway's
//! error list (APIG.0301).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::header::{AUTHORIZATION, HeaderValue};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::k8s::{Auth, User};
use crate::message::{Origin, Plan};

use super::TOKEN_HEADER;
use super::identity::{self, IssuedToken};

/// The most stored tokens; the one that expires first is evicted.
const MAX_TOKENS: usize = 10_000;

/// The gateway with its identity service: a token that it issues is valid for a while, in one world.
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

    /// Answers a request for a token (Identity API v3, password authentication). Any name and any password
    /// are accepted.
    pub(crate) fn issue(&self, body: &[u8], tokens: &IssuedTokens, now: Timestamp) -> Plan {
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let identity = &request["auth"]["identity"];
        let user = &identity["password"]["user"];
        let name = user["name"].as_str().unwrap_or_default();
        if name.is_empty() || !user["password"].is_string() {
            let message = "The request you have made requires authentication: auth.identity.password.user needs a name and a password.";
            return identity::error(StatusCode::UNAUTHORIZED, message);
        }
        let expires = now.checked_add(self.lifetime).unwrap_or(Timestamp::MAX);
        let token = format!("MII{}", uuid::Uuid::new_v4().simple());
        let groups = vec!["system:authenticated".to_owned()];
        let id = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, name.as_bytes());
        let id = id.simple().to_string();
        let uid = id.clone();
        let known = User { name: name.to_owned(), uid, groups, ..User::default() };
        tokens.keep(token.clone(), Issued { user: Arc::new(known), expires }, now);
        identity::issued(&IssuedToken {
            token: &token,
            issued: now,
            expires,
            project: request["auth"]["scope"]["project"]["name"].as_str().unwrap_or("standin"),
            domain: user["domain"]["name"].as_str().unwrap_or("standin"),
            user_id: Some(id),
            user: name,
        })
    }
}

impl IssuedTokens {
    /// Clears the tokens.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    /// Authenticates a request: returns the owner of an issued token, or of one in the token file.
    ///
    /// # Errors
    /// The gateway's 401.
    pub(crate) fn authenticate(
        &self,
        headers: &HeaderMap,
        auth: &Auth,
        now: Timestamp,
    ) -> Result<Arc<User>, Box<Plan>> {
        let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
        let bearer = |value: String| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
        };
        let token = headers.get(TOKEN_HEADER).and_then(text);
        let token = token.or_else(|| headers.get(AUTHORIZATION).and_then(text).and_then(bearer));
        let Some(token) = token.filter(|token| !token.is_empty()) else {
            return Err(refused("x-auth-token not found"));
        };
        let issued = self.lock().get(&token).cloned();
        match issued {
            Some(issued) if issued.expires > now => Ok(issued.user),
            Some(issued) => {
                let at = identity::time(issued.expires);
                Err(refused(&format!("token expires, expires_at: {at}")))
            }
            None => auth.user_of(&token).ok_or_else(|| refused("decrypt token fail")),
        }
    }

    fn keep(&self, token: String, issued: Issued, now: Timestamp) {
        let mut kept = self.lock();
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

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Issued>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the gateway's 401.
fn refused(why: &str) -> Box<Plan> {
    let body = json!({
        "error_msg": format!("Incorrect IAM authentication information: {why}"),
        "error_code": "APIG.0301",
        "request_id": uuid::Uuid::new_v4().simple().to_string(),
    });
    Box::new(Plan::json(StatusCode::UNAUTHORIZED, Origin::Server, body.to_string()))
}
