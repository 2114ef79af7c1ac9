//! `create` of an eviction of a pod: the pod is deleted, unless a budget forbids it
//! (`pkg/registry/core/pod/storage/eviction.go`).

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Value, json};

use super::super::core::rules;
use super::super::meta;
use super::super::options::{DeleteOptions, WriteOptions};
use super::super::resource::GroupResource;
use super::super::status::{ApiError, FieldError};
use super::super::store::{Object, StoreChange};
use super::admission::Admission;
use super::render::render;
use super::{Call, Resolved, action, admit, delete, typed_body};

const KIND: &str = "Eviction";
const GROUP: &str = "policy";

/// The most pods that a budget may say are being evicted (`MaxDisruptedPodSize`).
const MAX_DISRUPTED: usize = 2000;

pub(super) fn run(call: &Call<'_>) -> Result<Resolved, ApiError> {
    let of_request = WriteOptions::parse(call.query, "CreateOptions", false)?;
    // The older version is still taken (`EvictionREST.AcceptsGroupVersion`).
    let (eviction, warnings) =
        typed_body::read(call, KIND, "policy/v1", &of_request).or_else(|error| {
            typed_body::read(call, KIND, "policy/v1beta1", &of_request).map_err(|_| error)
        })?;
    admit::check_namespace(call, &eviction)?;
    let admission = Admission::of_write(call, &of_request);
    let mut eviction = admission.mutate_other(eviction)?;
    let name = &*call.info.name;
    if meta::text(&eviction, "name") != name {
        return Err(ApiError::bad_request("name in URL does not match name in Eviction object"));
    }
    let field = "ignoreStoreReadErrorWithClusterBreakingPotential";
    if eviction["deleteOptions"][field] == true {
        let why = "can not be set for pod eviction, try after removing the option";
        let errors = [FieldError::invalid(format!("deleteOptions.{field}"), true, why)];
        return Err(ApiError::invalid(KIND, GROUP, name, &errors));
    }
    let is_dry = propagate_dry_run(&mut eviction, of_request.dry_run)?;
    admission.validate(None, &eviction)?;
    let pod = call.find()?;
    let mut change = StoreChange::on(&call.state);
    let value = pod.value("v1", "Pod");
    if !ignores_budgets(&value) && !ask_budgets(call, &mut change, &value, is_dry)? {
        return action::refused(call, MORE_THAN_ONE, StatusCode::INTERNAL_SERVER_ERROR);
    }
    remove(call, &mut change, pod, eviction["deleteOptions"].take(), is_dry)?;
    action::created(call, change, &warnings)
}

const MORE_THAN_ONE: &str = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not \
                             support.";

/// Brings `dryRun` of the request and of the options together; returns whether nothing is to be stored
/// (`propagateDryRun`).
fn propagate_dry_run(eviction: &mut Value, of_request: bool) -> Result<bool, ApiError> {
    let own = eviction["deleteOptions"]["dryRun"].as_array().cloned().unwrap_or_default();
    if own.is_empty() {
        if of_request {
            eviction["deleteOptions"]["dryRun"] = json!(["All"]);
        }
        return Ok(of_request);
    }
    if of_request && own != ["All"] {
        let own: Vec<&str> = own.iter().filter_map(Value::as_str).collect();
        return Err(ApiError::unclassified(format!(
            "Non-matching dry-run options in request and content: [All] and [{}]",
            own.join(" ")
        )));
    }
    Ok(true)
}

/// Whether a pod is evicted without asking a budget: one that does not run (`canIgnorePDB`).
fn ignores_budgets(pod: &Value) -> bool {
    let phase = pod["status"]["phase"].as_str().unwrap_or_default();
    matches!(phase, "Succeeded" | "Failed" | "Pending") || meta::is_terminating(pod)
}

/// Asks the budget of a pod, and notes the disruption in it. Returns whether the pod has no more than one.
///
/// # Errors
/// 429 of a budget that allows no disruption.
fn ask_budgets(
    call: &Call<'_>,
    change: &mut StoreChange,
    pod: &Value,
    is_dry: bool,
) -> Result<bool, ApiError> {
    let budgets = GroupResource::new(GROUP, "poddisruptionbudgets");
    let labels = &pod["metadata"]["labels"];
    let of_pod = |budget: &&Arc<Object>| {
        let value = budget.value("policy/v1", "PodDisruptionBudget");
        rules::selects(&value["spec"]["selector"], labels)
    };
    let all = call.state.snapshot.collection(&budgets);
    let mut own: Vec<&Arc<Object>> = match &all {
        Some(all) => all.range(&call.info.namespace, "").filter(of_pod).collect(),
        None => Vec::new(),
    };
    if own.len() > 1 {
        return Ok(false);
    }
    let Some(budget) = own.pop() else { return Ok(true) };
    let mut value = budget.value("policy/v1", "PodDisruptionBudget");
    if !is_ready(pod) && allows_unready(&value) {
        return Ok(true);
    }
    check(&value, &budget.meta.name)?;
    if !is_dry {
        decrement(&mut value, &call.info.name, &meta::time_text(call.now));
        let served = call.state.types.find(GROUP, "v1", "poddisruptionbudgets");
        if let Some(served) = served {
            let inner = Call { served: served.clone(), state: Arc::clone(&call.state), ..*call };
            let object = render(&inner, change, value);
            change.put(object);
        }
    }
    Ok(true)
}

fn is_ready(pod: &Value) -> bool {
    let mut conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
    conditions.any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}

fn count(budget: &Value, field: &str) -> i64 {
    budget["status"][field].as_i64().unwrap_or_default()
}

/// Whether a budget lets pods go that are not ready: they are none of its healthy ones.
fn allows_unready(budget: &Value) -> bool {
    let wanted = count(budget, "desiredHealthy");
    budget["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
        || wanted > 0 && count(budget, "currentHealthy") >= wanted
}

/// Whether a budget allows one more disruption (`checkAndDecrement`).
fn check(budget: &Value, name: &str) -> Result<(), ApiError> {
    let resource = GroupResource::new(GROUP, "poddisruptionbudget");
    let generation = budget["metadata"]["generation"].as_i64().unwrap_or_default();
    if count(budget, "observedGeneration") < generation {
        let why = format!("The disruption budget {name} is still being processed by the server.");
        return Err(ApiError::disruption_budget(&why, 10));
    }
    let left = count(budget, "disruptionsAllowed");
    if left < 0 {
        let why = "pdb disruptions allowed is negative";
        return Err(ApiError::forbidden(&resource, name, why));
    }
    if budget["status"]["disruptedPods"].as_object().is_some_and(|map| map.len() > MAX_DISRUPTED) {
        let why = "DisruptedPods map too big - too many evictions not confirmed by PDB controller";
        return Err(ApiError::forbidden(&resource, name, why));
    }
    if left > 0 {
        return Ok(());
    }
    let (wanted, has) = (count(budget, "desiredHealthy"), count(budget, "currentHealthy"));
    let mut conditions = budget["status"]["conditions"].as_array().into_iter().flatten();
    let condition = conditions.find(|condition| condition["type"] == "DisruptionAllowed");
    let text = |field: &str| condition.and_then(|found| found[field].as_str()).unwrap_or_default();
    let is_told = text("status") == "False" && !text("message").is_empty();
    let not_now = format!("The disruption budget {name} does not allow evicting pods currently");
    let why = if is_told && text("reason") == "SyncFailed" {
        format!("{not_now} because it failed sync: {}", text("message"))
    } else if has <= wanted {
        format!("The disruption budget {name} needs {wanted} healthy pods and has {has} currently")
    } else if is_told {
        format!("{not_now} ({}): {}", text("reason"), text("message"))
    } else {
        not_now
    };
    Err(ApiError::disruption_budget(&why, 0))
}

/// Notes a disruption in a budget. `now` is the time in RFC 3339.
fn decrement(budget: &mut Value, pod: &str, now: &str) {
    let left = count(budget, "disruptionsAllowed") - 1;
    let observed = count(budget, "observedGeneration");
    let status = &mut budget["status"];
    status["disruptionsAllowed"] = left.into();
    status["disruptedPods"][pod] = now.into();
    if left > 0 {
        return;
    }
    let mut all = status["conditions"].as_array().cloned().unwrap_or_default();
    let at = all.iter().position(|condition| condition["type"] == "DisruptionAllowed");
    let was = at.map(|at| all.remove(at)).unwrap_or_default();
    let since =
        if was["status"] == "False" { was["lastTransitionTime"].clone() } else { now.into() };
    let condition = json!({
        "type": "DisruptionAllowed", "status": "False", "reason": "InsufficientPods", "message": "",
        "observedGeneration": observed, "lastTransitionTime": since,
    });
    all.insert(at.unwrap_or(all.len()).min(all.len()), condition);
    status["conditions"] = all.into();
}

/// Deletes the pod, which says in a condition why (`addConditionAndDeletePod`).
fn remove(
    call: &Call<'_>,
    change: &mut StoreChange,
    pod: &Arc<Object>,
    options: Value,
    is_dry: bool,
) -> Result<(), ApiError> {
    let mut options = match options {
        Value::Object(_) => DeleteOptions::of_body(options)?,
        _ => DeleteOptions::default(),
    };
    delete::check_preconditions(call, pod, &options)?;
    if is_dry {
        // The eviction was judged, and its deletion is not (`rest.ValidateAllObjectFunc`).
        delete::delete(call, change, pod, &options, None)?;
        return Ok(());
    }
    let mut value = pod.value(&call.served.api_version, &call.served.of.kind);
    let condition = json!({
        "type": "DisruptionTarget", "status": "True", "lastProbeTime": null,
        "lastTransitionTime": meta::time_text(call.now), "reason": "EvictionByEvictionAPI",
        "message": "Eviction API: evicting",
    });
    action::set_condition(&mut value, condition);
    let marked = render(call, change, value);
    change.put(Arc::clone(&marked));
    // The write above has made a new revision.
    options.resource_version = None;
    delete::delete(call, change, &marked, &options, None)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(allowed: i64, healthy: i64) -> Value {
        json!({
            "metadata": {"generation": 1},
            "status": {
                "observedGeneration": 1, "disruptionsAllowed": allowed, "desiredHealthy": 2, "currentHealthy": healthy,
            },
        })
    }

    #[test]
    fn a_budget_says_why_it_allows_nothing() {
        assert!(check(&budget(1, 3), "b").is_ok());
        let why = |budget: &Value| {
            let details = check(budget, "b").unwrap_err().details.unwrap();
            details.causes[0].message.clone()
        };
        assert_eq!(
            why(&budget(0, 2)),
            "The disruption budget b needs 2 healthy pods and has 2 currently"
        );
        assert_eq!(
            why(&budget(0, 3)),
            "The disruption budget b does not allow evicting pods currently"
        );
        let mut old = budget(0, 3);
        old["metadata"]["generation"] = 2.into();
        assert!(why(&old).ends_with("is still being processed by the server."));
    }

    #[test]
    fn the_last_disruption_changes_the_condition() {
        let mut budget = budget(1, 3);
        decrement(&mut budget, "p", "2026-01-01T00:00:00Z");
        assert_eq!(budget["status"]["disruptionsAllowed"], 0);
        assert_eq!(budget["status"]["disruptedPods"], json!({"p": "2026-01-01T00:00:00Z"}));
        assert_eq!(budget["status"]["conditions"][0]["reason"], "InsufficientPods");
    }

    #[test]
    fn dry_runs_of_request_and_options_agree() {
        let dry = |options: Value, of_request| {
            propagate_dry_run(&mut json!({"deleteOptions": options}), of_request)
        };
        assert!(dry(json!({}), true).unwrap());
        assert!(dry(json!({"dryRun": ["All"]}), false).unwrap());
        assert!(!dry(json!({}), false).unwrap());
        assert!(dry(json!({"dryRun": ["x"]}), true).is_err());
    }
}
