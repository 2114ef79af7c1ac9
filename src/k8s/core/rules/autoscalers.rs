//! Rules of autoscalers of pods (`pkg/apis/autoscaling/validation/validation.go`,
//! `pkg/registry/autoscaling/horizontalpodautoscaler`), in the form of `autoscaling/v2`.

use serde_json::Value;

use super::super::super::golang::{json_text, quote};
use super::super::super::names;
use super::super::super::status::FieldError;
use super::super::quantity::Quantity;
use super::check::{
    Errors, child, dns_label, item, list, non_negative, problems, supported_text, text,
};
use super::requirements::resource_name;

/// The maximum period of a scaling policy, in seconds.
const MAX_PERIOD: i64 = 1800;
/// The maximum stabilization window, in seconds.
const MAX_WINDOW: i64 = 3600;

type SourceRule = fn(&mut Errors, &Value, &str);

/// The sources of metrics: the type, its field, and its rule, in the order in which upstream looks at the fields.
const SOURCES: [(&str, &str, SourceRule); 5] = [
    ("Object", "object", object_source),
    ("External", "external", external_source),
    ("Pods", "pods", pods_source),
    ("Resource", "resource", resource_source),
    ("ContainerResource", "containerResource", container_source),
];

/// The directions of scaling that an autoscaler gives no policies on purpose: an empty list is no absent one, which would
/// get its default, and is refused.
pub(in super::super::super) fn without_policies(plural: &str, object: &Value) -> Vec<&'static str> {
    let mut directions = vec!["scaleUp", "scaleDown"];
    let behavior = &object["spec"]["behavior"];
    directions.retain(|direction| {
        plural == "horizontalpodautoscalers"
            && behavior[*direction]["policies"].as_array().is_some_and(Vec::is_empty)
    });
    directions
}

/// `validateHorizontalPodAutoscalerSpec`, for a new autoscaler.
pub(super) fn new_autoscaler(object: &Value, errors: &mut Errors) {
    autoscaler(object, None, errors);
}

/// `ValidateHorizontalPodAutoscalerUpdate`.
pub(super) fn autoscaler_change(new: &Value, old: &Value, errors: &mut Errors) {
    autoscaler(new, Some(old), errors);
}

/// `ValidateHorizontalPodAutoscalerStatusUpdate`.
pub(super) fn autoscaler_status(new: &Value, _: &Value, errors: &mut Errors) {
    for field in ["currentReplicas", "desiredReplicas"] {
        non_negative(errors, &new["status"], field, "status");
    }
}

fn autoscaler(object: &Value, old: Option<&Value>, errors: &mut Errors) {
    let spec = &object["spec"];
    let least = spec["minReplicas"].as_i64();
    let most = spec["maxReplicas"].as_i64().unwrap_or_default();
    let had_zero = old.is_some_and(|old| old["spec"]["minReplicas"] == 0);
    let bound = i64::from(!had_zero);
    if let Some(least) = least.filter(|least| *least < bound) {
        let why = format!("must be greater than or equal to {bound}");
        errors.push(FieldError::invalid("spec.minReplicas", least, &why));
    }
    if most == 0 {
        let why = "must be set and greater than 0";
        errors.push(FieldError::required("spec.maxReplicas", why));
    } else if most < 0 {
        let why = "must be greater than or equal to 1";
        errors.push(FieldError::invalid("spec.maxReplicas", most, why));
    }
    if least.is_some_and(|least| most < least) {
        let why = "must be greater than or equal to `minReplicas`";
        errors.push(FieldError::invalid("spec.maxReplicas", most, why));
    }
    let target = &spec["scaleTargetRef"];
    let same = |old: &Value| {
        let old = &old["spec"]["scaleTargetRef"];
        old["apiVersion"] == target["apiVersion"] && old["kind"] == target["kind"]
    };
    let versions = match old {
        Some(old) if same(old) => Versions::Any,
        _ if target["kind"] == "ReplicationController" => Versions::WithoutGroup,
        _ => Versions::WithGroup,
    };
    reference(errors, target, "spec.scaleTargetRef", versions);
    let metrics = list(spec, "metrics");
    for (index, found) in metrics.iter().enumerate() {
        metric(errors, found, &item("spec.metrics", index));
    }
    let scales_to_zero = |metric: &Value| matches!(text(metric, "type"), "Object" | "External");
    if least == Some(0) && !metrics.iter().any(scales_to_zero) {
        let why = "must specify at least one Object or External metric to support scaling to zero replicas";
        errors.push(FieldError::forbidden("spec.metrics", why));
    }
    for field in ["scaleUp", "scaleDown"] {
        let rules = &spec["behavior"][field];
        if !rules.is_null() {
            scaling_rules(errors, rules, &child("spec.behavior", field));
        }
    }
}

/// Which API versions a reference may have (`CrossVersionObjectReferenceValidationOptions`).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Versions {
    Any,
    WithGroup,
    WithoutGroup,
}

/// `ValidateCrossVersionObjectReference`.
fn reference(errors: &mut Errors, reference: &Value, path: &str, versions: Versions) {
    for field in ["kind", "name"] {
        super::formats::required_segment(errors, text(reference, field), &child(path, field));
    }
    let version = text(reference, "apiVersion");
    let why = if versions == Versions::Any {
        None
    } else if version.matches('/').count() > 1 {
        Some(format!("unexpected GroupVersion string: {version}"))
    } else {
        let group = version.split_once('/').map_or("", |(group, _)| group);
        (versions == Versions::WithGroup && group.is_empty())
            .then(|| "apiVersion must specify API group".to_owned())
    };
    if let Some(why) = why {
        errors.push(FieldError::invalid(child(path, "apiVersion"), quote(version), &why));
    }
}

/// `validateMetricSpec`.
fn metric(errors: &mut Errors, metric: &Value, path: &str) {
    let known = ["ContainerResource", "External", "Object", "Pods", "Resource"];
    let kind = text(metric, "type");
    let at = child(path, "type");
    if kind.is_empty() {
        errors.push(FieldError::required(&at, "must specify a metric source type"));
    }
    supported_text(errors, kind, &at, &known);
    let present: Vec<_> = SOURCES.iter().filter(|(_, field, _)| !metric[field].is_null()).collect();
    if let Some((_, field, check)) = present.first() {
        check(errors, &metric[field], &child(path, field));
    }
    let own = SOURCES.iter().find(|(name, ..)| *name == kind).map(|(_, field, _)| *field);
    match own {
        Some(field) if metric[field].is_null() => {
            let why = "must populate information for the given metric source";
            errors.push(FieldError::required(child(path, field), why));
        }
        Some(_) => {}
        None => supported_text(errors, kind, &at, &known),
    }
    if present.len() != 1 {
        for (_, field, _) in present.iter().filter(|(_, field, _)| Some(*field) != own) {
            let why = "must populate the given metric source only";
            errors.push(FieldError::forbidden(child(path, field), why));
        }
    }
}

fn object_source(errors: &mut Errors, source: &Value, path: &str) {
    let at = child(path, "describedObject");
    reference(errors, &source["describedObject"], &at, Versions::WithoutGroup);
    identifier(errors, &source["metric"], &child(path, "metric"));
    target(errors, &source["target"], &child(path, "target"));
    if source["target"]["value"].is_null() && source["target"]["averageValue"].is_null() {
        let why = "must set either a target value or averageValue";
        errors.push(FieldError::required(child(path, "target.averageValue"), why));
    }
}

fn external_source(errors: &mut Errors, source: &Value, path: &str) {
    identifier(errors, &source["metric"], &child(path, "metric"));
    target(errors, &source["target"], &child(path, "target"));
    let (value, average) = (&source["target"]["value"], &source["target"]["averageValue"]);
    if value.is_null() && average.is_null() {
        let why = "must set either a target value for metric or a per-pod target";
        errors.push(FieldError::required(child(path, "target.averageValue"), why));
    }
    if !value.is_null() && !average.is_null() {
        let why = "may not set both a target value for metric and a per-pod target";
        errors.push(FieldError::forbidden(child(path, "target.value"), why));
    }
}

fn pods_source(errors: &mut Errors, source: &Value, path: &str) {
    identifier(errors, &source["metric"], &child(path, "metric"));
    target(errors, &source["target"], &child(path, "target"));
    if source["target"]["averageValue"].is_null() {
        let why = "must specify a positive target averageValue";
        errors.push(FieldError::required(child(path, "target.averageValue"), why));
    }
}

fn resource_source(errors: &mut Errors, source: &Value, path: &str) {
    if text(source, "name").is_empty() {
        let why = "must specify a resource name";
        errors.push(FieldError::required(child(path, "name"), why));
    }
    resource_target(errors, source, path);
}

fn container_source(errors: &mut Errors, source: &Value, path: &str) {
    let (name, container) = (text(source, "name"), text(source, "container"));
    if name.is_empty() {
        let why = "must specify a resource name";
        errors.push(FieldError::required(child(path, "name"), why));
    } else {
        resource_name(errors, name, &child(path, "name"));
    }
    if container.is_empty() {
        let why = "must specify a container";
        errors.push(FieldError::required(child(path, "container"), why));
    } else {
        dns_label(errors, container, &child(path, "container"));
    }
    resource_target(errors, source, path);
}

/// The target of a resource: an amount or a utilization.
fn resource_target(errors: &mut Errors, source: &Value, path: &str) {
    let path = child(path, "target");
    target(errors, &source["target"], &path);
    let (amount, share) =
        (&source["target"]["averageValue"], &source["target"]["averageUtilization"]);
    if amount.is_null() && share.is_null() {
        let why = "must set either a target raw value or a target utilization";
        errors.push(FieldError::required(child(&path, "averageUtilization"), why));
    }
    if !amount.is_null() && !share.is_null() {
        let why = "may not set both a target raw value and a target utilization";
        errors.push(FieldError::forbidden(child(&path, "averageValue"), why));
    }
}

/// `validateMetricTarget`.
fn target(errors: &mut Errors, target: &Value, path: &str) {
    let kind = text(target, "type");
    if kind.is_empty() {
        errors.push(FieldError::required(child(path, "type"), "must specify a metric target type"));
    }
    if !matches!(kind, "Utilization" | "Value" | "AverageValue") {
        let why = "must be either Utilization, Value, or AverageValue";
        errors.push(FieldError::invalid(child(path, "type"), json_text(&kind.into()), why));
    }
    for field in ["value", "averageValue"] {
        let amount = target[field].as_str().and_then(|text| Quantity::parse(text).ok());
        if let Some(amount) = amount.filter(|amount| amount.is_negative() || amount.is_zero()) {
            let shown = quote(&amount.text());
            errors.push(FieldError::invalid(child(path, field), shown, "must be positive"));
        }
    }
    if let Some(share) = target["averageUtilization"].as_i64().filter(|share| *share < 1) {
        let at = child(path, "averageUtilization");
        errors.push(FieldError::invalid(at, share, "must be greater than 0"));
    }
}

/// `validateMetricIdentifier`.
fn identifier(errors: &mut Errors, metric: &Value, path: &str) {
    let (name, at) = (text(metric, "name"), child(path, "name"));
    if name.is_empty() {
        errors.push(FieldError::required(at, "must specify a metric name"));
    } else {
        problems(errors, &at, name, names::path_segment(name, false));
    }
}

/// `validateScalingRules`.
fn scaling_rules(errors: &mut Errors, rules: &Value, path: &str) {
    let window = rules["stabilizationWindowSeconds"].as_i64();
    let at = child(path, "stabilizationWindowSeconds");
    match window {
        Some(window) if window < 0 => {
            let why = "must be greater than or equal to zero";
            errors.push(FieldError::invalid(at, window, why));
        }
        Some(window) if window > MAX_WINDOW => {
            let why = format!("must be less than or equal to {MAX_WINDOW}");
            errors.push(FieldError::invalid(at, window, &why));
        }
        _ => {}
    }
    if !rules["selectPolicy"].is_null() {
        let known = ["Disabled", "Max", "Min"];
        supported_text(errors, text(rules, "selectPolicy"), &child(path, "selectPolicy"), &known);
    }
    let policies = child(path, "policies");
    if list(rules, "policies").is_empty() {
        errors.push(FieldError::required(&policies, "must specify at least one Policy"));
    }
    for (index, policy) in list(rules, "policies").iter().enumerate() {
        let path = item(&policies, index);
        let kind = text(policy, "type");
        supported_text(errors, kind, &child(&path, "type"), &["Percent", "Pods"]);
        for field in ["value", "periodSeconds"] {
            let found = policy[field].as_i64().unwrap_or_default();
            if found <= 0 {
                let why = "must be greater than zero";
                errors.push(FieldError::invalid(child(&path, field), found, why));
            } else if field == "periodSeconds" && found > MAX_PERIOD {
                let why = format!("must be less than or equal to {MAX_PERIOD}");
                errors.push(FieldError::invalid(child(&path, field), found, &why));
            }
        }
    }
    let tolerance = rules["tolerance"].as_str().and_then(|text| Quantity::parse(text).ok());
    if let Some(tolerance) = tolerance.filter(Quantity::is_negative) {
        let why = "must be greater than or equal to 0";
        let at = child(path, "tolerance");
        errors.push(FieldError::invalid(at, quote(&tolerance.text()), why));
    }
}
