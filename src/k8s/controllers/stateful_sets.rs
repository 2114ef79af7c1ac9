//! `StatefulSet`: numbered pods with claims of their own, started and replaced in order (`pkg/controller/statefulset`).

use std::time::Duration;

use serde_json::{Value, json};

use super::super::meta;
use super::conditions::{is_finished, is_ready, until_available};
use super::objects::{CLAIMS, PODS, STATEFUL_SETS, Work, number};
use super::replicas::pod;
use super::revisions;

const POD_NAME: &str = "statefulset.kubernetes.io/pod-name";
const POD_INDEX: &str = "apps.kubernetes.io/pod-index";

pub(super) fn run(work: &mut Work, key: &str) -> Option<Duration> {
    let set = work.get(STATEFUL_SETS, key)?;
    if meta::is_terminating(&set) {
        return None;
    }
    revisions::keep(work, STATEFUL_SETS, &set);
    let again = step(work, &set);
    status(work, &set);
    again
}

/// The revision of a set's template: the name of its `ControllerRevision`.
fn revision(set: &Value) -> String {
    format!("{}-{}", meta::text(set, "name"), revisions::hash(set))
}

/// The pods of a set by their number.
fn numbered(work: &Work, set: &Value) -> Vec<(i64, Value)> {
    let name = meta::text(set, "name");
    let number = |pod: &Value| {
        let rest = meta::text(pod, "name").strip_prefix(name)?.strip_prefix('-')?;
        rest.parse::<i64>().ok()
    };
    let mut pods: Vec<(i64, Value)> =
        work.owned(PODS, set).into_iter().filter_map(|pod| Some((number(&pod)?, pod))).collect();
    pods.sort_by_key(|(number, _)| *number);
    pods
}

/// Takes the next step: one pod at a time, unless pods are managed in parallel.
fn step(work: &mut Work, set: &Value) -> Option<Duration> {
    let first = number(&set["spec"]["ordinals"]["start"], 0);
    let end = first + number(&set["spec"]["replicas"], 1);
    let parallel = set["spec"]["podManagementPolicy"] == "Parallel";
    let seconds = number(&set["spec"]["minReadySeconds"], 0);
    let pods = numbered(work, set);
    for at in first..end {
        match pods.iter().find(|(number, _)| *number == at) {
            None => {
                claims(work, set, at);
                work.create(PODS, replica(set, at));
                if !parallel {
                    return None;
                }
            }
            Some((_, pod)) if is_finished(pod) => {
                work.delete(PODS, pod);
                if !parallel {
                    return None;
                }
            }
            Some((_, pod)) if !parallel => {
                if !is_ready(pod) {
                    return None;
                }
                if let Some(left) = until_available(work, pod, seconds) {
                    return Some(left);
                }
            }
            Some(_) => {}
        }
    }
    for (_, pod) in pods.iter().rev().filter(|(number, _)| *number >= end || *number < first) {
        work.delete(PODS, pod);
        if !parallel {
            return None;
        }
    }
    let strategy = &set["spec"]["updateStrategy"];
    if strategy["type"] == "OnDelete" {
        return None;
    }
    // The highest number is replaced first, once all after it are ready again.
    let partition = number(&strategy["rollingUpdate"]["partition"], 0);
    let wanted = revision(set);
    for (_, pod) in pods.iter().rev().filter(|(at, _)| *at >= first + partition && *at < end) {
        if pod["metadata"]["labels"][revisions::LABEL] != wanted.as_str() {
            work.delete(PODS, pod);
            return None;
        }
        if !is_ready(pod) {
            return None;
        }
    }
    None
}

/// The pod with a number.
fn replica(set: &Value, number: i64) -> Value {
    let name = format!("{}-{number}", meta::text(set, "name"));
    let mut new = pod(STATEFUL_SETS, set, &set["spec"]["template"], &name);
    let labels = &mut new["metadata"]["labels"];
    labels[POD_NAME] = name.as_str().into();
    labels[POD_INDEX] = number.to_string().into();
    labels[revisions::LABEL] = revision(set).into();
    new["spec"]["hostname"] = name.as_str().into();
    if let Some(service) = set["spec"]["serviceName"].as_str().filter(|name| !name.is_empty()) {
        new["spec"]["subdomain"] = service.into();
    }
    let templates = set["spec"]["volumeClaimTemplates"].as_array().into_iter().flatten();
    let mut volumes = new["spec"]["volumes"].as_array().cloned().unwrap_or_default();
    for template in templates {
        let volume = meta::text(template, "name");
        volumes.retain(|other| other["name"] != volume);
        let claim = json!({"claimName": format!("{volume}-{name}")});
        volumes.push(json!({"name": volume, "persistentVolumeClaim": claim}));
    }
    if !volumes.is_empty() {
        new["spec"]["volumes"] = volumes.into();
    }
    new
}

/// Creates the claims of the pod with a number.
fn claims(work: &mut Work, set: &Value, number: i64) {
    let templates = set["spec"]["volumeClaimTemplates"].as_array().cloned().unwrap_or_default();
    for template in templates {
        let name =
            format!("{}-{}-{number}", meta::text(&template, "name"), meta::text(set, "name"));
        let mut metadata = template["metadata"].clone();
        metadata["name"] = name.into();
        metadata["namespace"] = meta::text(set, "namespace").into();
        for (label, value) in
            set["spec"]["selector"]["matchLabels"].as_object().into_iter().flatten()
        {
            metadata["labels"][label] = value.clone();
        }
        work.create(CLAIMS, json!({"metadata": metadata, "spec": template["spec"]}));
    }
}

fn status(work: &mut Work, set: &Value) {
    let pods = numbered(work, set);
    let wanted = revision(set);
    let seconds = number(&set["spec"]["minReadySeconds"], 0);
    let is_new = |pod: &Value| pod["metadata"]["labels"][revisions::LABEL] == wanted.as_str();
    let ready = pods.iter().filter(|(_, pod)| is_ready(pod)).count();
    let available = pods
        .iter()
        .filter(|(_, pod)| is_ready(pod) && until_available(work, pod, seconds).is_none())
        .count();
    let updated = pods.iter().filter(|(_, pod)| is_new(pod)).count();
    let replicas = usize::try_from(number(&set["spec"]["replicas"], 1)).unwrap_or_default();
    let before = set["status"]["currentRevision"].as_str().unwrap_or(&wanted);
    let is_done = updated == replicas && ready == replicas && pods.len() == replicas;
    let current = if is_done { wanted.as_str() } else { before };
    let of_current = pods
        .iter()
        .filter(|(_, pod)| pod["metadata"]["labels"][revisions::LABEL] == current)
        .count();
    let mut status = json!({
        "observedGeneration": set["metadata"]["generation"], "replicas": pods.len(),
        "availableReplicas": available, "collisionCount": 0,
        "currentRevision": current, "updateRevision": wanted,
    });
    for (field, count) in
        [("readyReplicas", ready), ("currentReplicas", of_current), ("updatedReplicas", updated)]
    {
        if count > 0 {
            status[field] = count.into();
        }
    }
    work.set_status(STATEFUL_SETS, set, status);
}
