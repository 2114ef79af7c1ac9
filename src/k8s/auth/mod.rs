//! Authentication and authorization of requests: the step before any verb.
//!
//! ```text
//! certificate, headers → [front_proxy], [tokens] (static token file) → [User] → [impersonation] → [authorizer] → the verbs, or 401 / 403
//!        [authorizer]: [modes], in order: [policy] (ABAC file), [rbac] (the world's roles and bindings), [opinions] (webhooks)
//!        └→ [review] answers TokenReview and access reviews
//! ```
//!
//! File formats, order and messages are upstream's (`k8s.io/apiserver/pkg/authentication/token/tokenfile`,
//! `k8s.io/kubernetes/pkg/auth/authorizer/abac`).

mod access_rules;
mod account_keys;
mod account_tokens;
mod assessed;
#[cfg(feature = "record")]
mod authorization_configuration;
mod authorization_webhook;
mod authorizer;
mod cache;
mod front_proxy;
mod impersonation;
mod impersonation_headers;
#[cfg(feature = "tls")]
mod key_files;
#[cfg(feature = "cel")]
mod match_conditions;
mod modes;
mod opinions;
mod policy;
pub(super) mod rbac;
mod review;
mod rules;
mod settings;
#[cfg(feature = "record")]
mod token_webhook;
mod tokens;
mod user;

pub(super) use account_tokens::Issuers;
pub(crate) use account_tokens::TokenWorld;
#[cfg(feature = "record")]
pub(crate) use authorization_configuration::{AuthorizationConfiguration, ConfiguredWebhook};
pub(crate) use authorization_webhook::AuthorizationWebhook;
pub(super) use authorizer::Authorizer;
pub(crate) use cache::AuthCache;
pub use front_proxy::FrontProxy;
pub(crate) use opinions::Question;
pub(super) use review::{Review, answer as answer_review};
#[cfg(feature = "record")]
pub(crate) use token_webhook::TokenWebhook;
pub(super) use user::Attributes;
pub(crate) use user::User;

use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderName, SEC_WEBSOCKET_PROTOCOL};
use jiff::Timestamp;

use crate::document::Diagnostics;
use crate::message::{ClientCertificate, RequestInfo};

use super::status::ApiError;
use super::store::State;
use front_proxy::Seen;
use modes::Modes;
use policy::Policies;
use tokens::Tokens;
use user::{ANONYMOUS, anonymous, certified};

/// The subprotocol prefix with which a websocket client that cannot set headers sends its token.
pub(crate) const WEBSOCKET_BEARER: &str = "base64url.bearer.authorization.k8s.io.";

/// Paths that every user may read, whatever the policy says (`--authorization-always-allow-paths`).
const ALWAYS_ALLOWED: [&str; 3] = ["/healthz", "/livez", "/readyz"];

/// What anonymous users may read where certificates are requested and no mode restricts users: the paths of the role
/// `system:public-info-viewer` (`plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go`).
const PUBLIC: [&str; 5] = ["/healthz", "/livez", "/readyz", "/version", "/version/"];

/// The configuration of the issuer of service accounts' tokens, and its public keys.
pub(super) const ISSUER_CONFIGURATION: &str = "/.well-known/openid-configuration";
pub(super) const ISSUER_KEYS: &str = "/openid/v1/jwks";

/// The owner of a token with its audiences, where a webhook has named one.
type WebhookOwner = Option<(Arc<User>, Vec<String>)>;

/// Authentication and authorization by a token file and a policy file. Without files every user may do
/// everything.
#[derive(Debug, Default)]
pub(crate) struct Auth {
    tokens: Option<Tokens>,
    modes: Modes,
    refuse_anonymous: bool,
    /// Whether anonymous users may read [`PUBLIC`] paths alone.
    restrict_anonymous: bool,
    /// Whether client certificates are requested.
    certificates: bool,
    /// Whether unknown tokens are refused where there is no token file.
    checks_tokens: bool,
    /// A header besides `Authorization` that carries tokens.
    token_header: Option<HeaderName>,
    /// The front proxies that say who sends a request.
    front_proxy: Option<FrontProxy>,
    issuers: Issuers,
    /// What a webhook says of tokens that nobody else knows.
    #[cfg(feature = "record")]
    webhook: Option<TokenWebhook>,
    /// Whether users impersonate by the verb `impersonate` alone (`ConstrainedImpersonation=false`).
    legacy_impersonation: bool,
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
        Ok(Self { tokens, modes: Modes::of_file(policies), refuse_anonymous, ..Self::default() })
    }

    /// Whether RBAC objects decide what users may do.
    #[must_use]
    pub(crate) fn has_rbac(&self) -> bool {
        self.modes.has_rbac()
    }

    /// Whether a path is one of what others check the tokens of service accounts with. There are none without keys of files.
    pub(crate) fn is_of_issuer(&self, path: &str) -> bool {
        matches!(path, ISSUER_CONFIGURATION | ISSUER_KEYS) && self.issuers.public_keys().is_some()
    }

    /// The issuers of the tokens of service accounts.
    pub(super) fn issuers(&self) -> &Issuers {
        &self.issuers
    }

    /// Whether every request is allowed.
    #[must_use]
    pub(crate) fn is_open(&self) -> bool {
        self.tokens.is_none()
            && self.modes.allow_everything()
            && !self.refuse_anonymous
            && !self.restrict_anonymous
            && !self.checks_tokens
    }

    /// Whether tokens or certificates assign users to groups.
    #[must_use]
    pub(crate) fn knows_groups(&self) -> bool {
        self.tokens.is_some() || self.certificates
    }

    /// The user who sent a request, by the token file or a client certificate alone: before it is known which world
    /// the request is for.
    pub(crate) fn identify(
        &self,
        headers: &HeaderMap,
        certificate: Option<&ClientCertificate>,
    ) -> Option<Arc<User>> {
        let certificate = match front_proxy::see(self.front_proxy.as_ref(), headers, certificate) {
            Seen::User(user) => return Some(user),
            Seen::Client(certificate) | Seen::NotAllowed(certificate) => certificate,
        };
        certified(certificate).or_else(|| self.tokens.as_ref()?.find(&self.token(headers)?))
    }

    /// The user who sent a request: the subject of the client certificate, or the owner of the token. `world` is asked
    /// for when the token is one of a service account.
    ///
    /// # Errors
    /// 401 for an unknown or expired token, for an untrusted certificate, and for an anonymous request where those are
    /// refused.
    pub(crate) fn authenticate(
        &self,
        headers: &HeaderMap,
        certificate: Option<&ClientCertificate>,
        world: impl Fn() -> TokenWorld,
    ) -> Result<Arc<User>, ApiError> {
        let (certificate, is_allowed) =
            match front_proxy::see(self.front_proxy.as_ref(), headers, certificate) {
                Seen::User(user) => return Ok(user),
                Seen::Client(certificate) => (certificate, true),
                Seen::NotAllowed(certificate) => (certificate, false),
            };
        if let Some(user) = certified(certificate) {
            return Ok(user);
        }
        let token = self.token(headers);
        let known = self.tokens.as_ref().zip(token.as_ref());
        if let Some(user) = known.and_then(|(tokens, token)| tokens.find(token)) {
            return Ok(user);
        }
        if let Some(token) = &token {
            let audiences = self.issuers.audiences();
            let own = account_tokens::check(token, &self.issuers, &audiences, &world);
            if let Some(Ok(found)) = own {
                return Ok(found.user);
            }
            match self.of_webhook(token, || world().now) {
                Some(owner) => {
                    return owner.map(|(user, _)| user).ok_or_else(ApiError::unauthorized);
                }
                None if own.is_some() => return Err(ApiError::unauthorized()),
                None => {}
            }
        }
        match (&self.tokens, token) {
            (Some(_), Some(_)) => Err(ApiError::unauthorized()),
            (None, Some(_)) if self.checks_tokens => Err(ApiError::unauthorized()),
            // As upstream: a request with an untrusted certificate needs a valid token.
            _ if !is_allowed || matches!(certificate, Some(ClientCertificate::Refused(_))) => {
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

    /// Reviews a token for some audiences: its owner, and those of the audiences that it is for.
    ///
    /// # Errors
    /// Why it is not valid.
    fn review_token(
        &self,
        token: &str,
        wanted: &[&str],
        world: TokenWorld,
    ) -> Result<(Arc<User>, Vec<String>), String> {
        const INVALID: &str = "invalid bearer token";
        // The tokens of the file are for this server.
        let mut own = self.issuers.audiences();
        own.retain(|audience| wanted.contains(audience));
        let known = self.tokens.as_ref().and_then(|tokens| tokens.find(token));
        if let Some(user) = known.filter(|_| !own.is_empty()) {
            return Ok((user, own.into_iter().map(str::to_owned).collect()));
        }
        let now = world.now;
        let checked = account_tokens::check(token, &self.issuers, wanted, || world);
        if !matches!(checked, Some(Ok(_)))
            && let Some(Some((user, mut audiences))) = self.of_webhook(token, || now)
        {
            audiences.retain(|one| wanted.contains(&one.as_str()));
            if !audiences.is_empty() {
                return Ok((user, audiences));
            }
        }
        match checked {
            Some(Ok(found)) => Ok((found.user, found.audiences)),
            Some(Err(why)) => Err(format!("[{INVALID}, {why}]")),
            None => Err(INVALID.to_owned()),
        }
    }

    /// The owner of a token: of the token file, or of a service account. Whether the token is still valid is not checked.
    #[must_use]
    pub(crate) fn user_of(&self, token: &str) -> Option<Arc<User>> {
        let known = self.tokens.as_ref().and_then(|tokens| tokens.find(token));
        known.or_else(|| account_tokens::owner(token, &self.issuers))
    }

    /// Whether a request is checked at all: where everything is allowed, only one that impersonates is.
    #[must_use]
    pub(crate) fn decides(&self, request: &AuthRequest<'_>) -> bool {
        !self.is_open() || impersonation_headers::is_asked(request.headers)
    }

    /// The user as whom a request is made: its sender, or the user that it impersonates. Checks that the sender may
    /// impersonate, and that the user may make the request.
    ///
    /// # Errors
    /// 400 for invalid headers of impersonation, and 403 with upstream's message.
    pub(crate) fn admit(
        &self,
        sender: Arc<User>,
        request: &AuthRequest<'_>,
        state: &State,
        cache: &AuthCache,
    ) -> Result<Arc<User>, ApiError> {
        let attributes = Attributes::of(request.path, request.info);
        let authorizer = self.authorizer(state, cache);
        let (headers, modes) = (request.headers, &cache.modes);
        let impersonated = self.impersonated(headers, &sender, &attributes, &authorizer, modes)?;
        let user = impersonated.unwrap_or(sender);
        if self.restrict_anonymous && user.name == ANONYMOUS && !PUBLIC.contains(&attributes.path) {
            return Err(authorizer::forbidden(&user, &attributes, ""));
        }
        if !ALWAYS_ALLOWED.contains(&attributes.path) {
            authorizer.check(&user, &attributes)?;
        }
        Ok(user)
    }

    /// The user that a request is to be made as, if its sender may.
    fn impersonated(
        &self,
        headers: &HeaderMap,
        sender: &User,
        attributes: &Attributes<'_>,
        authorizer: &Authorizer<'_>,
        modes: &impersonation::LastModes,
    ) -> Result<Option<Arc<User>>, ApiError> {
        let legacy = self.legacy_impersonation;
        impersonation::impersonated(headers, sender, attributes, authorizer, modes, legacy)
    }

    /// The owner of a token and its audiences, as the webhook has said; nothing where there is no webhook.
    #[cfg(feature = "record")]
    fn of_webhook(&self, token: &str, now: impl FnOnce() -> Timestamp) -> Option<WebhookOwner> {
        self.webhook.as_ref().map(|webhook| webhook.owner(token, now()))
    }

    /// There is no webhook: this build has no client.
    #[cfg(not(feature = "record"))]
    #[expect(clippy::unused_self, reason = "as in a build with a client")]
    fn of_webhook(&self, _: &str, _: impl FnOnce() -> Timestamp) -> Option<WebhookOwner> {
        None
    }

    /// Authorization on a state of a world.
    pub(super) fn authorizer<'a>(
        &'a self,
        state: &'a State,
        cache: &'a AuthCache,
    ) -> Authorizer<'a> {
        Authorizer::new(&self.modes, state, &cache.policy, &cache.opinions)
    }
}

/// What of a request decides whether it is allowed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AuthRequest<'a> {
    /// The path.
    pub path: &'a str,
    /// The verb and resource.
    pub info: &'a RequestInfo<'a>,
    /// The headers.
    pub headers: &'a HeaderMap,
}

#[cfg(all(test, feature = "token-file"))]
mod tests;
