//! Rules of quotas and limits (`pkg/apis/core/validation/validation.go`, `pkg/apis/core/helper/helpers.go`).

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::super::golang::{json_text, quote};
use super::super::super::names;
use super::super::super::status::FieldError;
use super::super::quantity::Quantity;
use super::check::{Errors, child, entries, item, list, problems, text};
use super::names_of_resources::is_standard;
use super::requirements::{resource_amount, resource_name};

/// `IsStandardQuotaResourceName`.
fn is_of_quota(name: &str) -> bool {
    name != "storage" && is_standard(name)
}

/// `ValidateResourceQuota`.
pub(super) fn quota(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    amounts(errors, spec, "hard", "spec");
    scopes(errors, spec);
    scope_selector(errors, spec);
}

/// `ValidateResourceQuotaStatusUpdate`.
pub(super) fn quota_status(new: &Value, _: &Value, errors: &mut Errors) {
    for field in ["hard", "used"] {
        amounts(errors, &new["status"], field, "status");
    }
}

fn amounts(errors: &mut Errors, holder: &Value, field: &str, at: &str) {
    let at = child(at, field);
    for (name, value) in entries(holder, field) {
        let path = item(&at, name);
        let found = names::qualified_name(name);
        if found.is_empty() && !name.contains('/') && !is_standard(name) {
            let why = "must be a standard resource type or fully qualified";
            errors.push(FieldError::invalid(&path, quote(name), why));
        }
        problems(errors, &path, name, found);
        if !name.contains('/') && !is_of_quota(name) {
            let why = "must be a standard resource for quota";
            errors.push(FieldError::invalid(&path, quote(name), why));
        }
        resource_amount(errors, name, value, &path);
    }
}

const SCOPES: [&str; 7] = [
    "BestEffort",
    "CrossNamespacePodAffinity",
    "NotBestEffort",
    "NotTerminating",
    "PriorityClass",
    "Terminating",
    "VolumeAttributesClass",
];

/// `validateScopedResourceSelectorRequirement`.
fn scope_selector(errors: &mut Errors, spec: &Value) {
    let selector = &spec["scopeSelector"];
    let path = "spec.scopeSelector.matchExpressions";
    let at = |field: &str| child(path, field);
    for requirement in list(selector, "matchExpressions") {
        let (scope, operator) = (text(requirement, "scopeName"), text(requirement, "operator"));
        let values = list(requirement, "values");
        if !SCOPES.contains(&scope) {
            errors.push(FieldError::invalid(at("scopeName"), quote(scope), "unsupported scope"));
        }
        for _ in entries(spec, "hard").filter(|(name, _)| is_unfit(scope, name)) {
            let why = "unsupported scope applied to resource";
            errors.push(FieldError::invalid(path, shown(selector), why));
        }
        if matches!(
            scope,
            "BestEffort"
                | "NotBestEffort"
                | "Terminating"
                | "NotTerminating"
                | "CrossNamespacePodAffinity"
        ) && operator != "Exists"
        {
            let why = "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, \
                       ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, \
                       ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
            errors.push(FieldError::invalid(at("operator"), quote(operator), why));
        }
        match operator {
            "In" | "NotIn" if values.is_empty() => {
                let why = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
                errors.push(FieldError::required(at("values"), why));
            }
            "Exists" | "DoesNotExist" if !values.is_empty() => {
                let why = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
                let shown = json_text(&requirement["values"]);
                errors.push(FieldError::invalid(at("values"), shown, why));
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            other => {
                let why = "not a valid selector operator";
                errors.push(FieldError::invalid(at("operator"), quote(other), why));
            }
        }
    }
}

/// Whether a scope does not apply to a resource of quotas (`IsResourceQuotaScopeValidForResource`).
fn is_unfit(scope: &str, name: &str) -> bool {
    let compute =
        ["cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"];
    let fits = match scope {
        "BestEffort" => name == "pods",
        "VolumeAttributesClass" => matches!(name, "persistentvolumeclaims" | "requests.storage"),
        _ if SCOPES.contains(&scope) => name == "pods" || compute.contains(&name),
        _ => true,
    };
    is_of_quota(name) && !fits
}

/// A selector of scopes as its internal type.
fn shown(selector: &Value) -> String {
    let one = |requirement: &Value| {
        let (scope, operator) = (text(requirement, "scopeName"), text(requirement, "operator"));
        let values = json_text(&requirement["values"]);
        format!(
            "{{\"ScopeName\":{},\"Operator\":{},\"Values\":{values}}}",
            quote(scope),
            quote(operator)
        )
    };
    let all: Vec<String> = list(selector, "matchExpressions").iter().map(one).collect();
    format!("{{\"MatchExpressions\":[{}]}}", all.join(","))
}

fn scopes(errors: &mut Errors, spec: &Value) {
    let shown = json_text(&spec["scopes"]);
    let all: BTreeSet<&str> = list(spec, "scopes").iter().filter_map(Value::as_str).collect();
    let mut wrong = |why: &str| errors.push(FieldError::invalid("spec.scopes", &shown, why));
    for scope in list(spec, "scopes").iter().filter_map(Value::as_str) {
        let known = SCOPES;
        if !known.contains(&scope) {
            wrong("unsupported scope");
        }
        for _ in entries(spec, "hard").filter(|(name, _)| is_unfit(scope, name)) {
            wrong("unsupported scope applied to resource");
        }
    }
    for pair in [["BestEffort", "NotBestEffort"], ["Terminating", "NotTerminating"]] {
        if pair.iter().all(|scope| all.contains(scope)) {
            wrong("conflicting scopes");
        }
    }
}

/// `ValidateResourceQuotaUpdate`: the scopes stay.
pub(super) fn quota_change(new: &Value, old: &Value, errors: &mut Errors) {
    let scopes = |value: &Value| -> BTreeSet<String> {
        let all = list(&value["spec"], "scopes").iter();
        all.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    if scopes(new) != scopes(old) {
        let shown = json_text(&new["spec"]["scopes"]);
        errors.push(FieldError::invalid("spec.scopes", shown, "field is immutable"));
    }
}

/// `ValidateLimitRange`.
pub(super) fn limit_range(object: &Value, errors: &mut Errors) {
    let mut kinds = BTreeSet::new();
    for (index, limit) in list(&object["spec"], "limits").iter().enumerate() {
        let path = item("spec.limits", index);
        let kind = text(limit, "type");
        problems(errors, &child(&path, "type"), kind, names::qualified_name(kind));
        if !kind.contains('/') {
            let kinds = ["Container", "PersistentVolumeClaim", "Pod"];
            if !kinds.contains(&kind) && names::qualified_name(kind).is_empty() {
                let why = "must be a standard limit type or fully qualified";
                errors.push(FieldError::invalid(child(&path, "type"), quote(kind), why));
            }
        }
        if !kinds.insert(kind) {
            errors.push(FieldError::duplicate(child(&path, "type"), quote(kind)));
        }
        if kind == "Pod" {
            for field in ["default", "defaultRequest"] {
                if limit[field].as_object().is_some_and(|map| !map.is_empty()) {
                    let why = "may not be specified when `type` is 'Pod'";
                    errors.push(FieldError::forbidden(child(&path, field), why));
                }
            }
        }
        let storage = |field: &str| limit[field].get("storage").is_some();
        if kind == "PersistentVolumeClaim" && !storage("min") && !storage("max") {
            let why =
                "either minimum or maximum storage value is required, but neither was provided";
            errors.push(FieldError::required(child(&path, "limits"), why));
        }
        ranges(errors, limit, &path);
    }
}

/// A pair of fields of which the first must not exceed the second: where the error stands, whose value it shows,
/// and how it names both.
const ORDER: [(&str, &str, &str, &str, [&str; 2]); 6] = [
    ("min", "max", "min", "min", ["min value", "max value"]),
    (
        "min",
        "defaultRequest",
        "defaultRequest",
        "defaultRequest",
        ["min value", "default request value"],
    ),
    (
        "defaultRequest",
        "max",
        "defaultRequest",
        "defaultRequest",
        ["default request value", "max value"],
    ),
    (
        "defaultRequest",
        "default",
        "defaultRequest",
        "defaultRequest",
        ["default request value", "default limit value"],
    ),
    ("min", "default", "default", "min", ["min value", "default value"]),
    ("default", "max", "default", "max", ["default value", "max value"]),
];

/// The order in which upstream looks at the names of a limit's fields.
const FIELD_ORDER: [&str; 5] = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"];

/// `validateLimitRangeResourceName`.
fn limited_name(errors: &mut Errors, name: &str, kind: &str, path: &str) {
    if matches!(kind, "Pod" | "Container") {
        resource_name(errors, name, path);
        return;
    }
    let found = names::qualified_name(name);
    if found.is_empty() && !name.contains('/') && !is_standard(name) {
        let why = "must be a standard resource type or fully qualified";
        errors.push(FieldError::invalid(path, quote(name), why));
    }
    problems(errors, path, name, found);
}

#[expect(clippy::cast_precision_loss, reason = "upstream divides floats as well")]
fn as_float(amount: i128) -> f64 {
    amount as f64
}

fn ranges(errors: &mut Errors, limit: &Value, path: &str) {
    let fields = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"];
    let names: BTreeSet<&String> =
        fields.iter().flat_map(|field| entries(limit, field)).map(|(name, _)| name).collect();
    for name in names {
        for field in FIELD_ORDER.iter().filter(|field| limit[**field].get(name).is_some()) {
            let at = item(&child(path, field), name);
            limited_name(errors, name, text(limit, "type"), &at);
        }
        let amount = |field: &str| Quantity::parse(limit[field].get(name)?.as_str()?).ok();
        for (low, high, at, shown, words) in ORDER {
            let (Some(least), Some(most)) = (amount(low), amount(high)) else { continue };
            if least > most {
                let why = format!(
                    "{} {} is greater than {} {}",
                    words[0],
                    least.text(),
                    words[1],
                    most.text()
                );
                let value = if shown == low { &least } else { &most };
                let path = item(&child(path, at), name);
                errors.push(FieldError::invalid(path, quote(&value.text()), &why));
            }
        }
        if let Some(ratio) =
            amount("maxLimitRequestRatio").filter(|ratio| *ratio < Quantity::whole(1))
        {
            let why = format!("ratio {} is less than 1", ratio.text());
            let path = item(&child(path, "maxLimitRequestRatio"), name);
            errors.push(FieldError::invalid(path, quote(&ratio.text()), &why));
        }
        if let (Some(ratio), Some(least), Some(most)) =
            (amount("maxLimitRequestRatio"), amount("min"), amount("max"))
        {
            let milli = |amount: &Quantity| as_float(amount.milli());
            let limit = milli(&most) / milli(&least);
            if milli(&ratio) / 1000.0 > limit {
                let why = format!("ratio {} is greater than max/min = {limit:.6}", ratio.text());
                let path = item(&child(path, "maxLimitRequestRatio"), name);
                errors.push(FieldError::invalid(path, quote(&ratio.text()), &why));
            }
        }
    }
}
