//! Fields of features that are off in this release: they are dropped from new objects, and from changed ones that have
//! not had them (`dropDisabledFields` in `pkg/registry` and `pkg/api` of `k8s.io/kubernetes`; the gates are in
//! `pkg/features/kube_features.go`).

use serde_json::Value;

use super::check::{list, text};
use super::device_attributes::LISTS;

/// The fields with a feature of their own: group and plural of their type, and their path.
const FIELDS: [(&str, &str, &str); 3] = [
    // `VolumeLimitScaling`.
    ("storage.k8s.io", "csidrivers", "/spec/preventPodSchedulingIfMissing"),
    // Dynamic configuration of the kubelet is gone.
    ("", "nodes", "/spec/configSource"),
    ("", "nodes", "/status/config"),
];

/// Drops them. `old` is the last version of a changed object.
pub(super) fn drop_fields(group: &str, plural: &str, object: &mut Value, old: Option<&Value>) {
    for (_, _, path) in FIELDS.iter().filter(|of| (of.0, of.1) == (group, plural)) {
        if old.is_none_or(|old| old.pointer(path).is_none_or(Value::is_null)) {
            remove(object, path);
        }
    }
    match (group, plural) {
        ("", "persistentvolumeclaims") => drop_foreign_source(object, old),
        ("resource.k8s.io", "resourceslices") => drop_of_devices(object, old),
        _ => {}
    }
    if let Some(path) = pod_spec(group, plural) {
        let before = old.and_then(|old| old.pointer(path));
        if let Some(spec) = object.pointer_mut(path) {
            drop_of_pod(spec, before);
        }
    }
}

/// `CrossNamespaceVolumeDataSource`: a source in another namespace is dropped as a whole.
fn drop_foreign_source(object: &mut Value, old: Option<&Value>) {
    let path = "/spec/dataSourceRef";
    let was = old.and_then(|old| old.pointer(path)).is_some_and(|source| !source.is_null());
    if !was && !text(&object["spec"]["dataSourceRef"], "namespace").is_empty() {
        remove(object, path);
    }
}

/// `DRAListTypeAttributes`, `DRANodeAllocatableResources`.
fn drop_of_devices(object: &mut Value, old: Option<&Value>) {
    let has_lists = |device: &Value| {
        let attributes = device["attributes"].as_object().into_iter().flatten();
        attributes.into_iter().any(|(_, found)| LISTS.iter().any(|field| !found[*field].is_null()))
    };
    let has_mappings = |device: &Value| !device["nodeAllocatableResourceMappings"].is_null();
    let had = |has: &dyn Fn(&Value) -> bool| {
        old.is_some_and(|old| list(&old["spec"], "devices").iter().any(has))
    };
    let (had_lists, had_mappings) = (had(&has_lists), had(&has_mappings));
    let devices = object.pointer_mut("/spec/devices").and_then(Value::as_array_mut);
    for device in devices.into_iter().flatten() {
        if !had_mappings && has_mappings(device) {
            remove(device, "/nodeAllocatableResourceMappings");
        }
        let attributes = device.get_mut("attributes").and_then(Value::as_object_mut);
        for attribute in
            attributes.filter(|_| !had_lists).into_iter().flat_map(|map| map.values_mut())
        {
            if let Value::Object(attribute) = attribute {
                attribute.retain(|field, _| !LISTS.contains(&field.as_str()));
            }
        }
    }
}

/// The path of the pods of a type.
fn pod_spec(group: &str, plural: &str) -> Option<&'static str> {
    Some(match (group, plural) {
        ("", "pods") => "/spec",
        ("", "podtemplates") => "/template/spec",
        ("", "replicationcontrollers")
        | ("apps", "deployments" | "replicasets" | "statefulsets" | "daemonsets")
        | ("batch", "jobs") => "/spec/template/spec",
        ("batch", "cronjobs") => "/spec/jobTemplate/spec/template/spec",
        _ => return None,
    })
}

fn drop_of_pod(spec: &mut Value, old: Option<&Value>) {
    // `GenericWorkload`.
    if old.is_none_or(|old| old["schedulingGroup"].is_null()) {
        remove(spec, "/schedulingGroup");
    }
    let fields = ["containers", "initContainers", "ephemeralContainers"];
    // `ContainerStopSignals`.
    let signals = |spec: &Value| {
        let all = fields.iter().flat_map(|field| list(spec, field));
        all.into_iter().any(|container| !container["lifecycle"]["stopSignal"].is_null())
    };
    if !old.is_some_and(signals) && signals(spec) {
        for field in fields {
            let all = spec.get_mut(field).and_then(Value::as_array_mut);
            for container in all.into_iter().flatten() {
                remove(container, "/lifecycle/stopSignal");
                if container["lifecycle"].as_object().is_some_and(serde_json::Map::is_empty) {
                    remove(container, "/lifecycle");
                }
            }
        }
    }
    // `ClusterTrustBundleProjection`, `PodCertificateRequest`.
    for source in ["clusterTrustBundle", "podCertificate"] {
        let has = |spec: &Value| {
            let sources = list(spec, "volumes")
                .iter()
                .flat_map(|volume| list(&volume["projected"], "sources"));
            sources.into_iter().any(|found| !found[source].is_null())
        };
        if old.is_some_and(has) || !has(spec) {
            continue;
        }
        let volumes = spec.get_mut("volumes").and_then(Value::as_array_mut);
        for volume in volumes.into_iter().flatten() {
            let sources = volume.pointer_mut("/projected/sources").and_then(Value::as_array_mut);
            for found in sources.into_iter().flatten() {
                remove(found, &format!("/{source}"));
            }
        }
    }
}

/// Removes the field at a path.
fn remove(value: &mut Value, path: &str) {
    let Some((parent, field)) = path.rsplit_once('/') else { return };
    if let Some(Value::Object(map)) = value.pointer_mut(parent) {
        map.remove(field);
    }
}
