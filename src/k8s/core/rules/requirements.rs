//! Rules of the resources of containers (`pkg/apis/core/validation/validation.go`:
//! `validateResourceRequirements`, `ValidateResourceQuantityValue`).

use serde_json::Value;

use super::super::super::golang::quote;
use super::super::super::names;
use super::super::super::status::FieldError;
use super::super::quantity::Quantity;
use super::check::{Errors, child, entries, item, problems};
use super::names_of_resources as known;

/// `validateResourceRequirements`, without the claims of devices.
pub(super) fn resources(errors: &mut Errors, resources: &Value, path: &str) {
    let amount = |value: &Value| Quantity::parse(value.as_str().unwrap_or_default()).ok();
    for (name, limit) in entries(resources, "limits") {
        let path = item(&child(path, "limits"), name);
        resource_name(errors, name, &path);
        resource_amount(errors, name, limit, &path);
    }
    for (name, request) in entries(resources, "requests") {
        let requests = child(path, "requests");
        let at = item(&requests, name);
        resource_name(errors, name, &at);
        resource_amount(errors, name, request, &at);
        let overcommits = !name.contains('/') && !name.starts_with("hugepages-");
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
    }
    let names = || entries(resources, "limits").chain(entries(resources, "requests"));
    let computes = names().any(|(name, _)| matches!(name.as_str(), "cpu" | "memory"));
    if !computes && names().any(|(name, _)| name.starts_with("hugepages-")) {
        errors.push(FieldError::forbidden(path, "HugePages require cpu or memory"));
    }
}

/// `validateContainerResourceName`.
pub(super) fn resource_name(errors: &mut Errors, name: &str, path: &str) {
    let found = names::qualified_name(name);
    let qualified = found.is_empty();
    problems(errors, path, name, found);
    if name.contains('/') {
        return;
    }
    let own =
        matches!(name, "cpu" | "memory" | "ephemeral-storage") || name.starts_with("hugepages-");
    if !own {
        if qualified && !known::is_standard(name) {
            let why = "must be a standard resource type or fully qualified";
            errors.push(FieldError::invalid(path, quote(name), why));
        }
        let why = "must be a standard resource for containers";
        errors.push(FieldError::invalid(path, quote(name), why));
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
