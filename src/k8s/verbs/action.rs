//! What the actions on a pod have in common that are created below it, bindings and evictions: their answers, and the
//! conditions that they leave (`pkg/registry/core/pod/storage`).

use http::StatusCode;
use serde_json::{Value, json};

use crate::message::{Body, Plan};

use super::super::output;
use super::super::status::ApiError;
use super::super::store::StoreChange;
use super::{Call, Outcome, Resolved, written};

/// The Status of a subresource that was created.
pub(super) fn created(
    call: &Call<'_>,
    change: StoreChange,
    warnings: &[String],
) -> Result<Resolved, ApiError> {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201,
    });
    let mut plan = status_plan(call, &status, StatusCode::CREATED)?;
    for warning in warnings.iter().filter_map(|text| output::warning(text)) {
        plan.headers.append("warning", warning);
    }
    Ok(written::planned(change, plan))
}

/// The Status of a subresource that was not created, although no error says so.
pub(super) fn refused(call: &Call<'_>, why: &str, code: StatusCode) -> Result<Resolved, ApiError> {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": why,
        "code": code.as_u16(),
    });
    Ok(Resolved::Outcome(Outcome::Plan(status_plan(call, &status, code)?)))
}

fn status_plan(call: &Call<'_>, status: &Value, code: StatusCode) -> Result<Plan, ApiError> {
    let output = call.negotiate()?;
    let body = Body::Bytes(output.render(status.to_string().into_bytes()));
    Ok(output::plan(code, output.content_type(), body))
}

/// Sets a condition in the place of one of its type; its time stays where its status does (`UpdatePodCondition`).
pub(super) fn set_condition(pod: &mut Value, mut condition: Value) {
    let mut all = pod["status"]["conditions"].as_array().cloned().unwrap_or_default();
    match all.iter_mut().find(|found| found["type"] == condition["type"]) {
        Some(found) => {
            if found["status"] == condition["status"] {
                condition["lastTransitionTime"] = found["lastTransitionTime"].clone();
            }
            *found = condition;
        }
        None => all.push(condition),
    }
    pod["status"]["conditions"] = all.into();
}
