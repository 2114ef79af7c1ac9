//! Rules of nodes (`pkg/apis/core/validation/validation.go`, `pkg/registry/core/node`).

use std::cmp::Ordering;

use serde_json::Value;

use super::super::super::golang::{json_text, quote};
use super::super::super::status::FieldError;
use super::super::diff;
use super::addresses::{Cidr, cidr};
use super::check::{Errors, child, entries, item, list, text, texts};
use super::node_selectors::taints;
use super::requirements::resource_amount;

/// `ValidateNode`.
pub(super) fn node(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    taints(errors, list(spec, "taints"), "metadata.taints");
    amounts(errors, &object["status"]);
    if let Some(swap) =
        object["status"]["nodeInfo"]["swap"]["capacity"].as_i64().filter(|at| *at <= 0)
    {
        let why = "must be greater than zero";
        errors.push(FieldError::invalid("metadata.nodeSwapStatus.capacity", swap, why));
    }
    declared_features(errors, &object["status"]);
    for (index, found) in texts(spec, "podCIDRs").enumerate() {
        cidr(errors, found, &item("spec.podCIDRs", index));
    }
    let families: Vec<bool> = texts(spec, "podCIDRs")
        .filter_map(|found| Cidr::parse(found).map(|cidr| cidr.is_ipv4()))
        .collect();
    let count = list(spec, "podCIDRs").len();
    let dual = families.len() == count && families.contains(&true) && families.contains(&false);
    let wrong = texts(spec, "podCIDRs").position(|found| Cidr::parse(found).is_none());
    if let Some(index) = wrong.filter(|_| count > 1) {
        let found = spec["podCIDRs"][index].as_str().unwrap_or_default();
        let why = format!(
            "invalid PodCIDRs. failed to check with dual stack with error:invalid CIDR[{index}]: <nil> (invalid CIDR \
             address: {found})"
        );
        errors.push(FieldError::internal("spec.podCIDRs", &why));
    }
    if count > 1 && (!dual || count > 2) {
        let why = "may specify no more than one CIDR for each IP family";
        errors.push(FieldError::invalid("spec.podCIDRs", json_text(&spec["podCIDRs"]), why));
    }
}

/// `ValidateNodeResources`.
fn amounts(errors: &mut Errors, status: &Value) {
    for field in ["capacity", "allocatable"] {
        for (name, value) in entries(status, field) {
            resource_amount(errors, name, value, &child(&child("status", field), name));
        }
    }
}

/// `validateNodeDeclaredFeatures`.
fn declared_features(errors: &mut Errors, status: &Value) {
    let features = list(status, "declaredFeatures");
    for (index, feature) in texts(status, "declaredFeatures").enumerate() {
        let path = |index: usize| item("status.declaredFeatures", index);
        let why = if feature.len() > 253 {
            Some("must be no more than 253 characters")
        } else if !is_feature(feature) {
            Some(
                "must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., \
                 MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes",
            )
        } else {
            None
        };
        if let Some(why) = why {
            let why = format!("invalid feature name {}: {why}", quote(feature));
            errors.push(FieldError::invalid(path(index), quote(feature), &why));
        }
        let Some(next) = features.get(index + 1).and_then(Value::as_str) else { continue };
        match feature.cmp(next) {
            Ordering::Equal => errors.push(FieldError::duplicate(path(index + 1), quote(next))),
            Ordering::Greater => {
                let why = "list must be sorted alphabetically";
                errors.push(FieldError::invalid(path(index + 1), quote(next), why));
            }
            Ordering::Less => {}
        }
    }
}

/// `nodeDeclaredFeatureRegexp`.
fn is_feature(name: &str) -> bool {
    let is_part = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    name.starts_with(|first: char| first.is_ascii_uppercase()) && name.split('/').all(is_part)
}

/// `ValidateNodeUpdate`, after `ValidateNode`.
pub(super) fn node_change(new: &Value, old: &Value, errors: &mut Errors) {
    amounts(errors, &new["status"]);
    declared_features(errors, &new["status"]);
    let addresses = list(&new["status"], "addresses");
    for (index, address) in addresses.iter().enumerate() {
        if addresses[..index].contains(address) {
            let shown = diff::internal_text("core.NodeAddress", address);
            errors.push(FieldError::duplicate(item("status.addresses", index), shown));
        }
    }
    let (spec, before) = (&new["spec"], &old["spec"]);
    let (now, had) = (list(spec, "podCIDRs"), list(before, "podCIDRs"));
    let changed = if had.is_empty() {
        0
    } else if had.len() == now.len() {
        had.iter().zip(now).filter(|(had, now)| had != now).count()
    } else {
        1
    };
    for _ in 0..changed {
        let why = "node updates may not change podCIDR except from \"\" to valid";
        errors.push(FieldError::forbidden("spec.podCIDRs", why));
    }
    let provider = text(before, "providerID");
    if !provider.is_empty() && provider != text(spec, "providerID") {
        let why = "node updates may not change providerID except from \"\" to valid";
        errors.push(FieldError::forbidden("spec.providerID", why));
    }
    taints(errors, list(spec, "taints"), "metadata.taints");
    if text(spec, "externalID") != text(before, "externalID") {
        errors.push(FieldError::forbidden("spec.externalID", "may not be updated"));
    }
}
