//! The cells of pods, of what makes them, and of nodes (`pkg/printers/internalversion/printers.go`).

use jiff::Timestamp;
use serde_json::Value;

use super::super::table_time::human_duration;
use super::shown::{Shown, at, labels, list, number, or, other, selector, text};

/// The state of a claim of devices (`resourceClaimState`).
pub(super) fn claim_state(object: &Value) -> String {
    let deleted = !object["metadata"]["deletionTimestamp"].is_null();
    let allocated = !object["status"]["allocation"].is_null();
    let reserved = allocated && !list(object, "status.reservedFor").is_empty();
    let states = [
        (deleted, "deleted"),
        (!allocated && !deleted, "pending"),
        (allocated, "allocated"),
        (reserved, "reserved"),
    ];
    let states: Vec<&str> =
        states.into_iter().filter(|(holds, _)| *holds).map(|(_, name)| name).collect();
    states.join(",")
}

/// The cells of a pod (`printPod`).
pub(super) fn pod(object: &Value, column: &str) -> Shown {
    match column {
        "Ready" | "Status" | "Restarts" => {
            let state = PodState::of(object);
            match column {
                "Ready" => format!("{}/{}", state.ready, state.total).into(),
                "Status" => state.reason.into(),
                _ => state.restarts.to_string().into(),
            }
        }
        "IP" => {
            let first = list(object, "status.podIPs").first();
            or(first.map_or("", |address| text(address, "ip")), "<none>").into()
        }
        "Node" => or(text(object, "spec.nodeName"), "<none>").into(),
        "Nominated Node" => or(text(object, "status.nominatedNodeName"), "<none>").into(),
        "Readiness Gates" => {
            let gates = list(object, "spec.readinessGates");
            if gates.is_empty() {
                return "<none>".into();
            }
            let open = gates.iter().filter(|gate| {
                list(object, "status.conditions").iter().any(|condition| {
                    condition["type"] == gate["conditionType"] && condition["status"] == "True"
                })
            });
            format!("{}/{}", open.count(), gates.len()).into()
        }
        _ => other(object, column),
    }
}

struct PodState {
    ready: usize,
    total: usize,
    restarts: i64,
    reason: String,
}

impl PodState {
    fn of(pod: &Value) -> Self {
        let phase = text(pod, "status.phase");
        let sidecars: Vec<&str> = list(pod, "spec.initContainers")
            .iter()
            .filter(|container| container["restartPolicy"] == "Always")
            .map(|container| text(container, "name"))
            .collect();
        let mut state = Self {
            ready: 0,
            total: list(pod, "spec.containers").len() + sidecars.len(),
            restarts: 0,
            reason: or(text(pod, "status.reason"), phase).to_owned(),
        };
        let gated = list(pod, "status.conditions").iter().any(|condition| {
            condition["type"] == "PodScheduled" && condition["reason"] == "SchedulingGated"
        });
        if gated {
            "SchedulingGated".clone_into(&mut state.reason);
        }
        if !state.initialize(pod, &sidecars) || is_true(pod, "Initialized") {
            state.run(pod);
        }
        if !pod["metadata"]["deletionTimestamp"].is_null() {
            if text(pod, "status.reason") == "NodeLost" {
                "Unknown".clone_into(&mut state.reason);
            } else if !matches!(phase, "Succeeded" | "Failed") {
                "Terminating".clone_into(&mut state.reason);
            }
        }
        state
    }

    /// Reads the init containers. Returns whether one of them is not done.
    fn initialize(&mut self, pod: &Value, sidecars: &[&str]) -> bool {
        let count = list(pod, "spec.initContainers").len();
        for (index, status) in list(pod, "status.initContainerStatuses").iter().enumerate() {
            self.restarts += number(status, "restartCount");
            let sidecar = sidecars.contains(&text(status, "name"));
            let ended = &status["state"]["terminated"];
            if !ended.is_null() && number(ended, "exitCode") == 0 {
                continue;
            }
            if sidecar && status["started"] == true {
                self.ready += usize::from(status["ready"] == true);
                continue;
            }
            let waiting = text(status, "state.waiting.reason");
            self.reason = if !ended.is_null() {
                format!("Init:{}", end_reason(ended))
            } else if !matches!(waiting, "" | "PodInitializing") {
                format!("Init:{waiting}")
            } else {
                format!("Init:{index}/{count}")
            };
            return true;
        }
        false
    }

    /// Reads the containers.
    fn run(&mut self, pod: &Value) {
        self.restarts = 0;
        let (mut running, mut failure) = (false, String::new());
        for status in list(pod, "status.containerStatuses").iter().rev() {
            self.restarts += number(status, "restartCount");
            let waiting = text(status, "state.waiting.reason");
            let ended = &status["state"]["terminated"];
            if !waiting.is_empty() {
                waiting.clone_into(&mut self.reason);
            } else if !ended.is_null() {
                self.reason = end_reason(ended);
                if number(ended, "exitCode") != 0 {
                    failure.clone_from(&self.reason);
                }
            } else if status["ready"] == true && !status["state"]["running"].is_null() {
                running = true;
                self.ready += 1;
            }
        }
        if self.reason == "Completed" {
            if running && is_true(pod, "Ready") {
                "Running".clone_into(&mut self.reason);
            } else if !failure.is_empty() {
                self.reason = failure;
            } else if running {
                "NotReady".clone_into(&mut self.reason);
            }
        }
    }
}

fn end_reason(ended: &Value) -> String {
    let reason = text(ended, "reason");
    match (reason, number(ended, "signal")) {
        ("", 0) => format!("ExitCode:{}", number(ended, "exitCode")),
        ("", signal) => format!("Signal:{signal}"),
        (reason, _) => reason.to_owned(),
    }
}

fn is_true(object: &Value, kind: &str) -> bool {
    let mut conditions = list(object, "status.conditions").iter();
    conditions.any(|condition| condition["type"] == kind && condition["status"] == "True")
}

/// The names or the images of the containers of a template.
fn containers(template: &Value, field: &str) -> String {
    let all = list(template, "spec.containers").iter().map(|container| text(container, field));
    all.collect::<Vec<_>>().join(",")
}

/// The cells of a template of pods.
pub(super) fn template(template: &Value, object: &Value, column: &str) -> Shown {
    match column {
        "Containers" => containers(template, "name").into(),
        "Images" => containers(template, "image").into(),
        _ => other(object, column),
    }
}

/// The cells of a workload whose pods run on.
pub(super) fn workload(kind: &str, object: &Value, column: &str) -> Shown {
    let template = &object["spec"]["template"];
    let status = |field: &str| number(&object["status"], field);
    match (kind, column) {
        (_, "Containers") => containers(template, "name").into(),
        (_, "Images") => containers(template, "image").into(),
        ("ReplicationController", "Selector") => labels(&object["spec"]["selector"]).into(),
        (_, "Selector") => selector(&object["spec"]["selector"]).into(),
        ("Deployment" | "StatefulSet", "Ready") => {
            format!("{}/{}", status("readyReplicas"), number(object, "spec.replicas")).into()
        }
        ("Deployment", "Up-to-date") => status("updatedReplicas").into(),
        ("Deployment", "Available") => status("availableReplicas").into(),
        ("DaemonSet", "Desired") => status("desiredNumberScheduled").into(),
        ("DaemonSet", "Current") => status("currentNumberScheduled").into(),
        ("DaemonSet", "Ready") => status("numberReady").into(),
        ("DaemonSet", "Up-to-date") => status("updatedNumberScheduled").into(),
        ("DaemonSet", "Available") => status("numberAvailable").into(),
        ("DaemonSet", "Node Selector") => labels(&template["spec"]["nodeSelector"]).into(),
        (_, "Desired") => number(object, "spec.replicas").into(),
        (_, "Current") => status("replicas").into(),
        (_, "Ready") => status("readyReplicas").into(),
        _ => other(object, column),
    }
}

/// The cells of a job or a cron job.
pub(super) fn job(kind: &str, object: &Value, column: &str) -> Shown {
    let spec = if kind == "Job" { &object["spec"] } else { &object["spec"]["jobTemplate"]["spec"] };
    match column {
        "Containers" => containers(&spec["template"], "name").into(),
        "Images" => containers(&spec["template"], "image").into(),
        "Selector" => selector(&spec["selector"]).into(),
        "Schedule" => text(object, "spec.schedule").into(),
        "Timezone" => or(text(object, "spec.timeZone"), "<none>").into(),
        "Suspend" => if object["spec"]["suspend"] == true { "True" } else { "False" }.into(),
        "Active" => i64::try_from(list(object, "status.active").len()).unwrap_or_default().into(),
        "Last Schedule" if at(object, "status.lastScheduleTime").is_null() => "<none>".into(),
        "Last Schedule" => Shown::Since(at(object, "status.lastScheduleTime").clone()),
        "Status" => {
            let kinds = [
                ("Complete", "Complete"),
                ("Failed", "Failed"),
                ("", "Terminating"),
                ("Suspended", "Suspended"),
                ("FailureTarget", "FailureTarget"),
                ("SuccessCriteriaMet", "SuccessCriteriaMet"),
            ];
            let deleted = !object["metadata"]["deletionTimestamp"].is_null();
            let found = kinds.iter().find(|(condition, _)| {
                if condition.is_empty() { deleted } else { is_true(object, condition) }
            });
            found.map_or("Running", |(_, shown)| shown).into()
        }
        "Completions" => {
            let done = number(object, "status.succeeded");
            match (spec["completions"].as_i64(), number(spec, "parallelism")) {
                (Some(wanted), _) => format!("{done}/{wanted}").into(),
                (None, parallel) if parallel > 1 => format!("{done}/1 of {parallel}").into(),
                _ => format!("{done}/1").into(),
            }
        }
        "Duration" => {
            let time = |field: &str| text(&object["status"], field).parse::<Timestamp>();
            match (time("startTime"), time("completionTime")) {
                (Ok(start), Ok(end)) => human_duration(end.as_second() - start.as_second()).into(),
                (Ok(_), Err(_)) => Shown::Since(object["status"]["startTime"].clone()),
                _ => "".into(),
            }
        }
        _ => other(object, column),
    }
}

/// The cells of a node (`printNode`).
pub(super) fn node(object: &Value, column: &str) -> Shown {
    let info = &object["status"]["nodeInfo"];
    let address = |kind: &str| {
        let all = list(object, "status.addresses");
        let found = all.iter().find(|address| address["type"] == kind);
        or(found.map_or("", |found| text(found, "address")), "<none>").into()
    };
    match column {
        "Status" => {
            let ready =
                list(object, "status.conditions").iter().find(|found| found["type"] == "Ready");
            let status = match ready.map(|found| text(found, "status")) {
                Some("True") => "Ready",
                Some(_) => "NotReady",
                None => "Unknown",
            };
            let idle = object["spec"]["unschedulable"] == true;
            if idle { format!("{status},SchedulingDisabled").into() } else { status.into() }
        }
        "Roles" => {
            let labels = object["metadata"]["labels"].as_object().into_iter().flatten();
            let mut roles: Vec<&str> = labels
                .filter_map(|(key, value)| match key.strip_prefix("node-role.kubernetes.io/") {
                    Some(role) => Some(role),
                    None if key == "kubernetes.io/role" => value.as_str(),
                    None => None,
                })
                .filter(|role| !role.is_empty())
                .collect();
            roles.sort_unstable();
            or(&roles.join(","), "<none>").into()
        }
        "Version" => text(info, "kubeletVersion").into(),
        "Internal-IP" => address("InternalIP"),
        "External-IP" => address("ExternalIP"),
        "OS-Image" => or(text(info, "osImage"), "<unknown>").into(),
        "Kernel-Version" => {
            let version = or(text(info, "kernelVersion"), "<unknown>");
            match text(info, "architecture") {
                "" => version.into(),
                architecture => format!("{version} ({architecture})").into(),
            }
        }
        "Container-Runtime" => or(text(info, "containerRuntimeVersion"), "<unknown>").into(),
        _ => other(object, column),
    }
}
