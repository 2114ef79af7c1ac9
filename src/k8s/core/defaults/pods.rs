//! Defaults of pods, their containers and volumes (`pkg/apis/core/v1/defaults.go`).

use serde_json::{Map, Value, json};

use super::super::pod_resources::{Amounts, aggregated, is_huge_page, is_supported};
use super::super::quantity::Quantity;
use super::{is_unset, object, pull_policy, set_absent};

/// `SetDefaults_Pod`: what templates of pods do not get.
pub(super) fn pod(pod: &mut Map<String, Value>) {
    let spec = object(pod, "spec");
    for field in ["containers", "initContainers"] {
        for container in spec.get_mut(field).and_then(Value::as_array_mut).into_iter().flatten() {
            requests_from_limits(container);
        }
    }
    limits_of_pages(spec);
    requests_of_pod(spec);
    set_absent(spec, "enableServiceLinks", true);
    if spec.get("hostNetwork") == Some(&Value::Bool(true)) {
        for field in ["containers", "initContainers"] {
            let containers = spec.get_mut(field).and_then(Value::as_array_mut);
            containers.into_iter().flatten().for_each(ports_of_host);
        }
    }
}

/// The limits of a container are its requests where it has none.
fn requests_from_limits(container: &mut Value) {
    let Some(resources) = container.get_mut("resources").and_then(Value::as_object_mut) else {
        return;
    };
    let Some(Value::Object(limits)) = resources.get("limits").cloned() else { return };
    let requests = object(resources, "requests");
    for (name, limit) in limits {
        requests.entry(name).or_insert(limit);
    }
}

/// A pod that has resources itself limits huge pages to what its containers may take together
/// (`defaultHugePagePodLimits`).
fn limits_of_pages(spec: &mut Map<String, Value>) {
    let has = |field: &str, spec: &Map<String, Value>| {
        spec["resources"][field].as_object().is_some_and(|amounts| !amounts.is_empty())
    };
    let is_partly_set = spec.get("resources").is_some_and(Value::is_object)
        && (has("limits", spec) || has("requests", spec));
    if !is_partly_set {
        return;
    }
    let mut found = aggregated(spec, "limits");
    found.retain(|name, _| is_huge_page(name) && spec["resources"]["requests"].get(name).is_none());
    fill(spec, "limits", found);
}

/// The requests of a pod that has limits itself are those of its containers together, and otherwise its limits
/// (`defaultPodRequests`).
fn requests_of_pod(spec: &mut Map<String, Value>) {
    let limits = spec.get("resources").and_then(|own| own["limits"].as_object()).cloned();
    let Some(limits) = limits.filter(|limits| !limits.is_empty()) else { return };
    let mut found = aggregated(spec, "requests");
    found.retain(|name, _| is_supported(name) && !is_huge_page(name));
    for (name, limit) in limits.iter().filter(|(name, _)| is_supported(name)) {
        if let Ok(limit) = Quantity::parse(limit.as_str().unwrap_or_default()) {
            found.entry(name.clone()).or_insert(limit);
        }
    }
    fill(spec, "requests", found);
}

/// Adds amounts to the resources of a pod that lack them.
fn fill(spec: &mut Map<String, Value>, field: &str, amounts: Amounts) {
    if amounts.is_empty() {
        return;
    }
    let own = object(object(spec, "resources"), field);
    for (name, amount) in amounts {
        own.entry(name).or_insert_with(|| amount.text().into());
    }
}

/// In the network of the host a port is one of the host.
fn ports_of_host(container: &mut Value) {
    let ports = container.get_mut("ports").and_then(Value::as_array_mut);
    for port in ports.into_iter().flatten().filter_map(Value::as_object_mut) {
        let own = port.get("containerPort").cloned().unwrap_or_default();
        if is_unset(port.get("hostPort"), false) && own.as_i64().is_some_and(|own| own != 0) {
            port.insert("hostPort".to_owned(), own);
        }
    }
}

/// `SetDefaults_Container`: the pull policy follows from the tag of the image.
pub(super) fn container(container: &mut Map<String, Value>) {
    if is_unset(container.get("imagePullPolicy"), false) {
        let image = container.get("image").and_then(Value::as_str).unwrap_or_default();
        let policy = pull_policy(image);
        container.insert("imagePullPolicy".to_owned(), policy.into());
    }
}

/// `SetDefaults_Volume`: a volume without a source is an empty directory.
pub(super) fn volume(volume: &mut Map<String, Value>) {
    if volume.keys().all(|field| field == "name") {
        volume.insert("emptyDir".to_owned(), json!({}));
    }
    if let Some(Value::Object(image)) = volume.get_mut("image")
        && is_unset(image.get("pullPolicy"), false)
    {
        let reference = image.get("reference").and_then(Value::as_str).unwrap_or_default();
        let policy = pull_policy(reference);
        image.insert("pullPolicy".to_owned(), policy.into());
    }
}

/// The service account has an older name as well (`Convert_core_PodSpec_To_v1_PodSpec`): the newer one counts.
pub(super) fn pod_spec(spec: &mut Map<String, Value>) {
    let is_named = |spec: &Map<String, Value>, field: &str| {
        spec.get(field).and_then(Value::as_str).is_some_and(|name| !name.is_empty())
    };
    let from =
        if is_named(spec, "serviceAccountName") { "serviceAccountName" } else { "serviceAccount" };
    let name = spec.get(from).cloned().filter(|_| is_named(spec, from));
    for field in ["serviceAccountName", "serviceAccount"] {
        match &name {
            Some(name) => drop(spec.insert(field.to_owned(), name.clone())),
            None => drop(spec.remove(field)),
        }
    }
}

/// The older field for the address of a pod is the first of the newer, and counts where they differ
/// (`Convert_v1_PodStatus_To_core_PodStatus`).
pub(super) fn pod_status(status: &mut Map<String, Value>) {
    let own = status.get("podIP").cloned().unwrap_or_default();
    let first = status.get("podIPs").and_then(|all| all[0].get("ip")).cloned().unwrap_or_default();
    if own.as_str().is_some_and(|own| !own.is_empty()) {
        if own != first {
            status.insert("podIPs".to_owned(), json!([{"ip": own}]));
        }
    } else if first.is_string() {
        status.insert("podIP".to_owned(), first);
    }
}
