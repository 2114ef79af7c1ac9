//! Rules of the sources of volumes that name a system of storage, in pods and in persistent volumes alike
//! (`pkg/apis/core/validation/validation.go`: `validateISCSIVolumeSource` and its like).

use serde_json::Value;

use super::super::super::golang::{json_text, quote};
use super::super::super::status::FieldError;
use super::check::{Errors, child, dns_label, entries, item, list, supported_text, text};
use super::files::descending;

/// Where a source stands: a persistent volume names the namespaces of its secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holder {
    Pod,
    PersistentVolume,
}

/// The texts that each source has to have.
fn required_fields(kind: &str) -> &'static [&'static str] {
    match kind {
        "gitRepo" => &["repository"],
        "gcePersistentDisk" => &["pdName"],
        "awsElasticBlockStore" | "cinder" | "portworxVolume" => &["volumeID"],
        "glusterfs" => &["endpoints", "path"],
        "iscsi" => &["targetPortal"],
        "flexVolume" => &["driver"],
        "azureFile" => &["secretName", "shareName"],
        "vsphereVolume" => &["volumePath"],
        "photonPersistentDisk" => &["pdID"],
        "azureDisk" => &["diskName", "diskURI"],
        "scaleIO" => &["gateway", "system", "volumeName"],
        _ => &[],
    }
}

/// The rules of a source.
pub(super) fn check(errors: &mut Errors, kind: &str, source: &Value, path: &str, holder: Holder) {
    for field in required_fields(kind) {
        if text(source, field).is_empty() {
            errors.push(FieldError::required(child(path, field), ""));
        }
    }
    match kind {
        "gitRepo" => descending(errors, text(source, "directory"), &child(path, "directory")),
        "gcePersistentDisk" | "awsElasticBlockStore" => {
            let why = "must be between 1 and 255, inclusive";
            within(errors, source, "partition", path, why);
        }
        "iscsi" => iscsi(errors, source, path, holder),
        "fc" => fibre_channel(errors, source, path),
        "quobyte" => quobyte(errors, source, path),
        "flocker" => flocker(errors, source, path),
        "rbd" | "cephfs" => {
            if list(source, "monitors").is_empty() {
                errors.push(FieldError::required(child(path, "monitors"), ""));
            }
            if kind == "rbd" && text(source, "image").is_empty() {
                errors.push(FieldError::required(child(path, "image"), ""));
            }
        }
        "cinder" => secret(errors, source, path, holder),
        "flexVolume" => {
            for (key, _) in entries(source, "options") {
                let space = key.split_once('/').map_or(key.as_str(), |(space, _)| space);
                let space = format!(".{}", space.to_lowercase());
                if space.ends_with(".kubernetes.io") || space.ends_with(".k8s.io") {
                    let at = item(&child(path, "options"), key);
                    let why = "kubernetes.io and k8s.io namespaces are reserved";
                    errors.push(FieldError::invalid(at, quote(key), why));
                }
            }
        }
        "azureFile" if source["secretNamespace"] == "" => {
            errors.push(FieldError::required(child(path, "secretNamespace"), ""));
        }
        "azureDisk" => azure_disk(errors, source, path),
        "storageos" => storage_os(errors, source, path, holder),
        _ => {}
    }
}

/// A number from 0 to 255.
fn within(errors: &mut Errors, source: &Value, field: &str, path: &str, why: &str) {
    if let Some(number) = source[field].as_i64().filter(|number| !(0..=255).contains(number)) {
        errors.push(FieldError::invalid(child(path, field), number, why));
    }
}

const LUN: &str = "must be between 0 and 255, inclusive";

/// The name of the secret of a source, and in a persistent volume its namespace.
fn secret(errors: &mut Errors, source: &Value, path: &str, holder: Holder) {
    let reference = &source["secretRef"];
    let fields: &[&str] = match holder {
        _ if reference.is_null() => return,
        Holder::Pod => &["name"],
        Holder::PersistentVolume => &["name", "namespace"],
    };
    for field in fields.iter().filter(|field| text(reference, field).is_empty()) {
        errors.push(FieldError::required(child(&child(path, "secretRef"), field), ""));
    }
}

fn iscsi(errors: &mut Errors, source: &Value, path: &str, holder: Holder) {
    let unknown = match holder {
        Holder::Pod => "must be valid format starting with iqn, eui, or naa",
        Holder::PersistentVolume => "must be valid format",
    };
    let target = text(source, "iqn");
    if target.is_empty() {
        errors.push(FieldError::required(child(path, "iqn"), ""));
    } else {
        initiator(errors, target, &child(path, "iqn"), unknown);
    }
    within(errors, source, "lun", path, LUN);
    let authenticated = source["chapAuthDiscovery"] == true || source["chapAuthSession"] == true;
    if authenticated && source["secretRef"].is_null() {
        errors.push(FieldError::required(child(path, "secretRef"), ""));
    }
    if holder == Holder::PersistentVolume {
        secret(errors, source, path, Holder::Pod);
    }
    if let Some(name) = source["initiatorName"].as_str() {
        initiator(errors, name, &child(path, "initiatorname"), unknown);
    }
}

/// A name of an initiator or a target: `iqn.2001-04.com.example:storage`, `eui.` and 16 letters or digits, `naa.` and 32.
fn initiator(errors: &mut Errors, name: &str, path: &str, unknown: &str) {
    let of_length = |rest: &str, count: usize| {
        let mut letters = rest.chars();
        // The expressions have a dot for any character.
        letters.next().is_some_and(|separator| separator != '\n')
            && letters.as_str().len() == count
            && letters.all(|letter| letter.is_ascii_alphanumeric())
    };
    let why = match (name.get(..3), name.get(3..)) {
        (Some("iqn"), _) if is_qualified(name) => return,
        (Some("eui"), Some(rest)) if of_length(rest, 16) => return,
        (Some("naa"), Some(rest)) if of_length(rest, 32) => return,
        (Some("iqn" | "eui" | "naa"), _) => "must be valid format",
        _ => unknown,
    };
    errors.push(FieldError::invalid(path, quote(name), why));
}

/// `iqn.`, a year and a month, a domain, and what is behind a colon. The expression is not anchored at its beginning.
fn is_qualified(name: &str) -> bool {
    let date = |text: &str| {
        let shape: String =
            text.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
        shape == "0000-00."
    };
    name.match_indices("iqn.").any(|(at, found)| {
        let rest = &name[at + found.len()..];
        let Some(domain) = rest.get(..8).filter(|text| date(text)).and_then(|_| rest.get(8..))
        else {
            return false;
        };
        // A colon may be in neither part: the first one is between them.
        domain.split_once(':').is_some_and(|(domain, rest)| {
            let in_domain = |letter: char| letter.is_ascii_alphanumeric() || "-.".contains(letter);
            let in_rest =
                |letter: char| !letter.is_ascii_whitespace() && !",;*&$|".contains(letter);
            !domain.is_empty()
                && domain.chars().all(in_domain)
                && !rest.is_empty()
                && rest.chars().all(in_rest)
        })
    })
}

fn fibre_channel(errors: &mut Errors, source: &Value, path: &str) {
    let (targets, ids) = (list(source, "targetWWNs"), list(source, "wwids"));
    let at = child(path, "targetWWNs");
    if targets.is_empty() && ids.is_empty() {
        let why = "must specify either targetWWNs or wwids, but not both";
        errors.push(FieldError::required(&at, why));
    }
    if !targets.is_empty() && !ids.is_empty() {
        let why = "targetWWNs and wwids can not be specified simultaneously";
        errors.push(FieldError::invalid(&at, json_text(&source["targetWWNs"]), why));
    }
    if !targets.is_empty() {
        if source["lun"].is_null() {
            let why = "lun is required if targetWWNs is specified";
            errors.push(FieldError::required(child(path, "lun"), why));
        }
        within(errors, source, "lun", path, LUN);
    }
}

fn quobyte(errors: &mut Errors, source: &Value, path: &str) {
    const MAX_TENANT: usize = 64;
    let registry = text(source, "registry");
    let why = "must be a host:port pair or multiple pairs separated by commas";
    let at = child(path, "registry");
    if registry.is_empty() {
        errors.push(FieldError::required(at, why));
    } else if text(source, "tenant").len() > MAX_TENANT {
        let why = "must be a UUID and may not exceed a length of 64 characters";
        errors.push(FieldError::required(child(path, "tenant"), why));
    } else {
        for _ in registry.split(',').filter(|pair| !is_host_and_port(pair)) {
            errors.push(FieldError::invalid(&at, quote(registry), why));
        }
    }
    if text(source, "volume").is_empty() {
        errors.push(FieldError::required(child(path, "volume"), ""));
    }
}

/// Whether a text is a host and a port (`net.SplitHostPort`).
fn is_host_and_port(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    let inner = match host.strip_prefix('[') {
        Some(rest) => match rest.strip_suffix(']') {
            Some(inner) => inner,
            None => return false,
        },
        None if host.contains(':') => return false,
        None => host,
    };
    !inner.contains(['[', ']']) && !port.contains(['[', ']'])
}

fn flocker(errors: &mut Errors, source: &Value, path: &str) {
    let (name, id) = (text(source, "datasetName"), text(source, "datasetUUID"));
    if name.is_empty() && id.is_empty() {
        let why = "one of datasetName and datasetUUID is required";
        errors.push(FieldError::required(path, why));
    }
    if !name.is_empty() && !id.is_empty() {
        let why = "datasetName and datasetUUID can not be specified simultaneously";
        errors.push(FieldError::invalid(path, quote("resource"), why));
    }
    if name.contains('/') {
        let at = child(path, "datasetName");
        errors.push(FieldError::invalid(at, quote(name), "must not contain '/'"));
    }
}

fn azure_disk(errors: &mut Errors, source: &Value, path: &str) {
    if let Some(mode) = source["cachingMode"].as_str() {
        let known = ["None", "ReadOnly", "ReadWrite"];
        supported_text(errors, mode, &child(path, "cachingMode"), &known);
    }
    let Some(kind) = source["kind"].as_str() else { return };
    supported_text(errors, kind, &child(path, "kind"), &["Dedicated", "Managed", "Shared"]);
    let (start, form) = if kind == "Managed" {
        let form = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}";
        ("/subscriptions/", form)
    } else {
        (
            "https://",
            "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd",
        )
    };
    let address = text(source, "diskURI");
    if !address.starts_with(start) {
        let at = child(path, "diskURI");
        errors.push(FieldError::not_supported(at, quote(address), &[form.to_owned()]));
    }
}

fn storage_os(errors: &mut Errors, source: &Value, path: &str, holder: Holder) {
    let (name, space) = (text(source, "volumeName"), text(source, "volumeNamespace"));
    if name.is_empty() {
        errors.push(FieldError::required(child(path, "volumeName"), ""));
    } else {
        dns_label(errors, name, &child(path, "volumeName"));
    }
    if !space.is_empty() {
        dns_label(errors, space, &child(path, "volumeNamespace"));
    }
    secret(errors, source, path, holder);
}
