//! Defaults of workloads (`pkg/apis/{apps,batch}/v1/defaults.go`, and those of
//! `ReplicationController`).

use serde_json::{Map, Value, json};

use super::{is_unset, object, set_absent};

fn set_empty(map: &mut Map<String, Value>, field: &str, value: &str) {
    if is_unset(map.get(field), false) {
        map.insert(field.to_owned(), value.into());
    }
}

/// `SetDefaults_Deployment`.
pub(super) fn deployment(deployment: &mut Map<String, Value>) {
    let spec = object(deployment, "spec");
    set_absent(spec, "replicas", 1);
    let strategy = object(spec, "strategy");
    set_empty(strategy, "type", "RollingUpdate");
    if strategy["type"] == "RollingUpdate" {
        let rolling = object(strategy, "rollingUpdate");
        set_absent(rolling, "maxUnavailable", "25%");
        set_absent(rolling, "maxSurge", "25%");
    }
    set_absent(spec, "revisionHistoryLimit", 10);
    set_absent(spec, "progressDeadlineSeconds", 600);
}

/// `SetDefaults_DaemonSet`.
pub(super) fn daemon_set(daemon_set: &mut Map<String, Value>) {
    let spec = object(daemon_set, "spec");
    let strategy = object(spec, "updateStrategy");
    set_empty(strategy, "type", "RollingUpdate");
    if strategy["type"] == "RollingUpdate" {
        let rolling = object(strategy, "rollingUpdate");
        set_absent(rolling, "maxUnavailable", 1);
        set_absent(rolling, "maxSurge", 0);
    }
    set_absent(spec, "revisionHistoryLimit", 10);
}

/// `SetDefaults_StatefulSet`.
pub(super) fn stateful_set(stateful_set: &mut Map<String, Value>) {
    let spec = object(stateful_set, "spec");
    set_empty(spec, "podManagementPolicy", "OrderedReady");
    let strategy = object(spec, "updateStrategy");
    if is_unset(strategy.get("type"), false) {
        strategy.insert("type".to_owned(), "RollingUpdate".into());
        set_absent(strategy, "rollingUpdate", json!({}));
    }
    if strategy["type"] == "RollingUpdate"
        && let Some(Value::Object(rolling)) = strategy.get_mut("rollingUpdate")
    {
        set_absent(rolling, "partition", 0);
    }
    let retention = object(spec, "persistentVolumeClaimRetentionPolicy");
    set_empty(retention, "whenDeleted", "Retain");
    set_empty(retention, "whenScaled", "Retain");
    set_absent(spec, "replicas", 1);
    set_absent(spec, "revisionHistoryLimit", 10);
}

/// `SetDefaults_Job`.
pub(super) fn job(job: &mut Map<String, Value>) {
    let spec = object(job, "spec");
    if is_unset(spec.get("parallelism"), true) && is_unset(spec.get("completions"), true) {
        spec.insert("completions".to_owned(), 1.into());
    }
    set_absent(spec, "parallelism", 1);
    let limit = if is_unset(spec.get("backoffLimitPerIndex"), true) { 6 } else { i32::MAX };
    set_absent(spec, "backoffLimit", limit);
    set_absent(spec, "completionMode", "NonIndexed");
    set_absent(spec, "suspend", false);
    let failures = is_unset(spec.get("podFailurePolicy"), true);
    let replacement = if failures { "TerminatingOrFailed" } else { "Failed" };
    set_absent(spec, "podReplacementPolicy", replacement);
    set_absent(spec, "manualSelector", false);
    labels_of_template(job);
}

/// `SetDefaults_ReplicationController`.
pub(super) fn replication_controller(controller: &mut Map<String, Value>) {
    let labels = controller.get("spec").map(|spec| spec["template"]["metadata"]["labels"].clone());
    let spec = object(controller, "spec");
    if let Some(labels @ Value::Object(_)) = labels
        && is_unset(spec.get("selector"), false)
    {
        spec.insert("selector".to_owned(), labels);
    }
    labels_of_template(controller);
}

/// An object without labels has those of its template.
fn labels_of_template(workload: &mut Map<String, Value>) {
    let labels = workload.get("spec").map(|spec| spec["template"]["metadata"]["labels"].clone());
    let metadata = object(workload, "metadata");
    if let Some(labels @ Value::Object(_)) = labels
        && is_unset(metadata.get("labels"), false)
    {
        metadata.insert("labels".to_owned(), labels);
    }
}
