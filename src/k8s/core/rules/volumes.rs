//! Rules of the volumes of pods (`pkg/apis/core/validation/validation.go`: `ValidateVolumes`,
//! `ValidateVolumeMounts`, `ValidateVolumeDevices`).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::super::golang::quote;
use super::super::super::status::FieldError;
use super::super::quantity::Quantity;
use super::check::{Errors, child, dns_label, item, list, supported_text, text};
use super::downward::field_selector;

/// The valid volumes of a pod, by name.
pub(super) type Volumes<'v> = BTreeMap<&'v str, &'v Value>;

/// The sources of volumes, in the order in which they are checked.
const SOURCES: [&str; 30] = [
    "emptyDir",
    "hostPath",
    "gitRepo",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "secret",
    "nfs",
    "iscsi",
    "glusterfs",
    "flocker",
    "persistentVolumeClaim",
    "rbd",
    "cinder",
    "cephFS",
    "quobyte",
    "downwardAPI",
    "fc",
    "flexVolume",
    "configMap",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "storageos",
    "projected",
    "scaleIO",
    "csi",
    "ephemeral",
    "image",
];

const MODE: &str = "must be a number between 0 and 0777 (octal), both inclusive";

/// The volumes of a pod. Returns the valid ones.
pub(super) fn volumes<'v>(errors: &mut Errors, spec: &'v Value, path: &str) -> Volumes<'v> {
    let path = child(path, "volumes");
    let mut valid = Volumes::new();
    for (index, volume) in list(spec, "volumes").iter().enumerate() {
        let path = item(&path, index);
        let before = errors.len();
        source(errors, volume, &path);
        let name = text(volume, "name");
        let name_path = child(&path, "name");
        if name.is_empty() {
            errors.push(FieldError::required(&name_path, ""));
        } else {
            dns_label(errors, name, &name_path);
        }
        if valid.contains_key(name) {
            errors.push(FieldError::duplicate(&name_path, quote(name)));
        }
        if errors.len() == before {
            valid.insert(name, volume);
        }
    }
    valid
}

fn source(errors: &mut Errors, volume: &Value, path: &str) {
    let mut count = 0;
    for name in SOURCES {
        // The JSON name of one source differs from its path in messages.
        let field = if name == "cephFS" { "cephfs" } else { name };
        let source = &volume[field];
        if source.is_null() {
            continue;
        }
        count += 1;
        if count > 1 {
            // Upstream's spelling.
            let shown = if name == "downwardAPI" { "downwarAPI" } else { name };
            let why = "may not specify more than 1 volume type";
            errors.push(FieldError::forbidden(child(path, shown), why));
            continue;
        }
        one_source(errors, field, source, &child(path, field));
    }
    if count == 0 {
        errors.push(FieldError::required(path, "must specify a volume type"));
    }
}

fn one_source(errors: &mut Errors, kind: &str, source: &Value, path: &str) {
    let mut required = |fields: &[&str]| {
        for field in fields {
            if text(source, field).is_empty() {
                errors.push(FieldError::required(child(path, field), ""));
            }
        }
    };
    match kind {
        "emptyDir" => {
            let limit = Quantity::parse(text(source, "sizeLimit"));
            if limit.is_ok_and(|limit| limit.is_negative()) {
                let why = "SizeLimit field must be a valid resource quantity";
                errors.push(FieldError::forbidden(child(path, "sizeLimit"), why));
            }
        }
        "hostPath" => host_path(errors, source, path),
        "secret" => {
            required(&["secretName"]);
            mode(errors, source, "defaultMode", path);
            keys(errors, source, path);
        }
        "configMap" => {
            required(&["name"]);
            mode(errors, source, "defaultMode", path);
            keys(errors, source, path);
        }
        "persistentVolumeClaim" => required(&["claimName"]),
        "nfs" => {
            required(&["server", "path"]);
            let folder = text(source, "path");
            if !folder.starts_with('/') {
                let why = "must be an absolute path";
                errors.push(FieldError::invalid(child(path, "path"), quote(folder), why));
            }
        }
        "csi" => required(&["driver"]),
        "image" => required(&["reference"]),
        "glusterfs" => required(&["endpoints", "path"]),
        "awsElasticBlockStore" | "cinder" => required(&["volumeID"]),
        "gcePersistentDisk" => required(&["pdName"]),
        "downwardAPI" => {
            mode(errors, source, "defaultMode", path);
            for (index, file) in list(source, "items").iter().enumerate() {
                downward_file(errors, file, &item(&child(path, "items"), index));
            }
        }
        "projected" => projected(errors, source, path),
        "ephemeral" if source["volumeClaimTemplate"].is_null() => {
            errors.push(FieldError::required(child(path, "volumeClaimTemplate"), ""));
        }
        "ephemeral" => {
            let spec = &source["volumeClaimTemplate"]["spec"];
            let path = child(&child(path, "volumeClaimTemplate"), "spec");
            super::claims::claim_spec(errors, spec, &path);
        }
        _ => {}
    }
}

fn host_path(errors: &mut Errors, source: &Value, path: &str) {
    let folder = text(source, "path");
    if folder.is_empty() {
        errors.push(FieldError::required(child(path, "path"), ""));
        return;
    }
    no_backsteps(errors, folder, &child(path, "path"));
    let kinds = [
        "",
        "BlockDevice",
        "CharDevice",
        "Directory",
        "DirectoryOrCreate",
        "File",
        "FileOrCreate",
        "Socket",
    ];
    supported_text(errors, text(source, "type"), &child(path, "type"), &kinds);
}

fn no_backsteps(errors: &mut Errors, found: &str, path: &str) {
    if found.split('/').any(|part| part == "..") {
        errors.push(FieldError::invalid(path, quote(found), "must not contain '..'"));
    }
}

/// `validateLocalDescendingPath`.
fn descending(errors: &mut Errors, found: &str, path: &str) {
    if found.starts_with('/') {
        errors.push(FieldError::invalid(path, quote(found), "must be a relative path"));
    }
    no_backsteps(errors, found, path);
}

fn mode(errors: &mut Errors, source: &Value, field: &str, path: &str) {
    if let Some(mode) = source[field].as_i64().filter(|mode| !(0..=0o777).contains(mode)) {
        errors.push(FieldError::invalid(child(path, field), mode, MODE));
    }
}

/// `validateKeyToPath`.
fn keys(errors: &mut Errors, source: &Value, path: &str) {
    for (index, key) in list(source, "items").iter().enumerate() {
        let path = item(&child(path, "items"), index);
        for field in ["key", "path"] {
            if text(key, field).is_empty() {
                errors.push(FieldError::required(child(&path, field), ""));
            }
        }
        let file = text(key, "path");
        descending(errors, file, &child(&path, "path"));
        if file.starts_with("..") && !file.starts_with("../") && file != ".." {
            let why = "must not start with '..'";
            errors.push(FieldError::invalid(child(&path, "path"), quote(file), why));
        }
        mode(errors, key, "mode", &path);
    }
}

/// The fields that a file of the downward API can hold.
const DOWNWARD: [&str; 5] = [
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
];

fn downward_file(errors: &mut Errors, file: &Value, path: &str) {
    if text(file, "path").is_empty() {
        errors.push(FieldError::required(child(path, "path"), ""));
    }
    descending(errors, text(file, "path"), &child(path, "path"));
    match (&file["fieldRef"], &file["resourceFieldRef"]) {
        (Value::Null, Value::Null) => {
            let why = "one of fieldRef and resourceFieldRef is required";
            errors.push(FieldError::required(child(path, "fieldRef"), why));
        }
        (field, Value::Null) => {
            field_selector(errors, field, &DOWNWARD, &child(path, "fieldRef"));
        }
        _ => {}
    }
    mode(errors, file, "mode", path);
}

fn projected(errors: &mut Errors, source: &Value, path: &str) {
    mode(errors, source, "defaultMode", path);
    for (index, part) in list(source, "sources").iter().enumerate() {
        let path = item(&child(path, "sources"), index);
        for kind in ["secret", "configMap"] {
            if !part[kind].is_null() {
                let path = child(&path, kind);
                if text(&part[kind], "name").is_empty() {
                    errors.push(FieldError::required(child(&path, "name"), ""));
                }
                keys(errors, &part[kind], &path);
            }
        }
        for (index, file) in list(&part["downwardAPI"], "items").iter().enumerate() {
            let path = item(&child(&child(&path, "downwardAPI"), "items"), index);
            downward_file(errors, file, &path);
        }
        let token = &part["serviceAccountToken"];
        let seconds = token["expirationSeconds"].as_i64();
        let at = child(&child(&path, "serviceAccountToken"), "expirationSeconds");
        if let Some(seconds) = seconds.filter(|seconds| *seconds < 600) {
            let why = "may not specify a duration less than 10 minutes";
            errors.push(FieldError::invalid(at, seconds, why));
        }
        if !token.is_null() && text(token, "path").is_empty() {
            let path = child(&child(&path, "serviceAccountToken"), "path");
            errors.push(FieldError::required(path, ""));
        }
    }
}

/// The mounts and devices of a container.
pub(super) fn mounts(errors: &mut Errors, container: &Value, path: &str, volumes: &Volumes<'_>) {
    let devices = list(container, "volumeDevices");
    let device =
        |field: &str, found: &str| devices.iter().any(|device| text(device, field) == found);
    let mut points = BTreeSet::new();
    let list_path = child(path, "volumeMounts");
    for (index, mount) in list(container, "volumeMounts").iter().enumerate() {
        let path = item(&list_path, index);
        let (name, point) = (text(mount, "name"), text(mount, "mountPath"));
        if name.is_empty() {
            errors.push(FieldError::required(child(&path, "name"), ""));
        }
        if !volumes.contains_key(name) {
            errors.push(FieldError::not_found(child(&path, "name"), quote(name)));
        }
        if point.is_empty() {
            errors.push(FieldError::required(child(&path, "mountPath"), ""));
        }
        if !points.insert(point) {
            let at = child(&path, "mountPath");
            errors.push(FieldError::invalid(at, quote(point), "must be unique"));
        }
        if device("name", name) {
            let why = "must not already exist in volumeDevices";
            errors.push(FieldError::invalid(child(&path, "name"), quote(name), why));
        }
        if device("devicePath", point) {
            let why = "must not already exist as a path in volumeDevices";
            errors.push(FieldError::invalid(child(&path, "mountPath"), quote(point), why));
        }
        // Upstream leaves the index out of these paths.
        for field in ["subPath", "subPathExpr"] {
            descending(errors, text(mount, field), &child(&list_path, field));
        }
        if !mount["mountPropagation"].is_null() {
            let modes = ["Bidirectional", "HostToContainer", "None"];
            let at = child(&list_path, "mountPropagation");
            supported_text(errors, text(mount, "mountPropagation"), &at, &modes);
        }
    }
    for (index, device) in devices.iter().enumerate() {
        let path = item(&child(path, "volumeDevices"), index);
        let name = text(device, "name");
        match volumes.get(name) {
            Some(volume)
                if volume["persistentVolumeClaim"].is_null() && volume["ephemeral"].is_null() =>
            {
                let why = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";
                errors.push(FieldError::invalid(child(&path, "name"), quote(name), why));
            }
            Some(_) => {}
            None => errors.push(FieldError::not_found(child(&path, "name"), quote(name))),
        }
        if text(device, "devicePath").is_empty() {
            errors.push(FieldError::required(child(&path, "devicePath"), ""));
        }
    }
}
