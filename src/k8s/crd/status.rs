//! The status of a definition, as upstream's controllers write it over time (`pkg/controller/{status,establish,
//! apiapproval,finalizer}`).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::meta;
use super::approval::approval;
use super::names::AcceptedNames;

/// The finalizer of a definition whose objects are to be deleted with it.
pub(in super::super) const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

/// The names of versions in which objects may be stored: those that the status has, and the storage version.
pub(in super::super) fn stored_versions(definition: &Value) -> Value {
    let mut stored = definition["status"]["storedVersions"].as_array().cloned().unwrap_or_default();
    let versions = definition["spec"]["versions"].as_array().into_iter().flatten();
    let storage =
        versions.filter(|version| version["storage"] == true).map(|version| &version["name"]);
    for name in storage.take(1) {
        if !stored.contains(name) {
            stored.push(name.clone());
        }
    }
    if stored.is_empty() { Value::Null } else { stored.into() }
}

/// The status of a new definition, before any controller has seen it.
pub(in super::super) fn initial(definition: &Value) -> Value {
    json!({
        "acceptedNames": {"kind": "", "plural": ""},
        "conditions": null,
        "storedVersions": stored_versions(definition),
    })
}

/// Sets a condition. One whose status stays keeps its transition time.
pub(in super::super) fn condition(
    status: &mut Value,
    (kind, value): (&str, &str),
    reason: &str,
    message: &str,
    now: Timestamp,
) {
    let mut new = json!({
        "type": kind, "status": value, "reason": reason, "message": message,
        "lastTransitionTime": meta::time_text(now),
    });
    if !status["conditions"].is_array() {
        status["conditions"] = json!([]);
    }
    let Some(conditions) = status["conditions"].as_array_mut() else { return };
    match conditions.iter_mut().find(|held| held["type"] == kind) {
        Some(held) => {
            if held["status"] == value && held["lastTransitionTime"].is_string() {
                new["lastTransitionTime"] = held["lastTransitionTime"].clone();
            }
            *held = new;
        }
        None => conditions.push(new),
    }
}

fn is_true(definition: &Value, kind: &str) -> bool {
    let conditions = definition["status"]["conditions"].as_array().into_iter().flatten();
    conditions.filter(|held| held["type"] == kind).any(|held| held["status"] == "True")
}

/// Whether objects of the definition are served.
pub(in super::super) fn is_established(definition: &Value) -> bool {
    is_true(definition, "Established")
}

/// The statuses that the controllers write after a definition was written, in their order.
pub(in super::super) fn served(
    definition: &Value,
    accepted: &AcceptedNames,
    now: Timestamp,
) -> Vec<Value> {
    let mut status = definition["status"].clone();
    if !status.is_object() {
        status = initial(definition);
    }
    status["acceptedNames"] = accepted.names.clone();
    let value = if accepted.accepted { "True" } else { "False" };
    condition(&mut status, ("NamesAccepted", value), accepted.reason, &accepted.message, now);
    let established = is_established(definition);
    if !established {
        let (reason, message) = if accepted.accepted {
            ("Installing", "the initial names have been accepted")
        } else {
            ("NotAccepted", "not all names are accepted")
        };
        condition(&mut status, ("Established", "False"), reason, message, now);
    }
    if let Some(approval) = approval(definition) {
        let kind = "KubernetesAPIApprovalPolicyConformant";
        condition(&mut status, (kind, approval.status), approval.reason, &approval.message, now);
    }
    let mut written = vec![status];
    if accepted.accepted && !established {
        let mut status = written[0].clone();
        let message = "the initial names have been accepted";
        condition(&mut status, ("Established", "True"), "InitialNamesAccepted", message, now);
        written.push(status);
    }
    written.retain(|status| *status != definition["status"]);
    written
}

/// Marks a definition as being deleted.
pub(in super::super) fn terminating(definition: &mut Value, now: Timestamp) {
    let mut finalizers: Vec<Value> =
        definition["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
    if !finalizers.iter().any(|name| name == CLEANUP) {
        finalizers.push(CLEANUP.into());
    }
    meta::set(definition, "finalizers", finalizers.into());
    meta::set(definition, "deletionTimestamp", meta::time_text(now).into());
    let message =
        "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon";
    condition(
        &mut definition["status"],
        ("Terminating", "True"),
        "InstanceDeletionPending",
        message,
        now,
    );
}
