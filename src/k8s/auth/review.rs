//! Reviews of tokens and permissions: objects that are created, answered and not stored:
//! `TokenReview` and `SelfSubjectReview` (`authentication.k8s.io/v1`), `SubjectAccessReview` and its
//! siblings (`authorization.k8s.io/v1`).

use serde_json::{Map, Value, json};

use super::super::golang::quote;
use super::super::status::{ApiError, FieldError};
use super::Auth;
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
    user: &User,
    namespace: &str,
    mut question: Value,
) -> Result<Value, ApiError> {
    let spec = question.get("spec").cloned().unwrap_or_default();
    let kind = question["kind"].as_str().unwrap_or_default().to_owned();
    let invalid = |field: &str, value: &str, why: &str| {
        let errors = [FieldError::invalid(field, quote(value), why)];
        ApiError::invalid(&kind, "authorization.k8s.io", "", &errors)
    };
    let status = match review {
        Review::Token => token(auth, &spec)?,
        Review::SelfSubject => json!({"userInfo": user_info(user)}),
        Review::SelfSubjectRules => rules(auth, user, &spec)?,
        Review::SelfSubjectAccess => access(auth, user, &spec, namespace, &invalid)?,
        Review::SubjectAccess | Review::LocalSubjectAccess => {
            let of = subject(&spec, &invalid)?;
            access(auth, &of, &spec, namespace, &invalid)?
        }
    };
    question["status"] = status;
    // Nothing is stored, so the object has neither a name nor a creation time.
    question["metadata"] = json!({});
    Ok(question)
}

fn token(auth: &Auth, spec: &Value) -> Result<Value, ApiError> {
    let token = spec["token"].as_str().unwrap_or_default();
    if token.is_empty() {
        return Err(ApiError::bad_request("token is required for TokenReview in authentication"));
    }
    Ok(match auth.user_of(token) {
        Some(user) => {
            // The audience of the server itself, which a request without audiences means.
            let audiences = ["https://kubernetes.default.svc"];
            json!({"authenticated": true, "user": user_info(&user), "audiences": audiences})
        }
        None => json!({"user": {}, "error": "invalid bearer token"}),
    })
}

/// The rules for a user in a namespace.
fn rules(auth: &Auth, user: &User, spec: &Value) -> Result<Value, ApiError> {
    let namespace = spec["namespace"].as_str().unwrap_or_default();
    if namespace.is_empty() {
        return Err(ApiError::bad_request("no namespace on request"));
    }
    let rules = auth.rules(user, namespace);
    let resources: Vec<Value> = rules
        .iter()
        .filter(|rule| !rule.resource.is_empty())
        .map(|rule| {
            json!({"verbs": rule.verbs, "apiGroups": [rule.api_group], "resources": [rule.resource]})
        })
        .collect();
    let paths: Vec<Value> = rules
        .iter()
        .filter(|rule| !rule.path.is_empty())
        .map(|rule| json!({"verbs": rule.verbs, "nonResourceURLs": [rule.path]}))
        .collect();
    Ok(json!({"resourceRules": resources, "nonResourceRules": paths, "incomplete": false}))
}

fn user_info(user: &User) -> Value {
    let mut info = Map::new();
    info.insert("username".to_owned(), user.name.as_str().into());
    if !user.uid.is_empty() {
        info.insert("uid".to_owned(), user.uid.as_str().into());
    }
    info.insert("groups".to_owned(), user.groups.clone().into());
    info.into()
}

/// The 422 of one field: its path, its value and the reason.
type Invalid<'a> = &'a dyn Fn(&str, &str, &str) -> ApiError;

fn subject(spec: &Value, invalid: Invalid<'_>) -> Result<User, ApiError> {
    let text = |key: &str| spec[key].as_str().unwrap_or_default().to_owned();
    let groups = spec["groups"].as_array().into_iter().flatten();
    let groups: Vec<String> =
        groups.filter_map(|group| group.as_str().map(str::to_owned)).collect();
    let user = User { name: text("user"), uid: text("uid"), groups };
    if user.name.is_empty() && user.groups.is_empty() {
        return Err(invalid("spec.user", "", "at least one of user or group must be specified"));
    }
    Ok(user)
}

fn access(
    auth: &Auth,
    user: &User,
    spec: &Value,
    namespace: &str,
    invalid: Invalid<'_>,
) -> Result<Value, ApiError> {
    let (resource, path) = (&spec["resourceAttributes"], &spec["nonResourceAttributes"]);
    let text = |of: &'_ Value, key: &str| of[key].as_str().unwrap_or_default().to_owned();
    let allowed = match (resource.is_object(), path.is_object()) {
        (true, false) => {
            let own = text(resource, "namespace");
            if !namespace.is_empty() && own != namespace {
                let why = format!("must match metadata.namespace: {namespace}");
                return Err(invalid("spec.resourceAttributes.namespace", &own, &why));
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
            auth.allows(user, &attributes)
        }
        (false, true) => {
            let (verb, path) = (text(path, "verb"), text(path, "path"));
            auth.allows(user, &Attributes { verb: &verb, path: &path, ..Attributes::default() })
        }
        _ => {
            let why =
                "exactly one of nonResourceAttributes or resourceAttributes must be specified";
            return Err(invalid("spec.resourceAttributes", "null", why));
        }
    };
    Ok(json!({"allowed": allowed}))
}
