//! Tokens of service accounts: JSON web tokens that the keys of [`AccountKeys`] sign
//! (`pkg/serviceaccount/{claims,jwt}.go` of `k8s.io/kubernetes`; RFC 7515).
//!
//! A token is valid until the clock of its world says that it has expired, and as long as its account and the object
//! that it is bound to are there.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::Value;

use super::super::golang::quote;
use super::super::resource::GroupResource;
use super::super::status::ApiError;
use super::super::store::{Object, State};
use super::account_keys::AccountKeys;
use super::user::{AUTHENTICATED, User, service_account_groups};

/// The issuer of tokens where none is set.
const ISSUER: &str = "https://kubernetes.default.svc";

/// Who issues tokens, and the audiences of this server.
#[derive(Debug, Clone)]
pub(in super::super) struct Issuers {
    /// `--service-account-issuer`: the first one issues, the tokens of all are accepted.
    names: Vec<String>,
    /// `--api-audiences`.
    audiences: Vec<String>,
    /// What signs and checks tokens.
    keys: AccountKeys,
    /// `--service-account-jwks-uri`: where the public keys are; nothing for this server itself.
    jwks_uri: Option<String>,
}

impl Default for Issuers {
    fn default() -> Self {
        Self::new(Vec::new(), Vec::new())
    }
}

impl Issuers {
    /// Without audiences the issuers are the audiences.
    pub(super) fn new(mut names: Vec<String>, mut audiences: Vec<String>) -> Self {
        if names.is_empty() {
            names.push(ISSUER.to_owned());
        }
        if audiences.is_empty() {
            audiences.clone_from(&names);
        }
        Self { names, audiences, keys: AccountKeys::default(), jwks_uri: None }
    }

    /// Sets the keys, and where the public ones are.
    #[cfg(feature = "tls")]
    pub(super) fn with_keys(mut self, keys: AccountKeys, jwks_uri: Option<String>) -> Self {
        self.keys = keys;
        self.jwks_uri = jwks_uri;
        self
    }

    /// Signs the claims of a token.
    pub(in super::super) fn sign(&self, claims: &Value) -> String {
        self.keys.sign(claims)
    }

    /// The public keys that others check tokens with; nothing where there are none.
    pub(in super::super) fn public_keys(&self) -> Option<Value> {
        self.keys.public()
    }

    /// Where the public keys are, where that is said.
    pub(in super::super) fn jwks_uri(&self) -> Option<&str> {
        self.jwks_uri.as_deref()
    }

    /// The issuer of new tokens.
    pub(in super::super) fn name(&self) -> &str {
        self.names.first().map_or(ISSUER, String::as_str)
    }

    /// The audiences of this server.
    pub(in super::super) fn audiences(&self) -> Vec<&str> {
        self.audiences.iter().map(String::as_str).collect()
    }
}

/// How much clocks may differ, in seconds (`jwt.DefaultLeeway`).
const LEEWAY: i64 = 60;

/// The world that a token is used in: its objects and its time.
#[derive(Debug)]
pub(crate) struct TokenWorld {
    /// The objects.
    pub state: Arc<State>,
    /// The time.
    pub now: Timestamp,
}

/// A valid token: its owner, and which of the wanted audiences it is for.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) user: Arc<User>,
    pub(super) audiences: Vec<String>,
}

/// The claims of a token of one of the issuers; `None` for any other text.
fn claims(token: &str, issuers: &Issuers) -> Option<(Value, bool)> {
    let (signed, signature) = token.rsplit_once('.')?;
    let claims = URL_SAFE_NO_PAD.decode(signed.split_once('.')?.1).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    if !issuers.names.iter().any(|name| claims["iss"] == **name) {
        return None;
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
    let is_signed = issuers.keys.verify(signed, &signature);
    Some((claims, is_signed))
}

/// The service account of a token that this process has signed, whether or not it is still valid.
pub(super) fn owner(token: &str, issuers: &Issuers) -> Option<Arc<User>> {
    let (claims, true) = claims(token, issuers)? else { return None };
    user(&claims).map(Arc::new)
}

/// Checks a token (`jwtTokenAuthenticator.AuthenticateToken`). `None` for a text that is no token of a service account.
pub(super) fn check(
    token: &str,
    issuers: &Issuers,
    wanted: &[&str],
    world: impl FnOnce() -> TokenWorld,
) -> Option<Result<Accepted, String>> {
    let (claims, signed) = claims(token, issuers)?;
    if !signed {
        return Some(Err("go-jose/go-jose: error in cryptographic primitive".to_owned()));
    }
    let own: Vec<&str> =
        claims["aud"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let audiences: Vec<String> =
        own.iter().filter(|one| wanted.contains(one)).map(|one| (*one).to_owned()).collect();
    if audiences.is_empty() {
        let list = |all: &[&str]| all.iter().map(|one| quote(one)).collect::<Vec<_>>().join(" ");
        return Some(Err(format!(
            "token audiences [{}] is invalid for the target audiences [{}]",
            list(&own),
            list(wanted)
        )));
    }
    let valid = validate(&claims, &world());
    Some(valid.and_then(|()| {
        let user = user(&claims).ok_or_else(|| "Token could not be validated.".to_owned())?;
        Ok(Accepted { user: Arc::new(user), audiences })
    }))
}

/// The times of a token, and the objects that it names (`validator.Validate`).
fn validate(claims: &Value, world: &TokenWorld) -> Result<(), String> {
    let now = world.now.as_second();
    let time = |claim: &str| claims[claim].as_i64().unwrap_or_default();
    if now + LEEWAY < time("nbf") {
        return Err("service account token is not valid yet".to_owned());
    }
    if now - LEEWAY > time("exp") {
        return Err("service account token has expired".to_owned());
    }
    if now + LEEWAY < time("iat") {
        return Err("service account token is issued in the future".to_owned());
    }
    let own = &claims["kubernetes.io"];
    let namespace = own["namespace"].as_str().unwrap_or_default();
    let find = |plural: &str, reference: &Value, namespaced: bool| {
        let name = reference["name"].as_str().unwrap_or_default();
        let of = GroupResource::new("", plural);
        let key = if namespaced { format!("{namespace}/{name}") } else { name.to_owned() };
        let found = world.state.snapshot.get(&of, &key).cloned();
        found.ok_or_else(|| ApiError::not_found(&of, name).message)
    };
    let account = &own["serviceaccount"];
    let found = find("serviceaccounts", account, true)?;
    let uid = |reference: &Value| reference["uid"].as_str().unwrap_or_default().to_owned();
    if uid(account) != *found.meta.uid {
        let (now, claimed) = (&found.meta.uid, uid(account));
        return Err(format!("service account UID ({now}) does not match claim ({claimed})"));
    }
    if is_long_deleted(&found, now) {
        return Err(format!("service account {} has been deleted", found.key));
    }
    // The node of a token that is bound to a pod is information alone.
    let bound = [("secret", "secrets"), ("pod", "pods"), ("node", "nodes")];
    let bound = bound.into_iter().find(|(claim, _)| !own[claim].is_null());
    let Some((claim, plural)) = bound else { return Ok(()) };
    let gone = || "service account token has been invalidated".to_owned();
    let found = find(plural, &own[claim], claim != "node").map_err(|_| gone())?;
    if uid(&own[claim]) != *found.meta.uid {
        let (now, claimed) = (&found.meta.uid, uid(&own[claim]));
        return Err(format!(
            "{claim} UID ({now}) does not match service account {claim} ref claim ({claimed})"
        ));
    }
    if is_long_deleted(&found, now) { Err(gone()) } else { Ok(()) }
}

/// Whether an object was deleted before the time that clocks may differ by, and only waits for its finalizers.
fn is_long_deleted(object: &Object, now: i64) -> bool {
    if !object.meta.terminating {
        return false;
    }
    let metadata: Value = serde_json::from_slice(object.metadata()).unwrap_or_default();
    let deleted =
        metadata["deletionTimestamp"].as_str().and_then(|time| time.parse::<Timestamp>().ok());
    deleted.is_some_and(|deleted| deleted.as_second() < now - LEEWAY)
}

/// The user that a token names (`ServiceAccountInfo.UserInfo`).
fn user(claims: &Value) -> Option<User> {
    let own = &claims["kubernetes.io"];
    let mut groups = service_account_groups(own["namespace"].as_str()?);
    groups.push(AUTHENTICATED.to_owned());
    let mut extra = BTreeMap::new();
    let mut add = |key: &str, value: Option<&str>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            extra.insert(format!("authentication.kubernetes.io/{key}"), vec![value.to_owned()]);
        }
    };
    let id = claims["jti"].as_str().map(|id| format!("JTI={id}"));
    add("credential-id", id.as_deref());
    for of in ["pod", "node"] {
        for part in ["name", "uid"] {
            add(&format!("{of}-{part}"), own[of][part].as_str());
        }
    }
    let uid = own["serviceaccount"]["uid"].as_str().unwrap_or_default().to_owned();
    Some(User { name: claims["sub"].as_str()?.to_owned(), uid, groups, extra })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::seed::{Seed, SeedObject};
    use super::super::super::store::HistoryLimits;
    use super::*;

    /// A world with the given objects, by kind and uid, at a second of its clock.
    fn world(objects: &[(&str, &str)], second: i64) -> TokenWorld {
        let object = |(kind, uid): &(&str, &str)| {
            let namespace = if *kind == "Node" { Value::Null } else { "n".into() };
            SeedObject::new(json!({
                "apiVersion": "v1", "kind": kind,
                "metadata": {"name": "x", "namespace": namespace, "uid": uid},
            }))
        };
        let seed = Seed {
            crds: Vec::new(),
            objects: objects.iter().map(object).collect(),
            history: HistoryLimits::default(),
            now: Timestamp::UNIX_EPOCH,
        };
        let now = Timestamp::from_second(second).unwrap();
        TokenWorld { state: Arc::new(seed.state().unwrap()), now }
    }

    fn token(bound: Option<(&str, &str)>) -> String {
        let mut own = json!({"namespace": "n", "serviceaccount": {"name": "x", "uid": "u"}});
        if let Some((claim, uid)) = bound {
            own[claim] = json!({"name": "x", "uid": uid});
        }
        Issuers::default().sign(&json!({
            "iss": ISSUER, "aud": [ISSUER, "other"], "sub": "system:serviceaccount:n:x", "jti": "id",
            "iat": 1000, "nbf": 1000, "exp": 1600, "kubernetes.io": own,
        }))
    }

    fn refusal(token: &str, wanted: &[&str], world: TokenWorld) -> String {
        check(token, &Issuers::default(), wanted, || world)
            .unwrap()
            .map_or_else(|why| why, |_| "valid".to_owned())
    }

    #[test]
    fn a_token_names_its_account_and_cannot_be_changed() {
        let token = token(None);
        let issuers = Issuers::default();
        let of_world = || world(&[("ServiceAccount", "u")], 1000);
        let accepted = check(&token, &issuers, &["other", "z"], of_world);
        let Accepted { user, audiences } = accepted.unwrap().unwrap();
        assert_eq!((&*user.name, &*user.uid), ("system:serviceaccount:n:x", "u"));
        assert_eq!(user.groups[1..], ["system:serviceaccounts:n", "system:authenticated"]);
        assert_eq!(user.extra["authentication.kubernetes.io/credential-id"], ["JTI=id"]);
        assert_eq!(audiences, ["other"]);
        let (head, signature) = token.rsplit_once('.').unwrap();
        let (kind, claims) = head.split_once('.').unwrap();
        let claims = String::from_utf8(URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        let other = URL_SAFE_NO_PAD.encode(claims.replace(":x\"", ":y\""));
        let forged = format!("{kind}.{other}.{signature}");
        assert!(owner(&forged, &issuers).is_none() && owner(&token, &issuers).is_some());
        assert!(refusal(&forged, &[ISSUER], world(&[], 1000)).contains("cryptographic"));
        assert!(check("a.b.c", &issuers, &[ISSUER], || world(&[], 0)).is_none());
        // The tokens of another issuer are not its own.
        let other = Issuers::new(vec!["https://a".to_owned()], Vec::new());
        assert!(owner(&token, &other).is_none());
        assert_eq!((other.name(), other.audiences()), ("https://a", vec!["https://a"]));
        assert_eq!(
            refusal(&token, &["z"], world(&[], 1000)),
            format!(
                "token audiences [\"{ISSUER}\" \"other\"] is invalid for the target audiences [\"z\"]"
            )
        );
    }

    #[test]
    fn a_token_expires_by_the_clock_of_the_world() {
        let account = [("ServiceAccount", "u")];
        for (second, expected) in [
            (939, "service account token is not valid yet"),
            (940, "valid"),
            (1660, "valid"),
            (1661, "service account token has expired"),
        ] {
            assert_eq!(refusal(&token(None), &[ISSUER], world(&account, second)), expected);
        }
    }

    #[test]
    fn a_token_ends_with_its_account_and_with_the_object_that_it_is_bound_to() {
        let account = ("ServiceAccount", "u");
        for (bound, objects, expected) in [
            (None, vec![], "serviceaccounts \"x\" not found"),
            (
                None,
                vec![("ServiceAccount", "v")],
                "service account UID (v) does not match claim (u)",
            ),
            (Some(("pod", "p")), vec![account], "service account token has been invalidated"),
            (Some(("pod", "p")), vec![account, ("Pod", "p")], "valid"),
            (
                Some(("pod", "p")),
                vec![account, ("Pod", "q")],
                "pod UID (q) does not match service account pod ref claim (p)",
            ),
            (Some(("secret", "s")), vec![account], "service account token has been invalidated"),
            (
                Some(("secret", "s")),
                vec![account, ("Secret", "t")],
                "secret UID (t) does not match service account secret ref claim (s)",
            ),
            (Some(("node", "o")), vec![account, ("Node", "o")], "valid"),
        ] {
            assert_eq!(refusal(&token(bound), &[ISSUER], world(&objects, 1000)), expected);
        }
    }
}
