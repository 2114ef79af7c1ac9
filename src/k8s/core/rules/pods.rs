//! Rules of pods and their templates (`pkg/apis/core/validation/validation.go`: `ValidatePodSpec`,
//! `ValidatePodUpdate`; `pkg/registry/core/pod/strategy.go`; the admission plugins that are on by default).

use serde_json::{Value, json};

use super::super::super::names;
use super::super::super::status::FieldError;
use super::super::diff;
use super::check::{Errors, child, dns_label, is_set, item, labels, list, problems, text};
use super::classes::preemption_policy;
use super::requirements::resources;
use super::{
    container_settings, containers, debug_containers, placement, pod_annotations, pod_resources,
    pod_settings, systems, volumes,
};

/// `ValidatePodTemplateSpec`.
pub(super) fn template(errors: &mut Errors, template: &Value, path: &str) {
    template_metadata(errors, template, path);
    let metadata = &template["metadata"];
    let (spec, spec_path) = (&template["spec"], child(path, "spec"));
    pod_spec(errors, spec, &spec_path);
    pod_annotations::agree(errors, metadata, spec, &spec_path);
    if is_set(&template["spec"], "ephemeralContainers") {
        let why = "ephemeral containers not allowed in pod template";
        errors.push(FieldError::forbidden(child(&spec_path, "ephemeralContainers"), why));
    }
}

/// The labels and annotations of a template.
pub(super) fn template_metadata(errors: &mut Errors, template: &Value, path: &str) {
    let metadata = &template["metadata"];
    labels(errors, &metadata["labels"], &child(path, "labels"));
    for (key, _) in super::check::entries(metadata, "annotations") {
        let lower = key.to_lowercase();
        problems(errors, &child(path, "annotations"), key, names::qualified_name(&lower));
    }
    pod_annotations::check(errors, metadata, &template["spec"], &child(path, "annotations"));
}

/// `ValidatePodCreate`.
pub(super) fn pod(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    pod_annotations::check(errors, &object["metadata"], spec, "metadata.annotations");
    if !list(spec, "resourceClaims").is_empty()
        && !object["metadata"]["annotations"]["kubernetes.io/config.mirror"].is_null()
    {
        for _ in list(spec, "resourceClaims") {
            let why = "static pods do not support resource claims";
            errors.push(FieldError::forbidden("", why));
        }
    }
    pod_spec(errors, spec, "spec");
    if !is_set(spec, "serviceAccountName") {
        for (volume, source) in tokens(spec) {
            let at =
                format!("spec.volumes[{volume}].projected.sources[{source}].serviceAccountToken");
            let why = "must not be specified when serviceAccountName is not set";
            errors.push(FieldError::forbidden(at, why));
        }
    }
    for field in ["containers", "initContainers"] {
        for (index, container) in list(spec, field).iter().enumerate() {
            container_settings::image_name(errors, container, &item(&child("spec", field), index));
        }
    }
}

/// The places of volumes and their sources that are tokens of the service account.
fn tokens(spec: &Value) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (volume, of) in list(spec, "volumes").iter().enumerate() {
        for (source, token) in list(&of["projected"], "sources").iter().enumerate() {
            if !token["serviceAccountToken"].is_null() {
                found.push((volume, source));
            }
        }
    }
    found
}

/// What only a new pod cannot have.
pub(super) fn new_pod(object: &Value, errors: &mut Errors) {
    if is_set(&object["spec"], "ephemeralContainers") {
        let why = "cannot be set on create";
        errors.push(FieldError::forbidden("spec.ephemeralContainers", why));
    }
    if is_set(&object["spec"], "nodeName") && is_set(&object["spec"], "schedulingGates") {
        let why = "cannot be set until all schedulingGates have been cleared";
        errors.push(FieldError::forbidden("spec.nodeName", why));
    }
    pod_annotations::agree(errors, &object["metadata"], &object["spec"], "spec");
}

/// `ValidatePodSpec`.
fn pod_spec(errors: &mut Errors, spec: &Value, path: &str) {
    let at = |field: &str| child(path, field);
    let valid = volumes::volumes(errors, spec, path);
    container_settings::pod_claims(errors, spec, &at("resourceClaims"));
    containers::containers(errors, spec, path, &valid);
    containers::init_containers(errors, spec, path, &valid);
    debug_containers::check(errors, spec, path, &valid);
    pod_resources::check(errors, spec, path);
    host_ports(errors, spec, path);
    container_settings::pod_policies(errors, spec, path);
    labels(errors, &spec["nodeSelector"], &at("nodeSelector"));
    pod_settings::security(errors, spec, &at("securityContext"));
    placement::affinity(errors, &spec["affinity"], &at("affinity"));
    pod_settings::dns(errors, spec, &at("dnsConfig"));
    pod_settings::gates(errors, spec, path);
    placement::spread(errors, spec, path);
    systems::host_process(errors, spec, path);
    container_settings::host_users(errors, spec, path);
    container_settings::host_name(errors, spec, path);
    let name = |errors: &mut Errors, field: &str| {
        let found = text(spec, field);
        if !found.is_empty() {
            problems(errors, &child(path, field), found, names::subdomain(found));
        }
    };
    name(errors, "serviceAccountName");
    name(errors, "nodeName");
    let deadline = spec["activeDeadlineSeconds"].as_i64();
    if let Some(found) = deadline.filter(|found| !(1..=i64::from(i32::MAX)).contains(found)) {
        let why = "must be between 1 and 2147483647, inclusive";
        errors.push(FieldError::invalid(at("activeDeadlineSeconds"), found, why));
    }
    for field in ["hostname", "subdomain"] {
        if is_set(spec, field) {
            dns_label(errors, text(spec, field), &at(field));
        }
    }
    placement::tolerations(errors, spec, &at("tolerations"));
    pod_settings::host_aliases(errors, spec, &at("hostAliases"));
    name(errors, "priorityClassName");
    name(errors, "runtimeClassName");
    if !spec["preemptionPolicy"].is_null() {
        preemption_policy(errors, text(spec, "preemptionPolicy"), &at("preemptionPolicy"));
    }
    let overhead = json!({"limits": spec["overhead"]});
    resources(errors, &overhead, &at("overhead"));
    let before = errors.len();
    pod_settings::system(errors, &spec["os"], &at("os"));
    match spec["os"]["name"].as_str().filter(|_| errors.len() == before) {
        Some("linux") => systems::linux(errors, spec, path),
        Some("windows") => systems::windows(errors, spec, path),
        _ => {}
    }
    container_settings::file_volumes(errors, spec, path);
}

/// `validatePodHostNetworkDeps`: in the host's network a port is one of the host.
fn host_ports(errors: &mut Errors, spec: &Value, path: &str) {
    if spec["hostNetwork"] != true {
        return;
    }
    for (index, container) in list(spec, "containers").iter().enumerate() {
        for (number, port) in list(container, "ports").iter().enumerate() {
            if is_set(port, "hostPort") && port["hostPort"] != port["containerPort"] {
                let path = item(&child(&item(&child(path, "containers"), index), "ports"), number);
                let why = "must match `containerPort` when `hostNetwork` is true";
                let shown = &port["hostPort"];
                errors.push(FieldError::invalid(child(&path, "hostPort"), shown, why));
            }
        }
    }
}

/// What the server sets in a new pod: its status.
pub(super) fn create(object: &mut Value) {
    let class = pod_resources::quality(&object["spec"]);
    object["status"] = json!({"phase": "Pending", "qosClass": class});
    pod_annotations::sync(object);
    if is_set(&object["spec"], "schedulingGates") {
        let since = object["metadata"]["creationTimestamp"].clone();
        object["status"]["conditions"] = json!([{
            "type": "PodScheduled", "status": "False", "lastProbeTime": null, "lastTransitionTime": since,
            "reason": "SchedulingGated", "message": "Scheduling is blocked due to non-empty scheduling gates",
        }]);
    }
}

/// A changed pod has no field that is null.
pub(super) fn keep(new: &mut Value, _: &Value) {
    for field in ["priority", "preemptionPolicy"] {
        if new["spec"][field].is_null() {
            drop(new["spec"].as_object_mut().map(|spec| spec.remove(field)));
        }
    }
}

const UPDATABLE: &str = "pod updates may not change fields other than \
     `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only \
     additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was \
     previously negative)";

/// `ValidatePodUpdate`: what stays as it is.
pub(super) fn pod_change(new: &Value, old: &Value, errors: &mut Errors) {
    let (before, after) = (&old["spec"], &new["spec"]);
    pod_annotations::change(errors, new, old, "metadata.annotations");
    for field in ["containers", "initContainers"] {
        let path = child("spec", field);
        if list(after, field).len() != list(before, field).len() {
            let why = "pod updates may not add or remove containers";
            errors.push(FieldError::forbidden(path, why));
            return;
        }
        for (index, container) in list(after, field).iter().enumerate() {
            let path = item(&path, index);
            if text(container, "image").is_empty() {
                errors.push(FieldError::required(child(&path, "image"), ""));
            }
            container_settings::image_name(errors, container, &path);
        }
    }
    let deadline = |spec: &Value| spec["activeDeadlineSeconds"].as_i64();
    match (deadline(after), deadline(before)) {
        (Some(new), Some(old)) if old < new => {
            let why = "must be less than or equal to previous value";
            errors.push(FieldError::invalid("spec.activeDeadlineSeconds", new, why));
            return;
        }
        (None, Some(_)) => {
            let why = "must not update from a positive integer to nil value";
            errors.push(FieldError::invalid("spec.activeDeadlineSeconds", "null", why));
        }
        _ => {}
    }
    let kept = list(before, "tolerations")
        .iter()
        .all(|old| list(after, "tolerations").iter().any(|new| same_toleration(new, old)));
    if kept {
        // They are validated once more (`validateOnlyAddedTolerations`).
        placement::tolerations(errors, after, "spec.tolerations");
    } else {
        let why = "existing toleration can not be modified except its tolerationSeconds";
        errors.push(FieldError::forbidden("spec.tolerations", why));
    }
    if after == before {
        return;
    }
    let mut munged = after.clone();
    for field in ["containers", "initContainers"] {
        let own = munged[field].as_array_mut().into_iter().flatten();
        for (container, old) in own.zip(list(before, field)) {
            restore(container, old, "image");
        }
        if munged[field].is_null() {
            drop(munged.as_object_mut().map(|spec| spec.remove(field)));
        }
    }
    for field in ["activeDeadlineSeconds", "schedulingGates", "tolerations"] {
        restore(&mut munged, before, field);
    }
    let grace = "terminationGracePeriodSeconds";
    if before[grace].as_i64().is_some_and(i64::is_negative) && munged[grace] == 1 {
        restore(&mut munged, before, grace);
    }
    if munged != *before {
        let (old, new) = (diff::pod_spec(before), diff::pod_spec(&munged));
        let difference = diff::internal("core.PodSpec", &old, &new);
        errors.push(FieldError::forbidden("spec", &format!("{UPDATABLE}\n{difference}")));
    }
}

fn same_toleration(new: &Value, old: &Value) -> bool {
    ["key", "operator", "value", "effect"].iter().all(|field| new[*field] == old[*field])
}

fn restore(value: &mut Value, old: &Value, field: &str) {
    let Value::Object(map) = value else { return };
    match old.get(field) {
        Some(found) => map.insert(field.to_owned(), found.clone()),
        None => map.remove(field),
    };
}
