//! The families of a service's addresses, which are known before anything is allocated or validated
//! (`initIPFamilyFields` in `pkg/registry/core/service/storage/alloc.go`).

use serde_json::{Value, json};

use super::super::super::golang::{json_text, quote};
use super::super::super::status::FieldError;
use super::check::{Errors, is_set, item, list, text};
use super::services::{addresses, is_headless};

/// Sets the families of a new or changed service, and their policy, in a cluster of some families, the default one first.
/// Returns the violations, which come alone.
pub(in super::super::super) fn complete_families(
    new: &mut Value,
    old: Option<&Value>,
    configured: &[&str],
) -> Errors {
    let mut errors = Vec::new();
    let (spec, old) = (&mut new["spec"], old.map(|old| &old["spec"]));
    let kind = text(spec, "type").to_owned();
    if kind == "ExternalName" || old.is_some_and(|old| keeps_preference(spec, old)) {
        return errors;
    }
    let bare = is_headless(spec) && !is_set(spec, "selector");
    if spec["ipFamilyPolicy"].is_null() {
        let before = old.map(|old| &old["ipFamilyPolicy"]).filter(|policy| !policy.is_null());
        spec["ipFamilyPolicy"] = match before {
            Some(policy) => policy.clone(),
            None if bare => "RequireDualStack".into(),
            None => "SingleStack".into(),
        };
    }
    addresses(&mut errors, spec, &kind);
    if !errors.is_empty() {
        return errors;
    }
    let policy = text(spec, "ipFamilyPolicy").to_owned();
    if let Some(old) = old {
        reduce(&mut errors, spec, old, &policy);
    }
    check_single(&mut errors, spec, &policy);
    infer(&mut errors, spec, configured);
    if !errors.is_empty() {
        return errors;
    }
    let is_dual = policy != "SingleStack";
    let first = |spec: &mut Value| {
        if list(spec, "ipFamilies").is_empty() {
            spec["ipFamilies"] = json!([configured.first().copied().unwrap_or("IPv4")]);
        }
    };
    if bare {
        first(spec);
        add_second(spec, is_dual);
        return errors;
    }
    if policy == "RequireDualStack" && configured.len() < 2 {
        let why = "this cluster is not configured for dual-stack services";
        errors.push(FieldError::invalid("spec.ipFamilyPolicy", quote(&policy), why));
    }
    for (index, family) in list(spec, "ipFamilies").iter().enumerate() {
        if family.as_str().is_some_and(|family| !configured.contains(&family)) {
            let shown = json_text(family);
            let why = "not configured on this cluster";
            errors.push(FieldError::invalid(item("spec.ipFamilies", index), shown, why));
        }
    }
    if errors.is_empty() {
        first(spec);
        add_second(spec, is_dual && configured.len() == 2);
    }
    errors
}

/// What a changed service has less than before: the policy has to say so.
fn reduce(errors: &mut Errors, spec: &mut Value, old: &Value, policy: &str) {
    let what = [("clusterIPs", "cluster IP"), ("ipFamilies", "IP family")];
    for (field, what) in what {
        let (is, was) = (list(spec, field).to_vec(), list(old, field));
        if policy == "SingleStack" {
            if is == was && is.len() > 1 {
                spec[field] = json!(is[..1]);
            }
        } else if was.len() == 2 && is.len() == 1 && is[0] == was[0] {
            let why = format!("must be 'SingleStack' to release the secondary {what}");
            errors.push(FieldError::invalid("spec.ipFamilyPolicy", quote(policy), &why));
        }
    }
}

fn check_single(errors: &mut Errors, spec: &Value, policy: &str) {
    for (field, what) in [("clusterIPs", "cluster IPs"), ("ipFamilies", "IP families")] {
        if policy == "SingleStack" && list(spec, field).len() == 2 {
            let why = format!(
                "must be 'RequireDualStack' or 'PreferDualStack' when multiple {what} are specified"
            );
            errors.push(FieldError::invalid("spec.ipFamilyPolicy", quote(policy), &why));
        }
    }
}

/// Addresses say which families there are.
fn infer(errors: &mut Errors, spec: &mut Value, configured: &[&str]) {
    let all = list(spec, "clusterIPs").to_vec();
    let mut families = list(spec, "ipFamilies").to_vec();
    for (index, address) in all.iter().filter_map(Value::as_str).enumerate() {
        if address == "None" {
            break;
        }
        let family = if address.contains(':') { "IPv6" } else { "IPv4" };
        if index < families.len() {
            continue;
        }
        if configured.contains(&family) {
            families.push(family.into());
        } else {
            let shown = json_text(&spec["clusterIPs"]);
            let why = format!("{family} is not configured on this cluster");
            errors.push(FieldError::invalid(item("spec.clusterIPs", index), shown, &why));
        }
    }
    if !families.is_empty() {
        spec["ipFamilies"] = families.into();
    }
}

/// Adds the other family to one.
fn add_second(spec: &mut Value, is_dual: bool) {
    let families = list(spec, "ipFamilies");
    if is_dual && let [only] = families {
        let other = if only == "IPv4" { "IPv6" } else { "IPv4" };
        spec["ipFamilies"] = json!([only, other]);
    }
}

/// Whether a service that prefers two families changes nothing about them (`isMatchingPreferDualStackClusterIPFields`).
fn keeps_preference(new: &Value, old: &Value) -> bool {
    new["ipFamilyPolicy"] == "PreferDualStack"
        && ["type", "ipFamilyPolicy", "clusterIPs", "ipFamilies"]
            .iter()
            .all(|field| new[*field] == old[*field])
}
