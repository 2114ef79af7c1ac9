//! Rules of slices of devices (`pkg/apis/resource/validation/validation.go`, `ValidateResourceSlice`).

use serde_json::Value;

use super::super::super::golang::{json_text, quote};
use super::super::super::status::FieldError;
use super::super::quantity::Quantity;
use super::check::{
    Errors, child, dns_label, dns_subdomain, entries, immutable, is_set, item, list, text,
};
use super::device_attributes::{LISTS, attribute, values};
use super::device_capacity::request_policy;
use super::devices::{
    MAX_ITEMS, binding, by_name, label, pool_name, qualified_name, set, slice, taint,
};
use super::formats::csi_driver_name;
use super::names_of_resources::is_native;
use super::node_selectors::node_selector;

/// The maximum number of devices of a slice, and of one whose devices have taints, counters or lists.
const MAX_DEVICES: [usize; 2] = [128, 64];
/// The maximum number of sets of counters.
const MAX_COUNTER_SETS: usize = 8;
/// The maximum number of sets of counters that a device consumes.
const MAX_CONSUMED: usize = 2;
/// The maximum numbers of attributes with capacities, and of values of attributes, of a device.
const MAX_ATTRIBUTES: [usize; 2] = [32, 48];
/// The maximum number of taints of a device.
const MAX_TAINTS: usize = 16;
/// The maximum length of a key that a path shows.
const MAX_KEY: usize = 63 + 1 + 32;

/// `ValidateResourceSlice`.
pub(super) fn check(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    csi_driver_name(errors, text(spec, "driver"), "spec.driver");
    let pool = &spec["pool"];
    pool_name(errors, text(pool, "name"), "spec.pool.name");
    let number = |field: &str| pool[field].as_i64().unwrap_or_default();
    let count = number("resourceSliceCount");
    if count <= 0 {
        let path = "spec.pool.resourceSliceCount";
        errors.push(FieldError::invalid(path, count, "must be greater than zero"));
    }
    let generation = number("generation");
    if generation < 0 {
        let why = "must be greater than or equal to zero";
        errors.push(FieldError::invalid("spec.pool.generation", generation, why));
    }
}

/// The rules of a slice behind those of what stays (`validateResourceSliceSpec`).
fn content(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    nodes(errors, spec, Place::Slice, "spec");
    if is_set(spec, "sharedCounters") && is_set(spec, "devices") {
        let why = "only one of `sharedCounters` or `devices` is allowed";
        errors.push(FieldError::invalid("spec", quote(""), why));
    }
    let devices = list(spec, "devices");
    let has_lists = |device: &Value| {
        entries(device, "attributes")
            .any(|(_, attribute)| LISTS.iter().any(|field| attribute[*field].is_array()))
    };
    let advanced = devices.iter().any(|device| {
        is_set(device, "taints") || is_set(device, "consumesCounters") || has_lists(device)
    });
    let of_devices = spec["perDeviceNodeSelection"].as_bool().unwrap_or_default();
    let max = Some(MAX_DEVICES[usize::from(advanced)]);
    set(errors, devices, max, "spec.devices", by_name, |errors, found, path| {
        device(errors, found, of_devices, path);
    });
    let sets = list(spec, "sharedCounters");
    let max = Some(MAX_COUNTER_SETS);
    set(errors, sets, max, "spec.sharedCounters", by_name, |errors, counters, path| {
        counter_set(errors, counters, "name", path);
    });
}

/// As [`check`], for a new slice.
pub(super) fn new(object: &Value, errors: &mut Errors) {
    content(object, errors);
}

/// What a changed slice keeps, and the rules behind it.
pub(super) fn change(new: &Value, old: &Value, errors: &mut Errors) {
    let (new_spec, old_spec) = (&new["spec"], &old["spec"]);
    immutable(errors, &new_spec["pool"]["name"], &old_spec["pool"]["name"], "spec.pool.name");
    for field in ["driver", "nodeName"] {
        immutable(errors, &new_spec[field], &old_spec[field], &child("spec", field));
    }
    content(new, errors);
}

/// The warnings about a slice.
pub(super) fn warnings(object: &Value, _: bool) -> Vec<String> {
    let driver = text(&object["spec"], "driver");
    if driver == driver.to_lowercase() {
        return Vec::new();
    }
    let shown = quote(driver);
    let why = "spec.driver: driver names should be lowercase;";
    vec![format!("{why} {shown} contains uppercase characters")]
}

/// Where a choice of nodes stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Slice,
    Device,
}

/// The nodes of a slice or of a device: exactly one choice.
fn nodes(errors: &mut Errors, value: &Value, place: Place, path: &str) {
    let of_slice = place == Place::Slice;
    let mut chosen = Vec::new();
    if let Some(name) = value["nodeName"].as_str() {
        let at = child(path, "nodeName");
        if name.is_empty() {
            let why = if of_slice {
                "must be either unset or set to a non-empty string"
            } else {
                "must not be empty"
            };
            errors.push(FieldError::invalid(at, quote(name), why));
        } else {
            chosen.push("`nodeName`");
            dns_subdomain(errors, name, &at);
        }
    }
    let selector = &value["nodeSelector"];
    if !selector.is_null() {
        chosen.push("`nodeSelector`");
        let at = child(path, "nodeSelector");
        node_selector(errors, selector, &at);
        let terms = list(selector, "nodeSelectorTerms");
        if of_slice && terms.len() != 1 {
            let shown = if terms.is_empty() { "null".to_owned() } else { json_text(&terms.into()) };
            let why = "must have exactly one node selector term";
            errors.push(FieldError::invalid(child(&at, "nodeSelectorTerms"), shown, why));
        }
    }
    let flags: &[&str] =
        if of_slice { &["allNodes", "perDeviceNodeSelection"] } else { &["allNodes"] };
    for field in flags {
        match value[*field].as_bool() {
            Some(true) if *field == "allNodes" => chosen.push("`allNodes`"),
            Some(true) => chosen.push("`perDeviceNodeSelection`"),
            Some(false) => {
                let why = "must be either unset or set to true";
                errors.push(FieldError::invalid(child(path, field), "false", why));
            }
            None => {}
        }
    }
    let why = if of_slice {
        "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required"
    } else {
        "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to \
         true in the ResourceSlice spec"
    };
    match chosen.len() {
        0 => errors.push(FieldError::required(path, why)),
        1 => {}
        _ => {
            let shown = quote(&format!("{{{}}}", chosen.join(", ")));
            let more = if of_slice { ", but multiple fields are set" } else { "" };
            errors.push(FieldError::invalid(path, shown, &format!("{why}{more}")));
        }
    }
}

/// `validateDevice`.
fn device(errors: &mut Errors, device: &Value, of_devices: bool, path: &str) {
    label(errors, device, "name", path);
    let number = entries(device, "attributes").count() + entries(device, "capacity").count();
    let counted: usize = entries(device, "attributes").map(|(_, value)| values(value).max(1)).sum();
    let [most, most_values] = MAX_ATTRIBUTES;
    if number > most {
        let why = format!("the total number of attributes and capacities must not exceed {most}");
        errors.push(FieldError::invalid(path, number, &why));
    }
    if counted > most_values {
        let why = format!("the total number of attribute values must not exceed {most_values}");
        errors.push(FieldError::invalid(path, counted, &why));
    }
    let at = child(path, "attributes");
    for (name, value) in entries(device, "attributes") {
        qualified_name(errors, name, &at);
        attribute(errors, value, &item(&at, shortened(name, MAX_KEY)));
    }
    let shared = device["allowMultipleAllocations"].as_bool().unwrap_or_default();
    let at = child(path, "capacity");
    for (name, value) in entries(device, "capacity") {
        qualified_name(errors, name, &at);
        let policy = &value["requestPolicy"];
        let at = child(&item(&at, shortened(name, MAX_KEY)), "requestPolicy");
        if !policy.is_null() && shared {
            request_policy(errors, text(value, "value"), policy, &at);
        } else if !policy.is_null() {
            errors.push(FieldError::forbidden(at, "allowMultipleAllocations must be true"));
        }
    }
    slice(errors, list(device, "taints"), Some(MAX_TAINTS), &child(path, "taints"), taint);
    let consumed = list(device, "consumesCounters");
    let at = child(path, "consumesCounters");
    let key = |value: &Value| quote(text(value, "counterSet"));
    set(errors, consumed, Some(MAX_CONSUMED), &at, key, |errors, counters, path| {
        counter_set(errors, counters, "counterSet", path);
    });
    let chooses = ["nodeName", "nodeSelector", "allNodes"];
    if of_devices {
        nodes(errors, device, Place::Device, path);
    } else if chooses.iter().any(|field| !device[*field].is_null()) {
        let why = "`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true \
                   in the ResourceSlice spec";
        errors.push(FieldError::invalid(path, "null", why));
    }
    binding(errors, device, path);
    mappings(errors, device, &child(path, "nodeAllocatableResourceMappings"));
}

/// `validateCounterSet`, `validateDeviceCounterConsumption`.
fn counter_set(errors: &mut Errors, counters: &Value, field: &str, path: &str) {
    if text(counters, field).is_empty() {
        errors.push(FieldError::required(child(path, field), ""));
    } else {
        label(errors, counters, field, path);
    }
    let at = child(path, "counters");
    let number = entries(counters, "counters").count();
    if number == 0 {
        errors.push(FieldError::required(at, ""));
    } else if number > MAX_ITEMS {
        errors.push(FieldError::too_many(at, number, MAX_ITEMS as u64));
    } else {
        for (name, _) in entries(counters, "counters") {
            dns_label(errors, name, &at);
        }
    }
}

/// A key as a path shows it (`truncateIfTooLong`).
fn shortened(key: &str, max: usize) -> String {
    if key.len() <= max || !key.is_ascii() {
        return key.to_owned();
    }
    let left = max - 3;
    format!("{}...{}", &key[..left.div_ceil(2)], &key[key.len() - left / 2..])
}

/// `validateNodeAllocatableResourceMappings`.
fn mappings(errors: &mut Errors, device: &Value, path: &str) {
    for (name, mapping) in entries(device, "nodeAllocatableResourceMappings") {
        let path = item(path, name);
        if !is_native(name) {
            let why = "must be a node allocatable resource name";
            errors.push(FieldError::invalid(&path, quote(name), why));
        }
        let (factor, key) = (&mapping["allocationMultiplier"], &mapping["capacityKey"]);
        if factor.is_null() && key.is_null() {
            let why = "at least one of allocationMultiplier or capacityKey must be set";
            errors.push(FieldError::invalid(&path, quote(""), why));
        }
        if let Some(factor) = factor.as_str()
            && Quantity::parse(factor).is_ok_and(|factor| factor.is_negative() || factor.is_zero())
        {
            let at = child(&path, "allocationMultiplier");
            errors.push(FieldError::invalid(at, quote(factor), "must be positive"));
        }
        let at = child(&path, "capacityKey");
        match key.as_str() {
            Some("") => {
                let why = "capacityKey must not be an empty string";
                errors.push(FieldError::invalid(at, quote(""), why));
            }
            Some(key) if device["capacity"].get(key).is_none() => {
                errors.push(FieldError::not_found(at, quote(key)));
            }
            _ => {}
        }
    }
}
