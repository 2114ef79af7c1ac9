//! `DaemonSet`: a pod on each node (`pkg/controller/daemon`).

use std::time::Duration;

use serde_json::{Value, json};

use super::super::core::rules::selects;
use super::super::meta;
use super::conditions::{is_finished, is_ready};
use super::objects::{DAEMON_SETS, NODES, PODS, Work, suffix};
use super::replicas::pod;
use super::{revisions, rollout};

const GENERATION: &str = "deprecated.daemonset.template.generation";

pub(super) fn run(work: &mut Work, key: &str) -> Option<Duration> {
    let set = work.get(DAEMON_SETS, key)?;
    if meta::is_terminating(&set) {
        return None;
    }
    revisions::keep(work, DAEMON_SETS, &set);
    let selector = json!({"matchLabels": set["spec"]["template"]["spec"]["nodeSelector"]});
    let nodes: Vec<String> = work
        .list(NODES, "")
        .iter()
        .filter(|node| selects(&selector, &node["metadata"]["labels"]))
        .map(|node| meta::text(node, "name").to_owned())
        .collect();
    let pods = work.owned(PODS, &set);
    for pod in &pods {
        let placed = node_of(pod).is_some_and(|node| nodes.iter().any(|name| name == node));
        if !placed || is_finished(pod) {
            work.delete(PODS, pod);
        }
    }
    let pods = work.owned(PODS, &set);
    for node in &nodes {
        if !pods.iter().any(|pod| node_of(pod) == Some(node)) {
            work.create(PODS, replica(&set, node));
        }
    }
    replace(work, &set, nodes.len());
    status(work, &set, nodes.len());
    None
}

fn node_of(pod: &Value) -> Option<&str> {
    pod["spec"]["nodeName"].as_str()
}

/// The pod of a node. It tolerates what happens to nodes.
fn replica(set: &Value, node: &str) -> Value {
    let name = format!("{}-{}", meta::text(set, "name"), suffix(&format!("{set}/{node}"), 5));
    let mut new = pod(DAEMON_SETS, set, &set["spec"]["template"], &name);
    new["metadata"]["labels"][revisions::LABEL] = revisions::hash(set).into();
    new["metadata"]["labels"]["pod-template-generation"] =
        set["metadata"]["annotations"][GENERATION].clone();
    new["spec"]["nodeName"] = node.into();
    let mut tolerations = new["spec"]["tolerations"].as_array().cloned().unwrap_or_default();
    for (key, effect) in [
        ("not-ready", "NoExecute"),
        ("unreachable", "NoExecute"),
        ("disk-pressure", "NoSchedule"),
        ("memory-pressure", "NoSchedule"),
        ("pid-pressure", "NoSchedule"),
        ("unschedulable", "NoSchedule"),
    ] {
        let key = format!("node.kubernetes.io/{key}");
        tolerations.push(json!({"key": key, "operator": "Exists", "effect": effect}));
    }
    new["spec"]["tolerations"] = tolerations.into();
    new
}

fn is_current(set: &Value, pod: &Value) -> bool {
    pod["metadata"]["labels"][revisions::LABEL] == revisions::hash(set).as_str()
}

/// Deletes pods of older templates, as many at a time as may be missing.
fn replace(work: &mut Work, set: &Value, nodes: usize) {
    let strategy = &set["spec"]["updateStrategy"];
    if strategy["type"] == "OnDelete" {
        return;
    }
    let pods = work.owned(PODS, set);
    let wanted = i64::try_from(nodes).unwrap_or(i64::MAX);
    let most = &strategy["rollingUpdate"]["maxUnavailable"];
    let most = if most.is_null() { 1 } else { rollout::share(most, wanted, true).max(1) };
    let ready = pods.iter().filter(|pod| is_ready(pod)).count();
    let missing = nodes.saturating_sub(ready);
    let mut budget = usize::try_from(most).unwrap_or_default().saturating_sub(missing);
    for pod in pods.iter().filter(|pod| !is_current(set, pod)) {
        if !is_ready(pod) {
            work.delete(PODS, pod);
        } else if budget > 0 {
            budget -= 1;
            work.delete(PODS, pod);
        }
    }
}

fn status(work: &mut Work, set: &Value, nodes: usize) {
    let pods = work.owned(PODS, set);
    let ready = pods.iter().filter(|pod| is_ready(pod)).count();
    let updated = pods.iter().filter(|pod| is_current(set, pod)).count();
    let mut status = json!({
        "currentNumberScheduled": pods.len(), "desiredNumberScheduled": nodes,
        "numberMisscheduled": 0, "numberReady": ready,
        "observedGeneration": set["metadata"]["generation"],
    });
    for (field, count) in [
        ("updatedNumberScheduled", updated),
        ("numberAvailable", ready),
        ("numberUnavailable", nodes.saturating_sub(ready)),
    ] {
        if count > 0 {
            status[field] = count.into();
        }
    }
    work.set_status(DAEMON_SETS, set, status);
}
