//! The plugins about nodes: `TaintNodesByCondition`, `PodTopologyLabels`, `PodResizeValidator` and
//! `LimitPodHardAntiAffinityTopology`.

use serde_json::{Value, json};

use super::super::super::core::quantity::Quantity;
use super::super::super::golang::quote;
use super::super::super::resource::GroupResource;
use super::super::super::status::{ApiError, Cause};
use super::super::resources::{self, List};
use super::Request;

/// A new node is not ready (`plugin/pkg/admission/nodetaint`).
pub(super) fn taint(node: &mut Value) {
    const KEY: &str = "node.kubernetes.io/not-ready";
    let taints = node["spec"]["taints"].as_array().cloned().unwrap_or_default();
    let known = taints.iter().any(|taint| taint["key"] == KEY && taint["effect"] == "NoSchedule");
    let added = (!known).then(|| json!({"key": KEY, "effect": "NoSchedule"}));
    node["spec"]["taints"] = taints.into_iter().chain(added).collect();
}

fn find(request: &Request<'_>, name: &str) -> Option<Value> {
    let node = request.snapshot.get(&GroupResource::new("", "nodes"), name)?;
    Some(node.value("v1", "Node"))
}

/// A pod on a node has the labels of its place (`plugin/pkg/admission/podtopologylabels`).
pub(super) fn label_pod(request: &Request<'_>, pod: &mut Value) {
    let Some(name) = pod["spec"]["nodeName"].as_str().filter(|name| !name.is_empty()) else {
        return;
    };
    let Some(node) = find(request, name) else { return };
    for key in ["topology.kubernetes.io/zone", "topology.kubernetes.io/region"] {
        if let Some(value) = node["metadata"]["labels"].get(key) {
            pod["metadata"]["labels"][key] = value.clone();
        }
    }
}

/// A pod grows within what its node has (`plugin/pkg/admission/podresize`).
pub(super) fn check_resize(
    request: &Request<'_>,
    new: &Value,
    old: Option<&Value>,
) -> Result<(), ApiError> {
    let name = new["spec"]["nodeName"].as_str().unwrap_or_default();
    let generation = |pod: &Value| pod["metadata"]["generation"].clone();
    if name.is_empty() || old.is_none_or(|old| generation(old) == generation(new)) {
        return Ok(());
    }
    let Some(node) = find(request, name) else {
        return Err(request.forbidden(new, &format!("node {} not found", quote(name))));
    };
    let because = |why: &str, reason: &'static str| {
        let mut error = request.forbidden(new, why);
        let cause = Cause { reason, message: String::new(), field: String::new() };
        error.details.get_or_insert_default().causes.push(cause);
        error
    };
    let system = node["metadata"]["labels"]["kubernetes.io/os"].as_str();
    if let Some(system) = system.filter(|system| *system != "linux") {
        let why = format!(
            "pod resize is only supported on linux nodes, node {} is {}",
            quote(name),
            quote(system)
        );
        return Err(because(&why, "UnsupportedPlatform"));
    }
    let asked = resources::of_pod_with_overhead(new, List::Requests);
    let zero = || Quantity::whole(0);
    let mut lacks = Vec::new();
    for (resource, in_milli) in [("cpu", true), ("memory", false)] {
        let has = node["status"]["allocatable"][resource].as_str().map(Quantity::parse);
        let has = has.and_then(Result::ok).unwrap_or_else(zero);
        let asked = asked.get(resource).cloned().unwrap_or_else(zero);
        if asked > has {
            let number = |of: &Quantity| if in_milli { of.milli() } else { of.rounded_up() };
            let (asked, has) = (number(&asked), number(&has));
            lacks.push(format!("{resource}, requested: {asked}, allocatable: {has}"));
        }
    }
    if lacks.is_empty() {
        return Ok(());
    }
    let why = format!("node didn't have enough allocatable resources: {}", lacks.join("; "));
    Err(because(&why, "NodeCapacity"))
}

/// The only place whose pods may be kept apart (`plugin/pkg/admission/antiaffinity`).
pub(super) fn check_anti_affinity(request: &Request<'_>, pod: &Value) -> Result<(), ApiError> {
    const KEY: &str = "kubernetes.io/hostname";
    let affinity = &pod["spec"]["affinity"]["podAntiAffinity"];
    let terms = affinity["requiredDuringSchedulingIgnoredDuringExecution"].as_array();
    let terms = terms.into_iter().flatten();
    let mut keys = terms.map(|term| term["topologyKey"].as_str().unwrap_or_default());
    match keys.find(|key| *key != KEY) {
        None => Ok(()),
        Some(key) => {
            let why = format!(
                "affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey {key} but only key {KEY} is allowed"
            );
            Err(request.forbidden(pod, &why))
        }
    }
}
