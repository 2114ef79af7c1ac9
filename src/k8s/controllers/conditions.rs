//! Conditions of a status, and what the conditions of pods say.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::meta;
use super::objects::Work;

/// A condition to set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Condition<'a> {
    pub(super) kind: &'a str,
    pub(super) holds: bool,
    pub(super) reason: &'a str,
    pub(super) message: &'a str,
}

/// Sets a condition; `fields` are the names of the fields with the time of each change.
pub(super) fn set(status: &mut Value, condition: Condition<'_>, now: &Value, fields: &[&str]) {
    let Condition { kind, holds, reason, message } = condition;
    let state = if holds { "True" } else { "False" };
    let mut new = json!({"type": kind, "status": state});
    for (field, text) in [("reason", reason), ("message", message)] {
        if !text.is_empty() {
            new[field] = text.into();
        }
    }
    if !status["conditions"].is_array() {
        status["conditions"] = json!([]);
    }
    let Some(all) = status["conditions"].as_array_mut() else { return };
    let known = all.iter().position(|one| one["type"] == kind);
    let before = known.map(|at| all[at].clone()).unwrap_or_default();
    let same = |field: &str| before[field] == new[field];
    if same("status") && same("reason") && same("message") {
        return;
    }
    let is_same_state = same("status");
    for field in fields {
        let keeps = *field == "lastTransitionTime" && is_same_state;
        new[*field] = if keeps { before[*field].clone() } else { now.clone() };
    }
    match known {
        Some(at) => all[at] = new,
        None => all.push(new),
    }
}

/// Whether a condition of an object is true.
pub(super) fn holds(object: &Value, kind: &str) -> bool {
    find(object, kind).is_some_and(|one| one["status"] == "True")
}

/// A condition of an object.
pub(super) fn find<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    let mut all = object["status"]["conditions"].as_array().into_iter().flatten();
    all.find(|one| one["type"] == kind)
}

/// Whether a pod has come to its end.
pub(super) fn is_finished(pod: &Value) -> bool {
    matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"))
}

/// Whether a pod runs, or is going to (`IsPodActive`).
pub(super) fn is_active(pod: &Value) -> bool {
    !is_finished(pod) && !meta::is_terminating(pod)
}

/// Whether a pod is ready.
pub(super) fn is_ready(pod: &Value) -> bool {
    holds(pod, "Ready")
}

/// How long it is until a ready pod counts as available: nothing where it does.
pub(super) fn until_available(work: &Work, pod: &Value, seconds: i64) -> Option<Duration> {
    let since = &find(pod, "Ready")?["lastTransitionTime"];
    work.until(since, Duration::from_secs(u64::try_from(seconds).unwrap_or_default()))
}
