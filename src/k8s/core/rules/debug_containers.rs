//! Rules of the containers that are added to a pod for debugging (`validateEphemeralContainers`,
//! `ValidatePodEphemeralContainersUpdate`).

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::super::golang::quote;
use super::super::super::status::FieldError;
use super::super::diff;
use super::check::{Errors, child, is_set, item, list, text};
use super::containers::common;
use super::volumes::Volumes;

/// The fields of other containers that they have not.
const REFUSED: [&str; 9] = [
    "ports",
    "resources",
    "resizePolicy",
    "restartPolicy",
    "restartPolicyRules",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "lifecycle",
];

/// The debug containers of a pod.
pub(super) fn check(errors: &mut Errors, spec: &Value, path: &str, volumes: &Volumes) {
    let why = "cannot be set for an Ephemeral Container";
    let path = child(path, "ephemeralContainers");
    let others = ["containers", "initContainers"].into_iter().flat_map(|field| list(spec, field));
    let others: BTreeSet<&str> = others.map(|container| text(container, "name")).collect();
    let mut names = others.clone();
    for (index, container) in list(spec, "ephemeralContainers").iter().enumerate() {
        let at = item(&path, index);
        common(errors, container, &at, volumes, spec);
        super::container_settings::image_name(errors, container, &at);
        let name = text(container, "name");
        if !names.insert(name) {
            errors.push(FieldError::duplicate(child(&at, "name"), quote(name)));
        }
        let target = text(container, "targetContainerName");
        if !target.is_empty() && !others.contains(target) {
            let field = child(&at, "targetContainerName");
            errors.push(FieldError::not_found(field, quote(target)));
        }
        for field in REFUSED.into_iter().filter(|field| is_set(container, field)) {
            errors.push(FieldError::forbidden(child(&at, field), why));
        }
        for (number, mount) in list(container, "volumeMounts").iter().enumerate() {
            let at = item(&child(&at, "volumeMounts"), number);
            for field in ["subPath", "subPathExpr"].into_iter().filter(|field| is_set(mount, field))
            {
                errors.push(FieldError::forbidden(child(&at, field), why));
            }
        }
    }
}

/// Debug containers are added, and stay as they are.
pub(super) fn check_change(new: &Value, old: &Value, errors: &mut Errors) {
    let path = "spec.ephemeralContainers";
    if !old["metadata"]["annotations"]["kubernetes.io/config.mirror"].is_null() {
        let why = "static pods do not support ephemeral containers";
        *errors = vec![FieldError::forbidden("<nil>", why)];
        return;
    }
    let all = list(&new["spec"], "ephemeralContainers");
    for container in list(&old["spec"], "ephemeralContainers") {
        let name = text(container, "name");
        let done = match all.iter().find(|other| text(other, "name") == name) {
            None => "removed\n".to_owned(),
            Some(other) if other != container => {
                format!("changed\n{}", diff::internal("core.EphemeralContainer", container, other))
            }
            Some(_) => continue,
        };
        let why = format!("existing ephemeral containers {} may not be {done}", quote(name));
        errors.push(FieldError::forbidden(path, &why));
    }
}
