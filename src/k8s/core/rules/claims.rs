//! Rules of claims of volumes (`pkg/apis/core/validation/validation.go`, `pkg/registry/core/persistentvolumeclaim`).

use serde_json::{Value, json};

use super::super::super::golang::quote;
use super::super::super::names;
use super::super::super::status::FieldError;
use super::super::diff;
use super::super::quantity::Quantity;
use super::check::{
    Errors, child, entries, immutable, item, label_selector, list, problems, supported_text, text,
};
use super::requirements::resource_amount;

const MODES: [&str; 4] = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

/// The annotation that named the class of a claim before the field did.
const OLD_CLASS: &str = "volume.beta.kubernetes.io/storage-class";

/// `ValidatePersistentVolumeClaim`.
pub(super) fn claim(object: &Value, errors: &mut Errors) {
    claim_spec(errors, &object["spec"], "spec");
}

/// `ValidatePersistentVolumeClaimSpec`.
pub(super) fn claim_spec(errors: &mut Errors, spec: &Value, path: &str) {
    let modes = list(spec, "accessModes");
    let modes_path = child(path, "accessModes");
    if modes.is_empty() {
        errors.push(FieldError::required(&modes_path, "at least 1 access mode is required"));
    }
    label_selector(errors, &spec["selector"], &child(path, "selector"));
    for mode in modes.iter().filter_map(Value::as_str) {
        supported_text(errors, mode, &modes_path, &MODES);
    }
    let one_pod = modes.iter().any(|mode| mode == "ReadWriteOncePod");
    let others = modes.iter().filter_map(Value::as_str);
    if one_pod && others.into_iter().any(|mode| MODES[..3].contains(&mode)) {
        let why = "may not use ReadWriteOncePod with other access modes";
        errors.push(FieldError::forbidden(&modes_path, why));
    }
    let storage = &spec["resources"]["requests"]["storage"];
    let storage_path = item(&child(path, "resources"), "storage");
    match storage.as_str().map(Quantity::parse) {
        Some(Ok(amount)) if amount.is_zero() || amount.is_negative() => {
            let shown = quote(&amount.text());
            errors.push(FieldError::invalid(storage_path, shown, "must be greater than zero"));
        }
        Some(_) => resource_amount(errors, "storage", storage, &storage_path),
        None => errors.push(FieldError::required(storage_path, "")),
    }
    let class = text(spec, "storageClassName");
    if !class.is_empty() {
        problems(errors, &child(path, "storageClassName"), class, names::subdomain(class));
    }
    if !spec["volumeMode"].is_null() {
        let at = child(path, "volumeMode");
        supported_text(errors, text(spec, "volumeMode"), &at, &["Block", "Filesystem"]);
    }
    data_sources(errors, spec, path);
    let class = text(spec, "volumeAttributesClassName");
    if !class.is_empty() {
        let at = child(path, "volumeAttributesClassName");
        problems(errors, &at, class, names::subdomain(class));
    }
}

/// `validateDataSource`, `validateDataSourceRef`.
fn data_sources(errors: &mut Errors, spec: &Value, path: &str) {
    for field in ["dataSource", "dataSourceRef"] {
        let source = &spec[field];
        if source.is_null() {
            continue;
        }
        let at = child(path, field);
        for field in ["name", "kind"] {
            if text(source, field).is_empty() {
                errors.push(FieldError::required(child(&at, field), ""));
            }
        }
        let (group, kind) = (text(source, "apiGroup"), text(source, "kind"));
        if !group.is_empty() {
            problems(errors, &child(&at, "apiGroup"), group, names::subdomain(group));
        } else if kind != "PersistentVolumeClaim" {
            let why = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
            errors.push(FieldError::invalid(&at, quote(kind), why));
        }
        let namespace = text(source, "namespace");
        if !namespace.is_empty() {
            problems(errors, &child(&at, "namespace"), namespace, names::label(namespace));
        }
    }
    let (local, any) = (&spec["dataSource"], &spec["dataSourceRef"]);
    let wrong = if local.is_null() || any.is_null() {
        return;
    } else if !text(any, "namespace").is_empty() {
        "may not be specified when dataSourceRef.namespace is specified"
    } else if ["apiGroup", "kind", "name"]
        .iter()
        .any(|field| text(local, field) != text(any, field))
    {
        "must match dataSourceRef"
    } else {
        return;
    };
    errors.push(FieldError::invalid(path, "{}", wrong));
}

/// The kinds that the older field for a source can name (`EnforceDataSourceBackwardsCompatibility`).
const SOURCES: [(&str, &str); 2] =
    [("", "PersistentVolumeClaim"), ("snapshot.storage.k8s.io", "VolumeSnapshot")];

/// A changed claim keeps a source that could not be named anew.
pub(super) fn keep_data_sources(object: &mut Value, old: &Value) {
    let had = ["dataSource", "dataSourceRef"].iter().any(|field| !old["spec"][field].is_null());
    fill_data_sources(object, had);
}

/// The two fields for a source of data follow from each other (`NormalizeDataSources`). A source of another kind
/// is dropped where the claim had none.
fn fill_data_sources(object: &mut Value, had: bool) {
    let spec = &mut object["spec"];
    if !spec.is_object() {
        return;
    }
    let of = |source: &Value| {
        let mut copy = source.clone();
        drop(copy.as_object_mut().map(|map| map.remove("namespace")));
        copy
    };
    let (local, any) = (spec["dataSource"].clone(), spec["dataSourceRef"].clone());
    let known = had || SOURCES.contains(&(text(&local, "apiGroup"), text(&local, "kind")));
    let dropped = any.is_null() && !local.is_null() && !known;
    if dropped || local.is_null() {
        drop(spec.as_object_mut().map(|spec| spec.remove("dataSource")));
    }
    if any.is_null() {
        drop(spec.as_object_mut().map(|spec| spec.remove("dataSourceRef")));
    }
    if any.is_null() && known && !local.is_null() {
        spec["dataSourceRef"] = of(&local);
    } else if local.is_null() && !any.is_null() && text(&any, "namespace").is_empty() {
        spec["dataSource"] = of(&any);
    }
}

/// `ValidatePersistentVolumeClaimUpdate`: what stays as it is.
pub(super) fn claim_change(new: &Value, old: &Value, errors: &mut Errors) {
    let (mut after, mut before) = (new["spec"].clone(), old["spec"].clone());
    if text(&before, "volumeName").is_empty() && !after["volumeName"].is_null() {
        before["volumeName"] = after["volumeName"].clone();
    }
    upgrade_class(new, old, &mut after, errors);
    let storage = |spec: &Value| spec["resources"]["requests"]["storage"].clone();
    let (new_size, old_size) = (storage(&after), storage(&before));
    if new["status"]["phase"] == "Bound" && after["resources"]["requests"].is_object() {
        after["resources"]["requests"]["storage"] = old_size.clone();
    }
    if new["status"]["phase"] == "Bound" {
        match &before["volumeAttributesClassName"] {
            Value::Null => {
                drop(after.as_object_mut().map(|spec| spec.remove("volumeAttributesClassName")));
            }
            class => after["volumeAttributesClassName"] = class.clone(),
        }
    }
    if after != before {
        let difference = diff::internal("core.PersistentVolumeClaimSpec", &before, &after);
        let why = format!(
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound \
             claims\n{difference}"
        );
        errors.push(FieldError::forbidden("spec", &why));
    }
    let amount = |value: &Value| {
        Quantity::parse(value.as_str().unwrap_or("0")).unwrap_or_else(|_| Quantity::whole(0))
    };
    let held = amount(&old["status"]["capacity"]["storage"]);
    if amount(&new_size) < amount(&old_size) && amount(&new_size) <= held {
        let why = "field can not be less than status.capacity";
        errors.push(FieldError::forbidden("spec.resources.requests.storage", why));
    }
    immutable(errors, &new["spec"]["volumeMode"], &old["spec"]["volumeMode"], "volumeMode");
}

/// A claim without a class may get one: by its older annotation (`validateStorageClassUpgradeFromAnnotation`), or
/// where it has none (`validateStorageClassUpgradeFromNil`). What the two claims are compared by loses it.
fn upgrade_class(new: &Value, old: &Value, after: &mut Value, errors: &mut Errors) {
    let annotation = |object: &Value| object["metadata"]["annotations"].get(OLD_CLASS).cloned();
    let class = &new["spec"]["storageClassName"];
    let (had, has) = (annotation(old), annotation(new));
    let is_first = old["spec"]["storageClassName"].is_null() && !class.is_null();
    let is_named = had.as_ref().is_some_and(|had| had == class);
    if is_first && (is_named || had.is_none()) {
        drop(after.as_object_mut().map(|spec| spec.remove("storageClassName")));
    }
    let is_upgrade = is_first && is_named && (has.is_none() || has == had);
    let set = |annotation: Option<Value>| annotation.filter(|annotation| annotation != "");
    let (had, has) = (set(had), set(has));
    if had != has && !is_upgrade {
        let shown = quote(has.as_ref().and_then(Value::as_str).unwrap_or_default());
        let path = format!("metadata.annotations.{OLD_CLASS}");
        errors.push(FieldError::invalid(path, shown, "field is immutable"));
    }
}

/// What the server sets in a new claim: its status.
pub(super) fn new_claim(object: &mut Value) {
    object["status"] = json!({"phase": "Pending"});
    fill_data_sources(object, false);
}

/// `ValidatePersistentVolumeClaimStatusUpdate`.
pub(super) fn claim_status(new: &Value, _: &Value, errors: &mut Errors) {
    if list(&new["spec"], "accessModes").is_empty() {
        errors.push(FieldError::required("Spec.accessModes", ""));
    }
    let status = &new["status"];
    for (name, value) in entries(status, "capacity") {
        basic_amount(errors, value, &item("status.capacity", name));
    }
    let path = "status.allocatedResourceStatuses";
    for (name, value) in entries(status, "allocatedResourceStatuses") {
        resource_key(errors, name, path);
        let known = RESIZES.map(str::to_owned);
        if !value.as_str().is_some_and(|value| RESIZES.contains(&value)) {
            errors.push(FieldError::not_supported(path, quote(name), &known));
        }
    }
    let path = "status.allocatedResources";
    for (name, value) in entries(status, "allocatedResources") {
        let path = item(path, name);
        if resource_key(errors, name, "status.allocatedResources")
            && basic_amount(errors, value, &path)
        {
            resource_amount(errors, "storage", value, &path);
        }
    }
}

/// The states of a resize, in the order in which they are listed.
const RESIZES: [&str; 5] = [
    "ControllerResizeInProgress",
    "ControllerResizeInfeasible",
    "NodeResizeInProgress",
    "NodeResizeInfeasible",
    "NodeResizePending",
];

/// `validatePersistentVolumeClaimResourceKey`: whether a name is one of a resource of claims.
fn resource_key(errors: &mut Errors, name: &str, path: &str) -> bool {
    let found = names::qualified_name(name);
    if !found.is_empty() {
        problems(errors, path, name, found);
        return false;
    }
    let native = !name.contains('/') || name.contains("kubernetes.io/");
    if native && name != "storage" {
        errors.push(FieldError::not_supported(path, quote(name), &["storage".to_owned()]));
        return false;
    }
    true
}

/// `validateBasicResource`: whether an amount is not negative.
fn basic_amount(errors: &mut Errors, value: &Value, path: &str) -> bool {
    let amount = Quantity::parse(value.as_str().unwrap_or_default());
    let Some(amount) = amount.ok().filter(Quantity::is_negative) else { return true };
    let why = "must be a valid resource quantity";
    errors.push(FieldError::invalid(path, amount.rounded_up(), why));
    false
}

/// What the server sets in a new volume.
pub(super) fn new_volume(object: &mut Value) {
    let since = object["metadata"]["creationTimestamp"].clone();
    object["status"] = json!({"phase": "Pending", "lastPhaseTransitionTime": since});
}

/// The warnings about a claim (`pkg/api/persistentvolumeclaim/util.go`).
pub(super) fn warnings(object: &Value) -> Vec<String> {
    let annotation = OLD_CLASS;
    let mut found = Vec::new();
    if !object["metadata"]["annotations"][annotation].is_null() {
        found.push(format!(
            "metadata.annotations[{annotation}]: deprecated since v1.8; use \"storageClassName\" attribute instead"
        ));
    }
    found.extend(spec_warnings(&object["spec"], "spec"));
    found
}

/// The warnings about the specification of a claim (`GetWarningsForPersistentVolumeClaimSpec`).
pub(super) fn spec_warnings(spec: &Value, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    for list in ["requests", "limits"] {
        let amount = spec["resources"][list]["storage"].as_str().unwrap_or("0");
        if Quantity::parse(amount).is_ok_and(|amount| !amount.is_whole()) {
            found.push(format!(
                "{path}.resources.{list}[storage]: fractional byte value {} is invalid, must be an integer",
                quote(amount)
            ));
        }
    }
    found
}
