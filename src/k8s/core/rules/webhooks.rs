//! Rules of configurations of admission webhooks (`pkg/apis/admissionregistration/validation/validation.go`,
//! `k8s.io/apiserver/pkg/util/webhook/validation.go`).

use std::collections::BTreeSet;

use http::Uri;
use serde_json::Value;

use super::super::super::golang::{json_text, quote};
use super::super::super::names;
use super::super::super::status::FieldError;
use super::admission_expressions::{Expressions, Wanted};
use super::check::{
    Errors, child, item, label_selector, list, problems, supported_text, text, texts,
};
use super::formats::fully_qualified_name;

const OPERATIONS: [&str; 5] = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
const REVIEW_VERSIONS: [&str; 2] = ["v1", "v1beta1"];
const MAX_CONDITIONS: usize = 64;

/// `ValidateValidatingWebhookConfiguration`, `ValidateMutatingWebhookConfiguration`.
pub(super) fn configuration(object: &Value, errors: &mut Errors) {
    let mut known = BTreeSet::new();
    for (index, hook) in list(object, "webhooks").iter().enumerate() {
        let path = item("webhooks", index);
        webhook(errors, hook, &path);
        review_versions(errors, hook, &child(&path, "admissionReviewVersions"));
        let name = text(hook, "name");
        if !name.is_empty() && !known.insert(name) {
            errors.push(FieldError::duplicate(child(&path, "name"), quote(name)));
        }
    }
}

/// The fields of a webhook with one of several texts.
const CHOICES: [(&str, &[&str]); 2] =
    [("failurePolicy", &["Fail", "Ignore"]), ("matchPolicy", &["Equivalent", "Exact"])];

fn webhook(errors: &mut Errors, hook: &Value, path: &str) {
    fully_qualified_name(errors, text(hook, "name"), &child(path, "name"));
    for (index, found) in list(hook, "rules").iter().enumerate() {
        rule(errors, found, &item(&child(path, "rules"), index));
    }
    for (field, known) in CHOICES {
        if !hook[field].is_null() {
            supported_text(errors, text(hook, field), &child(path, field), known);
        }
    }
    let effects = ["None", "NoneOnDryRun"];
    let at = child(path, "sideEffects");
    if hook["sideEffects"].is_null() {
        errors.push(FieldError::required(at, "must specify one of None, NoneOnDryRun"));
    } else {
        supported_text(errors, text(hook, "sideEffects"), &at, &effects);
    }
    let seconds = hook["timeoutSeconds"].as_i64();
    if let Some(seconds) = seconds.filter(|seconds| !(1..=30).contains(seconds)) {
        let why = "the timeout value must be between 1 and 30 seconds";
        errors.push(FieldError::invalid(child(path, "timeoutSeconds"), seconds, why));
    }
    for field in ["namespaceSelector", "objectSelector"] {
        label_selector(errors, &hook[field], &child(path, field));
    }
    if !hook["reinvocationPolicy"].is_null() {
        let at = child(path, "reinvocationPolicy");
        supported_text(errors, text(hook, "reinvocationPolicy"), &at, &["IfNeeded", "Never"]);
    }
    client(errors, &hook["clientConfig"], &child(path, "clientConfig"));
    conditions(errors, list(hook, "matchConditions"), &child(path, "matchConditions"), false);
}

fn client(errors: &mut Errors, client: &Value, path: &str) {
    let (url, service) = (client["url"].as_str(), &client["service"]);
    match (url, service.is_null()) {
        (Some(address), true) => webhook_url(errors, address, &child(path, "url")),
        (None, false) => webhook_service(errors, service, &child(path, "service")),
        _ => errors.push(FieldError::required(path, "exactly one of url or service is required")),
    }
}

/// `ValidateWebhookURL`, for the usual forms of an address.
fn webhook_url(errors: &mut Errors, url: &str, path: &str) {
    const FORM: &str = "; desired format: https://host[/path]";
    let (rest, fragment) = url.split_once('#').unwrap_or((url, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (scheme, rest) = match rest.split_once("://") {
        Some((scheme, rest)) if scheme.parse::<http::uri::Scheme>().is_ok() => (scheme, rest),
        _ => ("", rest),
    };
    let authority = if scheme.is_empty() { "" } else { rest.split('/').next().unwrap_or_default() };
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    if scheme.is_empty() && url.parse::<Uri>().is_err() && first_segment_has_colon(url) {
        let why = format!(
            "url must be a valid URL: parse {}: first path segment in URL cannot contain colon{FORM}",
            quote(url)
        );
        errors.push(FieldError::required(path, &why));
        return;
    }
    let form = |why: &str| format!("{why}{FORM}");
    let wrong_scheme = form("'https' is the only allowed URL scheme");
    let no_host = form("host must be specified");
    for (wrong, shown, why) in [
        (scheme != "https", scheme, &*wrong_scheme),
        (host.is_empty(), host, &*no_host),
        (!user.is_empty(), user, "user information is not permitted in the URL"),
        (!fragment.is_empty(), fragment, "fragments are not permitted in the URL"),
        (!query.is_empty(), query, "query parameters are not permitted in the URL"),
    ] {
        if wrong {
            errors.push(FieldError::invalid(path, quote(shown), why));
        }
    }
}

fn first_segment_has_colon(url: &str) -> bool {
    url.split('/').next().is_some_and(|segment| segment.contains(':'))
}

/// `ValidateWebhookService`. Upstream takes the name and the namespace the wrong way round.
fn webhook_service(errors: &mut Errors, service: &Value, path: &str) {
    for (field, shown) in [("namespace", "name"), ("name", "namespace")] {
        if text(service, field).is_empty() {
            errors.push(FieldError::required(child(path, shown), ""));
        }
    }
    let port = service["port"].as_i64().unwrap_or_default();
    if !(1..=65535).contains(&port) {
        let why = "port is not valid: must be between 1 and 65535, inclusive";
        errors.push(FieldError::invalid(child(path, "port"), port, why));
    }
    let url = text(service, "path");
    if url.is_empty() || url == "/" {
        return;
    }
    let mut wrong =
        |why: &str| errors.push(FieldError::invalid(child(path, "path"), quote(url), why));
    if url == "//" {
        wrong("segment[0] may not be empty");
        return;
    }
    if !url.starts_with('/') {
        wrong("must start with a '/'");
    }
    // The first character is taken for the slash.
    let mut characters = url.chars();
    characters.next();
    let rest = characters.as_str();
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    for (index, segment) in rest.split('/').enumerate() {
        if segment.is_empty() {
            wrong(&format!("segment[{index}] may not be empty"));
            continue;
        }
        for why in names::subdomain(segment) {
            wrong(&format!("segment[{index}]: {why}"));
        }
    }
}

/// `validateMatchConditions`. `has_params` says that they may read `params`.
pub(super) fn conditions(errors: &mut Errors, conditions: &[Value], path: &str, has_params: bool) {
    if conditions.len() > MAX_CONDITIONS {
        errors.push(FieldError::too_many(path, conditions.len(), MAX_CONDITIONS as u64));
    }
    let expressions = Expressions::of_policy(has_params, false);
    let mut known = BTreeSet::new();
    for (index, condition) in conditions.iter().enumerate() {
        let path = item(path, index);
        let at = child(&path, "expression");
        match text(condition, "expression").trim() {
            "" => errors.push(FieldError::required(at, "")),
            expression => errors.extend(expressions.check(expression, Wanted::Bool, &at)),
        }
        let (name, at) = (text(condition, "name"), child(&path, "name"));
        if name.is_empty() {
            errors.push(FieldError::required(at, ""));
            continue;
        }
        problems(errors, &at, name, names::qualified_name(name));
        if !known.insert(name) {
            errors.push(FieldError::duplicate(at, quote(name)));
        }
    }
}

/// `validateAdmissionReviewVersions`.
fn review_versions(errors: &mut Errors, hook: &Value, path: &str) {
    let versions: Vec<&str> = texts(hook, "admissionReviewVersions").collect();
    let known = REVIEW_VERSIONS.join(", ");
    if versions.is_empty() {
        errors.push(FieldError::required(path, &format!("must specify one of {known}")));
        return;
    }
    for (index, version) in versions.iter().enumerate() {
        let path = item(path, index);
        if versions[..index].contains(version) {
            errors.push(FieldError::invalid(path, quote(version), "duplicate version"));
            continue;
        }
        problems(errors, &path, version, names::dns_1035_label(version));
    }
    if !versions.iter().any(|version| REVIEW_VERSIONS.contains(version)) {
        let why = format!("must include at least one of {known}");
        let shown = json_text(&hook["admissionReviewVersions"]);
        errors.push(FieldError::invalid(path, shown, &why));
    }
}

/// `validateRuleWithOperations`.
pub(super) fn rule(errors: &mut Errors, rule: &Value, path: &str) {
    let at = child(path, "operations");
    required_list(errors, rule, "operations", path, "operations");
    for (index, operation) in texts(rule, "operations").enumerate() {
        supported_text(errors, operation, &item(&at, index), &OPERATIONS);
    }
    required_list(errors, rule, "apiGroups", path, "API groups");
    required_list(errors, rule, "apiVersions", path, "API versions");
    for (index, version) in texts(rule, "apiVersions").enumerate() {
        if version.is_empty() {
            errors.push(FieldError::required(item(&child(path, "apiVersions"), index), ""));
        }
    }
    resources(errors, rule, &child(path, "resources"));
    if !rule["scope"].is_null() {
        let known = ["*", "Cluster", "Namespaced"];
        supported_text(errors, text(rule, "scope"), &child(path, "scope"), &known);
    }
}

/// A list that has items, and a `*` only alone.
fn required_list(errors: &mut Errors, rule: &Value, field: &str, path: &str, what: &str) {
    let path = child(path, field);
    let count = list(rule, field).len();
    if count == 0 {
        errors.push(FieldError::required(&path, ""));
    }
    if count > 1 && texts(rule, field).any(|found| found == "*") {
        let why = format!("if '*' is present, must not specify other {what}");
        errors.push(FieldError::invalid(path, json_text(&rule[field]), &why));
    }
}

/// `validateResources`.
fn resources(errors: &mut Errors, rule: &Value, path: &str) {
    let all: Vec<&str> = texts(rule, "resources").collect();
    if all.is_empty() {
        errors.push(FieldError::required(path, ""));
    }
    let (mut whole, mut everywhere) = (BTreeSet::new(), BTreeSet::new());
    let mut plain = false;
    for (index, found) in all.iter().enumerate() {
        let path = item(path, index);
        if found.is_empty() {
            errors.push(FieldError::required(path, ""));
            continue;
        }
        let Some((resource, sub)) = found.split_once('/') else {
            plain = *found != "*";
            continue;
        };
        if whole.contains(resource) {
            let why = format!("if '{resource}/*' is present, must not specify {found}");
            errors.push(FieldError::invalid(&path, quote(found), &why));
        }
        if everywhere.contains(sub) {
            let why = format!("if '*/{sub}' is present, must not specify {found}");
            errors.push(FieldError::invalid(&path, quote(found), &why));
        }
        if sub == "*" {
            whole.insert(resource);
        }
        if resource == "*" {
            everywhere.insert(sub);
        }
    }
    let shown = json_text(&rule["resources"]);
    if all.len() > 1 && all.contains(&"*/*") {
        let why = "if '*/*' is present, must not specify other resources";
        errors.push(FieldError::invalid(path, &shown, why));
    }
    if all.contains(&"*") && plain {
        let why = "if '*' is present, must not specify other resources without subresources";
        errors.push(FieldError::invalid(path, &shown, why));
    }
}
