//! `Deployment`: a `ReplicaSet` for each template, and the way from one to the next (`pkg/controller/deployment`).

use std::time::Duration;

use serde_json::{Value, json};

use super::super::core::rules::selects;
use super::super::meta;
use super::conditions::{self, Condition};
use super::objects::{DEPLOYMENTS, REPLICA_SETS, Work, controller, key, number, reference, suffix};
use super::rollout;

/// The annotation with the number of a revision.
const REVISION: &str = "deployment.kubernetes.io/revision";
/// The label that tells the pods of revisions apart.
pub(super) const HASH: &str = "pod-template-hash";
/// Annotations of a deployment that its sets do not have.
const OWN: [&str; 2] = [REVISION, "kubectl.kubernetes.io/last-applied-configuration"];
/// The fields of conditions with times.
const TIMES: [&str; 2] = ["lastUpdateTime", "lastTransitionTime"];

pub(super) fn run(work: &mut Work, name: &str) -> Option<Duration> {
    let deployment = work.get(DEPLOYMENTS, name)?;
    if meta::is_terminating(&deployment) {
        return None;
    }
    adopt(work, &deployment);
    let paused = deployment["spec"]["paused"] == true;
    if current(&work.owned(REPLICA_SETS, &deployment), &deployment).is_none() && !paused {
        create(work, &deployment);
    }
    let sets = work.owned(REPLICA_SETS, &deployment);
    if let Some(new) = current(&sets, &deployment) {
        number_revision(work, &deployment, &sets, new);
        let sets = work.owned(REPLICA_SETS, &deployment);
        if let Some(new) = current(&sets, &deployment).filter(|_| !paused) {
            let old: Vec<&Value> = sets.iter().filter(|set| key(set) != key(new)).collect();
            for (set, replicas) in rollout::next(&deployment, new, &old) {
                scale(work, &deployment, set, replicas);
            }
        } else if let Some(new) = current(&sets, &deployment) {
            scale(work, &deployment, new, number(&deployment["spec"]["replicas"], 1));
        }
    }
    clean_up(work, &deployment);
    status(work, name);
    None
}

/// The set whose template is that of the deployment.
fn current<'a>(sets: &'a [Value], deployment: &Value) -> Option<&'a Value> {
    let wanted = &deployment["spec"]["template"];
    sets.iter().find(|set| {
        let mut template = set["spec"]["template"].clone();
        if let Some(labels) = template["metadata"]["labels"].as_object_mut() {
            labels.remove(HASH);
        }
        template == *wanted
    })
}

/// Takes sets without a controller that the selector selects.
fn adopt(work: &mut Work, deployment: &Value) {
    for set in work.list(REPLICA_SETS, meta::text(deployment, "namespace")) {
        let orphan = controller(&set).is_none() && !meta::is_terminating(&set);
        if orphan && selects(&deployment["spec"]["selector"], &set["metadata"]["labels"]) {
            let mut new = set.clone();
            new["metadata"]["ownerReferences"] = reference(DEPLOYMENTS, deployment);
            work.update(REPLICA_SETS, &set, new);
        }
    }
}

fn create(work: &mut Work, deployment: &Value) {
    let mut template = deployment["spec"]["template"].clone();
    let hash = suffix(&template.to_string(), 10);
    template["metadata"]["labels"][HASH] = hash.as_str().into();
    let mut selector = deployment["spec"]["selector"].clone();
    selector["matchLabels"][HASH] = hash.as_str().into();
    let spec = json!({
        "replicas": 0, "minReadySeconds": number(&deployment["spec"]["minReadySeconds"], 0),
        "selector": selector, "template": template,
    });
    let metadata = json!({
        "name": format!("{}-{hash}", meta::text(deployment, "name")),
        "namespace": meta::text(deployment, "namespace"),
        "labels": template["metadata"]["labels"], "annotations": annotations(deployment, None),
        "ownerReferences": reference(DEPLOYMENTS, deployment),
    });
    work.create(REPLICA_SETS, json!({"metadata": metadata, "spec": spec}));
}

/// The annotations of a set: those of its deployment, and its own.
fn annotations(deployment: &Value, set: Option<&Value>) -> Value {
    let mut all = json!({});
    let own = |name: &str| OWN.contains(&name) || name.starts_with("deployment.kubernetes.io/");
    if let Some(set) = set {
        for (name, value) in set["metadata"]["annotations"].as_object().into_iter().flatten() {
            if own(name) {
                all[name] = value.clone();
            }
        }
    }
    for (name, value) in deployment["metadata"]["annotations"].as_object().into_iter().flatten() {
        if !own(name) {
            all[name] = value.clone();
        }
    }
    all
}

fn revision(object: &Value) -> i64 {
    let text = object["metadata"]["annotations"][REVISION].as_str().unwrap_or_default();
    text.parse().unwrap_or_default()
}

/// Gives the current set the highest revision, and the deployment the same.
fn number_revision(work: &mut Work, deployment: &Value, sets: &[Value], new: &Value) {
    let others = sets.iter().filter(|set| key(set) != key(new));
    let highest = others.map(revision).max().unwrap_or_default();
    let own = revision(new).max(highest + 1);
    let mut set = new.clone();
    let mut all = annotations(deployment, Some(new));
    if revision(new) != own {
        if revision(new) > 0 {
            let history = all["deployment.kubernetes.io/revision-history"].as_str();
            let history = history.map_or_else(String::new, |history| format!("{history},"));
            let history = format!("{history}{}", revision(new));
            all["deployment.kubernetes.io/revision-history"] = history.into();
        }
        all[REVISION] = own.to_string().into();
    }
    set["metadata"]["annotations"] = all;
    work.update(REPLICA_SETS, new, set);
    if revision(deployment) != own {
        let mut changed = deployment.clone();
        changed["metadata"]["annotations"][REVISION] = own.to_string().into();
        // Upstream writes it with the status, which makes no new generation.
        work.put(DEPLOYMENTS, changed);
    }
}

fn scale(work: &mut Work, deployment: &Value, set: &Value, replicas: i64) {
    let mut new = set.clone();
    new["spec"]["replicas"] = replicas.into();
    let desired = number(&deployment["spec"]["replicas"], 1);
    let (surge, _) = rollout::limits(deployment);
    for (name, count) in [("desired-replicas", desired), ("max-replicas", desired + surge)] {
        let name = format!("deployment.kubernetes.io/{name}");
        new["metadata"]["annotations"][name] = count.to_string().into();
    }
    work.update(REPLICA_SETS, set, new);
}

/// Deletes old sets without pods beyond the limit of the history.
fn clean_up(work: &mut Work, deployment: &Value) {
    let limit = number(&deployment["spec"]["revisionHistoryLimit"], 10);
    let sets = work.owned(REPLICA_SETS, deployment);
    let new = current(&sets, deployment).map(key);
    let mut old: Vec<&Value> = sets
        .iter()
        .filter(|set| {
            Some(key(set)) != new
                && number(&set["spec"]["replicas"], 0) == 0
                && number(&set["status"]["replicas"], 0) == 0
        })
        .collect();
    old.sort_by_key(|set| revision(set));
    let surplus = old.len().saturating_sub(usize::try_from(limit).unwrap_or_default());
    for set in &old[..surplus] {
        work.delete(REPLICA_SETS, set);
    }
}

fn status(work: &mut Work, name: &str) {
    let Some(deployment) = work.get(DEPLOYMENTS, name) else { return };
    let sets = work.owned(REPLICA_SETS, &deployment);
    let new = current(&sets, &deployment);
    let sum = |field: &str| sets.iter().map(|set| number(&set["status"][field], 0)).sum::<i64>();
    let (all, ready, available) = (sum("replicas"), sum("readyReplicas"), sum("availableReplicas"));
    let updated = new.map_or(0, |set| number(&set["status"]["replicas"], 0));
    let wanted = number(&deployment["spec"]["replicas"], 1);
    let unavailable = (sets.iter().map(|set| number(&set["spec"]["replicas"], 0)).sum::<i64>()
        - available)
        .max(0);
    let mut status = json!({"observedGeneration": deployment["metadata"]["generation"]});
    for (field, count) in [
        ("replicas", all),
        ("updatedReplicas", updated),
        ("readyReplicas", ready),
        ("availableReplicas", available),
        ("unavailableReplicas", unavailable),
    ] {
        if count > 0 {
            status[field] = count.into();
        }
    }
    if let Some(conditions) = deployment["status"].get("conditions") {
        status["conditions"] = conditions.clone();
    }
    let now = work.time();
    let (_, most_unavailable) = rollout::limits(&deployment);
    let enough = available >= wanted - most_unavailable;
    let available_now = if enough {
        Condition {
            kind: "Available",
            holds: true,
            reason: "MinimumReplicasAvailable",
            message: "Deployment has minimum availability.",
        }
    } else {
        Condition {
            kind: "Available",
            holds: false,
            reason: "MinimumReplicasUnavailable",
            message: "Deployment does not have minimum availability.",
        }
    };
    conditions::set(&mut status, available_now, &now, &TIMES);
    let is_complete = updated == wanted && all == wanted && available == wanted;
    let set_name = new.map_or("", |set| meta::text(set, "name"));
    let (reason, message) = if is_complete {
        let message = format!("ReplicaSet \"{set_name}\" has successfully progressed.");
        ("NewReplicaSetAvailable", message)
    } else if deployment["status"]["conditions"].is_null() {
        ("NewReplicaSetCreated", format!("Created new replica set \"{set_name}\""))
    } else {
        ("ReplicaSetUpdated", format!("ReplicaSet \"{set_name}\" is progressing."))
    };
    let progressing = Condition { kind: "Progressing", holds: true, reason, message: &message };
    if new.is_some() {
        conditions::set(&mut status, progressing, &now, &TIMES);
    }
    work.set_status(DEPLOYMENTS, &deployment, status);
}
