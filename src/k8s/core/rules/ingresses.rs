//! Rules of ingresses (`pkg/apis/networking/validation/validation.go`).

use serde_json::Value;

use super::super::super::golang::quote;
use super::super::super::names;
use super::super::super::status::FieldError;
use super::check::{
    Errors, child, dns_subdomain, item, list, port_name, port_number, problems, supported_text,
    text,
};

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
    if !spec["ingressClassName"].is_null() {
        let class = text(spec, "ingressClassName");
        problems(errors, "spec.ingressClassName", class, names::subdomain(class));
    }
}

fn host(errors: &mut Errors, host: &str, path: &str) {
    if host.is_empty() {
        return;
    }
    if host.parse::<std::net::IpAddr>().is_ok() {
        errors.push(FieldError::invalid(
            path,
            quote(host),
            "must be a DNS name, not an IP address",
        ));
    } else if !host.contains('*') {
        dns_subdomain(errors, host, path);
    }
}

/// `validateHTTPIngressPath`.
fn http_path(errors: &mut Errors, found: &Value, path: &str) {
    if found["pathType"].is_null() {
        errors.push(FieldError::required(child(path, "pathType"), "pathType must be specified"));
    } else {
        let kind = text(found, "pathType");
        let value = text(found, "path");
        let at = child(path, "path");
        match kind {
            "Exact" | "Prefix" if !value.starts_with('/') => {
                errors.push(FieldError::invalid(at, quote(value), "must be an absolute path"));
            }
            "ImplementationSpecific" if !value.is_empty() && !value.starts_with('/') => {
                errors.push(FieldError::invalid(at, quote(value), "must be an absolute path"));
            }
            "Exact" | "Prefix" | "ImplementationSpecific" => {}
            other => {
                let known = ["Exact", "ImplementationSpecific", "Prefix"];
                supported_text(errors, other, &child(path, "pathType"), &known);
            }
        }
    }
    backend(errors, &found["backend"], &child(path, "backend"));
}

/// `validateIngressBackend`.
fn backend(errors: &mut Errors, backend: &Value, path: &str) {
    let (service, resource) = (&backend["service"], &backend["resource"]);
    match (service.is_null(), resource.is_null()) {
        (false, false) => {
            let why = "cannot set both resource and service backends";
            errors.push(FieldError::invalid(path, "\"\"", why));
        }
        (true, true) => {
            let why = "resource or service backend is required";
            errors.push(FieldError::required(path, why));
        }
        (true, false) => {}
        (false, true) => {
            let name = text(service, "name");
            if name.is_empty() {
                errors.push(FieldError::required(child(path, "service.name"), ""));
            } else {
                let at = child(path, "service.name");
                problems(errors, &at, name, names::dns_1035_label(name));
            }
            let (number, port) =
                (service["port"]["number"].as_i64(), text(&service["port"], "name"));
            match (number.filter(|number| *number != 0), port) {
                (None, "") => {
                    let why = "port name or number is required";
                    errors.push(FieldError::required(child(path, "service.port"), why));
                }
                (Some(number), "") => {
                    port_number(errors, number, &child(path, "service.port.number"));
                }
                (None, name) => {
                    problems(errors, &child(path, "service.port.name"), name, port_name(name));
                }
                (Some(_), _) => {
                    let why = "cannot set both port name & port number";
                    errors.push(FieldError::invalid(path, "\"\"", why));
                }
            }
        }
    }
}
