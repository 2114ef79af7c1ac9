//! Pods get a node and run, as the scheduler and a kubelet make them.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::super::core::rules::selects;
use super::super::meta;
use super::conditions::{self, Condition};
use super::objects::{NODES, PODS, Work, hash};

/// How long a pod takes to start.
const STARTS: Duration = Duration::from_secs(1);
/// How long the containers of a pod run that is not restarted when they end.
const RUNS: Duration = Duration::from_secs(5);
/// The node of pods in a world without nodes.
const NODE: &str = "standin";
/// How long the containers of a deleted pod take to end, where its grace is not shorter. Timestamps count seconds, so
/// that up to one of them has passed at the deletion.
const ENDS: i64 = 2;
const TIMES: [&str; 1] = ["lastTransitionTime"];

pub(super) fn run(work: &mut Work, key: &str) -> Option<Duration> {
    let pod = work.get(PODS, key)?;
    if meta::is_terminating(&pod) {
        return end(work, &pod);
    }
    match pod["status"]["phase"].as_str() {
        None | Some("" | "Pending") => pending(work, &pod),
        Some("Running") if pod["spec"]["restartPolicy"] != "Always" => {
            let left = work.until(&pod["status"]["startTime"], RUNS);
            if left.is_none() {
                let status = ended(&pod, &work.time());
                work.set_status(PODS, &pod, status);
            }
            left
        }
        _ => None,
    }
}

fn pending(work: &mut Work, pod: &Value) -> Option<Duration> {
    let now = work.time();
    let mut placed = pod.clone();
    let mut status = pod["status"].clone();
    status["phase"] = "Pending".into();
    let named = |pod: &Value| pod["spec"]["nodeName"].as_str().is_some_and(|name| !name.is_empty());
    if !named(&placed) {
        // Other schedulers bind their pods themselves.
        if pod["spec"]["schedulerName"] != "default-scheduler" {
            return None;
        }
        match node(work, pod) {
            Ok(node) => placed["spec"]["nodeName"] = node.into(),
            Err(message) => {
                let reason = "Unschedulable";
                let why =
                    Condition { kind: "PodScheduled", holds: false, reason, message: &message };
                conditions::set(&mut status, why, &now, &TIMES);
                work.set_status(PODS, pod, status);
                return None;
            }
        }
    }
    let scheduled = Condition { kind: "PodScheduled", holds: true, reason: "", message: "" };
    conditions::set(&mut status, scheduled, &now, &TIMES);
    let left = work.until(&pod["metadata"]["creationTimestamp"], STARTS);
    if left.is_none() {
        status = running(&placed, status, &now);
    }
    placed["status"] = status;
    if placed != *pod {
        work.put(PODS, placed);
    }
    left.or_else(|| (pod["spec"]["restartPolicy"] != "Always").then_some(RUNS))
}

/// Ends the containers of a deleted pod, and then deletes it without grace, as a kubelet does.
fn end(work: &mut Work, pod: &Value) -> Option<Duration> {
    let grace = pod["metadata"]["deletionGracePeriodSeconds"].as_i64()?;
    // It waits for finalizers alone.
    if grace <= 0 {
        return None;
    }
    let until: Timestamp = pod["metadata"]["deletionTimestamp"].as_str()?.parse().ok()?;
    let begun = until.checked_sub(SignedDuration::from_secs(grace)).ok()?;
    let takes = Duration::from_secs(grace.min(ENDS).unsigned_abs());
    if let Some(left) = work.until(&meta::time_text(begun).into(), takes) {
        let status = unready(pod, &work.time());
        work.set_status(PODS, pod, status);
        return Some(left);
    }
    if meta::finalizers(pod).is_empty() {
        work.delete(PODS, pod);
    } else {
        let mut waiting = pod.clone();
        meta::set(&mut waiting, "deletionTimestamp", meta::time_text(begun).into());
        meta::set(&mut waiting, "deletionGracePeriodSeconds", json!(0));
        work.put(PODS, waiting);
    }
    None
}

/// The status of a pod whose containers have ended because it is deleted.
fn unready(pod: &Value, now: &Value) -> Value {
    let mut status = pod["status"].clone();
    let containers = pod["spec"]["containers"].as_array().into_iter().flatten();
    let names: Vec<&str> = containers.filter_map(|one| one["name"].as_str()).collect();
    let message = format!("containers with unready status: [{}]", names.join(" "));
    for kind in ["Ready", "ContainersReady"] {
        let reason = "ContainersNotReady";
        let condition = Condition { kind, holds: false, reason, message: &message };
        conditions::set(&mut status, condition, now, &TIMES);
    }
    end_containers(&mut status, now);
    status
}

/// The node for a pod: one of those that take it, always the same one.
fn node(work: &Work, pod: &Value) -> Result<String, String> {
    let nodes = work.list(NODES, "");
    if nodes.is_empty() {
        return Ok(NODE.to_owned());
    }
    let selector = json!({"matchLabels": pod["spec"]["nodeSelector"]});
    let takes = |node: &&Value| {
        node["spec"]["unschedulable"] != true && selects(&selector, &node["metadata"]["labels"])
    };
    let fit: Vec<&Value> = nodes.iter().filter(takes).collect();
    let count = u64::try_from(fit.len()).unwrap_or(u64::MAX);
    if count == 0 {
        return Err(format!(
            "0/{0} nodes are available: {0} node(s) didn't match Pod's node affinity/selector.",
            nodes.len()
        ));
    }
    let index = usize::try_from(hash(meta::text(pod, "uid")) % count).unwrap_or_default();
    Ok(meta::text(fit[index], "name").to_owned())
}

/// The status of a pod whose containers have started.
fn running(pod: &Value, mut status: Value, now: &Value) -> Value {
    let uid = hash(meta::text(pod, "uid"));
    let ip = format!("10.244.{}.{}", (uid >> 8) & 0xff, uid & 0xff);
    for kind in ["PodReadyToStartContainers", "Initialized", "ContainersReady", "Ready"] {
        let condition = Condition { kind, holds: true, reason: "", message: "" };
        conditions::set(&mut status, condition, now, &TIMES);
    }
    let started = |container: &Value| {
        let mut status = container_status(pod, container);
        status["ready"] = true.into();
        status["started"] = true.into();
        status["state"] = json!({"running": {"startedAt": now}});
        status
    };
    let init = |container: &Value| {
        let mut status = container_status(pod, container);
        status["ready"] = true.into();
        status["started"] = false.into();
        status["state"] = terminated(now, now, &status["containerID"]);
        status
    };
    let list = |field: &str| pod["spec"][field].as_array().into_iter().flatten();
    status["containerStatuses"] = list("containers").map(started).collect();
    let first: Vec<Value> = list("initContainers").map(init).collect();
    if !first.is_empty() {
        status["initContainerStatuses"] = first.into();
    }
    status["phase"] = "Running".into();
    status["hostIP"] = "192.168.0.1".into();
    status["hostIPs"] = json!([{"ip": "192.168.0.1"}]);
    status["podIP"] = ip.as_str().into();
    status["podIPs"] = json!([{"ip": ip}]);
    status["startTime"] = now.clone();
    status
}

/// The status of a pod whose containers have ended well.
fn ended(pod: &Value, now: &Value) -> Value {
    let mut status = pod["status"].clone();
    status["phase"] = "Succeeded".into();
    for kind in ["Initialized", "ContainersReady", "Ready"] {
        let holds = kind == "Initialized";
        let condition = Condition { kind, holds, reason: "PodCompleted", message: "" };
        conditions::set(&mut status, condition, now, &TIMES);
    }
    end_containers(&mut status, now);
    status
}

/// Writes that the containers have ended well, where they ran.
fn end_containers(status: &mut Value, now: &Value) {
    for container in status["containerStatuses"].as_array_mut().into_iter().flatten() {
        let running = &container["state"]["running"];
        if running.is_null() {
            continue;
        }
        let started = running["startedAt"].clone();
        container["ready"] = false.into();
        container["started"] = false.into();
        container["state"] = terminated(&started, now, &container["containerID"]);
    }
}

fn container_status(pod: &Value, container: &Value) -> Value {
    let name = container["name"].as_str().unwrap_or_default();
    let id = format!("{:016x}", hash(&format!("{}/{name}", meta::text(pod, "uid"))));
    json!({
        "name": name, "image": container["image"], "imageID": container["image"],
        "containerID": format!("containerd://{}", id.repeat(4)), "restartCount": 0, "lastState": {},
    })
}

fn terminated(started: &Value, now: &Value, id: &Value) -> Value {
    json!({"terminated": {
        "exitCode": 0, "reason": "Completed", "startedAt": started, "finishedAt": now,
        "containerID": id,
    }})
}
