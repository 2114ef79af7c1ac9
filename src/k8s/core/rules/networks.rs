//! Rules of `IPAddress` and `ServiceCIDR` (`pkg/apis/networking/validation/validation.go`).

use serde_json::Value;

use super::super::super::golang::{json_text, quote};
use super::super::super::names;
use super::super::super::status::FieldError;
use super::super::diff;
use super::addresses::{Cidr, canonical_cidr, canonical_ip};
use super::check::{Errors, child, item, list, problems, text, texts};
use super::formats::required_segment;

/// `ValidateIPAddress`.
pub(super) fn address(object: &Value, errors: &mut Errors) {
    let name = text(&object["metadata"], "name");
    if !name.is_empty() {
        canonical_ip(errors, name, "metadata.name");
    }
    let (parent, path) = (&object["spec"]["parentRef"], "spec.parentRef");
    if parent.is_null() {
        errors.push(FieldError::required(path, ""));
        return;
    }
    let group = text(parent, "group");
    if !group.is_empty() {
        problems(errors, &child(path, "group"), group, names::subdomain(group));
    }
    for field in ["resource", "name"] {
        required_segment(errors, text(parent, field), &child(path, field));
    }
    let namespace = text(parent, "namespace");
    problems(errors, &child(path, "namespace"), namespace, names::path_segment(namespace, false));
}

/// `ValidateIPAddressUpdate`.
pub(super) fn address_change(new: &Value, old: &Value, errors: &mut Errors) {
    let (new, old) = (&new["spec"]["parentRef"], &old["spec"]["parentRef"]);
    if new != old {
        let shown = if new.is_null() {
            "null".to_owned()
        } else {
            diff::internal_text("networking.ParentReference", new)
        };
        errors.push(FieldError::invalid("spec.parentRef", shown, "field is immutable"));
    }
}

/// `validateServiceCIDRSpec`.
pub(super) fn new_range(object: &Value, errors: &mut Errors) {
    let path = "spec.cidrs";
    let all: Vec<&str> = texts(&object["spec"], "cidrs").collect();
    if all.is_empty() {
        errors.push(FieldError::required(path, "at least one CIDR required"));
        return;
    }
    if all.len() > 2 {
        let shown = format!("{{\"CIDRs\":{}}}", json_text(&object["spec"]["cidrs"]));
        errors.push(FieldError::invalid(path, shown, "may only hold up to 2 values"));
        return;
    }
    for (index, found) in all.iter().enumerate() {
        canonical_cidr(errors, found, &item(path, index));
    }
    let families: Vec<bool> =
        all.iter().filter_map(|found| Cidr::parse(found)).map(|found| found.is_ipv4()).collect();
    if matches!(families.as_slice(), [one, other] if one == other) {
        let why = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64";
        errors.push(FieldError::invalid(path, json_text(&object["spec"]["cidrs"]), why));
    }
}

/// `ValidateServiceCIDRUpdate`: a second range can be added.
pub(super) fn range_change(new: &Value, old: &Value, errors: &mut Errors) {
    const WHY: &str = "field is immutable";
    let path = "spec.cidrs";
    let (after, before) = (list(&new["spec"], "cidrs"), list(&old["spec"], "cidrs"));
    let added = before.len() == 1 && after.len() == 2;
    if after.len() != before.len() && !added {
        errors.push(FieldError::invalid(path, json_text(&new["spec"]["cidrs"]), WHY));
        return;
    }
    for (index, (after, before)) in after.iter().zip(before).enumerate() {
        if after != before {
            let shown = quote(after.as_str().unwrap_or_default());
            errors.push(FieldError::invalid(item(path, index), shown, WHY));
        }
    }
    if added {
        new_range(new, errors);
    }
}
