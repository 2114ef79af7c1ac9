//! Rules of persistent volumes (`pkg/apis/core/validation/validation.go`, `pkg/api/persistentvolume`).

use serde_json::Value;

use super::super::super::golang::{json_text, quote};
use super::super::super::names;
use super::super::super::status::FieldError;
use super::super::diff;
use super::super::quantity::Quantity;
use super::check::{
    Errors, child, dns_label, dns_subdomain, entries, immutable, is_set, item, list, problems,
    supported_text, text, texts,
};
use super::files::no_backsteps;
use super::formats::csi_driver_name;
use super::node_selectors::{node_selector, term_warnings};
use super::volume_sources::{self, Holder};
use super::volumes;

const MODES: [&str; 4] = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

/// The sources of a volume, in the order in which upstream looks at them.
const SOURCES: [&str; 22] = [
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "glusterfs",
    "flocker",
    "nfs",
    "rbd",
    "quobyte",
    "cephfs",
    "iscsi",
    "cinder",
    "fc",
    "flexVolume",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "scaleIO",
    "local",
    "storageos",
    "csi",
];

/// Where a volume stands in an attachment.
const INLINE: &str = "in the context of inline volumes";

/// `ValidatePersistentVolume`.
pub(super) fn volume(object: &Value, errors: &mut Errors) {
    specification(&object["spec"], "spec", false, errors);
}

/// `ValidatePersistentVolumeSpec`: of a volume, or of one that stands in an attachment.
pub(super) fn specification(spec: &Value, path: &str, inline: bool, errors: &mut Errors) {
    let at = |field: &str| child(path, field);
    if inline {
        for field in ["claimRef", "capacity"] {
            if is_set(spec, field) || field == "claimRef" && !spec[field].is_null() {
                let why = format!("may not be specified {INLINE}");
                errors.push(FieldError::forbidden(at(field), &why));
            }
        }
        if spec["csi"].is_null() {
            let why = format!("has to be specified {INLINE}");
            errors.push(FieldError::required(at("csi"), &why));
        }
    }
    access_modes(errors, spec, &at("accessModes"));
    if !inline {
        capacity(errors, &spec["capacity"], &at("capacity"));
    }
    let policy = text(spec, "persistentVolumeReclaimPolicy");
    let policy_path = at("persistentVolumeReclaimPolicy");
    if inline && !matches!(policy, "" | "Retain") {
        let why = format!("may only be Retain {INLINE}");
        errors.push(FieldError::forbidden(&policy_path, &why));
    } else if !inline && !policy.is_empty() {
        supported_text(errors, policy, &policy_path, &["Delete", "Recycle", "Retain"]);
    }
    let affinity = &spec["nodeAffinity"];
    if inline && !affinity.is_null() {
        let why = format!("may not be specified {INLINE}");
        errors.push(FieldError::forbidden(at("nodeAffinity"), &why));
    } else if !affinity.is_null() {
        let path = at("nodeAffinity.required");
        if affinity["required"].is_null() {
            let why = "must specify required node constraints";
            errors.push(FieldError::required(path, why));
        } else {
            node_selector(errors, &affinity["required"], &path);
        }
    }
    source(errors, spec, path);
    let root = || path_is_root(text(&spec["hostPath"], "path"));
    if policy == "Recycle" && !spec["hostPath"].is_null() && root() {
        let why = "may not be 'recycle' for a hostPath mount of '/'";
        errors.push(FieldError::forbidden(policy_path, why));
    }
    let class = text(spec, "storageClassName");
    if inline && !class.is_empty() {
        let why = format!("may not be specified {INLINE}");
        errors.push(FieldError::forbidden(at("storageClassName"), &why));
    } else if !class.is_empty() {
        problems(errors, &at("storageClassName"), class, names::subdomain(class));
    }
    if !spec["volumeMode"].is_null() {
        let mode = text(spec, "volumeMode");
        if !inline {
            supported_text(errors, mode, &at("volumeMode"), &["Block", "Filesystem"]);
        } else if mode != "Filesystem" {
            let why = format!("may not specify volumeMode other than Filesystem {INLINE}");
            errors.push(FieldError::forbidden(at("volumeMode"), &why));
        }
    }
    if let Some(class) = spec["volumeAttributesClassName"].as_str().filter(|_| !inline) {
        let path = at("volumeAttributesClassName");
        if class.is_empty() {
            errors.push(FieldError::required(&path, "an empty string is disallowed"));
        } else {
            problems(errors, &path, class, names::subdomain(class));
        }
        if spec["csi"].is_null() {
            let why = "has to be specified when using volumeAttributesClassName";
            errors.push(FieldError::required(at("csi"), why));
        }
    }
}

fn access_modes(errors: &mut Errors, spec: &Value, path: &str) {
    if list(spec, "accessModes").is_empty() {
        errors.push(FieldError::required(path, ""));
    }
    for mode in texts(spec, "accessModes") {
        supported_text(errors, mode, path, &MODES);
    }
    let one_pod = texts(spec, "accessModes").any(|mode| mode == MODES[3]);
    if one_pod && texts(spec, "accessModes").any(|mode| MODES[..3].contains(&mode)) {
        let why = "may not use ReadWriteOncePod with other access modes";
        errors.push(FieldError::forbidden(path, why));
    }
}

fn capacity(errors: &mut Errors, capacity: &Value, path: &str) {
    let count = capacity.as_object().map_or(0, serde_json::Map::len);
    if count == 0 {
        errors.push(FieldError::required(path, ""));
    }
    if capacity.get("storage").is_none() || count > 1 {
        let known = ["storage".to_owned()];
        errors.push(FieldError::not_supported(path, json_text(capacity), &known));
    }
    for (name, value) in capacity.as_object().into_iter().flatten() {
        let Some(amount) = value.as_str().and_then(|text| Quantity::parse(text).ok()) else {
            continue;
        };
        let path = item(path, name);
        if amount.is_negative() {
            let why = "must be a valid resource quantity";
            errors.push(FieldError::invalid(&path, amount.rounded_up(), why));
        }
        if amount.is_negative() || amount.is_zero() {
            let why = "must be greater than zero";
            errors.push(FieldError::invalid(&path, quote(&amount.text()), why));
        }
    }
}

fn path_is_root(path: &str) -> bool {
    path.starts_with('/') && path.split('/').all(|part| matches!(part, "" | "." | ".."))
}

fn source(errors: &mut Errors, spec: &Value, at: &str) {
    let mut present = SOURCES.into_iter().filter(|field| !spec[field].is_null()).peekable();
    if present.peek().is_none() {
        errors.push(FieldError::required(at, "must specify a volume type"));
    }
    for (index, field) in present.enumerate() {
        // Upstream looks at this one whether there is another one or not.
        if index == 0 || field == "flexVolume" {
            one_source(errors, field, &spec[field], at);
            continue;
        }
        let shown = if field == "cephfs" { "cephFS" } else { field };
        let why = "may not specify more than 1 volume type";
        errors.push(FieldError::forbidden(child(at, shown), why));
    }
}

fn one_source(errors: &mut Errors, kind: &str, source: &Value, at: &str) {
    let path = child(at, kind);
    match kind {
        "hostPath" => volumes::host_path(errors, source, &path),
        "nfs" => volumes::nfs(errors, source, &path),
        "local" => {
            let folder = text(source, "path");
            if folder.is_empty() {
                errors.push(FieldError::required(child(&path, "path"), ""));
            } else {
                no_backsteps(errors, folder, &child(&path, "path"));
            }
        }
        "csi" => {
            csi_driver_name(errors, text(source, "driver"), &child(&path, "driver"));
            if text(source, "volumeHandle").is_empty() {
                errors.push(FieldError::required(child(&path, "volumeHandle"), ""));
            }
            for field in [
                "controllerPublishSecretRef",
                "controllerExpandSecretRef",
                "nodePublishSecretRef",
                "nodeExpandSecretRef",
            ] {
                if !source[field].is_null() {
                    secret_reference(errors, &source[field], &child(&path, field));
                }
            }
        }
        kind => {
            let path = if kind == "gcePersistentDisk" { child(at, "persistentDisk") } else { path };
            volume_sources::check(errors, kind, source, &path, Holder::PersistentVolume);
        }
    }
}

/// `validatePVSecretReference`.
fn secret_reference(errors: &mut Errors, reference: &Value, path: &str) {
    for field in ["name", "namespace"] {
        let rule = if field == "name" { dns_subdomain } else { dns_label };
        let found = text(reference, field);
        if found.is_empty() {
            errors.push(FieldError::required(child(path, field), ""));
        } else {
            rule(errors, found, &child(path, field));
        }
    }
}

/// `ValidatePersistentVolumeUpdate`.
pub(super) fn volume_change(new: &Value, old: &Value, errors: &mut Errors) {
    let source = |object: &Value| -> Value {
        let spec = object["spec"].as_object().into_iter().flatten();
        let own = spec.filter(|(field, _)| SOURCES.contains(&field.as_str()));
        own.map(|(field, value)| (field.clone(), value.clone()))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let (mut after, before) = (source(new), source(old));
    let field = "controllerExpandSecretRef";
    if !before["csi"].is_null() && before["csi"][field].is_null() {
        drop(after["csi"].as_object_mut().map(|csi| csi.remove(field)));
    }
    if after != before {
        let difference = diff::internal("core.PersistentVolumeSource", &before, &after);
        let why = format!("spec.persistentvolumesource is immutable after creation\n{difference}");
        errors.push(FieldError::forbidden("spec.persistentvolumesource", &why));
    }
    let (new, old) = (&new["spec"], &old["spec"]);
    immutable(errors, &new["volumeMode"], &old["volumeMode"], "volumeMode");
    let (affinity, had) = (&new["nodeAffinity"], &old["nodeAffinity"]);
    if !had.is_null() && affinity != had {
        let shown = if affinity.is_null() {
            "null".to_owned()
        } else {
            diff::internal_text("core.VolumeNodeAffinity", affinity)
        };
        let why = "field is immutable, except for updating from beta label to GA";
        errors.push(FieldError::invalid("nodeAffinity", shown, why));
    }
    let field = "volumeAttributesClassName";
    if new[field].is_null() && !old[field].is_null() {
        let why = "update from non-nil value to nil is forbidden";
        errors.push(FieldError::forbidden(child("spec", field), why));
    }
}

/// `GetWarningsForPersistentVolume`.
pub(super) fn warnings(object: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (key, why) in [
        (
            "volume.beta.kubernetes.io/storage-class",
            "deprecated since v1.8; use \"storageClassName\" attribute instead",
        ),
        (
            "volume.beta.kubernetes.io/mount-options",
            "deprecated since v1.31; use \"mountOptions\" attribute instead",
        ),
    ] {
        if entries(&object["metadata"], "annotations").any(|(own, _)| own == key) {
            found.push(format!("metadata.annotations[{key}]: {why}"));
        }
    }
    let spec = &object["spec"];
    if spec["persistentVolumeReclaimPolicy"] == "Recycle" {
        found.push(
            "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended \
             approach is to use dynamic provisioning."
                .to_owned(),
        );
    }
    let path = "spec.nodeAffinity.required.nodeSelectorTerms";
    let terms = list(&spec["nodeAffinity"]["required"], "nodeSelectorTerms").iter().enumerate();
    found.extend(terms.flat_map(|(index, term)| term_warnings(term, &item(path, index))));
    for (field, since, until) in [
        ("cephfs", "v1.28", "v1.31"),
        ("photonPersistentDisk", "v1.11", "v1.16"),
        ("scaleIO", "v1.16", "v1.22"),
        ("storageos", "v1.22", "v1.25"),
        ("glusterfs", "v1.25", "v1.26"),
        ("rbd", "v1.28", "v1.31"),
    ] {
        if !spec[field].is_null() {
            found.push(format!("spec.{field}: deprecated in {since}, non-functional in {until}+"));
        }
    }
    found
}
