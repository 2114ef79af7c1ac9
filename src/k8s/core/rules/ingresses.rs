//! Rules of ingresses (`pkg/apis/networking/validation/validation.go`).

use serde_json::Value;

use super::super::super::golang::quote;
use super::super::super::names;
use super::super::super::status::FieldError;
use super::addresses;
use super::check::{
    Errors, child, dns_subdomain, item, list, port_name, port_number, problems, supported_text,
    text, texts,
};
use super::formats::{required_segment, wildcard_subdomain};

/// `ValidateIngressSpec`.
pub(super) fn ingress(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    let rules = list(spec, "rules");
    if rules.is_empty() && spec["defaultBackend"].is_null() {
        let why = "either `defaultBackend` or `rules` must be specified";
        errors.push(FieldError::invalid("spec", "null", why));
    }
    if !spec["defaultBackend"].is_null() {
        backend(errors, &spec["defaultBackend"], "spec.defaultBackend");
    }
    for (index, rule) in rules.iter().enumerate() {
        let path = item("spec.rules", index);
        host(errors, text(rule, "host"), &child(&path, "host"));
        if rule["http"].is_null() {
            continue;
        }
        let path = child(&path, "http.paths");
        let paths = list(&rule["http"], "paths");
        if paths.is_empty() {
            errors.push(FieldError::required(&path, ""));
        }
        for (index, found) in paths.iter().enumerate() {
            http_path(errors, found, &item(&path, index));
        }
    }
    tls(errors, list(spec, "tls"));
    if !spec["ingressClassName"].is_null() {
        let class = text(spec, "ingressClassName");
        problems(errors, "spec.ingressClassName", class, names::subdomain(class));
    }
}

/// The annotation that was there before the field.
const CLASS: &str = "kubernetes.io/ingress.class";

/// `ValidateIngressCreate`: annotation and field name the same class.
pub(super) fn new_ingress(object: &Value, errors: &mut Errors) {
    let annotation = object["metadata"]["annotations"][CLASS].as_str();
    let class = object["spec"]["ingressClassName"].as_str();
    if let (Some(annotation), Some(class)) = (annotation, class)
        && annotation != class
    {
        let why = "must match `ingressClassName` when both are specified";
        let path = child("annotations", CLASS);
        errors.push(FieldError::invalid(path, quote(annotation), why));
    }
}

/// `WarningsOnCreate`.
pub(super) fn warnings(object: &Value, is_new: bool) -> Vec<String> {
    let annotated = object["metadata"]["annotations"].get(CLASS).is_some();
    let warns = is_new && annotated && object["spec"]["ingressClassName"].is_null();
    let warning = format!(
        "annotation {} is deprecated, please use 'spec.ingressClassName' instead",
        quote(CLASS)
    );
    warns.then_some(warning).into_iter().collect()
}

/// `ValidateIngressStatusUpdate`.
pub(super) fn ingress_status(new: &Value, old: &Value, errors: &mut Errors) {
    let all = |object: &Value| -> Vec<Value> {
        list(&object["status"]["loadBalancer"], "ingress").to_vec()
    };
    let known = all(old);
    for (index, found) in all(new).iter().enumerate() {
        let path = item("status.loadBalancer.ingress", index);
        let (ip, host) = (text(found, "ip"), text(found, "hostname"));
        if !ip.is_empty() && !known.iter().any(|other| other["ip"] == ip) {
            addresses::ip(errors, ip, &child(&path, "ip"));
        }
        if !host.is_empty() {
            let path = child(&path, "hostname");
            dns_subdomain(errors, host, &path);
            if addresses::parse_ip(host).is_some() {
                let why = "must be a DNS name, not an IP address";
                errors.push(FieldError::invalid(path, quote(host), why));
            }
        }
    }
}

/// `validateIngressTLS`.
fn tls(errors: &mut Errors, all: &[Value]) {
    for (index, tls) in all.iter().enumerate() {
        let path = item("spec.tls", index);
        for (index, host) in texts(tls, "hosts").enumerate() {
            problems(errors, &item(&child(&path, "hosts"), index), host, host_name(host));
        }
        let secret = text(tls, "secretName");
        if !secret.is_empty() {
            problems(errors, &child(&path, "secretName"), secret, names::subdomain(secret));
        }
    }
}

fn host_name(host: &str) -> Vec<String> {
    if host.contains('*') { wildcard_subdomain(host) } else { names::subdomain(host) }
}

fn host(errors: &mut Errors, host: &str, path: &str) {
    if host.is_empty() {
        return;
    }
    if addresses::parse_ip(host).is_some() {
        let why = "must be a DNS name, not an IP address";
        errors.push(FieldError::invalid(path, quote(host), why));
    }
    problems(errors, path, host, host_name(host));
}

/// What a path must not contain, and what it must not end with.
const BAD_PARTS: [&str; 5] = ["//", "/./", "/../", "%2f", "%2F"];
const BAD_ENDS: [&str; 2] = ["/..", "/."];

/// `validateHTTPIngressPath`.
fn http_path(errors: &mut Errors, found: &Value, path: &str) {
    if found["pathType"].is_null() {
        errors.push(FieldError::required(child(path, "pathType"), "pathType must be specified"));
        return;
    }
    let value = text(found, "path");
    let at = child(path, "path");
    let mut wrong = |why: &str| errors.push(FieldError::invalid(&at, quote(value), why));
    let kind = text(found, "pathType");
    let exact = matches!(kind, "Exact" | "Prefix");
    let known = ["Exact", "ImplementationSpecific", "Prefix"];
    if known.contains(&kind) && !value.starts_with('/') && (exact || !value.is_empty()) {
        wrong("must be an absolute path");
    }
    for part in BAD_PARTS.iter().filter(|part| exact && value.contains(**part)) {
        wrong(&format!("must not contain '{part}'"));
    }
    for end in BAD_ENDS.iter().filter(|end| exact && value.ends_with(**end)) {
        wrong(&format!("cannot end with '{end}'"));
    }
    supported_text(errors, kind, &child(path, "pathType"), &known);
    backend(errors, &found["backend"], &child(path, "backend"));
}

/// `validateIngressBackend`.
fn backend(errors: &mut Errors, backend: &Value, path: &str) {
    let (service, resource) = (&backend["service"], &backend["resource"]);
    let mut wrong = |why: &str| errors.push(FieldError::invalid(path, "\"\"", why));
    match (service.is_null(), resource.is_null()) {
        (false, false) => wrong("cannot set both resource and service backends"),
        (true, true) => wrong("resource or service backend is required"),
        (true, false) => resource_backend(errors, resource, &child(path, "resource")),
        (false, true) => service_backend(errors, service, path),
    }
}

/// `validateIngressTypedLocalObjectReference`.
fn resource_backend(errors: &mut Errors, resource: &Value, path: &str) {
    if let Some(group) = resource["apiGroup"].as_str() {
        problems(errors, &child(path, "apiGroup"), group, names::subdomain(group));
    }
    for field in ["kind", "name"] {
        required_segment(errors, text(resource, field), &child(path, field));
    }
}

fn service_backend(errors: &mut Errors, service: &Value, path: &str) {
    let (name, at) = (text(service, "name"), child(path, "service.name"));
    if name.is_empty() {
        errors.push(FieldError::required(at, ""));
    } else {
        problems(errors, &at, name, names::label(name));
    }
    let number = service["port"]["number"].as_i64().unwrap_or_default();
    let port = text(&service["port"], "name");
    match (number, port) {
        (0, "") => errors.push(FieldError::required(path, "port name or number is required")),
        (number, "") => port_number(errors, number, &child(path, "service.port.number")),
        (0, name) => {
            problems(errors, &child(path, "service.port.name"), name, port_name(name));
        }
        _ => {
            let why = "cannot set both port name & port number";
            errors.push(FieldError::invalid(path, "\"\"", why));
        }
    }
}
