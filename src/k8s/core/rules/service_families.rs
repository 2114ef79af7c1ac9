//! What the allocation of addresses refuses of a service before anything else is validated: the cluster has IPv4 alone
//! (`pkg/registry/core/service/storage/alloc.go`, `initIPFamilyFields`).

use serde_json::Value;

use super::super::super::golang::{json_text, quote};
use super::super::super::status::FieldError;
use super::check::{Errors, is_set, item, list, text};
use super::services::{addresses, is_headless};

/// The violations of a new or changed service that come alone.
pub(in super::super::super) fn refused(new: &Value, old: Option<&Value>) -> Errors {
    let mut errors = Vec::new();
    let spec = &new["spec"];
    let kind = text(spec, "type");
    if kind == "ExternalName" || old.is_some_and(|old| keeps_preference(spec, &old["spec"])) {
        return errors;
    }
    addresses(&mut errors, spec, kind);
    if !errors.is_empty() {
        return errors;
    }
    let (all, families) = (list(spec, "clusterIPs"), list(spec, "ipFamilies"));
    let policy = text(spec, "ipFamilyPolicy");
    let path = "spec.ipFamilyPolicy";
    if policy == "SingleStack" {
        for (count, what) in [(all.len(), "cluster IPs"), (families.len(), "IP families")] {
            if count == 2 {
                let why = format!(
                    "must be 'RequireDualStack' or 'PreferDualStack' when multiple {what} are specified"
                );
                errors.push(FieldError::invalid(path, quote(policy), &why));
            }
        }
    }
    let of_families = all.iter().filter_map(Value::as_str).enumerate().skip(families.len());
    for (index, _) in of_families.filter(|(_, address)| address.contains(':')) {
        let shown = json_text(&spec["clusterIPs"]);
        let why = "IPv6 is not configured on this cluster";
        errors.push(FieldError::invalid(item("spec.clusterIPs", index), shown, why));
    }
    if !errors.is_empty() || is_headless(spec) && !is_set(spec, "selector") {
        return errors;
    }
    if policy == "RequireDualStack" {
        let why = "this cluster is not configured for dual-stack services";
        errors.push(FieldError::invalid(path, quote(policy), why));
    }
    for (index, family) in families.iter().enumerate().filter(|(_, family)| *family == "IPv6") {
        let shown = json_text(family);
        let why = "not configured on this cluster";
        errors.push(FieldError::invalid(item("spec.ipFamilies", index), shown, why));
    }
    errors
}

/// Whether a service that prefers two families changes nothing about them (`isMatchingPreferDualStackClusterIPFields`).
fn keeps_preference(new: &Value, old: &Value) -> bool {
    new["ipFamilyPolicy"] == "PreferDualStack"
        && ["ipFamilyPolicy", "clusterIPs", "ipFamilies"]
            .iter()
            .all(|field| new[*field] == old[*field])
}
