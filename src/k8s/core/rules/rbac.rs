//! Rules of roles and their bindings (`pkg/apis/rbac/validation/validation.go`).

use serde_json::Value;

use super::super::super::golang::{json_text, quote};
use super::super::super::names;
use super::super::super::status::FieldError;
use super::super::encode;
use super::super::types;
use super::check::{
    Errors, child, is_set, item, label_selector, list, problems, supported_text, text,
};

const GROUP: &str = "rbac.authorization.k8s.io";

/// `ValidateRole`.
pub(super) fn role(object: &Value, errors: &mut Errors) {
    rules(errors, object, true);
}

/// `ValidateClusterRole`.
pub(super) fn cluster_role(object: &Value, errors: &mut Errors) {
    rules(errors, object, false);
    let selectors = &object["aggregationRule"];
    if selectors.is_null() {
        return;
    }
    let path = "aggregationRule.clusterRoleSelectors";
    if !is_set(selectors, "clusterRoleSelectors") {
        let why = "at least one clusterRoleSelector required if aggregationRule is non-nil";
        errors.push(FieldError::required(path, why));
    }
    for (index, selector) in list(selectors, "clusterRoleSelectors").iter().enumerate() {
        let before = errors.len();
        label_selector(errors, selector, &item(path, index));
        if errors.len() > before {
            errors.push(FieldError::invalid(item(path, index), "null", "invalid label selector."));
        }
    }
}

/// `ValidatePolicyRule`.
fn rules(errors: &mut Errors, object: &Value, namespaced: bool) {
    for (index, rule) in list(object, "rules").iter().enumerate() {
        let path = item("rules", index);
        if !is_set(rule, "verbs") {
            let why = "verbs must contain at least one value";
            errors.push(FieldError::required(child(&path, "verbs"), why));
        }
        if is_set(rule, "nonResourceURLs") {
            let at = child(&path, "nonResourceURLs");
            let shown = json_text(&rule["nonResourceURLs"]);
            if namespaced {
                let why = "namespaced rules cannot apply to non-resource URLs";
                errors.push(FieldError::invalid(&at, &shown, why));
            }
            if ["apiGroups", "resources", "resourceNames"].iter().any(|field| is_set(rule, field)) {
                let why = "rules cannot apply to both regular resources and non-resource URLs";
                errors.push(FieldError::invalid(&at, &shown, why));
            }
            continue;
        }
        for (field, what) in [("apiGroups", "api group"), ("resources", "resource")] {
            if !is_set(rule, field) {
                let why = format!("resource rules must supply at least one {what}");
                errors.push(FieldError::required(child(&path, field), &why));
            }
        }
    }
}

/// `ValidateRoleBinding`.
pub(super) fn role_binding(object: &Value, errors: &mut Errors) {
    binding(errors, object, &["Role", "ClusterRole"], true);
}

/// `ValidateClusterRoleBinding`.
pub(super) fn cluster_role_binding(object: &Value, errors: &mut Errors) {
    binding(errors, object, &["ClusterRole"], false);
}

fn binding(errors: &mut Errors, object: &Value, kinds: &[&str], namespaced: bool) {
    let reference = &object["roleRef"];
    supported_text(errors, text(reference, "apiGroup"), "roleRef.apiGroup", &[GROUP]);
    supported_text(errors, text(reference, "kind"), "roleRef.kind", kinds);
    let name = text(reference, "name");
    if name.is_empty() {
        errors.push(FieldError::required("roleRef.name", ""));
    } else {
        problems(errors, "roleRef.name", name, names::path_segment(name, false));
    }
    for (index, subject) in list(object, "subjects").iter().enumerate() {
        let path = item("subjects", index);
        let name = text(subject, "name");
        if name.is_empty() {
            errors.push(FieldError::required(child(&path, "name"), ""));
        }
        let group = text(subject, "apiGroup");
        let group_path = child(&path, "apiGroup");
        match text(subject, "kind") {
            "ServiceAccount" => {
                if !name.is_empty() {
                    problems(errors, &child(&path, "name"), name, names::subdomain(name));
                }
                supported_group(errors, group, &group_path, "");
                if !namespaced && text(subject, "namespace").is_empty() {
                    errors.push(FieldError::required(child(&path, "namespace"), ""));
                }
            }
            "User" | "Group" => supported_group(errors, group, &group_path, GROUP),
            kind => {
                let known = ["ServiceAccount", "User", "Group"];
                supported_text(errors, kind, &child(&path, "kind"), &known);
            }
        }
    }
}

/// A group of the API is a plain text, which is shown as Go quotes it.
fn supported_group(errors: &mut Errors, group: &str, path: &str, supported: &str) {
    if group != supported {
        errors.push(FieldError::not_supported(path, quote(group), &[supported.to_owned()]));
    }
}

/// `ValidateRoleBindingUpdate`: the role stays.
pub(super) fn binding_change(new: &Value, old: &Value, errors: &mut Errors) {
    let (new, old) = (&new["roleRef"], &old["roleRef"]);
    if new != old {
        let shown = encode::json_text(new, types::named("rbac/v1.RoleRef"), None);
        errors.push(FieldError::invalid("roleRef", internal(&shown), "cannot change roleRef"));
    }
}

/// The reference as its internal type is written.
fn internal(text: &str) -> String {
    text.replace("\"apiGroup\"", "\"APIGroup\"")
        .replace("\"kind\":", "\"Kind\":")
        .replace("\"name\":", "\"Name\":")
}
