//! Rules of a pod whose resources are changed through the subresource `resize` (`ValidatePodResize`).

use serde_json::Value;

use super::super::super::golang::quote;
use super::super::super::status::FieldError;
use super::check::{Errors, child, entries, item, list, text};
use super::pod_resources::quality;

/// The resources that may change.
const MUTABLE: [&str; 2] = ["cpu", "memory"];

/// Whether a pod has resources of its own, besides those of its containers.
fn has_own_resources(pod: &Value) -> bool {
    let resources = &pod["spec"]["resources"];
    ["requests", "limits"].iter().any(|field| entries(resources, field).next().is_some())
}

/// Whether its node can resize it: a running one shows the resources of each container.
fn is_supported(pod: &Value) -> bool {
    let status = &pod["status"];
    status["phase"] != "Running"
        || list(status, "containerStatuses").iter().all(|one| !one["resources"].is_null())
}

/// What a resize does not change.
pub(super) fn change(new: &Value, old: &Value, errors: &mut Errors) {
    let refused = |why: &str| vec![FieldError::forbidden("", why)];
    if !old["metadata"]["annotations"]["kubernetes.io/config.mirror"].is_null() {
        *errors = refused("static pods cannot be resized");
        return;
    }
    let (spec, before) = (&new["spec"], &old["spec"]);
    if before["os"]["name"] == "windows" {
        *errors = refused("windows pods cannot be resized");
        return;
    }
    let class = match text(&old["status"], "qosClass") {
        "" => quality(before),
        class => class,
    };
    if class != quality(spec) {
        let shown = quote(text(&new["status"], "qosClass"));
        let why = "Pod QOS Class may not change as a result of resizing";
        errors.push(FieldError::invalid("spec", shown, why));
    }
    if !is_supported(old) {
        let why = "Pod running on node without support for resize";
        errors.push(FieldError::forbidden("spec", why));
    }
    if has_own_resources(old) && !has_own_resources(new) {
        let path = "spec.resources";
        errors.push(FieldError::forbidden(path, "pod-level resources cannot be removed"));
    }
    if !check_order(errors, spec, before) {
        return;
    }
    for field in ["initContainers", "containers"] {
        for (index, (container, old)) in pairs(spec, before, field).enumerate() {
            let path = child(&item(&child("spec", field), index), "resources");
            check_removed(errors, &container["resources"], &old["resources"], &path);
        }
    }
    for (container, old) in pairs(spec, before, "containers") {
        if with_resources_of(container, old) != *old {
            errors.push(FieldError::forbidden("spec", "only cpu and memory resources are mutable"));
        }
    }
    for (index, (container, old)) in pairs(spec, before, "initContainers").enumerate() {
        let path = item("spec.initContainers", index);
        if with_resources_of(container, old) != *old {
            let why = "only cpu and memory resources for init or sidecar containers are mutable";
            errors.push(FieldError::forbidden(&path, why));
        }
        let restarts = |policy: &&Value| policy["restartPolicy"] == "RestartContainer";
        let restarting = list(container, "resizePolicy").iter().filter(restarts).count();
        if container != old && container["restartPolicy"] != "Always" {
            let why = "non-sidecar init containers with a resize policy of RestartContainer cannot be resized";
            for _ in 0..restarting {
                errors.push(FieldError::forbidden(&path, why));
            }
        }
    }
}

fn pairs<'v>(
    spec: &'v Value,
    before: &'v Value,
    field: &str,
) -> impl Iterator<Item = (&'v Value, &'v Value)> {
    list(spec, field).iter().zip(list(before, field))
}

/// `validatePodResizeContainerOrdering`.
fn check_order(errors: &mut Errors, spec: &Value, before: &Value) -> bool {
    let known = errors.len();
    for field in ["containers", "initContainers"] {
        let path = child("spec", field);
        if list(spec, field).len() != list(before, field).len() {
            let why = format!("{field} may not be added or removed on resize");
            errors.push(FieldError::forbidden(path, &why));
            continue;
        }
        for (index, (container, old)) in pairs(spec, before, field).enumerate() {
            if container["name"] != old["name"] {
                let why = format!("{field} may not be renamed or reordered on resize");
                errors.push(FieldError::forbidden(child(&item(&path, index), "name"), &why));
            }
        }
    }
    errors.len() == known
}

/// `validateContainerResize`.
fn check_removed(errors: &mut Errors, new: &Value, old: &Value, path: &str) {
    for field in ["requests", "limits"] {
        if entries(old, field).any(|(name, _)| new[field].get(name).is_none()) {
            let why = format!("resource {field} cannot be removed");
            errors.push(FieldError::forbidden(child(path, field), &why));
        }
    }
}

/// A container with the processors and memory of its last version (`dropCPUMemoryResourcesFromContainer`).
fn with_resources_of(container: &Value, old: &Value) -> Value {
    let mut container = container.clone();
    let copy = |to: &mut Value, field: &str| match (old.get(field), to.as_object_mut()) {
        (Some(value), Some(to)) => {
            to.insert(field.to_owned(), value.clone());
        }
        (None, Some(to)) => {
            to.remove(field);
        }
        _ => {}
    };
    let mut others = false;
    for field in ["requests", "limits"] {
        let other = |of: &Value| -> Vec<(String, Value)> {
            let all = entries(&of["resources"], field);
            let all = all.filter(|(name, _)| !MUTABLE.contains(&name.as_str()));
            all.map(|(name, value)| (name.clone(), value.clone())).collect()
        };
        others |= other(&container) != other(old);
    }
    if !others {
        copy(&mut container, "resources");
    }
    container
}
