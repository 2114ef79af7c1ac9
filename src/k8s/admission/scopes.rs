//! Which objects a quota with scopes is about (`pkg/quota/v1/evaluator/core`).

use serde_json::{Value, json};

/// The requirements of a quota: its scopes, and those of its selector.
pub(super) fn of_quota(quota: &Value) -> Vec<Value> {
    let scopes = quota["spec"]["scopes"].as_array().into_iter().flatten();
    let scopes = scopes.map(|scope| json!({"scopeName": scope, "operator": "Exists"}));
    let selector = quota["spec"]["scopeSelector"]["matchExpressions"].as_array();
    scopes.chain(selector.into_iter().flatten().cloned()).collect()
}

/// Whether an object meets a requirement. Only pods and claims can.
pub(super) fn matches(group: &str, plural: &str, requirement: &Value, object: &Value) -> bool {
    let spec = &object["spec"];
    let scope = requirement["scopeName"].as_str().unwrap_or_default();
    match (group, plural, scope) {
        ("", "pods", "Terminating") => is_terminating(object),
        ("", "pods", "NotTerminating") => !is_terminating(object),
        ("", "pods", "BestEffort") => is_best_effort(object),
        ("", "pods", "NotBestEffort") => !is_best_effort(object),
        ("", "pods", "PriorityClass") => {
            selects(requirement, &[spec["priorityClassName"].as_str().unwrap_or_default()])
        }
        ("", "pods", "CrossNamespacePodAffinity") => crosses_namespaces(&spec["affinity"]),
        ("", "persistentvolumeclaims", "VolumeAttributesClass") => {
            let own = [
                &spec["volumeAttributesClassName"],
                &object["status"]["currentVolumeAttributesClassName"],
            ];
            selects(requirement, &own.map(|name| name.as_str().unwrap_or_default()))
        }
        _ => false,
    }
}

/// Whether a pod ends at a time (`IsTerminating`).
pub(super) fn is_terminating(pod: &Value) -> bool {
    pod["spec"]["activeDeadlineSeconds"].as_i64().is_some_and(|seconds| seconds >= 0)
}

fn is_best_effort(pod: &Value) -> bool {
    pod["status"]["qosClass"] == "BestEffort"
}

/// Whether a requirement selects one of some names; an empty one stands for none.
fn selects(requirement: &Value, names: &[&str]) -> bool {
    let names: Vec<&str> = names.iter().copied().filter(|name| !name.is_empty()).collect();
    let values = requirement["values"].as_array().into_iter().flatten();
    let values: Vec<&str> = values.filter_map(Value::as_str).collect();
    match requirement["operator"].as_str().unwrap_or_default() {
        "Exists" => !names.is_empty(),
        "DoesNotExist" => names.is_empty(),
        "In" => names.iter().any(|name| values.contains(name)),
        "NotIn" => names.is_empty() || names.iter().any(|name| !values.contains(name)),
        _ => false,
    }
}

/// Whether a term of the affinity to pods names other namespaces.
fn crosses_namespaces(affinity: &Value) -> bool {
    let crosses = |term: &Value| {
        term["namespaces"].as_array().is_some_and(|names| !names.is_empty())
            || !term["namespaceSelector"].is_null()
    };
    ["podAffinity", "podAntiAffinity"].iter().any(|field| {
        let terms = |list: &str| affinity[field][list].as_array().into_iter().flatten();
        terms("requiredDuringSchedulingIgnoredDuringExecution").any(crosses)
            || terms("preferredDuringSchedulingIgnoredDuringExecution")
                .any(|term| crosses(&term["podAffinityTerm"]))
    })
}
