//! The metrics of autoscalers in the annotations of `autoscaling/v1`, as Go writes them there: in the order of the
//! fields of its structs.

use serde_json::{Map, Value, json};

use super::super::super::golang::json_text;

/// The text of a struct, field by field.
pub(super) struct Text(String);

impl Text {
    pub(super) fn begin() -> Self {
        Self("{".to_owned())
    }

    /// Adds a field.
    pub(super) fn put(&mut self, name: &str, value: &Value) {
        self.put_text(name, &json_text(value));
    }

    /// Adds a field, unless it has no value.
    pub(super) fn put_set(&mut self, name: &str, value: &Value) {
        if !value.is_null() {
            self.put(name, value);
        }
    }

    /// Adds a text, unless it is empty.
    pub(super) fn put_unless_empty(&mut self, name: &str, value: &Value) {
        if value.as_str().is_some_and(|text| !text.is_empty()) {
            self.put(name, value);
        }
    }

    /// Adds a field by its JSON.
    pub(super) fn put_text(&mut self, name: &str, json: &str) {
        let comma = if self.0.len() > 1 { "," } else { "" };
        self.0.push_str(&format!("{comma}\"{name}\":{json}"));
    }

    pub(super) fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }

    /// A quantity that is not a pointer: an absent one is 0.
    fn put_quantity(&mut self, name: &str, value: &Value) {
        match value {
            Value::Null => self.put_text(name, "\"0\""),
            value => self.put(name, value),
        }
    }
}

/// The sources of metrics, in the order of their fields.
const SOURCES: [&str; 5] = ["object", "pods", "resource", "containerResource", "external"];

/// A metric of a specification, in the form of v1.
pub(super) fn spec_to_v1(metric: &Value) -> String {
    to_v1(metric, |source, found, out| {
        let (target, name) = (&found["target"], &found["metric"]["name"]);
        match source {
            "object" => {
                out.put_text("target", &reference(&found["describedObject"]));
                out.put("metricName", name);
                out.put_quantity("targetValue", &target["value"]);
                put_selector(out, "selector", found);
                out.put_set("averageValue", &target["averageValue"]);
            }
            "pods" => {
                out.put("metricName", name);
                out.put_quantity("targetAverageValue", &target["averageValue"]);
                put_selector(out, "selector", found);
            }
            "external" => {
                out.put("metricName", name);
                put_selector(out, "metricSelector", found);
                out.put_set("targetValue", &target["value"]);
                out.put_set("targetAverageValue", &target["averageValue"]);
            }
            _ => {
                out.put("name", &found["name"]);
                out.put_set("targetAverageUtilization", &target["averageUtilization"]);
                out.put_set("targetAverageValue", &target["averageValue"]);
                if source == "containerResource" {
                    out.put("container", &found["container"]);
                }
            }
        }
    })
}

/// A metric of a status, in the form of v1.
pub(super) fn status_to_v1(metric: &Value) -> String {
    to_v1(metric, |source, found, out| {
        let (current, name) = (&found["current"], &found["metric"]["name"]);
        match source {
            "object" => {
                out.put_text("target", &reference(&found["describedObject"]));
                out.put("metricName", name);
                out.put_quantity("currentValue", &current["value"]);
                put_selector(out, "selector", found);
                out.put_set("averageValue", &current["averageValue"]);
            }
            "pods" => {
                out.put("metricName", name);
                out.put_quantity("currentAverageValue", &current["averageValue"]);
                put_selector(out, "selector", found);
            }
            "external" => {
                out.put("metricName", name);
                put_selector(out, "metricSelector", found);
                out.put_quantity("currentValue", &current["value"]);
                out.put_set("currentAverageValue", &current["averageValue"]);
            }
            _ => {
                out.put("name", &found["name"]);
                out.put_set("currentAverageUtilization", &current["averageUtilization"]);
                out.put_quantity("currentAverageValue", &current["averageValue"]);
                if source == "containerResource" {
                    out.put("container", &found["container"]);
                }
            }
        }
    })
}

fn to_v1(metric: &Value, source: impl Fn(&str, &Value, &mut Text)) -> String {
    let mut text = Text::begin();
    text.put("type", &metric["type"]);
    for name in SOURCES {
        let found = &metric[name];
        if !found.is_null() {
            let mut out = Text::begin();
            source(name, found, &mut out);
            text.put_text(name, &out.end());
        }
    }
    text.end()
}

fn reference(of: &Value) -> String {
    let mut text = Text::begin();
    let word = |field: &str| Value::from(of[field].as_str().unwrap_or_default());
    text.put("kind", &word("kind"));
    text.put("name", &word("name"));
    text.put_unless_empty("apiVersion", &of["apiVersion"]);
    text.end()
}

fn put_selector(out: &mut Text, field: &str, source: &Value) {
    let selector = &source["metric"]["selector"];
    if selector.is_null() {
        return;
    }
    let mut text = Text::begin();
    text.put_set("matchLabels", &selector["matchLabels"]);
    text.put_set("matchExpressions", &selector["matchExpressions"]);
    out.put_text(field, &text.end());
}

/// A metric of a specification that v1 keeps in an annotation.
pub(super) fn spec_to_v2(metric: &Value) -> Value {
    to_v2(metric, |source, found| match source {
        "object" => {
            let (value, average) = (&found["targetValue"], &found["averageValue"]);
            let mut target = Map::new();
            target.insert("type".into(), metric_type(average.is_null(), "Value").into());
            // Of a metric with an average the other value is kept where it is not 0.
            if average.is_null() || !is_zero(value) {
                target.insert("value".into(), value.clone());
            }
            target.insert("averageValue".into(), average.clone());
            json!({
                "describedObject": found["target"], "target": target,
                "metric": {"name": found["metricName"], "selector": found["selector"]},
            })
        }
        "pods" => json!({
            "metric": {"name": found["metricName"], "selector": found["selector"]},
            "target": {"type": "AverageValue", "averageValue": found["targetAverageValue"]},
        }),
        "external" => json!({
            "metric": {"name": found["metricName"], "selector": found["metricSelector"]},
            "target": {
                "type": metric_type(!found["targetValue"].is_null(), "Value"),
                "value": found["targetValue"], "averageValue": found["targetAverageValue"],
            },
        }),
        _ => {
            let share = &found["targetAverageUtilization"];
            json!({
                "name": found["name"], "container": found["container"],
                "target": {
                    "type": metric_type(!share.is_null(), "Utilization"),
                    "averageUtilization": share, "averageValue": found["targetAverageValue"],
                },
            })
        }
    })
}

/// A metric of a status that v1 keeps in an annotation.
pub(super) fn status_to_v2(metric: &Value) -> Value {
    to_v2(metric, |source, found| match source {
        "object" => json!({
            "describedObject": found["target"],
            "metric": {"name": found["metricName"], "selector": found["selector"]},
            "current": {"value": found["currentValue"], "averageValue": found["averageValue"]},
        }),
        "pods" => json!({
            "metric": {"name": found["metricName"], "selector": found["selector"]},
            "current": {"averageValue": found["currentAverageValue"]},
        }),
        "external" => json!({
            "metric": {"name": found["metricName"], "selector": found["metricSelector"]},
            "current": {
                "value": found["currentValue"], "averageValue": found["currentAverageValue"],
            },
        }),
        _ => json!({
            "name": found["name"], "container": found["container"],
            "current": {
                "averageUtilization": found["currentAverageUtilization"],
                "averageValue": found["currentAverageValue"],
            },
        }),
    })
}

fn to_v2(metric: &Value, source: impl Fn(&str, &Value) -> Value) -> Value {
    let mut out = Map::new();
    out.insert("type".into(), metric["type"].clone());
    for name in SOURCES {
        let found = &metric[name];
        if !found.is_null() {
            out.insert(name.into(), source(name, found));
        }
    }
    out.into()
}

fn metric_type(is_own: bool, own: &'static str) -> &'static str {
    if is_own { own } else { "AverageValue" }
}

fn is_zero(quantity: &Value) -> bool {
    quantity.is_null() || quantity == "0" || quantity == 0
}
