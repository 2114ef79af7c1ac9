//! Autoscalers of `autoscaling/v1` as those of `autoscaling/v2`: what v1 has no fields for is kept in annotations
//! (`Convert_v1_HorizontalPodAutoscaler_To_autoscaling_HorizontalPodAutoscaler`).

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::{behavior, metrics};

const METRICS: &str = "autoscaling.alpha.kubernetes.io/metrics";
const CURRENT_METRICS: &str = "autoscaling.alpha.kubernetes.io/current-metrics";
const CONDITIONS: &str = "autoscaling.alpha.kubernetes.io/conditions";
const BEHAVIOR: &str = "autoscaling.alpha.kubernetes.io/behavior";

/// All annotations that stand for fields (`DropRoundTripHorizontalPodAutoscalerAnnotations`).
const ANNOTATIONS: [&str; 6] = [
    METRICS,
    BEHAVIOR,
    "autoscaling.alpha.kubernetes.io/scale-down-tolerance",
    "autoscaling.alpha.kubernetes.io/scale-up-tolerance",
    CURRENT_METRICS,
    CONDITIONS,
];

/// The percentage of an autoscaler without metrics.
const DEFAULT_UTILIZATION: i64 = 80;

pub(super) fn to_v2(autoscaler: &mut Map<String, Value>) {
    let kept = take_annotations(autoscaler);
    let list = |name: &str| -> Option<Vec<Value>> { serde_json::from_str(kept.get(name)?).ok() };
    let spec = object(autoscaler, "spec");
    let own = spec.remove("targetCPUUtilizationPercentage").filter(|own| !own.is_null());
    let others = list(METRICS).unwrap_or_default();
    let mut all: Vec<Value> = others.iter().map(metrics::spec_to_v2).collect();
    all.extend(own.as_ref().map(cpu));
    if all.is_empty() {
        all.push(cpu(&DEFAULT_UTILIZATION.into()));
    }
    spec.insert("metrics".to_owned(), all.into());
    if let Some(behavior) = kept.get(BEHAVIOR).and_then(|text| behavior::read(text)) {
        spec.insert("behavior".to_owned(), behavior);
    }
    let status = object(autoscaler, "status");
    let share = status.remove("currentCPUUtilizationPercentage").filter(|share| !share.is_null());
    if let Some(share) = share {
        let resource = json!({"name": "cpu", "current": {"averageUtilization": share}});
        let metric = json!({"type": "Resource", "resource": resource});
        status.insert("currentMetrics".to_owned(), json!([metric]));
    }
    if let Some(current) = list(CURRENT_METRICS) {
        let current = current.iter().map(metrics::status_to_v2).collect();
        status.insert("currentMetrics".to_owned(), current);
    }
    if let Some(conditions) = list(CONDITIONS) {
        status.insert("conditions".to_owned(), conditions.into());
    }
}

pub(super) fn from_v2(autoscaler: &mut Map<String, Value>) {
    drop(take_annotations(autoscaler));
    let mut annotations = Vec::new();
    let spec = object(autoscaler, "spec");
    let all = list(spec, "metrics");
    let percentage = all.iter().find(|one| is_cpu(one));
    let percentage = percentage.map(|one| one["resource"]["target"]["averageUtilization"].clone());
    let others: Vec<String> =
        all.iter().filter(|one| !is_cpu(one)).map(metrics::spec_to_v1).collect();
    if let Some(percentage) = percentage {
        spec.insert("targetCPUUtilizationPercentage".to_owned(), percentage);
    }
    if !others.is_empty() {
        annotations.push((METRICS, array(&others)));
    }
    if let Some(behavior) = spec.remove("behavior").filter(|behavior| !behavior.is_null()) {
        annotations.push((BEHAVIOR, behavior::write(&behavior)));
    }
    let status = object(autoscaler, "status");
    let current = list(status, "currentMetrics");
    let share = current.iter().rfind(|one| {
        one["type"] == "Resource"
            && one["resource"]["name"] == "cpu"
            && !one["resource"]["current"]["averageUtilization"].is_null()
    });
    let share = share.map(|one| one["resource"]["current"]["averageUtilization"].clone());
    if let Some(share) = share {
        status.insert("currentCPUUtilizationPercentage".to_owned(), share);
    }
    if !current.is_empty() {
        let current: Vec<String> = current.iter().map(metrics::status_to_v1).collect();
        annotations.push((CURRENT_METRICS, array(&current)));
    }
    let conditions: Vec<String> = list(status, "conditions").iter().map(condition).collect();
    if !conditions.is_empty() {
        annotations.push((CONDITIONS, array(&conditions)));
    }
    if !annotations.is_empty() {
        let own = object(object(autoscaler, "metadata"), "annotations");
        own.extend(annotations.into_iter().map(|(name, text)| (name.to_owned(), text.into())));
    }
}

/// Takes the annotations that stand for fields out of the metadata.
fn take_annotations(autoscaler: &mut Map<String, Value>) -> HashMap<&'static str, String> {
    let metadata = object(autoscaler, "metadata");
    let Some(Value::Object(own)) = metadata.get_mut("annotations") else { return HashMap::new() };
    let taken = ANNOTATIONS.iter().filter_map(|name| match own.remove(*name)? {
        Value::String(text) => Some((*name, text)),
        _ => None,
    });
    let taken = taken.collect();
    if own.is_empty() {
        metadata.remove("annotations");
    }
    taken
}

/// The metric that v1 has a field for.
fn is_cpu(metric: &Value) -> bool {
    metric["type"] == "Resource"
        && metric["resource"]["name"] == "cpu"
        && !metric["resource"]["target"]["averageUtilization"].is_null()
}

fn cpu(percentage: &Value) -> Value {
    let target = json!({"type": "Utilization", "averageUtilization": percentage});
    json!({"type": "Resource", "resource": {"name": "cpu", "target": target}})
}

/// A condition as Go writes it.
fn condition(condition: &Value) -> String {
    let mut text = metrics::Text::begin();
    text.put("type", &condition["type"]);
    text.put("status", &condition["status"]);
    text.put("lastTransitionTime", &condition["lastTransitionTime"]);
    text.put_unless_empty("reason", &condition["reason"]);
    text.put_unless_empty("message", &condition["message"]);
    text.end()
}

fn array(items: &[String]) -> String {
    format!("[{}]", items.join(","))
}

fn list(map: &mut Map<String, Value>, field: &str) -> Vec<Value> {
    match map.remove(field) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    }
}

/// A field that is an object, made where it is absent.
fn object<'m>(map: &'m mut Map<String, Value>, field: &str) -> &'m mut Map<String, Value> {
    let slot = map.entry(field).or_insert_with(|| Map::new().into());
    if !slot.is_object() {
        *slot = Map::new().into();
    }
    slot.as_object_mut().expect("it was made an object just above")
}
