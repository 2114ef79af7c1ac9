//! Authentication and authorization of requests: the step before any verb.
//!
//! ```text
//! certificate, headers → [tokens] (static token file) → [User] → [policy] (ABAC file) → the verbs, or 401 / 403
//!                                             └→ [review] answers TokenReview and access reviews
//! ```
//!
//! File formats, order and messages are upstream's (`k8s.io/apiserver/pkg/authentication/token/tokenfile`,
//! `k8s.io/kubernetes/pkg/auth/authorizer/abac`).

mod account_tokens;
mod policy;
mod review;
mod tokens;
mod user;

pub(super) use account_tokens::sign as sign_account_token;
pub(super) use review::{Review, answer as answer_review};
pub(crate) use user::User;

use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderName, SEC_WEBSOCKET_PROTOCOL};

use crate::document::Diagnostics;
use crate::message::{ClientCertificate, RequestInfo};

use super::golang::quote;
use super::resource::GroupResource;
use super::status::ApiError;
use policy::Policies;
use tokens::Tokens;
use user::Attributes;

/// The subprotocol prefix with which a websocket client that cannot set headers sends its token.
pub(crate) const WEBSOCKET_BEARER: &str = "base64url.bearer.authorization.k8s.io.";

/// Paths that every user may read, whatever the policy says (`--authorization-always-allow-paths`).
const ALWAYS_ALLOWED: [&str; 3] = ["/healthz", "/livez", "/readyz"];

/// The group whose members may do everything (`k8s.io/apiserver/pkg/authentication/user`).
const MASTERS: &str = "system:masters";

/// Authentication and authorization by a token file and a policy file. Without files every user may do
/// everything.
#[derive(Debug, Default)]
pub(crate) struct Auth {
    tokens: Option<Tokens>,
    policies: Option<Policies>,
    refuse_anonymous: bool,
    /// Whether client certificates are requested.
    certificates: bool,
    /// A header besides `Authorization` that carries tokens.
    token_header: Option<HeaderName>,
}

impl Auth {
    /// Parses a static token file and an ABAC policy file. Each is given as its path, for messages, and its
    /// text.
    ///
    /// # Errors
    /// A diagnostic for each invalid line.
    pub(crate) fn parse(
        tokens: Option<(&Path, &[u8])>,
        policies: Option<(&Path, &[u8])>,
    ) -> Result<Self, Diagnostics> {
        let mut problems = Diagnostics::default();
        let tokens = tokens.map(|(path, text)| Tokens::parse(path, text, &mut problems));
        let policies = policies.map(|(path, text)| Policies::parse(path, text, &mut problems));
        if problems.has_errors() {
            return Err(problems.sorted());
        }
        // Upstream refuses anonymous requests where no policy restricts users.
        let refuse_anonymous = tokens.is_some() && policies.is_none();
        Ok(Self { tokens, policies, refuse_anonymous, ..Self::default() })
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

    /// Requests client certificates. A client without one needs a token, or is anonymous where a policy
    /// covers anonymous users.
    #[must_use]
    pub(crate) fn with_client_certificates(mut self) -> Self {
        self.certificates = true;
        self.refuse_anonymous |= self.policies.is_none();
        self
    }

    /// Whether every request is allowed.
    #[must_use]
    pub(crate) fn is_open(&self) -> bool {
        self.tokens.is_none() && self.policies.is_none() && !self.refuse_anonymous
    }

    /// Whether tokens or certificates assign users to groups.
    #[must_use]
    pub(crate) fn knows_groups(&self) -> bool {
        self.tokens.is_some() || self.certificates
    }

    /// The user who sent a request: the subject of the client certificate, or the owner of the token.
    ///
    /// # Errors
    /// 401 for an unknown token, for an untrusted certificate, and for an anonymous request where those are
    /// refused.
    pub(crate) fn authenticate(
        &self,
        headers: &HeaderMap,
        certificate: Option<&ClientCertificate>,
    ) -> Result<Arc<User>, ApiError> {
        if let Some(ClientCertificate::Trusted { common_name, organizations }) = certificate
            && !common_name.is_empty()
        {
            let mut groups = organizations.clone();
            groups.push("system:authenticated".to_owned());
            return Ok(Arc::new(User { name: common_name.clone(), uid: String::new(), groups }));
        }
        match (&self.tokens, self.token(headers)) {
            (Some(tokens), Some(token)) => {
                let owner = tokens.find(&token).or_else(|| account_tokens::owner(&token));
                owner.ok_or_else(ApiError::unauthorized)
            }
            // As upstream: a request with an untrusted certificate needs a valid token.
            _ if matches!(certificate, Some(ClientCertificate::Refused(_))) => {
                Err(ApiError::unauthorized())
            }
            _ if self.refuse_anonymous => Err(ApiError::unauthorized()),
            _ => Ok(anonymous()),
        }
    }

    /// The token of a request: of `Authorization: Bearer`, of the token header, or of a websocket's
    /// subprotocol.
    fn token(&self, headers: &HeaderMap) -> Option<String> {
        let text = |value: &http::HeaderValue| value.to_str().ok().map(str::to_owned);
        let authorization = headers.get(AUTHORIZATION).and_then(text).unwrap_or_default();
        let mut parts = authorization.trim().splitn(3, ' ');
        if parts.next().is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer")) {
            return parts.next().filter(|token| !token.is_empty()).map(str::to_owned);
        }
        let header = self.token_header.as_ref();
        if let Some(token) = header.and_then(|header| headers.get(header)).and_then(text) {
            return Some(token);
        }
        let protocols = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter().filter_map(text);
        let mut protocols = protocols
            .flat_map(|list| list.split(',').map(|one| one.trim().to_owned()).collect::<Vec<_>>());
        let encoded =
            protocols.find_map(|one| one.strip_prefix(WEBSOCKET_BEARER).map(str::to_owned))?;
        String::from_utf8(URL_SAFE_NO_PAD.decode(encoded).ok()?).ok()
    }

    /// The owner of a token: of the token file, or of a service account.
    #[must_use]
    pub(crate) fn user_of(&self, token: &str) -> Option<Arc<User>> {
        let known = self.tokens.as_ref().and_then(|tokens| tokens.find(token));
        known.or_else(|| account_tokens::owner(token))
    }

    /// Checks whether a user may make a request.
    ///
    /// # Errors
    /// 403 with upstream's message.
    pub(crate) fn authorize(
        &self,
        user: &User,
        path: &str,
        info: &RequestInfo<'_>,
    ) -> Result<(), ApiError> {
        let attributes = Attributes::of(path, info);
        if ALWAYS_ALLOWED.contains(&attributes.path) || self.allows(user, &attributes) {
            return Ok(());
        }
        Err(forbidden(user, &attributes))
    }

    /// The rules of the policy for a user in a namespace.
    fn rules(&self, user: &User, namespace: &str) -> Vec<policy::Rule<'_>> {
        let everything = user.groups.iter().any(|group| group == MASTERS);
        match &self.policies {
            Some(policies) if !everything => policies.rules(user, namespace),
            _ => vec![policy::Rule::ALL],
        }
    }

    /// Whether the policy allows an action, or the user is exempt from policies.
    pub(super) fn allows(&self, user: &User, attributes: &Attributes<'_>) -> bool {
        if user.groups.iter().any(|group| group == MASTERS) {
            return true;
        }
        self.policies.as_ref().is_none_or(|policies| policies.allow(user, attributes))
    }
}

/// `system:anonymous`.
fn anonymous() -> Arc<User> {
    Arc::new(User {
        name: "system:anonymous".to_owned(),
        uid: String::new(),
        groups: vec!["system:unauthenticated".to_owned()],
    })
}

/// Upstream's 403 (`responsewriters.Forbidden`).
fn forbidden(user: &User, attributes: &Attributes<'_>) -> ApiError {
    let Attributes { verb, resource, group, subresource, namespace, name, path } = *attributes;
    let (who, verb) = (quote(&user.name), html(verb));
    if !attributes.is_resource() {
        let why = format!("User {} cannot {verb} path {}", html(&who), html(&quote(path)));
        return ApiError::forbidden(&GroupResource::default(), "", &why);
    }
    let what = if subresource.is_empty() {
        resource.to_owned()
    } else {
        format!("{resource}/{subresource}")
    };
    let place = if namespace.is_empty() {
        "at the cluster scope".to_owned()
    } else {
        format!("in the namespace {}", quote(namespace))
    };
    let why = format!(
        "User {who} cannot {verb} resource {} in API group {} {place}",
        quote(&what),
        quote(group)
    );
    ApiError::forbidden(&GroupResource::new(group, resource), name, &html(&why))
}

/// Upstream escapes the text for browsers.
fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(all(test, feature = "token-file"))]
mod tests;
