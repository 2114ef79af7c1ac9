//! `RuntimeClass`: a pod has the overhead and the place that its class says (`plugin/pkg/admission/runtimeclass`).

use serde_json::{Map, Value};

use super::super::super::core::quantity::Quantity;
use super::super::super::golang::quote;
use super::super::super::resource::GroupResource;
use super::super::super::status::ApiError;
use super::Request;
use super::tolerations;

/// The class of a pod.
///
/// # Errors
/// 403 for one that is not there.
fn class(request: &Request<'_>, pod: &Value) -> Result<Option<Value>, ApiError> {
    let Some(name) = pod["spec"]["runtimeClassName"].as_str() else { return Ok(None) };
    let classes = GroupResource::new("node.k8s.io", "runtimeclasses");
    if let Some(class) = request.snapshot.get(&classes, name) {
        return Ok(Some(class.value("node.k8s.io/v1", "RuntimeClass")));
    }
    let why = format!("pod rejected: RuntimeClass {} not found", quote(name));
    Err(request.forbidden(pod, &why))
}

/// Whether two lists of amounts are the same.
fn same(left: &Value, right: &Value) -> bool {
    let amounts = |value: &Value| -> Vec<(String, Option<Quantity>)> {
        let all = value.as_object().cloned().unwrap_or_default().into_iter();
        let parse = |amount: Value| Quantity::parse(amount.as_str().unwrap_or_default()).ok();
        let mut all: Vec<_> = all.map(|(name, amount)| (name, parse(amount))).collect();
        all.sort_by(|left, right| left.0.cmp(&right.0));
        all
    };
    amounts(left) == amounts(right)
}

const UNLIKE: &str = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";

/// Gives a new pod what its class says.
pub(super) fn mutate(request: &Request<'_>, pod: &mut Value) -> Result<(), ApiError> {
    let Some(class) = class(request, pod)? else { return Ok(()) };
    if let Some(overhead) = class.get("overhead").filter(|overhead| overhead.is_object()) {
        let fixed = overhead["podFixed"].clone();
        let own = &pod["spec"]["overhead"];
        let has_own = own.as_object().is_some_and(|own| !own.is_empty());
        if has_own && !same(own, &fixed) {
            return Err(request.forbidden(pod, UNLIKE));
        }
        if !fixed.is_null() {
            pod["spec"]["overhead"] = fixed;
        }
    }
    let Some(scheduling) = class.get("scheduling").filter(|found| found.is_object()) else {
        return Ok(());
    };
    let asked = scheduling["nodeSelector"].as_object().cloned().unwrap_or_default();
    let own = pod["spec"]["nodeSelector"].as_object().cloned();
    let mut selector: Map<String, Value> = own.unwrap_or_default();
    for (key, value) in asked {
        if let Some(own) = selector.get(&key).filter(|own| **own != value) {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let (own, value) = (text(own), text(&value));
            let why = format!(
                "conflict: runtimeClass.scheduling.nodeSelector[{key}] = {value}; pod.spec.nodeSelector[{key}] = {own}"
            );
            return Err(request.forbidden(pod, &why));
        }
        selector.insert(key, value);
    }
    if !selector.is_empty() {
        pod["spec"]["nodeSelector"] = selector.into();
    }
    let list = |value: &Value| value["tolerations"].as_array().cloned().unwrap_or_default();
    let merged = tolerations::merged(&list(&pod["spec"]), &list(scheduling));
    if !merged.is_empty() {
        pod["spec"]["tolerations"] = merged.into();
    }
    Ok(())
}

/// Checks the overhead of a new pod.
pub(super) fn validate(request: &Request<'_>, pod: &Value) -> Result<(), ApiError> {
    let own = &pod["spec"]["overhead"];
    let class = class(request, pod)?;
    match class.as_ref().and_then(|class| class.get("overhead")).filter(|found| found.is_object()) {
        Some(overhead) if !same(&overhead["podFixed"], own) => Err(request.forbidden(pod, UNLIKE)),
        None if !own.is_null() => {
            let why = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead";
            Err(request.forbidden(pod, why))
        }
        _ => Ok(()),
    }
}
