//! `ReplicaSet` and `ReplicationController`: as many pods as they ask for (`pkg/controller/replicaset`).

use std::time::Duration;

use serde_json::{Value, json};

use super::super::core::rules::selects;
use super::super::meta;
use super::conditions::{is_active, is_ready, until_available};
use super::objects::{PODS, REPLICA_SETS, Type, Work, controller, number, reference, suffix};

/// How many pods are created or deleted in one run.
const BURST: usize = 500;

/// Brings the pods of a set to their number. Returns when to look again.
pub(super) fn run(work: &mut Work, of: Type, key: &str) -> Option<Duration> {
    let set = work.get(of, key)?;
    if meta::is_terminating(&set) {
        return None;
    }
    let mut pods = work.owned(PODS, &set);
    adopt(work, of, &set, &mut pods);
    pods.retain(is_active);
    let wanted = usize::try_from(number(&set["spec"]["replicas"], 1)).unwrap_or_default();
    if pods.len() < wanted {
        for index in 0..(wanted - pods.len()).min(BURST) {
            let seed = format!("{key}/{}/{index}", work.change.next_revision());
            let name = format!("{}-{}", meta::text(&set, "name"), suffix(&seed, 5));
            work.create(PODS, pod(of, &set, &set["spec"]["template"], &name));
        }
    } else if pods.len() > wanted {
        for pod in surplus(&pods, pods.len() - wanted) {
            work.delete(PODS, pod);
        }
    }
    status(work, of, &set)
}

/// The pod of a template, for its owner.
pub(super) fn pod(of: Type, owner: &Value, template: &Value, name: &str) -> Value {
    let mut metadata = json!({
        "name": name, "generateName": format!("{}-", meta::text(owner, "name")),
        "namespace": meta::text(owner, "namespace"), "ownerReferences": reference(of, owner),
    });
    for field in ["labels", "annotations", "finalizers"] {
        let own = &template["metadata"][field];
        if !own.is_null() {
            metadata[field] = own.clone();
        }
    }
    json!({"metadata": metadata, "spec": template["spec"]})
}

/// The pods to delete first: those that are not ready, then the newest (`ActivePodsWithRanks`).
pub(super) fn surplus(pods: &[Value], count: usize) -> Vec<&Value> {
    let mut sorted: Vec<&Value> = pods.iter().collect();
    sorted.sort_by_key(|pod| {
        let placed = pod["spec"]["nodeName"].as_str().is_some_and(|name| !name.is_empty());
        let created = meta::text(pod, "creationTimestamp").to_owned();
        (placed, is_ready(pod), std::cmp::Reverse(created))
    });
    sorted.truncate(count.min(BURST));
    sorted
}

/// Takes pods without a controller that the selector selects.
fn adopt(work: &mut Work, of: Type, set: &Value, pods: &mut Vec<Value>) {
    let selector = selector(of, set);
    let namespace = meta::text(set, "namespace");
    for pod in work.list(PODS, namespace) {
        let orphan = controller(&pod).is_none() && is_active(&pod);
        if orphan && selects(&selector, &pod["metadata"]["labels"]) {
            let mut new = pod.clone();
            let mut owners = pod["metadata"]["ownerReferences"].as_array().cloned();
            let owners = owners.get_or_insert_default();
            owners.extend(reference(of, set).as_array().cloned().unwrap_or_default());
            new["metadata"]["ownerReferences"] = json!(owners);
            work.update(PODS, &pod, new.clone());
            pods.push(new);
        }
    }
}

/// The selector of a set; that of a `ReplicationController` is a map of labels.
fn selector(of: Type, set: &Value) -> Value {
    match of {
        REPLICA_SETS => set["spec"]["selector"].clone(),
        _ => json!({"matchLabels": set["spec"]["selector"]}),
    }
}

fn status(work: &mut Work, of: Type, set: &Value) -> Option<Duration> {
    let pods: Vec<Value> = work.owned(PODS, set).into_iter().filter(is_active).collect();
    let labels = &set["spec"]["template"]["metadata"]["labels"];
    let seconds = number(&set["spec"]["minReadySeconds"], 0);
    let ready: Vec<&Value> = pods.iter().filter(|pod| is_ready(pod)).collect();
    let waits: Vec<Duration> =
        ready.iter().filter_map(|pod| until_available(work, pod, seconds)).collect();
    let wanted = json!({"matchLabels": labels});
    let labelled = pods.iter().filter(|pod| selects(&wanted, &pod["metadata"]["labels"]));
    let mut status = json!({
        "replicas": pods.len(), "observedGeneration": set["metadata"]["generation"],
    });
    for (field, count) in [
        ("fullyLabeledReplicas", labelled.count()),
        ("readyReplicas", ready.len()),
        ("availableReplicas", ready.len() - waits.len()),
    ] {
        if count > 0 {
            status[field] = count.into();
        }
    }
    if let Some(conditions) = set["status"].get("conditions") {
        status["conditions"] = conditions.clone();
    }
    work.set_status(of, set, status);
    waits.into_iter().min()
}
