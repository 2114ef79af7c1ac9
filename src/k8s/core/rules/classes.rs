//! Rules of classes that other objects name: `IngressClass`, `RuntimeClass`, `PriorityClass`
//! (`pkg/apis/{networking,node,scheduling}/validation/validation.go`).

use serde_json::{Value, json};

use super::super::super::golang::quote;
use super::super::super::names;
use super::super::super::status::FieldError;
use super::super::diff;
use super::check::{Errors, child, immutable, item, labels, list, problems, supported_text, text};
use super::formats::{domain_prefixed_path, required_segment};
use super::placement::tolerations;
use super::requirements::resources;

/// The maximum length of the name of a controller.
const MAX_CONTROLLER: u64 = 250;

/// `ValidateIngressClass`.
pub(super) fn ingress_class(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    let controller = text(spec, "controller");
    if controller.len() as u64 > MAX_CONTROLLER {
        errors.push(FieldError::too_long("spec.controller", MAX_CONTROLLER));
    }
    domain_prefixed_path(errors, controller, "spec.controller");
    if !spec["parameters"].is_null() {
        class_parameters(errors, &spec["parameters"]);
    }
}

/// `validateIngressClassParametersReference`.
fn class_parameters(errors: &mut Errors, reference: &Value) {
    let path = "spec.parameters";
    if let Some(group) = reference["apiGroup"].as_str() {
        problems(errors, &child(path, "apiGroup"), group, names::subdomain(group));
    }
    for field in ["kind", "name"] {
        required_segment(errors, text(reference, field), &child(path, field));
    }
    let Some(scope) = reference["scope"].as_str() else {
        errors.push(FieldError::required(child(path, "scope"), ""));
        return;
    };
    supported_text(errors, scope, &child(path, "scope"), &["Cluster", "Namespace"]);
    let at = child(path, "namespace");
    match (scope, reference["namespace"].as_str()) {
        ("Namespace", None) => {
            errors.push(FieldError::required(at, "`parameters.scope` is set to 'Namespace'"));
        }
        ("Namespace", Some(namespace)) => {
            problems(errors, &at, namespace, names::label(namespace));
        }
        ("Cluster", Some(_)) => {
            errors.push(FieldError::forbidden(at, "`parameters.scope` is set to 'Cluster'"));
        }
        _ => {}
    }
}

/// `validateIngressClassSpecUpdate`.
pub(super) fn ingress_class_change(new: &Value, old: &Value, errors: &mut Errors) {
    // An absent text is an empty one.
    let controller = |object: &Value| Value::from(text(&object["spec"], "controller"));
    immutable(errors, &controller(new), &controller(old), "spec.controller");
}

/// `ValidateRuntimeClass`.
pub(super) fn runtime_class(object: &Value, errors: &mut Errors) {
    let handler = text(object, "handler");
    if handler.is_empty() {
        errors.push(FieldError::required("handler", ""));
    } else {
        problems(errors, "handler", handler, names::label(handler));
    }
    let overhead = &object["overhead"];
    if !overhead.is_null() {
        resources(errors, &json!({"limits": overhead["podFixed"]}), "overhead");
    }
    let scheduling = &object["scheduling"];
    labels(errors, &scheduling["nodeSelector"], "scheduling.nodeSelector");
    tolerations(errors, scheduling, "scheduling.tolerations");
    let mut known = Vec::new();
    for (index, toleration) in list(scheduling, "tolerations").iter().enumerate() {
        let key = ["key", "operator", "value", "effect"].map(|field| text(toleration, field));
        if known.contains(&key) {
            let shown = diff::internal_text("core.Toleration", toleration);
            errors.push(FieldError::duplicate(item("scheduling.tolerations", index), shown));
        } else {
            known.push(key);
        }
    }
}

/// `ValidateRuntimeClassUpdate`.
pub(super) fn runtime_class_change(new: &Value, old: &Value, errors: &mut Errors) {
    immutable(errors, &new["handler"], &old["handler"], "handler");
}

/// The priority classes that every cluster has (`schedulingapiv1.SystemPriorityClasses`).
const SYSTEM: [(&str, i64); 2] =
    [("system-node-critical", 2_000_001_000), ("system-cluster-critical", 2_000_000_000)];

/// `ValidatePriorityClass`.
pub(super) fn new_priority_class(object: &Value, errors: &mut Errors) {
    const MOST: i64 = 1_000_000_000;
    let value = object["value"].as_i64().unwrap_or_default();
    let name = text(&object["metadata"], "name");
    if name.starts_with("system-") {
        let why = match SYSTEM.iter().find(|(system, _)| *system == name) {
            None => Some(format!("{name} is not a known system priority class")),
            Some((_, own)) if *own != value => {
                Some(format!("value of {name} PriorityClass must be {own}"))
            }
            Some(_) if object["globalDefault"] == true => {
                Some(format!("globalDefault of {name} PriorityClass must be false"))
            }
            Some(_) => None,
        };
        if let Some(why) = why {
            let why = format!(
                "priority class names with 'system-' prefix are reserved for system use only. error: {why}"
            );
            errors.push(FieldError::forbidden("metadata.name", &why));
        }
    } else if value > MOST {
        let why = format!("maximum allowed value of a user defined priority is {MOST}");
        errors.push(FieldError::forbidden("value", &why));
    }
    if !object["preemptionPolicy"].is_null() {
        preemption_policy(errors, text(object, "preemptionPolicy"), "preemptionPolicy");
    }
}

/// `ValidatePreemptionPolicy`.
pub(super) fn preemption_policy(errors: &mut Errors, policy: &str, path: &str) {
    match policy {
        "PreemptLowerPriority" | "Never" => {}
        "" => errors.push(FieldError::required(path, "")),
        other => {
            let known = ["PreemptLowerPriority".to_owned(), "Never".to_owned()];
            errors.push(FieldError::not_supported(path, quote(other), &known));
        }
    }
}

/// `ValidatePriorityClassUpdate`.
pub(super) fn priority_class_change(new: &Value, old: &Value, errors: &mut Errors) {
    if new["value"] != old["value"] {
        errors.push(FieldError::forbidden("value", "may not be changed in an update."));
    }
    let field = "preemptionPolicy";
    immutable(errors, &new[field], &old[field], field);
}
