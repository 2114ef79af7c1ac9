//! The status of validating admission policies: which generation was looked at, and what is wrong with the types of its
//! expressions (`pkg/controller/validatingadmissionpolicystatus/controller.go`).

use serde_json::{Value, json};

use super::objects::{POLICIES, Work, number};
use super::policy_types;

/// Looks at a policy that has changed since.
pub(super) fn run(work: &mut Work, key: &str) {
    let Some(policy) = work.get(POLICIES, key) else { return };
    let generation = number(&policy["metadata"]["generation"], 0);
    if generation <= number(&policy["status"]["observedGeneration"], 0) {
        return;
    }
    let warnings: Vec<Value> = policy_types::warnings(work.change.types(), &policy)
        .into_iter()
        .map(|(field, warning)| json!({"fieldRef": field, "warning": warning}))
        .collect();
    let checked =
        if warnings.is_empty() { json!({}) } else { json!({"expressionWarnings": warnings}) };
    let mut status = policy["status"].clone();
    status["observedGeneration"] = generation.into();
    status["typeChecking"] = checked;
    work.set_status(POLICIES, &policy, status);
}
