//! Rules of the status of a pod (`ValidatePodStatusUpdate` in `pkg/apis/core/validation/validation.go`).

use std::net::IpAddr;

use serde_json::Value;

use super::super::super::golang::{json_text, quote};
use super::super::super::names;
use super::super::super::status::FieldError;
use super::check::{Errors, child, immutable, item, list, problems, text};
use super::pod_annotations;

/// `ValidatePodStatusUpdate`.
pub(super) fn change(new: &Value, old: &Value, errors: &mut Errors) {
    pod_annotations::change(errors, new, old, "metadata.annotations");
    let (status, before) = (&new["status"], &old["status"]);
    conditions(errors, status);
    let (node, had) = (text(status, "nominatedNodeName"), text(before, "nominatedNodeName"));
    if node != had && !node.is_empty() {
        let path = "status.nominatedNodeName";
        problems(errors, path, node, names::subdomain(node));
        if !text(&old["spec"], "nodeName").is_empty() {
            let why = "may not be set on pods that are already bound to a node";
            errors.push(FieldError::forbidden(path, why));
        }
    }
    let generation = status["observedGeneration"].as_i64();
    if let Some(generation) = generation.filter(|generation| *generation < 0) {
        let why = "must be a non-negative integer";
        errors.push(FieldError::invalid("status.observedGeneration", generation, why));
    }
    // A pod of a fixture may have no class.
    if !before["qosClass"].is_null() {
        immutable(errors, &status["qosClass"], &before["qosClass"], "status.qosClass");
    }
    for (field, containers) in
        [("containerStatuses", "containers"), ("initContainerStatuses", "initContainers")]
    {
        restarts(errors, new, old, field, containers);
    }
    for (index, was) in list(before, "ephemeralContainerStatuses").iter().enumerate() {
        if leaves_its_end(was, list(status, "ephemeralContainerStatuses")) {
            errors.push(not_again("ephemeralContainerStatuses", index));
        }
    }
    addresses(errors, status, "podIPs");
    host_addresses(errors, status);
}

/// `validatePodConditions`.
fn conditions(errors: &mut Errors, status: &Value) {
    for (index, condition) in list(status, "conditions").iter().enumerate() {
        let path = item("status.conditions", index);
        let generation = condition["observedGeneration"].as_i64();
        if let Some(generation) = generation.filter(|generation| *generation < 0) {
            let (path, why) =
                (child(&path, "observedGeneration"), "must be a non-negative integer");
            errors.push(FieldError::invalid(path, generation, why));
        }
        let kind = text(condition, "type");
        if !matches!(kind, "PodScheduled" | "Ready" | "Initialized") {
            problems(errors, &child(&path, "Type"), kind, names::qualified_name(kind));
        }
    }
}

fn not_again(field: &str, index: usize) -> FieldError {
    let path = child(&item(&child("status", field), index), "state");
    FieldError::forbidden(path, "may not be transitioned to non-terminated state")
}

/// Whether a container that had ended has not ended any more.
fn leaves_its_end(was: &Value, now: &[Value]) -> bool {
    !was["state"]["terminated"].is_null()
        && now
            .iter()
            .find(|one| one["name"] == was["name"])
            .is_some_and(|now| now["state"]["terminated"].is_null())
}

/// Ended containers that do not restart stay so (`ValidateContainerStateTransition`).
fn restarts(errors: &mut Errors, new: &Value, old: &Value, field: &str, containers: &str) {
    let spec = &old["spec"];
    let all = ["containers", "initContainers"].iter().flat_map(|field| list(spec, field));
    let restarts_all = |container: &Value| {
        let mut rules = list(container, "restartPolicyRules").iter();
        rules.any(|rule| rule["action"] == "RestartAllContainers")
    };
    if all.into_iter().any(restarts_all) {
        return;
    }
    let now = list(&new["status"], field);
    for (index, was) in list(&old["status"], field).iter().enumerate() {
        let code = was["state"]["terminated"]["exitCode"].as_i64().unwrap_or_default();
        let mut own = list(spec, containers).iter();
        let may = own
            .find(|container| container["name"] == was["name"])
            .is_some_and(|container| may_restart(container, spec, code));
        if leaves_its_end(was, now) && !may {
            errors.push(not_again(field, index));
        }
    }
}

/// `ContainerShouldRestart`: the rules of a container, its policy, or that of its pod.
fn may_restart(container: &Value, spec: &Value, code: i64) -> bool {
    let matches = |rule: &&Value| {
        let codes = list(&rule["exitCodes"], "values");
        let among = codes.iter().any(|one| one.as_i64() == Some(code));
        match text(&rule["exitCodes"], "operator") {
            "In" => among,
            "NotIn" => !among,
            _ => false,
        }
    };
    if list(container, "restartPolicyRules").iter().any(|rule| matches(&rule)) {
        return true;
    }
    let own = text(container, "restartPolicy");
    match if own.is_empty() { text(spec, "restartPolicy") } else { own } {
        "Never" => false,
        "OnFailure" => code != 0,
        _ => true,
    }
}

/// Addresses of two families at most (`validatePodIPs`).
fn addresses(errors: &mut Errors, status: &Value, field: &str) {
    let path = child("status", field);
    let all = list(status, field);
    for (index, address) in all.iter().enumerate() {
        let found = text(address, "ip");
        if found.parse::<IpAddr>().is_err() {
            let why = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
            errors.push(FieldError::invalid(item(&path, index), quote(found), why));
        }
    }
    let families: Vec<bool> = all
        .iter()
        .filter_map(|one| text(one, "ip").parse::<IpAddr>().ok())
        .map(|address| address.is_ipv4())
        .collect();
    let dual = families.len() == all.len() && families.contains(&true) && families.contains(&false);
    let wrong = all.iter().position(|one| text(one, "ip").parse::<IpAddr>().is_err());
    if let Some(index) = wrong.filter(|_| all.len() > 1) {
        let found = text(&all[index], "ip");
        let why = format!("failed to check for dual stack with error:invalid IP[{index}]: {found}");
        errors.push(FieldError::internal(&path, &why));
    }
    if all.len() > 1 && (!dual || all.len() > 2) {
        let shown: Vec<String> = all
            .iter()
            .map(|one| format!("{{\"IP\":{}}}", json_text(&text(one, "ip").into())))
            .collect();
        let why = "may specify no more than one IP for each IP family";
        errors.push(FieldError::invalid(path, format!("[{}]", shown.join(",")), why));
    }
}

/// `validateHostIPs`.
fn host_addresses(errors: &mut Errors, status: &Value) {
    let Some(first) = list(status, "hostIPs").first() else { return };
    let first = text(first, "ip");
    if text(status, "hostIP") != first {
        let path = "status.hostIPs[0].ip";
        errors.push(FieldError::invalid(path, quote(first), "must be equal to `hostIP`"));
    }
    addresses(errors, status, "hostIPs");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn containers_that_do_not_restart_stay_ended() {
        let pod = |policy: &str, state: Value| {
            json!({
                "spec": {"restartPolicy": policy, "containers": [{"name": "c"}]},
                "status": {"qosClass": "BestEffort", "containerStatuses": [{"name": "c", "state": state}]},
            })
        };
        let ended = |code: i64| json!({"terminated": {"exitCode": code}});
        for (policy, code, count) in
            [("Never", 0, 1), ("OnFailure", 1, 0), ("OnFailure", 0, 1), ("Always", 0, 0)]
        {
            let mut errors = Vec::new();
            let (new, old) = (pod(policy, json!({"running": {}})), pod(policy, ended(code)));
            change(&new, &old, &mut errors);
            assert_eq!(errors.len(), count, "{policy} {code}: {errors:?}");
        }
    }
}
