//! Rules of the status of a claim of devices (`pkg/apis/resource/validation/validation.go`,
//! `ValidateResourceClaimStatusUpdate`).

use serde_json::Value;

use super::super::super::golang::quote;
use super::super::super::status::FieldError;
use super::super::diff;
use super::addresses::interface_address;
use super::check::{Errors, child, list, supported_text, text};
use super::device_claims::Requests;
use super::devices::{
    MAX_ITEMS, binding, configuration, itself, label, pool_name, raw, set, slice, uid,
};
use super::formats::csi_driver_name;
use super::node_selectors::node_selector;

/// The maximum number of consumers of a claim.
const MAX_CONSUMERS: usize = 256;
/// The maximum number of conditions of a device.
const MAX_CONDITIONS: usize = 8;
/// The maximum number of addresses of a device.
const MAX_ADDRESSES: usize = 16;

/// The identity of an allocated device as upstream shows it (`structured.SharedDeviceID`).
fn identity(device: &Value) -> String {
    let fields =
        [("Driver", "driver"), ("Pool", "pool"), ("Device", "device"), ("ShareID", "shareID")];
    let fields = fields.map(|(shown, field)| format!("\"{shown}\":{}", quote(text(device, field))));
    format!("{{{}}}", fields.join(","))
}

/// `validateResourceClaimStatusUpdate`.
pub(super) fn change(new: &Value, old: &Value, errors: &mut Errors) {
    let (status, before) = (&new["status"], &old["status"]);
    let names = Requests::of(&new["spec"]["devices"]);
    let consumers = list(status, "reservedFor");
    let key = |consumer: &Value| quote(text(consumer, "uid"));
    let max = Some(MAX_CONSUMERS);
    set(errors, consumers, max, "status.reservedFor", key, |errors, consumer, path| {
        for field in ["resource", "name", "uid"] {
            if text(consumer, field).is_empty() {
                errors.push(FieldError::required(child(path, field), ""));
            }
        }
    });
    let allocation = &status["allocation"];
    let allocated: Vec<String> =
        list(&allocation["devices"], "results").iter().map(identity).collect();
    let devices = list(status, "devices");
    set(errors, devices, None, "status.devices", identity, |errors, device, path| {
        check_device(errors, device, &allocated, path);
    });
    if !consumers.is_empty() && allocation.is_null() {
        let why = "may not be specified when `allocated` is not set";
        errors.push(FieldError::forbidden("status.reservedFor", why));
    } else if !new["metadata"]["deletionTimestamp"].is_null()
        && consumers.iter().any(|consumer| !list(before, "reservedFor").contains(consumer))
    {
        let why = "new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set";
        errors.push(FieldError::forbidden("status.reservedFor", why));
    }
    match (before["allocation"].is_null(), allocation.is_null()) {
        (false, false) if before["allocation"] != *allocation => {
            let shown = diff::internal_text("resource.AllocationResult", allocation);
            errors.push(FieldError::invalid("status.allocation", shown, "field is immutable"));
        }
        (true, false) => check_allocation(errors, allocation, &names),
        _ => {}
    }
}

/// `validateDeviceStatus`.
fn check_device(errors: &mut Errors, device: &Value, allocated: &[String], path: &str) {
    csi_driver_name(errors, text(device, "driver"), &child(path, "driver"));
    pool_name(errors, text(device, "pool"), &child(path, "pool"));
    label(errors, device, "device", path);
    if let Some(share) = device["shareID"].as_str() {
        uid(errors, share, &child(path, "shareID"));
    }
    if !allocated.contains(&identity(device)) {
        let why = "must be an allocated device in the claim";
        errors.push(FieldError::invalid(path, identity(device), why));
    }
    let (at, conditions) = (child(path, "conditions"), list(device, "conditions"));
    if conditions.len() > MAX_CONDITIONS {
        errors.push(FieldError::too_many(&at, conditions.len(), MAX_CONDITIONS as u64));
    }
    super::conditions::check(errors, &device["conditions"], &at);
    if !device["data"].is_null() {
        raw(errors, &device["data"], &child(path, "data"));
    }
    let (network, path) = (&device["networkData"], child(path, "networkData"));
    for (field, max) in [("interfaceName", 256), ("hardwareAddress", 128)] {
        if text(network, field).len() > max {
            errors.push(FieldError::too_long(child(&path, field), max as u64));
        }
    }
    let at = child(&path, "ips");
    let max = Some(MAX_ADDRESSES);
    set(errors, list(network, "ips"), max, &at, itself, |errors, address, path| {
        interface_address(errors, address.as_str().unwrap_or_default(), path);
    });
}

/// `validateAllocationResult`.
fn check_allocation(errors: &mut Errors, allocation: &Value, names: &Requests<'_>) {
    let devices = &allocation["devices"];
    let (path, max) = ("status.allocation.devices", Some(MAX_ITEMS));
    slice(
        errors,
        list(devices, "results"),
        max,
        &child(path, "results"),
        |errors, result, path| {
            names.check(errors, text(result, "request"), &child(path, "request"));
            csi_driver_name(errors, text(result, "driver"), &child(path, "driver"));
            pool_name(errors, text(result, "pool"), &child(path, "pool"));
            label(errors, result, "device", path);
            binding(errors, result, path);
            if let Some(share) = result["shareID"].as_str() {
                uid(errors, share, &child(path, "shareID"));
            }
        },
    );
    let max = Some(2 * MAX_ITEMS);
    slice(errors, list(devices, "config"), max, &child(path, "config"), |errors, config, path| {
        match text(config, "source") {
            "" => errors.push(FieldError::required(child(path, "source"), "")),
            source => {
                let supported = ["FromClaim", "FromClass"];
                supported_text(errors, source, &child(path, "source"), &supported);
            }
        }
        names.check_all(errors, config, path);
        configuration(errors, config, path);
    });
    let selector = &allocation["nodeSelector"];
    if !selector.is_null() {
        node_selector(errors, selector, "status.allocation.nodeSelector");
    }
}
