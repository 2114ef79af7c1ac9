//! Rules of the volumes of pods (`pkg/apis/core/validation/validation.go`: `ValidateVolumes`,
//! `ValidateVolumeMounts`, `ValidateVolumeDevices`).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::super::golang::quote;
use super::super::super::status::FieldError;
use super::super::quantity::Quantity;
use super::check::{Errors, child, dns_label, item, labels, list, supported_text, text};
use super::files::{descending, keys, mode, no_backsteps};
use super::formats::csi_driver_name;
use super::projections::{downward_file, projected};
use super::volume_sources::{self, Holder};

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
        "nfs" => nfs(errors, source, path),
        "csi" => csi_driver_name(errors, text(source, "driver"), &child(path, "driver")),
        "image" => required(&["reference"]),
        "downwardAPI" => {
            mode(errors, source, "defaultMode", path);
            // Upstream names the source, not the file.
            for file in list(source, "items") {
                downward_file(errors, file, path);
            }
        }
        "projected" => projected(errors, source, path),
        "ephemeral" if source["volumeClaimTemplate"].is_null() => {
            errors.push(FieldError::required(child(path, "volumeClaimTemplate"), ""));
        }
        "ephemeral" => {
            let claim = &source["volumeClaimTemplate"];
            let path = child(path, "volumeClaimTemplate");
            labels(errors, &claim["metadata"]["labels"], &child(&path, "metadata.labels"));
            super::claims::claim_spec(errors, &claim["spec"], &child(&path, "spec"));
        }
        kind => {
            let disk = path.strip_suffix("gcePersistentDisk");
            let path = disk.map_or_else(|| path.to_owned(), |path| format!("{path}persistentDisk"));
            volume_sources::check(errors, kind, source, &path, Holder::Pod);
        }
    }
}

pub(super) fn host_path(errors: &mut Errors, source: &Value, path: &str) {
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

/// `validateNFSVolumeSource`.
pub(super) fn nfs(errors: &mut Errors, source: &Value, path: &str) {
    for field in ["server", "path"] {
        if text(source, field).is_empty() {
            errors.push(FieldError::required(child(path, field), ""));
        }
    }
    let folder = text(source, "path");
    if !folder.starts_with('/') {
        let why = "must be an absolute path";
        errors.push(FieldError::invalid(child(path, "path"), quote(folder), why));
    }
}

/// `validateMountRecursiveReadOnly`.
fn recursive_read_only(errors: &mut Errors, mount: &Value, path: &str) {
    let Some(mode) = mount["recursiveReadOnly"].as_str() else { return };
    supported_text(errors, mode, path, &["Disabled", "Enabled", "IfPossible"]);
    if !matches!(mode, "Enabled" | "IfPossible") {
        return;
    }
    if mount["readOnly"] != true {
        let why = "may only be specified when readOnly is true";
        errors.push(FieldError::forbidden(path, why));
    }
    if !matches!(mount["mountPropagation"].as_str(), None | Some("None")) {
        let why = "may only be specified when mountPropagation is None or not specified";
        errors.push(FieldError::forbidden(path, why));
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
            if mount["mountPropagation"] == "Bidirectional"
                && container["securityContext"]["privileged"] != true
            {
                let why =
                    "Bidirectional mount propagation is available only to privileged containers";
                errors.push(FieldError::forbidden(&at, why));
            }
        }
        recursive_read_only(errors, mount, &child(&list_path, "recursiveReadOnly"));
    }
    for (index, device) in devices.iter().enumerate() {
        let path = item(&child(path, "volumeDevices"), index);
        let (name, place) = (text(device, "name"), text(device, "devicePath"));
        if name.is_empty() {
            errors.push(FieldError::required(child(&path, "name"), ""));
        }
        let others = &devices[..index];
        if !name.is_empty() && others.iter().any(|other| text(other, "name") == name) {
            errors.push(FieldError::invalid(child(&path, "name"), quote(name), "must be unique"));
        }
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
        let place_path = child(&path, "devicePath");
        let steps_back = |place: &str| place.split('/').any(|part| part == "..");
        if place.is_empty() {
            errors.push(FieldError::required(&place_path, ""));
        }
        let of_other = |other: &Value| {
            let other = text(other, "devicePath");
            other == place && !steps_back(other)
        };
        if others.iter().any(of_other) {
            errors.push(FieldError::invalid(&place_path, quote(place), "must be unique"));
        }
        if steps_back(place) {
            let why = "can not contain backsteps ('..')";
            errors.push(FieldError::invalid(&place_path, quote(place), why));
        }
        let mounts = list(container, "volumeMounts");
        if mounts.iter().any(|mount| text(mount, "name") == name) {
            let why = "must not already exist in volumeMounts";
            errors.push(FieldError::invalid(child(&path, "name"), quote(name), why));
        }
        if mounts.iter().any(|mount| text(mount, "mountPath") == place) {
            let why = "must not already exist as a path in volumeMounts";
            errors.push(FieldError::invalid(place_path, quote(place), why));
        }
    }
}
