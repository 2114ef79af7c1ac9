//! Rules of life-cycle hooks and probes (`pkg/apis/core/validation/validation.go`: `validateHandler`,
//! `validateProbe`).

use serde_json::Value;

use super::super::super::golang::quote;
use super::super::super::status::FieldError;
use super::check::{
    Errors, child, list, non_negative, port_number, port_or_name, supported_text, text,
};

/// Life-cycle hooks and probes.
pub(super) fn life(errors: &mut Errors, container: &Value, path: &str) {
    for hook in ["postStart", "preStop"] {
        let found = &container["lifecycle"][hook];
        if !found.is_null() {
            handler(errors, found, &child(&child(path, "lifecycle"), hook));
        }
    }
    for (field, once) in
        [("livenessProbe", true), ("readinessProbe", false), ("startupProbe", true)]
    {
        let probe = &container[field];
        if probe.is_null() {
            continue;
        }
        let path = child(path, field);
        handler(errors, probe, &path);
        for field in [
            "initialDelaySeconds",
            "timeoutSeconds",
            "periodSeconds",
            "successThreshold",
            "failureThreshold",
        ] {
            non_negative(errors, probe, field, &path);
        }
        let grace = &probe["terminationGracePeriodSeconds"];
        let at = child(&path, "terminationGracePeriodSeconds");
        if grace.as_i64().is_some_and(|seconds| seconds <= 0) {
            errors.push(FieldError::invalid(&at, grace, "must be greater than 0"));
        }
        let successes = probe["successThreshold"].as_i64().unwrap_or_default();
        if once && successes != 1 {
            errors.push(FieldError::invalid(
                child(&path, "successThreshold"),
                successes,
                "must be 1",
            ));
        }
        if !once && !grace.is_null() {
            let why = "must not be set for readinessProbes";
            errors.push(FieldError::invalid(at, grace, why));
        }
    }
}

/// `validateHandler`.
fn handler(errors: &mut Errors, handler: &Value, path: &str) {
    let mut count = 0;
    for field in ["exec", "httpGet", "tcpSocket", "grpc", "sleep"] {
        let action = &handler[field];
        if action.is_null() {
            continue;
        }
        let path = child(path, field);
        count += 1;
        if count > 1 {
            let why = "may not specify more than 1 handler type";
            errors.push(FieldError::forbidden(path, why));
            continue;
        }
        match field {
            "exec" if list(action, "command").is_empty() => {
                errors.push(FieldError::required(child(&path, "command"), ""));
            }
            "httpGet" => {
                if text(action, "path").is_empty() {
                    errors.push(FieldError::required(child(&path, "path"), ""));
                }
                port_or_name(errors, &action["port"], &child(&path, "port"));
                let scheme = text(action, "scheme");
                supported_text(errors, scheme, &child(&path, "scheme"), &["HTTP", "HTTPS"]);
                for header in list(action, "httpHeaders") {
                    header_name(errors, text(header, "name"), &child(&path, "httpHeaders"));
                }
            }
            "tcpSocket" => port_or_name(errors, &action["port"], &child(&path, "port")),
            "grpc" => {
                let number = action["port"].as_i64().unwrap_or_default();
                port_number(errors, number, &child(&path, "port"));
            }
            _ => {}
        }
    }
    if count == 0 {
        errors.push(FieldError::required(path, "must specify a handler type"));
    }
}

/// `IsHTTPHeaderName`.
fn header_name(errors: &mut Errors, name: &str, path: &str) {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if name.is_empty() || !name.bytes().all(inner) {
        let why = "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex \
                   used for validation is '[-A-Za-z0-9]+')";
        errors.push(FieldError::invalid(path, quote(name), why));
    }
}
