//! Reviews of tokens and permissions: objects that are created, answered and not stored:
//! `TokenReview` and `SelfSubjectReview` (`authentication.k8s.io/v1`), `SubjectAccessReview` and its
//! siblings (`authorization.k8s.io/v1`).

use serde_json::{Map, Value, json};

use super::super::status::ApiError;
use super::Auth;
use super::access_rules::{self, Whose};
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
    mut question: Value,
) -> Result<Value, ApiError> {
    let spec = question.get("spec").cloned().unwrap_or_default();
    let whose = match review {
        Review::SelfSubjectAccess => Some(Whose::Own),
        Review::SubjectAccess => Some(Whose::Subject),
        Review::LocalSubjectAccess => Some(Whose::LocalSubject),
        _ => None,
    };
    let errors = whose.map(|whose| access_rules::check(whose, &question)).unwrap_or_default();
    if !errors.is_empty() {
        // Upstream names the kind of the internal object, which has none (`setTargetKind` in runtime/scheme.go).
        return Err(ApiError::invalid("", "authorization.k8s.io", "", &errors));
    }
    let status = match review {
        Review::Token => token(auth, &spec, world)?,
        Review::SelfSubject => json!({"userInfo": user_info(user)}),
        Review::SelfSubjectRules => rules(authorizer, user, &spec)?,
        Review::SelfSubjectAccess => access(authorizer, user, &spec),
        Review::SubjectAccess | Review::LocalSubjectAccess => {
            access(authorizer, &subject(&spec), &spec)
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
        _ => {}
    }
    // A token's answer is written over what was sent, field by field.
    match (review, question.get_mut("status"), status) {
        (Review::Token, Some(Value::Object(sent)), Value::Object(status)) => {
            let known = status.contains_key("audiences");
            sent.extend(status.into_iter().filter(|(field, _)| known || field != "user"));
        }
        (_, _, status) => question["status"] = status,
    }
    Ok(question)
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

fn subject(spec: &Value) -> User {
    let text = |key: &str| spec[key].as_str().unwrap_or_default().to_owned();
    let groups = spec["groups"].as_array().into_iter().flatten();
    let groups: Vec<String> =
        groups.filter_map(|group| group.as_str().map(str::to_owned)).collect();
    let extra = spec["extra"].as_object().into_iter().flatten().map(|(key, values)| {
        let values = values.as_array().into_iter().flatten();
        let values = values.filter_map(|value| value.as_str().map(str::to_owned));
        (key.to_lowercase(), values.collect())
    });
    User { name: text("user"), uid: text("uid"), groups, extra: extra.collect() }
}

fn access(authorizer: &Authorizer<'_>, user: &User, spec: &Value) -> Value {
    let (resource, path) = (&spec["resourceAttributes"], &spec["nonResourceAttributes"]);
    let text = |of: &'_ Value, key: &str| of[key].as_str().unwrap_or_default().to_owned();
    let decision = if resource.is_object() {
        let parts = ["verb", "resource", "group", "version", "subresource", "namespace", "name"];
        let parts = parts.map(|key| text(resource, key));
        let [verb, of, group, version, subresource, namespace, name] = parts;
        let attributes = Attributes {
            verb: &verb,
            resource: &of,
            group: &group,
            version: &version,
            subresource: &subresource,
            namespace: &namespace,
            name: &name,
            path: "",
        };
        authorizer.decide(user, &attributes)
    } else {
        let (verb, path) = (text(path, "verb"), text(path, "path"));
        authorizer.decide(user, &Attributes { verb: &verb, path: &path, ..Attributes::default() })
    };
    let is_refused = matches!(decision, Decision::Refused(_));
    let failure = match &decision {
        Decision::Failed(why) => Some(why.clone()),
        _ => None,
    };
    let (allowed, reason) = decision.reason();
    let mut status = json!({"allowed": allowed});
    if is_refused {
        status["denied"] = true.into();
    }
    if !reason.is_empty() {
        status["reason"] = reason.into();
    }
    if let Some(why) = failure.or_else(|| access_rules::evaluation_error(resource)) {
        status["evaluationError"] = why.into();
    }
    status
}
