//! Rules of settings of containers that name other parts of the pod: restarts, resizing, claims of devices, files with
//! variables (`pkg/apis/core/validation/validation.go`).

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::super::golang::quote;
use super::super::super::status::FieldError;
use super::check::{
    Errors, child, containers, dns_label, item, list, one_of, problems, supported_text, text,
};
use super::files::no_backsteps;
use super::formats::variable_name;

/// `validateResizePolicy`. Upstream leaves the index out of most paths.
pub(super) fn resize_policy(errors: &mut Errors, container: &Value, spec: &Value, path: &str) {
    let mut known = BTreeSet::new();
    for (index, policy) in list(container, "resizePolicy").iter().enumerate() {
        let (name, restart) = (text(policy, "resourceName"), text(policy, "restartPolicy"));
        if !known.insert(name) {
            errors.push(FieldError::duplicate(item(path, index), quote(name)));
        }
        required_one_of(errors, name, path, &["cpu", "memory"]);
        required_one_of(errors, restart, path, &["NotRequired", "RestartContainer"]);
        if text(spec, "restartPolicy") == "Never" && restart != "NotRequired" {
            let why = "must be 'NotRequired' when pod `restartPolicy` is 'Never'";
            errors.push(FieldError::invalid(path, quote(restart), why));
        }
    }
}

fn required_one_of(errors: &mut Errors, found: &str, path: &str, supported: &[&str]) {
    if found.is_empty() {
        errors.push(FieldError::required(path, ""));
    } else {
        supported_text(errors, found, path, supported);
    }
}

/// An init container that ends cannot be restarted to be resized.
pub(super) fn init_resize_policy(errors: &mut Errors, container: &Value, path: &str) {
    for (index, policy) in list(container, "resizePolicy").iter().enumerate() {
        if text(policy, "restartPolicy") == "RestartContainer" {
            let at = child(&item(&child(path, "resizePolicy"), index), "restartPolicy");
            let why = "must not be set to 'RestartContainer' for non-sidecar initContainers";
            errors.push(FieldError::invalid(at, quote("RestartContainer"), why));
        }
    }
}

const MAX_RULES: usize = 20;
const MAX_EXIT_CODES: usize = 255;

/// `validateContainerRestartPolicy`.
pub(super) fn restarts(errors: &mut Errors, container: &Value, path: &str) {
    let rules = list(container, "restartPolicyRules");
    let at = child(path, "restartPolicy");
    match container["restartPolicy"].as_str() {
        None if rules.is_empty() => return,
        None => {
            let why = "must specify restartPolicy when restart rules are used";
            errors.push(FieldError::required(at, why));
        }
        Some(policy) => supported_text(errors, policy, &at, &["Always", "Never", "OnFailure"]),
    }
    let path = child(path, "restartPolicyRules");
    if rules.len() > MAX_RULES {
        errors.push(FieldError::too_many(&path, rules.len(), MAX_RULES as u64));
    }
    for (index, rule) in rules.iter().enumerate() {
        let path = item(&path, index);
        let actions = ["Restart", "RestartAllContainers"];
        supported_text(errors, text(rule, "action"), &child(&path, "action"), &actions);
        let codes = &rule["exitCodes"];
        let path = child(&path, "exitCodes");
        if codes.is_null() {
            errors.push(FieldError::required(path, "must be specified"));
            continue;
        }
        let operators = ["In", "NotIn"];
        supported_text(errors, text(codes, "operator"), &child(&path, "operator"), &operators);
        let values = list(codes, "values").len();
        if values > MAX_EXIT_CODES {
            errors.push(FieldError::too_many(
                child(&path, "values"),
                values,
                MAX_EXIT_CODES as u64,
            ));
        }
    }
}

/// `validateFileKeySelector`.
pub(super) fn file_key(errors: &mut Errors, selector: &Value, path: &str) {
    let (key, volume, file) =
        (text(selector, "key"), text(selector, "volumeName"), text(selector, "path"));
    let missing = |errors: &mut Errors, field: &str| {
        errors.push(FieldError::required(child(path, field), ""));
    };
    if key.is_empty() {
        missing(errors, "key");
    } else {
        problems(errors, &child(path, "key"), key, variable_name(key));
    }
    if volume.is_empty() {
        missing(errors, "volumeName");
    } else {
        dns_label(errors, volume, &child(path, "volumeName"));
    }
    if file.is_empty() {
        missing(errors, "path");
    } else {
        no_backsteps(errors, file, &child(path, "path"));
    }
}

/// `validateFileKeyRefVolumes`: the files with variables are in empty directories.
pub(super) fn file_volumes(errors: &mut Errors, spec: &Value, path: &str) {
    for (at, container) in containers(spec, path) {
        for (index, variable) in list(container, "env").iter().enumerate() {
            let selector = &variable["valueFrom"]["fileKeyRef"];
            if selector.is_null() {
                continue;
            }
            let at = item(&child(&at, "env"), index);
            let at = child(&at, "valueFrom.fileKeyRef.volumeName");
            let name = text(selector, "volumeName");
            // Of volumes of one name the last one counts.
            match list(spec, "volumes").iter().rfind(|volume| text(volume, "name") == name) {
                None => errors.push(FieldError::not_found(at, quote(name))),
                Some(volume) if volume["emptyDir"].is_null() => {
                    let why = "referenced volume must be of type emptyDir";
                    errors.push(FieldError::invalid(at, quote(name), why));
                }
                Some(_) => {}
            }
        }
    }
}

/// `validateResourceClaimNames`.
pub(super) fn claims(errors: &mut Errors, resources: &Value, spec: &Value, path: &str) {
    let mut of_pod: Vec<&str> = list(spec, "resourceClaims")
        .iter()
        .map(|claim| text(claim, "name"))
        .filter(|name| !name.is_empty())
        .collect();
    of_pod.sort_unstable();
    of_pod.dedup();
    let mut known: BTreeSet<String> = BTreeSet::new();
    for (index, claim) in list(resources, "claims").iter().enumerate() {
        let at = item(path, index);
        let (name, request) = (text(claim, "name"), text(claim, "request"));
        if name.is_empty() {
            errors.push(FieldError::required(at, ""));
            continue;
        }
        if known.contains(name) {
            errors.push(FieldError::duplicate(&at, quote(name)));
        } else {
            let mut key = name.to_owned();
            if !request.is_empty() {
                dns_label(errors, request, &child(&at, "request"));
                key = format!("{name}/{request}");
            }
            if known.contains(&key) {
                errors.push(FieldError::duplicate(&at, quote(&key)));
            } else if request.is_empty() {
                let overlaps =
                    |other: &&String| other.split_once('/').is_some_and(|(claim, _)| claim == name);
                for _ in known.iter().filter(overlaps) {
                    errors.push(FieldError::duplicate(&at, quote(name)));
                }
            }
            known.insert(key);
        }
        if !of_pod.contains(&name) {
            let more = if of_pod.is_empty() {
                " which is empty".to_owned()
            } else {
                format!(": {}", of_pod.join(", "))
            };
            let why = format!("must be one of the names in pod.spec.resourceClaims{more}");
            errors.push(FieldError::not_found_because(at, quote(name), &why));
        }
    }
}

/// `validatePodResourceClaims`.
pub(super) fn pod_claims(errors: &mut Errors, spec: &Value, path: &str) {
    let mut known = BTreeSet::new();
    for (index, claim) in list(spec, "resourceClaims").iter().enumerate() {
        let path = item(path, index);
        let name = text(claim, "name");
        let at = child(&path, "name");
        if name.is_empty() {
            errors.push(FieldError::required(at, ""));
        } else if known.insert(name) {
            dns_label(errors, name, &at);
        } else {
            errors.push(FieldError::duplicate(at, quote(name)));
        }
        let fields = ["resourceClaimName", "resourceClaimTemplateName"];
        let set = fields.iter().filter(|field| !claim[**field].is_null()).count();
        let why = match set {
            0 => "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`",
            1 => "",
            _ => {
                "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
            }
        };
        if !why.is_empty() {
            let shown = super::super::diff::internal_text("core.PodResourceClaim", claim);
            errors.push(FieldError::invalid(&path, shown, why));
        }
        for field in fields {
            if let Some(name) = claim[field].as_str() {
                super::check::dns_subdomain(errors, name, &child(&path, field));
            }
        }
    }
}

/// `validateHostUsers`: a pod with users of its own shares nothing else with its node. Two of the paths are in upper case
/// upstream.
pub(super) fn host_users(errors: &mut Errors, spec: &Value, path: &str) {
    if spec["hostUsers"] != false {
        return;
    }
    let why = "when `hostUsers` is false";
    let shared = [("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC")];
    for (_, shown) in shared.into_iter().filter(|(field, _)| spec[*field] == true) {
        errors.push(FieldError::forbidden(child(path, shown), why));
    }
    for (at, container) in containers(spec, path) {
        if !list(container, "volumeDevices").is_empty() {
            errors.push(FieldError::forbidden(child(&at, "volumeDevices"), why));
        }
    }
}

const MAX_HOST_NAME: usize = 64;

/// `validatePodHostName`.
pub(super) fn host_name(errors: &mut Errors, spec: &Value, path: &str) {
    let Some(name) = spec["hostnameOverride"].as_str() else { return };
    let at = child(path, "hostnameOverride");
    for field in ["setHostnameAsFQDN", "hostNetwork"] {
        if spec[field] == true {
            let why = format!("may not be specified when {field} is true");
            errors.push(FieldError::forbidden(&at, &why));
        }
    }
    if name.len() > MAX_HOST_NAME {
        errors.push(FieldError::too_long(&at, MAX_HOST_NAME as u64));
    }
    super::check::dns_subdomain(errors, name, &at);
}

/// `validateRestartPolicy`, `validateDNSPolicy`.
pub(super) fn pod_policies(errors: &mut Errors, spec: &Value, path: &str) {
    one_of(errors, spec, "restartPolicy", path, &["Always", "OnFailure", "Never"]);
    let policies = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
    one_of(errors, spec, "dnsPolicy", path, &policies);
}

/// `validateContainerOnlyForPod`.
pub(super) fn image_name(errors: &mut Errors, container: &Value, path: &str) {
    let image = text(container, "image");
    if image.trim() != image {
        let why = "must not have leading or trailing whitespace";
        errors.push(FieldError::invalid(child(path, "image"), quote(image), why));
    }
}
