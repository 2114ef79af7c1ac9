//! Defaults of other types (`pkg/apis/*/v1/defaults.go`, `pkg/apis/autoscaling/v2/defaults.go`).

use serde_json::{Map, Value, json};

use super::{is_unset, object, set_absent};

/// `SetDefaults_PersistentVolume`: a volume that stands in an attachment has none of them.
pub(super) fn persistent_volume(volume: &mut Map<String, Value>) {
    let spec = object(volume, "spec");
    if is_unset(spec.get("persistentVolumeReclaimPolicy"), false) {
        spec.insert("persistentVolumeReclaimPolicy".to_owned(), "Retain".into());
    }
    set_absent(spec, "volumeMode", "Filesystem");
}

/// `SetDefaults_Namespace`: the label with the name.
pub(super) fn namespace(namespace: &mut Map<String, Value>) {
    let metadata = object(namespace, "metadata");
    let name = metadata.get("name").cloned().unwrap_or_default();
    if name.as_str().is_some_and(|name| !name.is_empty()) {
        object(metadata, "labels").insert("kubernetes.io/metadata.name".to_owned(), name);
    }
}

/// The older field for the range of pods is the first of the newer (`Convert_v1_NodeSpec_To_core_NodeSpec`).
pub(super) fn node_spec(spec: &mut Map<String, Value>) {
    let own = spec.get("podCIDR").cloned().unwrap_or_default();
    let first = spec.get("podCIDRs").and_then(|all| all.get(0)).cloned().unwrap_or_default();
    let has = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    if has(&own) && own != first {
        spec.insert("podCIDRs".to_owned(), json!([own]));
    } else if !own.is_string() && !first.is_null() {
        spec.insert("podCIDR".to_owned(), first);
    }
}

/// `SetDefaults_NodeStatus`.
pub(super) fn node_status(status: &mut Map<String, Value>) {
    if let Some(capacity) = status.get("capacity").cloned() {
        set_absent(status, "allocatable", capacity);
    }
}

/// `SetDefaults_LimitRangeItem`: the limits of containers follow from each other.
pub(super) fn limit_range_item(item: &mut Map<String, Value>) {
    if item.get("type").and_then(Value::as_str) != Some("Container") {
        return;
    }
    for (from, to) in [("max", "default"), ("default", "defaultRequest"), ("min", "defaultRequest")]
    {
        let Some(Value::Object(from)) = item.get(from).cloned() else { continue };
        let to = object(item, to);
        for (name, value) in from {
            to.entry(name).or_insert(value);
        }
    }
}

/// `SetDefaults_NetworkPolicy`.
pub(super) fn network_policy(spec: &mut Map<String, Value>) {
    if is_unset(spec.get("policyTypes"), false) {
        let egress = !is_unset(spec.get("egress"), false);
        let types = if egress { json!(["Ingress", "Egress"]) } else { json!(["Ingress"]) };
        spec.insert("policyTypes".to_owned(), types);
    }
}

/// `SetDefaults_Subject`.
pub(super) fn subject(subject: &mut Map<String, Value>) {
    let kind = subject.get("kind").and_then(Value::as_str).unwrap_or_default();
    if matches!(kind, "User" | "Group") && is_unset(subject.get("apiGroup"), false) {
        subject.insert("apiGroup".to_owned(), "rbac.authorization.k8s.io".into());
    }
}

/// `SetDefaults_HorizontalPodAutoscaler`.
pub(super) fn autoscaler(autoscaler: &mut Map<String, Value>) {
    let spec = object(autoscaler, "spec");
    set_absent(spec, "minReplicas", 1);
    if is_unset(spec.get("metrics"), false) {
        let target = json!({"type": "Utilization", "averageUtilization": 80});
        let metric = json!({"type": "Resource", "resource": {"name": "cpu", "target": target}});
        spec.insert("metrics".to_owned(), json!([metric]));
    }
    if let Some(Value::Object(behavior)) = spec.get_mut("behavior") {
        let up = object(behavior, "scaleUp");
        set_absent(up, "stabilizationWindowSeconds", 0);
        set_absent(up, "selectPolicy", "Max");
        let pods = json!({"type": "Pods", "value": 4, "periodSeconds": 15});
        let percent = json!({"type": "Percent", "value": 100, "periodSeconds": 15});
        set_absent(up, "policies", json!([pods, percent.clone()]));
        let down = object(behavior, "scaleDown");
        set_absent(down, "selectPolicy", "Max");
        set_absent(down, "policies", json!([percent]));
    }
}

/// `SetDefaults_ExactDeviceRequest`, `SetDefaults_DeviceSubRequest`: one device, where a number of them is asked for.
pub(super) fn device_request(request: &mut Map<String, Value>) {
    let mode = request.get("allocationMode").and_then(Value::as_str).unwrap_or_default();
    if matches!(mode, "" | "ExactCount") && is_unset(request.get("count"), false) {
        request.insert("count".to_owned(), 1.into());
    }
}
