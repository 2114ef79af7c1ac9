//! Reviews of tokens and permissions: objects that are created, answered and not stored:
//! `TokenReview` and `SelfSubjectReview` (`authentication.k8s.io/v1`), `SubjectAccessReview` and its
//! siblings (`authorization.k8s.io/v1`).

use serde_json::{Map, Value, json};

use super::super::golang::quote;
use super::super::status::{ApiError, FieldError};
use super::Auth;
use super::account_tokens::TokenWorld;
use super::authorizer::{Authorizer, Decision};
use super::rules::UserRule;
use super::user::{Attributes, User};

/// A kind of review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Review {
    Token,
    SelfSubject,
    SubjectAccess,
    SelfSubjectAccess,
    LocalSubjectAccess,
    SelfSubjectRules,
}

impl Review {
    /// The review that a resource type is, by its group and plural.
    pub(in super::super) fn of(group: &str, plural: &str) -> Option<Self> {
        Some(match (group, plural) {
            ("authentication.k8s.io", "tokenreviews") => Self::Token,
            ("authentication.k8s.io", "selfsubjectreviews") => Self::SelfSubject,
            ("authorization.k8s.io", "subjectaccessreviews") => Self::SubjectAccess,
            ("authorization.k8s.io", "selfsubjectaccessreviews") => Self::SelfSubjectAccess,
            ("authorization.k8s.io", "selfsubjectrulesreviews") => Self::SelfSubjectRules,
            ("authorization.k8s.io", "localsubjectaccessreviews") => Self::LocalSubjectAccess,
            _ => return None,
        })
    }
}

/// Answers a review: the object with its status.
///
/// # Errors
/// 400 for a `TokenReview` without a token, 422 for an access review without attributes.
pub(in super::super) fn answer(
    review: Review,
    auth: &Auth,
    authorizer: &Authorizer<'_>,
    user: &User,
    world: TokenWorld,
    namespace: &str,
    mut question: Value,
) -> Result<Value, ApiError> {
    let spec = question.get("spec").cloned().unwrap_or_default();
    let invalid = |field: &str, value: &str, why: &str| {
        let errors = [FieldError::invalid(field, value, why)];
        // Upstream names the kind of the internal object, which has none (`setTargetKind` in runtime/scheme.go).
        ApiError::invalid("", "authorization.k8s.io", "", &errors)
    };
    let status = match review {
        Review::Token => token(auth, &spec, world)?,
        Review::SelfSubject => json!({"userInfo": user_info(user)}),
        Review::SelfSubjectRules => rules(authorizer, user, &spec)?,
        Review::SelfSubjectAccess => access(authorizer, user, &spec, namespace, &invalid)?,
        Review::SubjectAccess | Review::LocalSubjectAccess => {
            let of = subject(&spec, &invalid)?;
            access(authorizer, &of, &spec, namespace, &invalid)?
        }
    };
    match review {
        // Upstream answers with new objects, without what was asked.
        Review::SelfSubject | Review::SelfSubjectRules => {
            question["metadata"] = json!({});
            if review == Review::SelfSubjectRules {
                question["spec"] = json!({});
            }
        }
        Review::Token => {}
        _ => check_metadata(&question, namespace, &invalid)?,
    }
    question["status"] = status;
    Ok(question)
}

/// An access review has no metadata, but for the namespace of a local one.
fn check_metadata(question: &Value, namespace: &str, invalid: Invalid<'_>) -> Result<(), ApiError> {
    let metadata = question["metadata"].as_object().cloned().unwrap_or_default();
    let is_allowed = |(field, value): (&String, &Value)| match field.as_str() {
        "namespace" => value == namespace,
        "creationTimestamp" => value.is_null(),
        _ => false,
    };
    if metadata.iter().all(is_allowed) {
        return Ok(());
    }
    let shown = Value::from(metadata).to_string();
    Err(invalid("metadata", &quote(&shown), "must be empty"))
}

fn token(auth: &Auth, spec: &Value, world: TokenWorld) -> Result<Value, ApiError> {
    let token = spec["token"].as_str().unwrap_or_default();
    if token.is_empty() {
        return Err(ApiError::bad_request("token is required for TokenReview in authentication"));
    }
    let asked = spec["audiences"].as_array().into_iter().flatten();
    let mut wanted: Vec<&str> = asked.filter_map(Value::as_str).collect();
    if wanted.is_empty() {
        wanted = auth.issuers().audiences();
    }
    Ok(match auth.review_token(token, &wanted, world) {
        Ok((user, audiences)) => {
            json!({"authenticated": true, "user": user_info(&user), "audiences": audiences})
        }
        Err(why) => json!({"user": {}, "error": why}),
    })
}

/// The rules for a user in a namespace.
fn rules(authorizer: &Authorizer<'_>, user: &User, spec: &Value) -> Result<Value, ApiError> {
    let namespace = spec["namespace"].as_str().unwrap_or_default();
    if namespace.is_empty() {
        return Err(ApiError::bad_request("no namespace on request"));
    }
    let (rules, problem) = authorizer.rules(user, namespace);
    let resources: Vec<Value> = rules.iter().filter_map(UserRule::of_resources).collect();
    let paths: Vec<Value> = rules.iter().filter_map(UserRule::of_paths).collect();
    let mut status =
        json!({"resourceRules": resources, "nonResourceRules": paths, "incomplete": false});
    if let Some(problem) = problem {
        status["evaluationError"] = problem.into();
    }
    Ok(status)
}

fn user_info(user: &User) -> Value {
    let mut info = Map::new();
    info.insert("username".to_owned(), user.name.as_str().into());
    if !user.uid.is_empty() {
        info.insert("uid".to_owned(), user.uid.as_str().into());
    }
    info.insert("groups".to_owned(), user.groups.clone().into());
    if !user.extra.is_empty() {
        info.insert("extra".to_owned(), json!(user.extra));
    }
    info.into()
}

/// The 422 of one field: its path, its value and the reason.
type Invalid<'a> = &'a dyn Fn(&str, &str, &str) -> ApiError;

fn subject(spec: &Value, invalid: Invalid<'_>) -> Result<User, ApiError> {
    let text = |key: &str| spec[key].as_str().unwrap_or_default().to_owned();
    let groups = spec["groups"].as_array().into_iter().flatten();
    let groups: Vec<String> =
        groups.filter_map(|group| group.as_str().map(str::to_owned)).collect();
    let extra = spec["extra"].as_object().into_iter().flatten().map(|(key, values)| {
        let values = values.as_array().into_iter().flatten();
        let values = values.filter_map(|value| value.as_str().map(str::to_owned));
        (key.to_lowercase(), values.collect())
    });
    let user = User { name: text("user"), uid: text("uid"), groups, extra: extra.collect() };
    if user.name.is_empty() && user.groups.is_empty() {
        return Err(invalid(
            "spec.user",
            &quote(""),
            "at least one of user or group must be specified",
        ));
    }
    Ok(user)
}

fn access(
    authorizer: &Authorizer<'_>,
    user: &User,
    spec: &Value,
    namespace: &str,
    invalid: Invalid<'_>,
) -> Result<Value, ApiError> {
    let (resource, path) = (&spec["resourceAttributes"], &spec["nonResourceAttributes"]);
    let text = |of: &'_ Value, key: &str| of[key].as_str().unwrap_or_default().to_owned();
    let decision = match (resource.is_object(), path.is_object()) {
        (true, false) => {
            let own = text(resource, "namespace");
            if !namespace.is_empty() && own != namespace {
                let why = "must match metadata.namespace";
                return Err(invalid("spec.resourceAttributes.namespace", &quote(&own), why));
            }
            let parts = ["verb", "resource", "group", "subresource", "name"];
            let [verb, of, group, subresource, name] = parts.map(|key| text(resource, key));
            let attributes = Attributes {
                verb: &verb,
                resource: &of,
                group: &group,
                subresource: &subresource,
                namespace: &own,
                name: &name,
                path: "",
            };
            authorizer.decide(user, &attributes)
        }
        (false, true) => {
            let (verb, path) = (text(path, "verb"), text(path, "path"));
            let attributes = Attributes { verb: &verb, path: &path, ..Attributes::default() };
            authorizer.decide(user, &attributes)
        }
        _ => {
            let why =
                "exactly one of nonResourceAttributes or resourceAttributes must be specified";
            return Err(invalid("spec.resourceAttributes", "null", why));
        }
    };
    let (allowed, reason) = match decision {
        Decision::Allowed(Some(grant)) => (true, format!("RBAC: allowed by {grant}")),
        Decision::Allowed(None) => (true, String::new()),
        Decision::Denied(reason) => (false, reason),
    };
    let mut status = json!({"allowed": allowed});
    if !reason.is_empty() {
        status["reason"] = reason.into();
    }
    Ok(status)
}
