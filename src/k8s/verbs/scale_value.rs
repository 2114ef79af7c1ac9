//! The Scale of an object: its number of replicas as `autoscaling/v1` shows it.

use serde_json::{Value, json};

use super::super::resource::Scale;
use super::super::status::ApiError;

/// The version of a Scale.
pub(super) const API_VERSION: &str = "autoscaling/v1";

/// The Scale of an object's value.
///
/// # Errors
/// 500 for an object without a number of replicas.
pub(super) fn of_value(scale: &Scale, value: &Value) -> Result<Value, ApiError> {
    let at = |path: &[String]| path.iter().fold(value, |value, step| &value[step.as_str()]).clone();
    let count = |path: &[String]| if at(path).is_null() { json!(0) } else { at(path) };
    if !count(&scale.spec_replicas).is_i64() {
        let path = scale.spec_replicas.join(".");
        return Err(ApiError::internal(&format!(
            "the spec replicas field \".{path}\" does not exist"
        )));
    }
    let mut status = json!({"replicas": count(&scale.status_replicas)});
    let selector = match &scale.label_selector {
        Some(path) => at(path).as_str().unwrap_or_default().to_owned(),
        None => selector_text(&value["spec"]["selector"]),
    };
    if !selector.is_empty() {
        status["selector"] = selector.into();
    }
    let mut metadata = json!({});
    for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
        let found = &value["metadata"][field];
        if !found.is_null() {
            metadata[field] = found.clone();
        }
    }
    // No replicas are written as nothing.
    let replicas = count(&scale.spec_replicas);
    let spec = if replicas == 0 { json!({}) } else { json!({"replicas": replicas}) };
    Ok(json!({
        "kind": "Scale",
        "apiVersion": API_VERSION,
        "metadata": metadata,
        "spec": spec,
        "status": status,
    }))
}

/// A selector as text (`metav1.LabelSelectorAsSelector(..).String()`): its terms in the order of keys. That of a
/// `ReplicationController` is a map of labels.
fn selector_text(selector: &Value) -> String {
    let labels = match selector.as_object() {
        Some(map) if !map.contains_key("matchLabels") && !map.contains_key("matchExpressions") => {
            Some(map)
        }
        _ => selector["matchLabels"].as_object(),
    };
    let labels = labels.into_iter().flatten();
    let mut terms: Vec<(&str, String)> = labels
        .map(|(key, value)| (key.as_str(), format!("{key}={}", value.as_str().unwrap_or_default())))
        .collect();
    for requirement in selector["matchExpressions"].as_array().into_iter().flatten() {
        let key = requirement["key"].as_str().unwrap_or_default();
        let values = requirement["values"].as_array().into_iter().flatten();
        let mut values: Vec<&str> = values.filter_map(Value::as_str).collect();
        values.sort_unstable();
        let values = values.join(",");
        terms.push((
            key,
            match requirement["operator"].as_str() {
                Some("In") => format!("{key} in ({values})"),
                Some("NotIn") => format!("{key} notin ({values})"),
                Some("Exists") => key.to_owned(),
                _ => format!("!{key}"),
            },
        ));
    }
    terms.sort_by_key(|(key, _)| *key);
    terms.into_iter().map(|(_, term)| term).collect::<Vec<_>>().join(",")
}
