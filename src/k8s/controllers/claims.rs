//! `PersistentVolumeClaim`: each is bound to a volume, to one that is there or to a new one
//! (`pkg/controller/volume/persistentvolume`).

use serde_json::{Value, json};

use super::super::core::quantity::Quantity;
use super::super::core::rules::selects;
use super::super::meta;
use super::objects::{CLAIMS, VOLUMES, Work};

const BOUND: &str = "pv.kubernetes.io/bind-completed";
const BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";

pub(super) fn run(work: &mut Work, key: &str) {
    let Some(claim) = work.get(CLAIMS, key) else { return };
    let phase = claim["status"]["phase"].as_str().unwrap_or("Pending");
    if meta::is_terminating(&claim) || phase != "Pending" {
        return;
    }
    let named = claim["spec"]["volumeName"].as_str().filter(|name| !name.is_empty());
    let volume = match named {
        Some(name) => match work.get(VOLUMES, name).filter(|volume| is_free(volume, &claim)) {
            Some(volume) => volume,
            None => return,
        },
        None => match fitting(work, &claim).or_else(|| provision(work, &claim)) {
            Some(volume) => volume,
            None => return,
        },
    };
    bind(work, &claim, &volume);
}

/// Whether a volume is bound to nothing, or reserved for a claim.
fn is_free(volume: &Value, claim: &Value) -> bool {
    let reference = &volume["spec"]["claimRef"];
    let same = |field: &str| reference[field].as_str() == Some(meta::text(claim, field));
    !meta::is_terminating(volume) && (reference.is_null() || same("name") && same("namespace"))
}

/// The smallest volume that has what a claim asks for.
fn fitting(work: &Work, claim: &Value) -> Option<Value> {
    let asked = |value: &Value| value["spec"]["storageClassName"].as_str().unwrap_or("").to_owned();
    let bytes = |value: &Value| {
        let text = value.as_str().unwrap_or("0");
        Quantity::parse(text).ok()
    };
    let needed = bytes(&claim["spec"]["resources"]["requests"]["storage"])?;
    let modes =
        |value: &Value| value["spec"]["accessModes"].as_array().cloned().unwrap_or_default();
    let fits = |volume: &Value| {
        let own = modes(volume);
        let selector = &claim["spec"]["selector"];
        is_free(volume, claim)
            && asked(volume) == asked(claim)
            && modes(claim).iter().all(|mode| own.contains(mode))
            && (selector.is_null() || selects(selector, &volume["metadata"]["labels"]))
            && bytes(&volume["spec"]["capacity"]["storage"]).is_some_and(|size| size >= needed)
    };
    let volumes = work.list(VOLUMES, "").into_iter().filter(fits);
    volumes.min_by(|a, b| {
        let size = |value: &Value| bytes(&value["spec"]["capacity"]["storage"]);
        size(a).partial_cmp(&size(b)).unwrap_or(std::cmp::Ordering::Equal)
    })
}

/// A new volume for a claim, unless it asks for one without a class.
fn provision(work: &mut Work, claim: &Value) -> Option<Value> {
    let class = claim["spec"]["storageClassName"].as_str();
    if class == Some("") || !claim["spec"]["selector"].is_null() {
        return None;
    }
    let name = format!("pvc-{}", meta::text(claim, "uid"));
    let spec = json!({
        "accessModes": claim["spec"]["accessModes"],
        "capacity": {"storage": claim["spec"]["resources"]["requests"]["storage"]},
        "hostPath": {"path": format!("/var/standin/{name}")},
        "persistentVolumeReclaimPolicy": "Delete",
        "storageClassName": class.unwrap_or_default(),
        "volumeMode": claim["spec"]["volumeMode"],
    });
    work.create(VOLUMES, json!({"metadata": {"name": name}, "spec": spec}));
    work.get(VOLUMES, &name)
}

fn bind(work: &mut Work, claim: &Value, volume: &Value) {
    let mut bound = volume.clone();
    bound["spec"]["claimRef"] = json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "namespace": meta::text(claim, "namespace"), "name": meta::text(claim, "name"),
        "uid": meta::text(claim, "uid"), "resourceVersion": meta::text(claim, "resourceVersion"),
    });
    bound["metadata"]["annotations"][BY_CONTROLLER] = "yes".into();
    bound["status"] = json!({"phase": "Bound", "lastPhaseTransitionTime": work.time()});
    work.update(VOLUMES, volume, bound);
    let mut new = claim.clone();
    new["metadata"]["annotations"][BOUND] = "yes".into();
    new["metadata"]["annotations"][BY_CONTROLLER] = "yes".into();
    new["spec"]["volumeName"] = meta::text(volume, "name").into();
    new["status"] = json!({
        "phase": "Bound", "accessModes": volume["spec"]["accessModes"],
        "capacity": volume["spec"]["capacity"],
    });
    work.update(CLAIMS, claim, new);
}
