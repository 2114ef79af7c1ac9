//! Rules of claims of devices, their templates and classes (`pkg/apis/resource/validation/validation.go`).

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::super::golang::quote;
use super::super::super::names;
use super::super::super::status::FieldError;
use super::super::diff;
use super::check::{Errors, child, dns_subdomain, labels, list, supported_text, text};
use super::devices::{
    MAX_ITEMS, by_name, configuration, fully_qualified_name, itself, label, selectors, set, slice,
    toleration,
};
use super::names_of_resources::is_extended;

/// The maximum number of alternatives of a request.
const MAX_ALTERNATIVES: usize = 8;

const NO_REQUEST: &str = "must be the name of a request in the claim or the name of a request and a subrequest \
     separated by '/'";

/// The names of the requests of a claim, with those of their alternatives (`gatherRequestNames`).
pub(super) struct Requests<'v>(BTreeMap<&'v str, Vec<&'v str>>);

impl<'v> Requests<'v> {
    /// Those of the devices of a claim.
    pub(super) fn of(devices: &'v Value) -> Self {
        let requests = list(devices, "requests").iter();
        Self(
            requests
                .map(|request| {
                    let inner = list(request, "firstAvailable").iter();
                    (text(request, "name"), inner.map(|inner| text(inner, "name")).collect())
                })
                .collect(),
        )
    }

    fn has(&self, name: &str) -> bool {
        match name.split_once('/') {
            None => self.0.contains_key(name),
            Some((outer, inner)) => self.0.get(outer).is_some_and(|names| names.contains(&inner)),
        }
    }

    /// `validateRequestNameRef`.
    pub(super) fn check(&self, errors: &mut Errors, name: &str, path: &str) {
        let segments: Vec<&str> = name.split('/').collect();
        if segments.len() <= 2 {
            for segment in segments {
                super::check::dns_label(errors, segment, path);
            }
            if self.has(name) {
                return;
            }
        }
        errors.push(FieldError::invalid(path, quote(name), NO_REQUEST));
    }

    /// Checks the requests that an entry is for.
    pub(super) fn check_all(&self, errors: &mut Errors, value: &Value, path: &str) {
        let (path, names) = (child(path, "requests"), list(value, "requests"));
        set(errors, names, Some(MAX_ITEMS), &path, itself, |errors, name, path| {
            self.check(errors, name.as_str().unwrap_or_default(), path);
        });
    }
}

/// `validateResourceClaimSpec`.
fn spec(errors: &mut Errors, spec: &Value, path: &str) {
    let (devices, path) = (&spec["devices"], child(path, "devices"));
    let names = Requests::of(devices);
    let at = child(&path, "requests");
    set(errors, list(devices, "requests"), Some(MAX_ITEMS), &at, by_name, request);
    let at = child(&path, "constraints");
    let constraints = list(devices, "constraints");
    slice(errors, constraints, Some(MAX_ITEMS), &at, |errors, constraint, path| {
        names.check_all(errors, constraint, path);
        attribute(errors, constraint, path);
    });
    let at = child(&path, "config");
    slice(errors, list(devices, "config"), Some(MAX_ITEMS), &at, |errors, config, path| {
        names.check_all(errors, config, path);
        configuration(errors, config, path);
    });
}

/// The attribute of a constraint.
fn attribute(errors: &mut Errors, constraint: &Value, path: &str) {
    for field in ["matchAttribute", "distinctAttribute"] {
        if let Some(name) = constraint[field].as_str() {
            fully_qualified_name(errors, name, &child(path, field));
            return;
        }
    }
    // The text is upstream's.
    let why = "exactly one of \"matchAttribute\" or \"distinctAttribute\" is required, but multiple fields are set";
    errors.push(FieldError::required(path, why));
}

/// `validateDeviceRequest`.
fn request(errors: &mut Errors, request: &Value, path: &str) {
    label(errors, request, "name", path);
    let alternatives = list(request, "firstAvailable");
    match (request["exactly"].is_null(), alternatives.is_empty()) {
        (true, true) => {
            let why = "exactly one of `exactly` or `firstAvailable` is required";
            errors.push(FieldError::required(path, why));
        }
        (false, false) => {
            let why = "exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set";
            errors.push(FieldError::invalid(path, "null", why));
        }
        (true, false) => {
            let at = child(path, "firstAvailable");
            let max = Some(MAX_ALTERNATIVES);
            set(errors, alternatives, max, &at, by_name, |errors, inner, path| {
                label(errors, inner, "name", path);
                wanted(errors, inner, path);
            });
        }
        (false, true) => wanted(errors, &request["exactly"], &child(path, "exactly")),
    }
}

/// What a request or an alternative wants (`validateExactDeviceRequest`).
fn wanted(errors: &mut Errors, request: &Value, path: &str) {
    let class = text(request, "deviceClassName");
    if class.is_empty() {
        errors.push(FieldError::required(child(path, "deviceClassName"), ""));
    } else {
        dns_subdomain(errors, class, &child(path, "deviceClassName"));
    }
    selectors(errors, request, path);
    let count = request["count"].as_i64().unwrap_or_default();
    match text(request, "allocationMode") {
        "All" if count != 0 => {
            let why = "must not be specified when allocationMode is 'All'";
            errors.push(FieldError::invalid(child(path, "count"), count, why));
        }
        "ExactCount" if count <= 0 => {
            errors.push(FieldError::invalid(
                child(path, "count"),
                count,
                "must be greater than zero",
            ));
        }
        "All" | "ExactCount" => {}
        other => {
            let path = child(path, "allocationMode");
            supported_text(errors, other, &path, &["All", "ExactCount"]);
        }
    }
    let at = child(path, "tolerations");
    slice(errors, list(request, "tolerations"), None, &at, toleration);
}

/// `ValidateResourceClaim`.
pub(super) fn claim(object: &Value, errors: &mut Errors) {
    spec(errors, &object["spec"], "spec");
}

/// `ValidateResourceClaimUpdate`, `ValidateResourceClaimTemplateUpdate`: the spec stays.
pub(super) fn spec_stays(new: &Value, old: &Value, errors: &mut Errors) {
    if new["spec"] != old["spec"] {
        let of = match text(new, "kind") {
            "ResourceClaim" => "resource.ResourceClaimSpec",
            _ => "resource.ResourceClaimTemplateSpec",
        };
        let shown = diff::internal_text(of, &new["spec"]);
        errors.push(FieldError::invalid("spec", shown, "field is immutable"));
    }
}

/// The metadata that a template does not have, in the order of the Go type.
const NOT_OF_TEMPLATES: [&str; 13] = [
    "name",
    "generateName",
    "namespace",
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "ownerReferences",
    "finalizers",
    "managedFields",
];

/// `ValidateResourceClaimTemplate`.
pub(super) fn template(object: &Value, errors: &mut Errors) {
    let metadata = &object["spec"]["metadata"];
    for key in metadata["annotations"].as_object().into_iter().flat_map(serde_json::Map::keys) {
        let found = names::qualified_name(&key.to_lowercase());
        super::check::problems(errors, "spec.metadata.annotations", key, found);
    }
    labels(errors, &metadata["labels"], "spec.metadata.labels");
    let empty = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Number(number) => number.as_i64() == Some(0),
        _ => false,
    };
    // The rules of a template's metadata: it has labels and annotations alone (`ValidateTemplateObjectMeta`).
    for field in NOT_OF_TEMPLATES {
        if !empty(&metadata[field]) {
            // The name is made from the one in Go.
            let shown = if field == "uid" { "uID" } else { field };
            let path = child("spec.metadata", shown);
            errors.push(FieldError::forbidden(path, "cannot be set"));
        }
    }
    spec(errors, &object["spec"]["spec"], "spec.spec");
}

/// `ValidateDeviceClass`.
pub(super) fn class(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    selectors(errors, spec, "spec");
    slice(errors, list(spec, "config"), Some(MAX_ITEMS), "spec.config", configuration);
    if let Some(name) = spec["extendedResourceName"].as_str().filter(|name| !is_extended(name)) {
        let why = "must be a valid extended resource name";
        errors.push(FieldError::invalid("spec.extendedResourceName", quote(name), why));
    }
}
