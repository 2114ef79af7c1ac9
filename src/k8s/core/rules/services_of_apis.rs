//! Rules of `APIService` (`k8s.io/kube-aggregator/pkg/apis/apiregistration/validation/validation.go`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::super::super::golang::quote;
use super::super::super::names;
use super::super::super::status::FieldError;
use super::check::{Errors, child, item, list, problems, supported_text, text};

/// `ValidateAPIService`.
pub(super) fn service(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    let (group, version) = (text(spec, "group"), text(spec, "version"));
    let name = text(&object["metadata"], "name");
    let wanted = format!("{version}.{group}");
    if name != wanted && !name.is_empty() && names::path_segment(name, false).is_empty() {
        let why = format!("must be `spec.version+\".\"+spec.group`: {}", quote(&wanted));
        errors.push(FieldError::invalid("metadata.name", quote(name), &why));
    }
    if group.is_empty() {
        if version != "v1" {
            let why = "only v1 may have an empty group and it better be legacy kube";
            errors.push(FieldError::required("spec.group", why));
        }
    } else {
        problems(errors, "spec.group", group, names::subdomain(group));
    }
    problems(errors, "spec.version", version, names::dns_1035_label(version));
    for (field, most) in [("groupPriorityMinimum", 20_000), ("versionPriority", 1000)] {
        let found = spec[field].as_i64().unwrap_or_default();
        if !(1..=most).contains(&found) {
            let why = format!("must be positive and less than {most}");
            errors.push(FieldError::invalid(child("spec", field), found, &why));
        }
    }
    backend(errors, spec);
}

fn backend(errors: &mut Errors, spec: &Value) {
    let service = &spec["service"];
    let bundle = STANDARD.decode(text(spec, "caBundle")).map_or(0, |bytes| bytes.len());
    let insecure = spec["insecureSkipTLSVerify"] == true;
    if service.is_null() {
        if bundle > 0 {
            let why = "local APIServices may not have a caBundle";
            let shown = quote(&format!("{bundle} bytes"));
            errors.push(FieldError::invalid("spec.caBundle", shown, why));
        }
        if insecure {
            let why = "local APIServices may not have insecureSkipTLSVerify";
            errors.push(FieldError::invalid("spec.insecureSkipTLSVerify", true, why));
        }
        return;
    }
    for field in ["namespace", "name"] {
        if text(service, field).is_empty() {
            errors.push(FieldError::required(child("spec.service", field), ""));
        }
    }
    let port = service["port"].as_i64().unwrap_or_default();
    if !(1..=65535).contains(&port) {
        let why = "port is not valid: must be between 1 and 65535, inclusive";
        errors.push(FieldError::invalid("spec.service.port", port, why));
    }
    if insecure && bundle > 0 {
        let why = "may not be true if caBundle is present";
        errors.push(FieldError::invalid("spec.insecureSkipTLSVerify", true, why));
    }
}

/// `ValidateAPIServiceStatusUpdate`.
pub(super) fn status(new: &Value, _: &Value, errors: &mut Errors) {
    for (index, condition) in list(&new["status"], "conditions").iter().enumerate() {
        let path = child(&item("status.conditions", index), "status");
        supported_text(errors, text(condition, "status"), &path, &["True", "False", "Unknown"]);
    }
}
