//! Rules of disruption budgets (`pkg/apis/policy/validation/validation.go`).

use serde_json::Value;

use super::super::super::status::FieldError;
use super::super::diff;
use super::check::{
    Errors, at_most_all, child, label_selector, non_negative, positive_or_percent, supported_text,
    text,
};
use super::conditions;

/// `ValidatePodDisruptionBudgetSpec`.
pub(super) fn budget(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    let amounts = ["minAvailable", "maxUnavailable"];
    if amounts.iter().all(|field| !spec[field].is_null()) {
        let shown = diff::internal_text("policy.PodDisruptionBudgetSpec", spec);
        let why = "minAvailable and maxUnavailable cannot be both set";
        errors.push(FieldError::invalid("spec", shown, why));
    }
    for field in amounts {
        let path = child("spec", field);
        positive_or_percent(errors, &spec[field], &path);
        at_most_all(errors, &spec[field], &path);
    }
    label_selector(errors, &spec["selector"], "spec.selector");
    if !spec["unhealthyPodEvictionPolicy"].is_null() {
        let path = "spec.unhealthyPodEvictionPolicy";
        let known = ["AlwaysAllow", "IfHealthyBudget"];
        supported_text(errors, text(spec, "unhealthyPodEvictionPolicy"), path, &known);
    }
}

/// `ValidatePodDisruptionBudgetStatusUpdate`.
pub(super) fn budget_status(new: &Value, _: &Value, errors: &mut Errors) {
    let status = &new["status"];
    conditions::check(errors, &status["conditions"], "status.conditions");
    for field in ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"] {
        non_negative(errors, status, field, "status");
    }
}
