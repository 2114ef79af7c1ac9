//! Rules of `storage.k8s.io` (`pkg/apis/storage/validation/validation.go`).

use serde_json::Value;

use super::super::super::golang::quote;
use super::super::super::names;
use super::super::super::status::FieldError;
use super::super::diff;
use super::super::quantity::Quantity;
use super::check::{
    self, Errors, child, immutable, is_set, item, label_selector, list, non_negative, problems,
    supported_text, text, texts,
};
use super::formats::csi_driver_name;
use super::node_selectors::{term_warnings, topologies};
use super::persistent_volumes::specification;

/// The maximum number of parameters, and the maximum size of all of them in bytes.
const MAX_PARAMETERS: u64 = 512;
const MAX_PARAMETER_BYTES: u64 = 256 << 10;
/// The maximum length of the identity of a node.
const MAX_NODE_ID: usize = 256;
/// The maximum size of the message of an attachment's error.
const MAX_MESSAGE: usize = 1024;

/// `ValidateStorageClass`.
pub(super) fn class(object: &Value, errors: &mut Errors) {
    provisioner(errors, object, "provisioner");
    parameters(errors, object, true);
    let policy = text(object, "reclaimPolicy");
    if !policy.is_empty() {
        supported_text(errors, policy, "reclaimPolicy", &["Delete", "Retain"]);
    }
    let mode = &object["volumeBindingMode"];
    if mode.is_null() {
        errors.push(FieldError::required("volumeBindingMode", ""));
    } else {
        let known = ["Immediate", "WaitForFirstConsumer"];
        supported_text(errors, text(object, "volumeBindingMode"), "volumeBindingMode", &known);
    }
    topologies(errors, list(object, "allowedTopologies"), "allowedTopologies");
}

/// `validateProvisioner`.
fn provisioner(errors: &mut Errors, object: &Value, field: &str) {
    let name = text(object, field);
    if name.is_empty() {
        errors.push(FieldError::required(field, ""));
    } else {
        let name = name.to_lowercase();
        problems(errors, field, &name, names::qualified_name(&name));
    }
}

/// `validateParameters`.
fn parameters(errors: &mut Errors, object: &Value, may_be_empty: bool) {
    let path = "parameters";
    let parameters: Vec<_> = object[path].as_object().into_iter().flatten().collect();
    if parameters.len() as u64 > MAX_PARAMETERS {
        errors.push(FieldError::too_long(path, MAX_PARAMETERS));
        return;
    }
    let mut size = 0;
    for (key, value) in &parameters {
        if key.is_empty() {
            errors.push(FieldError::invalid(path, quote(key), "field can not be empty."));
        }
        size += key.len() + value.as_str().map_or(0, str::len);
    }
    if size as u64 > MAX_PARAMETER_BYTES {
        errors.push(FieldError::too_long(path, MAX_PARAMETER_BYTES));
    }
    if !may_be_empty && parameters.is_empty() {
        errors.push(FieldError::required(path, "must contain at least one key/value pair"));
    }
}

/// `ValidateStorageClassUpdate`.
pub(super) fn class_change(new: &Value, old: &Value, errors: &mut Errors) {
    for field in ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"] {
        immutable(errors, &new[field], &old[field], field);
    }
}

/// `GetWarningsForStorageClass`.
pub(super) fn class_warnings(object: &Value) -> Vec<String> {
    let terms = list(object, "allowedTopologies").iter().enumerate();
    terms
        .flat_map(|(index, term)| {
            let path = item("allowedTopologies", index);
            let as_selector =
                serde_json::json!({"matchExpressions": term["matchLabelExpressions"]});
            let found = term_warnings(&as_selector, &path);
            found.into_iter().map(|why| why.replace("matchExpressions", "matchLabelExpressions"))
        })
        .collect()
}

/// `ValidateVolumeAttributesClass`.
pub(super) fn attributes_class(object: &Value, errors: &mut Errors) {
    provisioner(errors, object, "driverName");
    parameters(errors, object, false);
}

/// `ValidateVolumeAttributesClassUpdate`.
pub(super) fn attributes_class_change(new: &Value, old: &Value, errors: &mut Errors) {
    for field in ["driverName", "parameters"] {
        if new[field] != old[field] {
            errors
                .push(FieldError::forbidden(field, &format!("updates to {field} are forbidden.")));
        }
    }
}

/// `ValidateCSIDriver`.
pub(super) fn driver(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    // Upstream's spelling.
    for (field, shown) in [
        ("attachRequired", "attachedRequired"),
        ("podInfoOnMount", "podInfoOnMount"),
        ("storageCapacity", "storageCapacity"),
    ] {
        if spec[field].is_null() {
            errors.push(FieldError::required(child("spec", shown), ""));
        }
    }
    if !spec["fsGroupPolicy"].is_null() {
        let known = ["File", "None", "ReadWriteOnceWithFSType"];
        supported_text(errors, text(spec, "fsGroupPolicy"), "spec.fsGroupPolicy", &known);
    }
    token_requests(errors, list(spec, "tokenRequests"));
    for mode in texts(spec, "volumeLifecycleModes") {
        let path = "spec.volumeLifecycleModes";
        supported_text(errors, mode, path, &["Persistent", "Ephemeral"]);
    }
    if spec["seLinuxMount"].is_null() {
        errors.push(FieldError::required("spec.seLinuxMount", ""));
    }
    let period = spec["nodeAllocatableUpdatePeriodSeconds"].as_i64();
    if let Some(period) = period.filter(|period| *period < 10) {
        let path = "spec.nodeAllocatableUpdatePeriodSeconds";
        let why = "must be greater than or equal to 10 seconds";
        errors.push(FieldError::invalid(path, period, why));
    }
    let in_secrets = &spec["serviceAccountTokenInSecrets"];
    if !in_secrets.is_null() && list(spec, "tokenRequests").is_empty() {
        let path = "spec.serviceAccountTokenInSecrets";
        let why = "serviceAccountTokenInSecrets is set but no tokenRequests are specified";
        errors.push(FieldError::invalid(path, in_secrets, why));
    }
}

/// `validateTokenRequests`.
fn token_requests(errors: &mut Errors, requests: &[Value]) {
    let mut audiences = Vec::new();
    for (index, request) in requests.iter().enumerate() {
        let path = item("spec.tokenRequests", index);
        let audience = text(request, "audience");
        if audiences.contains(&audience) {
            errors.push(FieldError::duplicate(child(&path, "audience"), quote(audience)));
            continue;
        }
        audiences.push(audience);
        let seconds = request["expirationSeconds"].as_i64();
        let why = match seconds {
            Some(seconds) if seconds < 600 => "may not specify a duration less than 10 minutes",
            Some(seconds) if seconds > 1 << 32 => {
                "may not specify a duration larger than 2^32 seconds"
            }
            _ => continue,
        };
        let path = child(&path, "expirationSeconds");
        errors.push(FieldError::invalid(path, seconds.unwrap_or_default(), why));
    }
}

/// `WarningsOnCreate`, `WarningsOnUpdate`.
pub(super) fn driver_warnings(object: &Value) -> Vec<String> {
    let spec = &object["spec"];
    let warns = is_set(spec, "tokenRequests") && spec["serviceAccountTokenInSecrets"].is_null();
    let why = "spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent \
               possible logging of tokens in volume attributes";
    warns.then(|| why.to_owned()).into_iter().collect()
}

/// `ValidateCSIDriverUpdate`.
pub(super) fn driver_change(new: &Value, old: &Value, errors: &mut Errors) {
    let (new, old) = (&new["spec"], &old["spec"]);
    for (field, shown) in
        [("attachRequired", "attachedRequired"), ("volumeLifecycleModes", "volumeLifecycleModes")]
    {
        immutable(errors, &new[field], &old[field], &child("spec", shown));
    }
}

/// `ValidateCSINode`.
pub(super) fn node(object: &Value, errors: &mut Errors) {
    let mut drivers = Vec::new();
    for (index, driver) in list(&object["spec"], "drivers").iter().enumerate() {
        let path = item("spec.drivers", index);
        let (name, id) = (text(driver, "name"), text(driver, "nodeID"));
        csi_driver_name(errors, name, &child(&path, "name"));
        if id.is_empty() {
            errors.push(FieldError::required(child(&path, "nodeID"), ""));
        }
        if id.len() > MAX_NODE_ID {
            let why = format!("must be {MAX_NODE_ID} characters or less");
            errors.push(FieldError::invalid(child(&path, "nodeID"), quote(id), &why));
        }
        non_negative(errors, &driver["allocatable"], "count", &child(&path, "allocatable"));
        if drivers.contains(&name) {
            errors.push(FieldError::duplicate(child(&path, "name"), quote(name)));
        }
        drivers.push(name);
        let mut keys = Vec::new();
        for key in texts(driver, "topologyKeys") {
            if key.is_empty() {
                errors.push(FieldError::required(&path, ""));
            }
            if keys.contains(&key) {
                errors.push(FieldError::duplicate(&path, quote(key)));
            }
            keys.push(key);
            problems(errors, &path, key, names::qualified_name(key));
        }
    }
}

/// `ValidateCSINodeUpdate`: a driver stays as it is, but for its limits.
pub(super) fn node_change(new: &Value, old: &Value, errors: &mut Errors) {
    let without_limits = |driver: &Value| {
        let mut driver = driver.clone();
        drop(driver.as_object_mut().map(|driver| driver.remove("allocatable")));
        driver
    };
    for before in list(&old["spec"], "drivers") {
        for after in list(&new["spec"], "drivers") {
            let (after, before) = (without_limits(after), without_limits(before));
            if after["name"] == before["name"] && after != before {
                let shown = diff::internal_text("storage.CSINodeDriver", &after);
                errors.push(FieldError::invalid("spec.drivers", shown, "field is immutable"));
            }
        }
    }
}

/// `ValidateVolumeAttachment`.
pub(super) fn attachment(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    csi_driver_name(errors, text(spec, "attacher"), "spec.attacher");
    let source = &spec["source"];
    let inline = &source["inlineVolumeSpec"];
    let name = source["persistentVolumeName"].as_str();
    let why = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
    match (name, !inline.is_null()) {
        (None, false) => errors.push(FieldError::required("spec.source", why)),
        (Some(_), true) => errors.push(FieldError::forbidden("spec.source", why)),
        (Some(""), false) => {
            let path = "spec.source.persistentVolumeName";
            let why = "must specify non empty persistentVolumeName";
            errors.push(FieldError::required(path, why));
        }
        (None, true) => specification(inline, "spec.source.inlineVolumeSpec", true, errors),
        _ => {}
    }
    let node = text(spec, "nodeName");
    problems(errors, "spec.nodeName", node, names::subdomain(node));
    for field in ["attachError", "detachError"] {
        let error = &object["status"][field];
        let path = child("status", field);
        if text(error, "message").len() > MAX_MESSAGE {
            // Upstream names the limit of the metadata.
            errors.push(FieldError::too_long(child(&path, "message"), MAX_PARAMETER_BYTES));
        }
        if let Some(code) = error["errorCode"].as_i64().filter(|code| *code < 0) {
            let why = format!("must be between 0 and {}, inclusive", i32::MAX);
            errors.push(FieldError::invalid(child(&path, "errorCode"), code, &why));
        }
    }
    if let Some(name) = name {
        problems(errors, "spec.source.persistentVolumeName", name, names::subdomain(name));
    }
}

/// `ValidateVolumeAttachmentUpdate`.
pub(super) fn attachment_change(new: &Value, old: &Value, errors: &mut Errors) {
    if new["spec"] != old["spec"] {
        let shown = diff::internal_text("storage.VolumeAttachmentSpec", &new["spec"]);
        errors.push(FieldError::invalid("spec", shown, "field is immutable"));
    }
}

/// `ValidateCSIStorageCapacity`.
pub(super) fn capacity(object: &Value, errors: &mut Errors) {
    label_selector(errors, &object["nodeTopology"], "nodeTopology");
    let class = text(object, "storageClassName");
    problems(errors, "storageClassName", class, names::subdomain(class));
    let amount = object["capacity"].as_str().and_then(|text| Quantity::parse(text).ok());
    if let Some(amount) = amount.filter(Quantity::is_negative) {
        let why = "must be greater than or equal to 0";
        errors.push(FieldError::invalid("capacity", quote(&amount.text()), why));
    }
}

/// `ValidateCSIStorageCapacityUpdate`.
pub(super) fn capacity_change(new: &Value, old: &Value, errors: &mut Errors) {
    for field in ["nodeTopology", "storageClassName"] {
        if new[field] != old[field] {
            let shown = check::shown(&new[field]);
            errors.push(FieldError::invalid(field, shown, "field is immutable"));
        }
    }
}
