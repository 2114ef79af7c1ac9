//! What the server sets in new and changed objects of types that need little (`PrepareForCreate` and
//! `PrepareForUpdate` in `pkg/registry`).

use serde_json::{Value, json};

pub(super) fn empty_status(object: &mut Value) {
    object["status"] = json!({});
}

/// A limit range without a name gets one that no other has.
pub(super) fn name_limit_range(object: &mut Value) {
    if object["metadata"]["name"].as_str().is_none_or(str::is_empty) {
        let uid = object["metadata"]["uid"].as_str().unwrap_or_default();
        let name = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, uid.as_bytes());
        object["metadata"]["name"] = name.to_string().into();
    }
}

pub(super) fn empty_replicas(object: &mut Value) {
    object["status"] = json!({"replicas": 0});
}

pub(super) fn empty_ingress_status(object: &mut Value) {
    object["status"] = json!({"loadBalancer": {}});
}

pub(super) fn empty_scaler_status(object: &mut Value) {
    object["status"] = json!({"currentMetrics": null, "desiredReplicas": 0});
}

pub(super) fn new_budget(object: &mut Value) {
    object["status"] = json!({
        "disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0,
    });
}

pub(super) fn new_stateful_set(object: &mut Value) {
    object["status"] = json!({"replicas": 0, "availableReplicas": 0});
    fill_stateful_set(object);
}

/// What every version of a stateful set has: claims with their type, and no field of a feature that is off.
pub(super) fn fill_stateful_set(object: &mut Value) {
    let claims = object["spec"]["volumeClaimTemplates"].as_array_mut().into_iter().flatten();
    for claim in claims {
        claim["kind"] = "PersistentVolumeClaim".into();
        claim["apiVersion"] = "v1".into();
        claim["status"] = json!({"phase": "Pending"});
    }
    let rolling = object["spec"]["updateStrategy"]["rollingUpdate"].as_object_mut();
    drop(rolling.map(|rolling| rolling.remove("maxUnavailable")));
    for field in ["volumeClaimTemplates", "updateStrategy"] {
        if object["spec"][field].is_null() {
            drop(object["spec"].as_object_mut().map(|spec| spec.remove(field)));
        }
    }
}

/// The generation of a template is an annotation in the published version.
pub(super) const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

/// The published version has the generation of the template always (`Convert_apps_DaemonSet_To_v1_DaemonSet`).
pub(super) fn count_templates(object: &mut Value) {
    let metadata = &mut object["metadata"];
    if metadata.is_object() && metadata["annotations"][TEMPLATE_GENERATION].is_null() {
        metadata["annotations"][TEMPLATE_GENERATION] = "0".into();
    }
}

/// Of the secrets of an account only the names are kept (`cleanSecretReferences`).
pub(super) fn clean_secrets(object: &mut Value) {
    let secrets = object.get_mut("secrets").and_then(Value::as_array_mut);
    for secret in secrets.into_iter().flatten() {
        if let Value::Object(map) = secret {
            map.retain(|field, _| field == "name");
        }
    }
}

/// A change leaves the finalizers of a namespace (`PrepareForUpdate`): they have a subresource.
pub(super) fn namespace_keeps(object: &mut Value, old: &Value) {
    let finalizers = old["spec"]["finalizers"].clone();
    if finalizers.is_null() {
        drop(object["spec"].as_object_mut().map(|spec| spec.remove("finalizers")));
    } else {
        object["spec"]["finalizers"] = finalizers;
    }
}

pub(super) fn new_daemon_set(object: &mut Value) {
    object["status"] = json!({
        "currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 0, "numberReady": 0,
    });
    object["metadata"]["annotations"][TEMPLATE_GENERATION] = "1".into();
}

pub(super) fn daemon_set_keeps(object: &mut Value, old: &Value) {
    let count = old["metadata"]["annotations"][TEMPLATE_GENERATION].as_str();
    let count = count.and_then(|count| count.parse::<u64>().ok()).unwrap_or(1);
    let changed = object["spec"]["template"] != old["spec"]["template"];
    let count = if changed { count + 1 } else { count };
    object["metadata"]["annotations"][TEMPLATE_GENERATION] = count.to_string().into();
}

/// A service of the API that this server answers itself is available.
pub(super) fn new_api_service(object: &mut Value) {
    object["status"] = json!({});
    if object["spec"]["service"].is_null() {
        let since = object["metadata"]["creationTimestamp"].clone();
        object["status"]["conditions"] = json!([{
            "type": "Available", "status": "True", "lastTransitionTime": since, "reason": "Local",
            "message": "Local APIServices are always available",
        }]);
    }
}
