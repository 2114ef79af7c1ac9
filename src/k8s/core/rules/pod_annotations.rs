//! Annotations of pods that were fields before they were fields: profiles of `AppArmor` and seccomp, the mirror of a static
//! pod, the cost of a deletion (`pkg/apis/core/validation/validation.go`: `ValidatePodSpecificAnnotations`;
//! `pkg/registry/core/pod/strategy.go`: `applyAppArmorVersionSkew`).

use serde_json::{Value, json};

use super::super::super::golang::quote;
use super::super::super::status::FieldError;
use super::check::{Errors, child, containers, entries, is_set, item, text};
use super::files::descending;

const APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";
const SECCOMP_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";
const MIRROR: &str = "kubernetes.io/config.mirror";
const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";
/// The longest name of a profile on a node, in bytes.
const MAX_PROFILE: usize = 4095;

/// `ValidatePodSpecificAnnotations`; `path` is that of the annotations.
pub(super) fn check(errors: &mut Errors, metadata: &Value, spec: &Value, path: &str) {
    let all = &metadata["annotations"];
    if let Some(found) = all[MIRROR].as_str()
        && !is_set(spec, "nodeName")
    {
        let why = "must set spec.nodeName if mirror pod annotation is set";
        errors.push(FieldError::invalid(item(path, MIRROR), quote(found), why));
    }
    if let Some(cost) = all[DELETION_COST].as_str().filter(|cost| !is_cost(cost)) {
        let why = "must be a 32bit integer";
        errors.push(FieldError::invalid(item(path, DELETION_COST), quote(cost), why));
    }
    let texts =
        || entries(metadata, "annotations").filter_map(|(key, value)| Some((key, value.as_str()?)));
    if let Some(profile) = all[SECCOMP_POD].as_str() {
        seccomp(errors, profile, &child(path, SECCOMP_POD));
    }
    for (key, profile) in texts().filter(|(key, _)| key.starts_with(SECCOMP_CONTAINER)) {
        seccomp(errors, profile, &child(path, key));
    }
    for (key, profile) in texts() {
        let Some(container) = key.strip_prefix(APP_ARMOR) else { continue };
        let at = item(path, key);
        if !containers(spec, "").iter().any(|(_, other)| text(other, "name") == container) {
            errors.push(FieldError::invalid(&at, quote(container), "container not found"));
        }
        let known = matches!(profile, "" | "runtime/default" | "unconfined");
        if !known && !profile.starts_with("localhost/") {
            let why = format!("invalid AppArmor profile name: {}", quote(profile));
            errors.push(FieldError::invalid(at, quote(profile), &why));
        }
    }
}

/// `GetDeletionCostFromPodAnnotations`: a number without a plus sign or leading zeros.
fn is_cost(text: &str) -> bool {
    let canonical = !text.starts_with('+') && !text.starts_with('0') && !text.starts_with("-0");
    (text == "0" || canonical) && text.parse::<i32>().is_ok()
}

/// `ValidateSeccompProfile`.
fn seccomp(errors: &mut Errors, profile: &str, path: &str) {
    if matches!(profile, "runtime/default" | "docker/default" | "unconfined") {
        return;
    }
    if let Some(file) = profile.strip_prefix("localhost/") {
        descending(errors, file, path);
    } else {
        let why = "must be a valid seccomp profile";
        errors.push(FieldError::invalid(path, quote(profile), why));
    }
}

/// `ValidatePodSpecificAnnotationUpdates`.
pub(super) fn change(errors: &mut Errors, new: &Value, old: &Value, path: &str) {
    let (after, before) = (&new["metadata"], &old["metadata"]);
    for (key, value) in entries(before, "annotations") {
        if after["annotations"].get(key) != Some(value) {
            frozen(errors, key, "remove or update", path);
        }
    }
    for (key, _) in entries(after, "annotations") {
        if before["annotations"].get(key).is_none() {
            frozen(errors, key, "add", path);
        }
    }
    check(errors, after, &new["spec"], path);
}

fn frozen(errors: &mut Errors, key: &str, done: &str, path: &str) {
    let what = match key {
        MIRROR => "mirror pod annotation",
        _ if key.starts_with(APP_ARMOR) => "AppArmor annotations",
        _ => return,
    };
    let why = format!("may not {done} {what}");
    errors.push(FieldError::forbidden(item(path, key), &why));
}

/// The profiles of fields are those of annotations (`validateSeccompAnnotationsAndFields`,
/// `validateAppArmorAnnotationsAndFieldsMatchOnCreate`); `path` is that of the spec.
pub(super) fn agree(errors: &mut Errors, metadata: &Value, spec: &Value, path: &str) {
    let annotations = &metadata["annotations"];
    if !annotations.is_object() {
        return;
    }
    let mut matching = |annotation: &Value, profile: &Value, path: String, what: Kind| {
        if let (Some(annotation), false) = (annotation.as_str(), profile.is_null()) {
            errors.extend(mismatch(annotation, profile, &path, what));
        }
    };
    let of_pod = &spec["securityContext"];
    let at = child(path, "securityContext.seccompProfile");
    matching(&annotations[SECCOMP_POD], &of_pod["seccompProfile"], at, Kind::Seccomp);
    let all = containers(spec, path);
    for (at, container) in &all {
        let annotation = &annotations[format!("{SECCOMP_CONTAINER}{}", text(container, "name"))];
        let profile = &container["securityContext"]["seccompProfile"];
        matching(annotation, profile, child(at, "securityContext.seccompProfile"), Kind::Seccomp);
    }
    if spec["os"]["name"] == "windows" {
        return;
    }
    for (at, container) in &all {
        let annotation = &annotations[format!("{APP_ARMOR}{}", text(container, "name"))];
        let own = &container["securityContext"]["appArmorProfile"];
        let profile = if own.is_null() { &of_pod["appArmorProfile"] } else { own };
        matching(annotation, profile, child(at, "securityContext.appArmorProfile"), Kind::AppArmor);
    }
}

/// Whose profiles are compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Seccomp,
    AppArmor,
}

fn mismatch(annotation: &str, profile: &Value, path: &str, what: Kind) -> Option<FieldError> {
    let shown = if what == Kind::Seccomp { "seccomp" } else { "apparmor" };
    let (field, part) = match text(profile, "type") {
        "Unconfined" if annotation != "unconfined" => ("type", "type"),
        "RuntimeDefault"
            if annotation != "runtime/default"
                && !(what == Kind::Seccomp && annotation == "docker/default") =>
        {
            ("type", "type")
        }
        "Localhost" => match annotation.strip_prefix("localhost/") {
            None => ("type", "type"),
            Some(file) if profile["localhostProfile"].as_str() != Some(file) => {
                ("localhostProfile", "profile")
            }
            Some(_) => return None,
        },
        _ => return None,
    };
    let why = format!("{shown} {part} in annotation and field must match");
    Some(FieldError::forbidden(child(path, field), &why))
}

/// The field that an annotation stands for (`ApparmorFieldForAnnotation`).
fn app_armor_field(annotation: &str) -> Option<Value> {
    match annotation {
        "unconfined" => Some(json!({"type": "Unconfined"})),
        "runtime/default" => Some(json!({"type": "RuntimeDefault"})),
        _ => {
            let file = annotation.strip_prefix("localhost/").filter(|file| !file.is_empty())?;
            Some(json!({"type": "Localhost", "localhostProfile": file}))
        }
    }
}

/// The profile of an annotation as a field that is valid.
fn valid_field(annotation: &str) -> Option<Value> {
    let field = app_armor_field(annotation)?;
    let file = text(&field, "localhostProfile");
    (file.trim() == file && file.len() <= MAX_PROFILE).then_some(field)
}

/// The older annotation of a container with its `AppArmor` profile is its field as well (`applyAppArmorVersionSkew`).
/// Returns the warnings about it.
pub(in super::super::super) fn sync(object: &mut Value) -> Vec<String> {
    let mut warnings = Vec::new();
    if !object["metadata"]["annotations"].is_object() || object["spec"]["os"]["name"] == "windows" {
        return warnings;
    }
    let annotations = object["metadata"]["annotations"].clone();
    let of_pod = object["spec"]["securityContext"]["appArmorProfile"].clone();
    for field in ["initContainers", "containers", "ephemeralContainers"] {
        let all = object["spec"].get_mut(field).and_then(Value::as_array_mut);
        for container in all.into_iter().flatten() {
            let key = format!("{APP_ARMOR}{}", text(container, "name"));
            let Some(annotation) = annotations[&*key].as_str() else { continue };
            if !container["securityContext"]["appArmorProfile"].is_null() {
                continue;
            }
            let profile = valid_field(annotation);
            if profile.as_ref() == Some(&of_pod) {
                continue;
            }
            warnings.push(app_armor_warning(&item("metadata.annotations", key)));
            if let Some(profile) = profile {
                container["securityContext"]["appArmorProfile"] = profile;
            }
        }
    }
    warnings
}

fn app_armor_warning(at: &str) -> String {
    format!("{at}: deprecated since v1.30; use the \"appArmorProfile\" field instead")
}

/// Annotations that mean nothing any more.
const DEPRECATED: [(&str, &str); 3] = [
    (
        "scheduler.alpha.kubernetes.io/critical-pod",
        "non-functional in v1.16+; use the \"priorityClassName\" field instead",
    ),
    (
        "security.alpha.kubernetes.io/sysctls",
        "non-functional in v1.11+; use the \"sysctls\" field instead",
    ),
    (
        "security.alpha.kubernetes.io/unsafe-sysctls",
        "non-functional in v1.11+; use the \"sysctls\" field instead",
    ),
];

/// The warnings about annotations that mean nothing; `path` is that of the annotations.
pub(super) fn deprecated(metadata: &Value, path: &str) -> Vec<String> {
    let found = DEPRECATED.iter().filter(|(key, _)| !metadata["annotations"][*key].is_null());
    found.map(|(key, why)| format!("{}: {why}", item(path, key))).collect()
}

/// The warning about the annotation with the seccomp profile of a pod that has no field.
pub(super) fn pod_warning(metadata: &Value, spec: &Value, path: &str) -> Option<String> {
    let has_field = !spec["securityContext"]["seccompProfile"].is_null();
    let found = !metadata["annotations"][SECCOMP_POD].is_null() && !has_field;
    found.then(|| seccomp_warning(&item(path, SECCOMP_POD)))
}

fn seccomp_warning(at: &str) -> String {
    format!("{at}: non-functional in v1.27+; use the \"seccompProfile\" field instead")
}

/// The warnings about annotations with the profiles of a container that has no field. Those of `AppArmor` on pods are
/// given as [`sync`] finds them.
pub(super) fn container_warnings(
    metadata: &Value,
    spec: &Value,
    container: &Value,
    path: &str,
    of_template: bool,
) -> Vec<String> {
    let mut found = Vec::new();
    let annotations = &metadata["annotations"];
    if !annotations.is_object() {
        return found;
    }
    let (name, context) = (text(container, "name"), &container["securityContext"]);
    let key = format!("{SECCOMP_CONTAINER}{name}");
    if context["seccompProfile"].is_null() && !annotations[&*key].is_null() {
        found.push(seccomp_warning(&item(path, key)));
    }
    let key = format!("{APP_ARMOR}{name}");
    if let Some(annotation) = annotations[&*key].as_str()
        && of_template
        && context["appArmorProfile"].is_null()
    {
        let of_pod = &spec["securityContext"]["appArmorProfile"];
        if of_pod.is_null() || app_armor_field(annotation).as_ref() != Some(of_pod) {
            found.push(app_armor_warning(&item(path, key)));
        }
    }
    found
}
