//! Rules of the resources of containers (`pkg/apis/core/validation/validation.go`:
//! `validateResourceRequirements`, `ValidateResourceQuantityValue`).

use serde_json::Value;

use super::super::super::golang::quote;
use super::super::super::names;
use super::super::super::status::FieldError;
use super::super::pod_resources::{is_huge_page, is_supported};
use super::super::quantity::Quantity;
use super::check::{Errors, child, entries, item, problems, supported_text};
use super::names_of_resources as known;

/// `ValidateContainerResourceRequirements`, without the claims of devices.
pub(super) fn resources(errors: &mut Errors, resources: &Value, path: &str) {
    requirements(errors, resources, path, resource_name);
}

/// `validateResourceRequirements`, without the claims of devices: `name_rule` checks the names.
pub(super) fn requirements(
    errors: &mut Errors,
    resources: &Value,
    path: &str,
    name_rule: fn(&mut Errors, &str, &str),
) {
    let amount = |value: &Value| Quantity::parse(value.as_str().unwrap_or_default()).ok();
    for (name, limit) in entries(resources, "limits") {
        let path = item(&child(path, "limits"), name);
        name_rule(errors, name, &path);
        resource_amount(errors, name, limit, &path);
        pages(errors, name, amount(limit), &path);
    }
    for (name, request) in entries(resources, "requests") {
        let requests = child(path, "requests");
        let at = item(&requests, name);
        name_rule(errors, name, &at);
        resource_amount(errors, name, request, &at);
        let overcommits = known::is_native(name) && !is_huge_page(name);
        let limit = &resources["limits"][name];
        match (amount(request), amount(limit)) {
            (Some(request), Some(most)) => {
                let (shown, most_shown) = (quote(&request.text()), most.text());
                if request != most && !overcommits {
                    let why = format!("must be equal to {name} limit of {most_shown}");
                    errors.push(FieldError::invalid(requests, shown, &why));
                } else if request > most {
                    let why = format!("must be less than or equal to {name} limit of {most_shown}");
                    errors.push(FieldError::invalid(requests, shown, &why));
                }
            }
            (Some(_), None) if !overcommits => {
                let why = "Limit must be set for non overcommitable resources";
                errors.push(FieldError::required(child(path, "limits"), why));
            }
            _ => {}
        }
        pages(errors, name, amount(request), &at);
    }
    let names = || entries(resources, "limits").chain(entries(resources, "requests"));
    let computes = names().any(|(name, _)| matches!(name.as_str(), "cpu" | "memory"));
    if !computes && names().any(|(name, _)| is_huge_page(name)) {
        errors.push(FieldError::forbidden(path, "HugePages require cpu or memory"));
    }
}

/// `validateResourceQuantityHugePageValue`: whole pages.
fn pages(errors: &mut Errors, name: &str, amount: Option<Quantity>, path: &str) {
    let (Some(size), Some(amount)) = (name.strip_prefix("hugepages-"), amount) else { return };
    let size = Quantity::parse(size).ok().filter(|size| size.is_whole() && !size.is_negative());
    let size = size.map_or(0, |size| size.rounded_up());
    if amount.rounded_up().checked_rem(size) != Some(0) {
        let why = format!("{} is not positive integer multiple of {name}", amount.text());
        errors.push(FieldError::invalid(path, quote(&amount.text()), &why));
    }
}

/// `validateResourceName`. Returns whether the name is one.
fn any_resource_name(errors: &mut Errors, name: &str, path: &str) -> bool {
    let found = names::qualified_name(name);
    if !found.is_empty() {
        problems(errors, path, name, found);
        return false;
    }
    let is_known = name.contains('/') || known::is_standard(name);
    if !is_known {
        let why = "must be a standard resource type or fully qualified";
        errors.push(FieldError::invalid(path, quote(name), why));
    }
    is_known
}

/// `validateContainerResourceName`.
pub(super) fn resource_name(errors: &mut Errors, name: &str, path: &str) {
    any_resource_name(errors, name, path);
    let is_own = matches!(name, "cpu" | "memory" | "ephemeral-storage") || is_huge_page(name);
    let why = if !name.contains('/') && !is_own {
        "must be a standard resource for containers"
    } else if !known::is_native(name) && !known::is_extended(name) {
        "doesn't follow extended resource name standard"
    } else {
        return;
    };
    errors.push(FieldError::invalid(path, quote(name), why));
}

/// `validatePodResourceName`.
pub(super) fn pod_resource_name(errors: &mut Errors, name: &str, path: &str) {
    if any_resource_name(errors, name, path) && !is_supported(name) {
        supported_text(errors, name, path, &["cpu", "hugepages-", "memory"]);
    }
}

/// `ValidateResourceQuantityValue`.
pub(super) fn resource_amount(errors: &mut Errors, name: &str, value: &Value, path: &str) {
    let Ok(quantity) = Quantity::parse(value.as_str().unwrap_or_default()) else { return };
    if quantity.is_negative() {
        let why = "must be greater than or equal to 0";
        errors.push(FieldError::invalid(path, quote(&quantity.text()), why));
    }
    let whole = name.contains('/') && !name.starts_with("requests.") || known::is_count(name);
    if whole && !quantity.is_whole() {
        errors.push(FieldError::invalid(path, quote(&quantity.text()), "must be an integer"));
    }
}
