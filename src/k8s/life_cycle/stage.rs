//! `stages:` in a fixture file → the stages of a type's objects after their creation.
//!
//! ```yaml
//! stages:
//! - resource: tfjobs.kubeflow.org
//!   selector: team=a                     # of these labels; all objects without it
//!   life:
//!   - stage: Created
//!     after: 0s                          # after the previous stage, or the creation
//!     status: {startTime: "{{now}}"}     # merged into the status (RFC 7396)
//!     conditions:                        # each replaces the one of its type
//!     - {type: Created, reason: TFJobCreated, message: "TFJob {{$.metadata.name}} is created."}
//! ```

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::document::{Diagnostic, Keys, Node, Place};

use super::super::json_patch;
use super::super::select::LabelSelector;
use super::super::store::Object;
use super::filter::ObjectFilter;
use super::template::Template;

/// The stages of the objects of one type.
#[derive(Debug, Clone)]
pub struct StageList {
    /// `plural.group`.
    pub resource: String,
    /// Which objects, by their labels.
    selector: LabelSelector,
    /// Which objects, by namespace and name.
    objects: ObjectFilter,
    /// The stages, in order.
    pub(super) stages: Vec<Stage>,
    source: Arc<Path>,
    place: Option<Place>,
}

/// One stage of a life cycle.
#[derive(Debug, Clone)]
pub(super) struct Stage {
    /// The time since the previous stage, or since the creation.
    pub(super) after: Duration,
    status: Option<Template>,
    /// The types of conditions that go.
    removed: Vec<String>,
    /// Conditions that change where they are there.
    changed: Vec<Condition>,
    conditions: Vec<Condition>,
}

#[derive(Debug, Clone)]
struct Condition {
    kind: String,
    status: String,
    reason: Option<Template>,
    message: Option<Template>,
}

impl StageList {
    /// Decodes an entry of `stages`; the decoder collects diagnostics with their places.
    #[must_use]
    pub fn decode(node: &Node<'_>, source: &Arc<Path>) -> Option<Self> {
        let keys = node.keys()?;
        let resource = keys.required("resource").and_then(|node| node.text().map(str::to_owned));
        let selector = match keys.get("selector") {
            None => Some(LabelSelector::default()),
            Some(node) => node.text().and_then(|text| {
                let parsed = LabelSelector::parse(text);
                parsed
                    .map_err(|why| node.error(why, "write a label selector: app=demo,tier!=gold"))
                    .ok()
            }),
        };
        let life = keys.required("life").map(|node| node.items()).unwrap_or_default();
        let stages: Vec<Stage> = life.iter().filter_map(Stage::decode).collect();
        keys.finish();
        let resource_node = node.place();
        if stages.len() < life.len() {
            return None;
        }
        Some(Self {
            resource: resource?,
            selector: selector?,
            objects: ObjectFilter::default(),
            stages,
            source: Arc::clone(source),
            place: resource_node,
        })
    }

    /// The stages of the objects of a type that a filter takes.
    pub(super) fn of_objects(
        resource: &str,
        objects: ObjectFilter,
        stages: Vec<Stage>,
        source: &Arc<Path>,
    ) -> Self {
        Self {
            resource: resource.to_owned(),
            selector: LabelSelector::default(),
            objects,
            stages,
            source: Arc::clone(source),
            place: None,
        }
    }

    /// Whether an object goes through these stages.
    pub(in super::super) fn takes(&self, object: &Object) -> bool {
        self.resource == object.resource.to_string()
            && self.selector.matches(|key| object.label(key))
            && self.objects.takes(&object.meta.namespace, &object.meta.name)
    }

    /// The diagnostic that no served type has this resource.
    #[must_use]
    pub fn unknown(&self, known: &[String]) -> Diagnostic {
        let what = format!("no resource type {:?} is served", self.resource);
        let hint = format!("served: {}", known.join(", "));
        let diagnostic = Diagnostic::error(&*self.source, what).hint(hint);
        match self.place {
            Some(place) => diagnostic.at(place),
            None => diagnostic,
        }
    }
}

impl Stage {
    fn decode(node: &Node<'_>) -> Option<Self> {
        let keys = node.keys()?;
        // The name is documentation.
        let _ = keys.required("stage").and_then(|node| node.text());
        let after = keys.required("after").and_then(|node| node.duration());
        let stage = Self::of_keys(&keys);
        keys.finish();
        Some(Self { after: after?, ..stage? })
    }

    /// A stage without its time.
    pub(super) fn of_phase(node: &Node<'_>) -> Option<Self> {
        let keys = node.keys()?;
        let stage = Self::of_keys(&keys);
        keys.finish();
        stage
    }

    /// The stage at a time after the one before it.
    pub(super) fn after(&self, after: Duration) -> Self {
        Self { after, ..self.clone() }
    }

    fn of_keys(keys: &Keys<'_>) -> Option<Self> {
        let status = keys.get("status").map(|node| template(&node, Template::parse(node.value())));
        let all = |key: &'static str| {
            let items = keys.get(key).map(|node| node.items()).unwrap_or_default();
            let read: Vec<Condition> = items.iter().filter_map(Condition::decode).collect();
            (read.len() == items.len()).then_some(read)
        };
        let (conditions, changed) = (all("conditions"), all("changeConditions"));
        let removed = keys.get("removeConditions").map(|node| node.items()).unwrap_or_default();
        let removed = removed.iter().filter_map(|node| node.text().map(str::to_owned)).collect();
        let status = match status {
            None => None,
            Some(status) => Some(status?),
        };
        Some(Self {
            after: Duration::ZERO,
            status,
            removed,
            changed: changed?,
            conditions: conditions?,
        })
    }

    /// The object's status after this stage.
    pub(super) fn status_of(&self, object: &Value, now: &str) -> Value {
        let mut status = object.get("status").filter(|status| status.is_object()).cloned();
        let mut status = status.take().unwrap_or_else(|| json!({}));
        if let Some(merged) = self.status.as_ref().and_then(|of| of.fill(object, now)) {
            json_patch::merge(&mut status, merged);
        }
        if let Some(conditions) = status.get_mut("conditions").and_then(Value::as_array_mut) {
            conditions.retain(|old| !self.removed.iter().any(|kind| old["type"] == **kind));
        }
        for condition in &self.changed {
            if condition.is_in(&status) {
                condition.put(&mut status, object, now);
            }
        }
        for condition in &self.conditions {
            condition.put(&mut status, object, now);
        }
        status
    }
}

impl Condition {
    fn decode(node: &Node<'_>) -> Option<Self> {
        let keys = node.keys()?;
        let kind = keys.required("type").and_then(|node| node.text().map(str::to_owned));
        let words = [("True", "True"), ("False", "False"), ("Unknown", "Unknown")];
        let status = keys.get("status").map_or(Some("True"), |node| node.word(&words));
        let text = |key: &'static str| match keys.get(key) {
            None => Some(None),
            Some(node) => template(&node, Template::text(node.text()?)).map(Some),
        };
        let (reason, message) = (text("reason"), text("message"));
        keys.finish();
        Some(Self { kind: kind?, status: status?.to_owned(), reason: reason?, message: message? })
    }

    /// Whether a status has a condition of the type.
    fn is_in(&self, status: &Value) -> bool {
        let conditions = status["conditions"].as_array();
        conditions.is_some_and(|all| all.iter().any(|old| old["type"] == *self.kind))
    }

    /// Sets the condition; the transition time changes with its status.
    fn put(&self, status: &mut Value, object: &Value, now: &str) {
        let mut new = json!({"type": self.kind, "status": self.status, "lastUpdateTime": now, "lastTransitionTime": now});
        for (key, of) in [("reason", &self.reason), ("message", &self.message)] {
            if let Some(text) = of.as_ref().and_then(|of| of.fill(object, now)) {
                new[key] = text;
            }
        }
        if !status["conditions"].is_array() {
            status["conditions"] = json!([]);
        }
        let Some(conditions) = status["conditions"].as_array_mut() else { return };
        match conditions.iter_mut().find(|old| old["type"] == *self.kind) {
            Some(old) => {
                if old["status"] == *self.status && old["lastTransitionTime"].is_string() {
                    new["lastTransitionTime"] = old["lastTransitionTime"].take();
                }
                // A condition that names no reason or message keeps the old one.
                for key in ["reason", "message"] {
                    if new.get(key).is_none() && old.get(key).is_some() {
                        new[key] = old[key].take();
                    }
                }
                *old = new;
            }
            None => conditions.push(new),
        }
    }
}

fn template(node: &Node<'_>, parsed: Result<Template, String>) -> Option<Template> {
    parsed.map_err(|why| node.error(why, "fill in with {{now}} or {{$.metadata.name}}")).ok()
}
