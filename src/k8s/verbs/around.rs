//! What a write of a subresource of a built-in type leaves as it was (`PrepareForUpdate` of the strategies of
//! subresources).

use serde_json::Value;

use super::super::meta;

/// Restores what a subresource of a built-in type does not write. The metadata is written as well.
pub(super) fn restore(subresource: &str, before: &Value, new: &mut Value) {
    let asked = std::mem::replace(new, before.clone());
    new["metadata"] = asked["metadata"].clone();
    match subresource {
        "status" => {
            put(new, "status", asked.get("status").cloned());
            if new["kind"] == "Deployment" {
                // `deploymentStatusStrategy`, alone of all.
                meta::set(new, "labels", before["metadata"]["labels"].clone());
            }
        }
        "approval" => {
            let conditions = asked["status"].get("conditions").cloned();
            put(&mut new["status"], "conditions", conditions);
        }
        "ephemeralcontainers" => {
            keep_metadata(before, new);
            let containers = asked["spec"].get("ephemeralContainers").cloned();
            put(&mut new["spec"], "ephemeralContainers", containers);
        }
        "resize" => {
            keep_metadata(before, new);
            resize(&asked["spec"], &mut new["spec"]);
        }
        "finalize" => put(&mut new["spec"], "finalizers", asked["spec"].get("finalizers").cloned()),
        _ => *new = asked,
    }
}

/// `metav1.ResetObjectMetaForStatus`.
fn keep_metadata(before: &Value, new: &mut Value) {
    for field in ["labels", "annotations", "finalizers", "ownerReferences"] {
        meta::set(new, field, before["metadata"][field].clone());
    }
}

/// Takes the resources of containers, or the containers themselves where they are others (`dropNonResizeUpdates`).
fn resize(asked: &Value, spec: &mut Value) {
    let fields = ["containers", "initContainers"];
    let count = |of: &Value, field: &str| of[field].as_array().map_or(0, Vec::len);
    if fields.iter().any(|field| count(asked, field) != count(spec, field)) {
        *spec = asked.clone();
        return;
    }
    put(spec, "resources", asked.get("resources").cloned());
    for field in fields {
        let others = asked[field].as_array().map_or(&[][..], Vec::as_slice);
        let Some(own) = spec.get_mut(field).and_then(Value::as_array_mut) else { continue };
        if own.iter().zip(others).any(|(own, other)| own["name"] != other["name"]) {
            own.clone_from_slice(others);
            continue;
        }
        for (own, other) in own.iter_mut().zip(others) {
            put(own, "resources", other.get("resources").cloned());
            put(own, "resizePolicy", other.get("resizePolicy").cloned());
        }
    }
}

/// Sets or removes a field.
pub(super) fn put(value: &mut Value, key: &str, new: Option<Value>) {
    let Value::Object(map) = value else { return };
    match new {
        Some(new) => map.insert(key.to_owned(), new),
        None => map.remove(key),
    };
}
