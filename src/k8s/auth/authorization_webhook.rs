//! An authorization webhook: what it is asked about whom, and what follows from its answers
//! (`k8s.io/apiserver/plugin/pkg/authorizer/webhook/webhook.go`).

#![cfg_attr(
    not(any(feature = "record", test)),
    expect(dead_code, reason = "a build without a client asks no webhooks")
)]

use jiff::SignedDuration;
use serde_json::{Map, Value, json};

#[cfg(feature = "cel")]
use super::match_conditions::MatchConditions;
use super::opinions::{Opinion, Opinions, Question};
use super::user::{Attributes, User};

/// An authorization webhook, as `--authorization-webhook-*` and `AuthorizationConfiguration` describe it.
#[derive(Debug)]
pub(crate) struct AuthorizationWebhook {
    /// The version of its `SubjectAccessReview`: `v1` or `v1beta1`.
    pub(crate) version: String,
    /// How long a yes holds.
    pub(crate) authorized: SignedDuration,
    /// How long another answer holds.
    pub(crate) unauthorized: SignedDuration,
    /// Whether a request is refused where it cannot be asked (`failurePolicy: Deny`); others decide otherwise.
    pub(crate) denies_on_failure: bool,
    /// What requests have to meet; it has no opinion of others.
    #[cfg(feature = "cel")]
    pub(crate) conditions: MatchConditions,
}

impl AuthorizationWebhook {
    /// One of a version whose answers hold for some time: a yes, and another one. Others decide where it cannot be asked.
    #[cfg(feature = "record")]
    pub(crate) fn new(
        version: String,
        authorized: SignedDuration,
        unauthorized: SignedDuration,
    ) -> Self {
        Self {
            version,
            authorized,
            unauthorized,
            denies_on_failure: false,
            #[cfg(feature = "cel")]
            conditions: MatchConditions::default(),
        }
    }

    /// What it says of an action; nothing where it has to be asked first.
    pub(super) fn opinion(
        &self,
        index: usize,
        opinions: &Opinions,
        user: &User,
        attributes: &Attributes<'_>,
    ) -> Option<Opinion> {
        #[cfg(feature = "cel")]
        match self.conditions.matches(&Self::spec(user, attributes, "groups")) {
            Ok(true) => {}
            Ok(false) => return Some(Opinion::None(String::new())),
            Err(why) => return Some(Opinion::Failed(why)),
        }
        // The old version has another name for groups.
        let groups = if self.version == "v1beta1" { "group" } else { "groups" };
        let review = json!({
            "kind": "SubjectAccessReview",
            "apiVersion": format!("authorization.k8s.io/{}", self.version),
            "metadata": {},
            "spec": Self::spec(user, attributes, groups),
            "status": {"allowed": false},
        });
        let question = Question { webhook: index, review: review.to_string().into() };
        opinions.get(question)
    }

    /// `spec` of the review of an action, with a name for the groups of the user.
    fn spec(user: &User, attributes: &Attributes<'_>, groups: &str) -> Value {
        let mut spec = Map::new();
        let set = |of: &mut Map<String, Value>, name: &str, value: &str| {
            if !value.is_empty() {
                of.insert(name.to_owned(), value.into());
            }
        };
        let mut of = Map::new();
        if attributes.is_resource() {
            for (name, value) in [
                ("namespace", attributes.namespace),
                ("verb", attributes.verb),
                ("group", attributes.group),
                ("version", attributes.version),
                ("resource", attributes.resource),
                ("subresource", attributes.subresource),
                ("name", attributes.name),
            ] {
                set(&mut of, name, value);
            }
            spec.insert("resourceAttributes".to_owned(), of.into());
        } else {
            set(&mut of, "path", attributes.path);
            set(&mut of, "verb", attributes.verb);
            spec.insert("nonResourceAttributes".to_owned(), of.into());
        }
        set(&mut spec, "user", &user.name);
        if !user.groups.is_empty() {
            spec.insert(groups.to_owned(), user.groups.clone().into());
        }
        if !user.extra.is_empty() {
            spec.insert("extra".to_owned(), json!(user.extra));
        }
        set(&mut spec, "uid", &user.uid);
        spec.into()
    }

    /// What an answer means, and how long it holds. A failure is not remembered.
    ///
    /// The error says why there is no answer.
    pub(super) fn learn(
        &self,
        opinions: &Opinions,
        question: Question,
        answer: Result<&Value, String>,
    ) {
        let opinion = match answer {
            Ok(review) => Opinion::of(&review["status"]),
            Err(why) => Opinion::Failed(why),
        };
        let lifetime = match &opinion {
            Opinion::Allowed(_) => self.authorized,
            Opinion::Denied(_) | Opinion::None(_) => self.unauthorized,
            Opinion::Failed(_) => SignedDuration::ZERO,
        };
        opinions.learn(question, opinion, lifetime);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_review_has_what_upstream_sends() {
        let user = User {
            name: "ann".to_owned(),
            uid: "7".to_owned(),
            groups: vec!["a".to_owned()],
            extra: [("k".to_owned(), vec!["v".to_owned()])].into(),
        };
        let attributes = Attributes {
            verb: "get",
            group: "apps",
            version: "v1",
            resource: "deployments",
            subresource: "status",
            namespace: "n",
            name: "d",
            ..Attributes::default()
        };
        assert_eq!(
            AuthorizationWebhook::spec(&user, &attributes, "groups"),
            json!({
                "resourceAttributes": {
                    "namespace": "n", "verb": "get", "group": "apps", "version": "v1",
                    "resource": "deployments", "subresource": "status", "name": "d",
                },
                "user": "ann", "groups": ["a"], "extra": {"k": ["v"]}, "uid": "7",
            })
        );
        let path = Attributes { verb: "get", path: "/metrics", ..Attributes::default() };
        let bare =
            User { uid: String::new(), extra: std::collections::BTreeMap::default(), ..user };
        assert_eq!(
            AuthorizationWebhook::spec(&bare, &path, "group"),
            json!({
                "nonResourceAttributes": {"path": "/metrics", "verb": "get"}, "user": "ann", "group": ["a"],
            })
        );
    }
}
