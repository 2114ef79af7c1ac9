//! Rules of the resources that a pod has itself (`validatePodResources`), and its class of quality
//! (`pkg/apis/core/helper/qos`).

use serde_json::Value;

use super::super::super::golang::quote;
use super::super::super::status::FieldError;
use super::super::pod_resources::{Amounts, aggregated, is_huge_page};
use super::super::quantity::Quantity;
use super::check::{Errors, child, entries, item, list};
use super::container_settings;
use super::requirements::{pod_resource_name, requirements};

/// `validatePodResources`.
pub(super) fn check(errors: &mut Errors, spec: &Value, path: &str) {
    let resources = &spec["resources"];
    let path = child(path, "resources");
    if resources.is_null() {
        return;
    }
    if spec["os"]["name"] == "windows" {
        errors.push(FieldError::forbidden(path, "may not be set for a windows pod"));
        return;
    }
    let claims = child(&path, "claims");
    if !resources["claims"].is_null() {
        let why = "claims may not be set for Resources at pod-level";
        errors.push(FieldError::forbidden(&claims, why));
    }
    requirements(errors, resources, &path, pod_resource_name);
    container_settings::claims(errors, resources, spec, &claims);
    agree(errors, spec, &path);
}

/// `validatePodResourceConsistency`.
fn agree(errors: &mut Errors, spec: &Value, path: &str) {
    let Value::Object(of) = spec else { return };
    let own = |field: &str, name: &str| amount(spec["resources"][field].get(name)?);
    for field in ["requests", "limits"] {
        let counts = |name: &str| field == "requests" || is_huge_page(name);
        for (name, sum) in aggregated(of, field).iter().filter(|(name, _)| counts(name)) {
            let Some(own) = own(field, name).filter(|own| sum > own) else { continue };
            let why = format!(
                "must be greater than or equal to aggregate container {field} of {}",
                sum.text()
            );
            let at = item(&child(path, field), name);
            errors.push(FieldError::invalid(at, quote(&own.text()), &why));
        }
    }
    for (index, container) in list(spec, "containers").iter().enumerate() {
        for (name, limit) in entries(&container["resources"], "limits") {
            let (Some(limit), Some(most)) = (amount(limit), own("limits", name)) else { continue };
            if limit > most {
                let at = item(&item(&child(path, "containers"), index), name);
                let why = format!("must be less than or equal to pod limits of {}", most.text());
                let shown = quote(&limit.text());
                errors.push(FieldError::invalid(child(&at, "limits"), shown, &why));
            }
        }
    }
}

fn amount(value: &Value) -> Option<Quantity> {
    Quantity::parse(value.as_str()?).ok()
}

/// The class of a pod's quality of service (`ComputePodQOS`): by the resources of the pod where it has some, and
/// otherwise by those of each container.
pub(super) fn quality(spec: &Value) -> &'static str {
    let (mut requests, mut limits) = (Amounts::new(), Amounts::new());
    let mut is_guaranteed = true;
    if spec["resources"].is_null() {
        for field in ["containers", "initContainers"] {
            for container in list(spec, field) {
                let resources = &container["resources"];
                count(&mut requests, &resources["requests"]);
                is_guaranteed &= count(&mut limits, &resources["limits"]) == COUNTED.len();
            }
        }
    } else {
        count(&mut requests, &spec["resources"]["requests"]);
        let found = count(&mut limits, &spec["resources"]["limits"]);
        let has_limits = entries(&spec["resources"], "limits").next().is_some();
        is_guaranteed = !has_limits || found == COUNTED.len();
    }
    match (requests.is_empty() && limits.is_empty(), is_guaranteed && requests == limits) {
        (true, _) => "BestEffort",
        (false, true) => "Guaranteed",
        (false, false) => "Burstable",
    }
}

/// The resources that make a class.
const COUNTED: [&str; 2] = ["cpu", "memory"];

/// Adds the amounts that count: those above zero. Returns their number.
fn count(sum: &mut Amounts, from: &Value) -> usize {
    let mut found = 0;
    for name in COUNTED {
        let amount = from.get(name).and_then(amount);
        let Some(amount) = amount.filter(|amount| !amount.is_zero() && !amount.is_negative())
        else {
            continue;
        };
        found += 1;
        let sum = sum.entry(name.to_owned());
        sum.and_modify(|sum| *sum = sum.plus(&amount)).or_insert(amount);
    }
    found
}
