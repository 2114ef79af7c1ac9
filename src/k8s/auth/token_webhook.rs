//! Tokens that a webhook knows: what it is asked, what it says, and how long that is remembered
//! (`k8s.io/apiserver/plugin/pkg/authenticator/token/webhook`, `pkg/authentication/token/cache`).
//!
//! The server asks before a request is authenticated; here are the answers.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use lru::LruCache;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::message::ClientCertificate;

use super::user::{AUTHENTICATED, User};
use super::{Auth, TokenWorld, account_tokens};

/// How many tokens are remembered; the least recently used ones are asked for again.
const MOST_TOKENS: NonZeroUsize = NonZeroUsize::new(4096).expect("more than none");

/// Tokens are kept as their digests.
type TokenDigest = [u8; 32];

/// What the webhook has said of a token: its owner with the audiences, or that nobody has it.
#[derive(Debug, Clone)]
struct Known {
    owner: Option<(Arc<User>, Vec<String>)>,
    until: Timestamp,
}

/// The tokens that a webhook knows.
pub(crate) struct TokenWebhook {
    /// The version of its `TokenReview`: `v1` or `v1beta1`.
    version: String,
    /// How long its answers are valid.
    lifetime: SignedDuration,
    known: Mutex<LruCache<TokenDigest, Known>>,
}

impl TokenWebhook {
    /// One that speaks a version of `TokenReview`, and whose answers are valid for some time.
    pub(crate) fn new(version: &str, lifetime: SignedDuration) -> Self {
        Self {
            version: version.to_owned(),
            lifetime,
            known: Mutex::new(LruCache::new(MOST_TOKENS)),
        }
    }

    /// Whether it has to be asked about a token.
    pub(super) fn is_unknown(&self, token: &str, now: Timestamp) -> bool {
        self.known(token, now).is_none()
    }

    /// The owner of a token and its audiences, where the webhook has named one.
    pub(super) fn owner(&self, token: &str, now: Timestamp) -> Option<(Arc<User>, Vec<String>)> {
        self.known(token, now)?.owner
    }

    fn known(&self, token: &str, now: Timestamp) -> Option<Known> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&digest(token)).filter(|known| now < known.until).cloned()
    }

    /// The `TokenReview` about a token.
    pub(super) fn review(&self, token: &str, audiences: &[&str]) -> String {
        json!({
            "kind": "TokenReview",
            "apiVersion": format!("authentication.k8s.io/{}", self.version),
            "metadata": {},
            "spec": {"token": token, "audiences": audiences},
            "status": {"user": {}},
        })
        .to_string()
    }

    /// Remembers an answer about a token. An error that the webhook reports is not remembered.
    pub(super) fn learn(&self, token: &str, audiences: &[&str], answer: &Value, now: Timestamp) {
        let status = &answer["status"];
        let is_authenticated = status["authenticated"] == true;
        if !is_authenticated && status["error"].as_str().is_some_and(|why| !why.is_empty()) {
            return;
        }
        let owner = is_authenticated.then(|| owner(status, audiences)).flatten();
        let until = now.checked_add(self.lifetime).unwrap_or(Timestamp::MAX);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.put(digest(token), Known { owner, until });
    }
}

impl Auth {
    /// The token of a request, where the webhook has to be asked about it first.
    pub(crate) fn unknown_token(
        &self,
        headers: &HeaderMap,
        certificate: Option<&ClientCertificate>,
        world: impl Fn() -> TokenWorld,
    ) -> Option<String> {
        self.webhook.as_ref()?;
        let is_certified = self.identify(headers, certificate).is_some();
        let token = self.token(headers).filter(|_| !is_certified)?;
        self.is_unknown(&token, world).then_some(token)
    }

    /// Whether nobody knows a token, and the webhook was not asked about it a moment ago.
    pub(crate) fn is_unknown(&self, token: &str, world: impl Fn() -> TokenWorld) -> bool {
        let Some(webhook) = &self.webhook else { return false };
        let audiences = self.issuers.audiences();
        let is_own = || {
            let checked = account_tokens::check(token, &self.issuers, &audiences, &world);
            matches!(checked, Some(Ok(_)))
        };
        let of_file = self.tokens.as_ref().and_then(|tokens| tokens.find(token));
        of_file.is_none() && !is_own() && webhook.is_unknown(token, world().now)
    }

    /// The review of a token that the webhook is sent.
    pub(crate) fn token_review(&self, token: &str) -> Option<String> {
        Some(self.webhook.as_ref()?.review(token, &self.issuers.audiences()))
    }

    /// Remembers what the webhook has answered.
    pub(crate) fn learn_token(&self, token: &str, answer: &Value, now: Timestamp) {
        if let Some(webhook) = &self.webhook {
            webhook.learn(token, &self.issuers.audiences(), answer, now);
        }
    }

    /// Asks a webhook about tokens that nobody else knows.
    #[must_use]
    pub(crate) fn with_token_webhook(mut self, webhook: TokenWebhook) -> Self {
        self.webhook = Some(webhook);
        // Tokens are checked wherever somebody knows them.
        self.checks_tokens = true;
        self
    }
}

/// The owner of a token with those of the wanted audiences that it is for; nothing where it is for none of them.
fn owner(status: &Value, wanted: &[&str]) -> Option<(Arc<User>, Vec<String>)> {
    let texts = |value: &Value| {
        let texts = value.as_array().into_iter().flatten().filter_map(Value::as_str);
        texts.map(str::to_owned).collect::<Vec<String>>()
    };
    // A webhook that knows nothing of audiences speaks for all of them.
    let named = texts(&status["audiences"]);
    let audiences: Vec<String> = wanted
        .iter()
        .filter(|one| named.is_empty() || named.iter().any(|own| own == *one))
        .map(|one| (*one).to_owned())
        .collect();
    if audiences.is_empty() && !wanted.is_empty() {
        return None;
    }
    let user = &status["user"];
    let text = |field: &str| user[field].as_str().unwrap_or_default().to_owned();
    let mut groups = texts(&user["groups"]);
    if !groups.iter().any(|group| group == AUTHENTICATED) {
        groups.push(AUTHENTICATED.to_owned());
    }
    let extra = user["extra"].as_object().into_iter().flatten();
    let extra = extra.map(|(key, values)| (key.clone(), texts(values))).collect();
    let user = User { name: text("username"), uid: text("uid"), groups, extra };
    Some((Arc::new(user), audiences))
}

fn digest(token: &str) -> TokenDigest {
    Sha256::digest(token).into()
}

impl fmt::Debug for TokenWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenWebhook({})", self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn answers_are_valid_for_their_time() {
        let webhook = TokenWebhook::new("v1", SignedDuration::from_secs(120));
        assert!(webhook.is_unknown("t", at(0)));
        let review: Value = serde_json::from_str(&webhook.review("t", &["a"])).unwrap();
        assert_eq!(review["apiVersion"], "authentication.k8s.io/v1");
        assert_eq!(review["spec"], json!({"token": "t", "audiences": ["a"]}));
        let answer = json!({"status": {
            "authenticated": true,
            "user": {"username": "ann", "uid": "1", "groups": ["g"], "extra": {"k": ["v"]}},
        }});
        webhook.learn("t", &["a"], &answer, at(0));
        let (user, audiences) = webhook.owner("t", at(119)).unwrap();
        assert_eq!((&*user.name, &*user.uid), ("ann", "1"));
        assert_eq!(user.groups, ["g", "system:authenticated"]);
        assert_eq!(
            (user.extra["k"].clone(), audiences),
            (vec!["v".to_owned()], vec!["a".to_owned()])
        );
        assert!(webhook.is_unknown("t", at(120)) && webhook.owner("t", at(120)).is_none());
        assert!(webhook.is_unknown("other", at(0)));
    }

    #[test]
    fn a_refusal_is_remembered_and_an_error_is_not() {
        let webhook = TokenWebhook::new("v1", SignedDuration::from_secs(120));
        webhook.learn("t", &["a"], &json!({"status": {"authenticated": false}}), at(0));
        assert!(!webhook.is_unknown("t", at(1)) && webhook.owner("t", at(1)).is_none());
        webhook.learn("e", &["a"], &json!({"status": {"error": "broken"}}), at(0));
        assert!(webhook.is_unknown("e", at(1)));
        // A token for others is nobody's here.
        let other = json!({"status": {"authenticated": true, "audiences": ["b"], "user": {"username": "ann"}}});
        webhook.learn("o", &["a"], &other, at(0));
        assert!(webhook.owner("o", at(1)).is_none());
    }
}
