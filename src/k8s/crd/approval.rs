//! The approval of definitions in the groups that belong to Kubernetes
//! (`k8s.io/apiextensions-apiserver/pkg/apihelpers/helpers.go`).

use serde_json::Value;

use super::super::golang::quote;
use super::super::status::FieldError;

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

/// The annotation that names the approval of a protected group.
const APPROVED: &str = "api-approved.kubernetes.io";

/// The approval of a definition: the condition's status, its reason, and its message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Approval {
    pub(super) status: &'static str,
    pub(super) reason: &'static str,
    pub(super) message: String,
}

/// The approval of a definition in a protected group (`GetAPIApprovalState`); nothing for other groups.
pub(super) fn approval(definition: &Value) -> Option<Approval> {
    let group = text(&definition["spec"], "group");
    let protected = ["k8s.io", "kubernetes.io"].iter().any(|of| {
        group.strip_suffix(of).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    });
    if !protected {
        return None;
    }
    let annotation = text(&definition["metadata"]["annotations"], APPROVED);
    let is_url = annotation.split_once("://").is_some_and(|(scheme, rest)| {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
            && !host.is_empty()
            && !rest.contains(|c: char| c.is_whitespace() || c.is_control())
    });
    let see = "see https://github.com/kubernetes/enhancements/pull/1111";
    let (status, reason, message) = if annotation.is_empty() {
        (
            "False",
            "MissingAnnotation",
            format!("protected groups must have approval annotation {}, {see}", quote(APPROVED)),
        )
    } else if annotation.starts_with("unapproved") {
        ("False", "UnapprovedAnnotation", format!("not approved: {}", quote(annotation)))
    } else if is_url {
        ("True", "ApprovedAnnotation", format!("approved in {annotation}"))
    } else {
        let why = format!(
            "protected groups must have approval annotation {} with either a URL or a reason starting with \
             \"unapproved\", {see}",
            quote(APPROVED)
        );
        ("False", "InvalidAnnotation", why)
    };
    Some(Approval { status, reason, message })
}

/// `validateAPIApproval`.
pub(super) fn approval_errors(new: &Value, old: Option<&Value>) -> Option<FieldError> {
    let approval = approval(new)?;
    if old.and_then(self::approval).is_some_and(|before| before.reason == approval.reason) {
        return None;
    }
    let path = format!("metadata.annotations[{APPROVED}]");
    match approval.reason {
        "MissingAnnotation" => Some(FieldError::required(path, &approval.message)),
        "InvalidAnnotation" => {
            let found = text(&new["metadata"]["annotations"], APPROVED);
            Some(FieldError::invalid(path, quote(found), &approval.message))
        }
        _ => None,
    }
}
