//! The custom resources that are installed on both servers, in groups of their own.

use serde_json::{Value, json};

/// Where definitions are made.
pub(crate) const COLLECTION: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/// The group of the types that are made for the comparison.
pub(crate) const GROUP: &str = "differential.example";

/// All definitions.
pub(crate) fn all() -> Vec<Value> {
    let mut all = vec![widgets(), blobs()];
    all.extend(jobs());
    all
}

/// The collection of a definition's objects in the stored version, in a namespace that has none.
pub(crate) fn served_at(definition: &Value) -> String {
    let spec = &definition["spec"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let versions = spec["versions"].as_array().into_iter().flatten();
    let stored = versions.into_iter().find(|version| version["storage"] == true);
    let version = stored.map(|version| text(&version["name"])).unwrap_or_default();
    let (group, plural) = (text(&spec["group"]), text(&spec["names"]["plural"]));
    format!("/apis/{group}/{version}/namespaces/default/{plural}")
}

/// The job types of the fixtures, in other groups: other types have the group's own name.
fn jobs() -> Vec<Value> {
    let texts = [
        include_str!("../../fixtures/crds/jobs.json"),
        include_str!("../../fixtures/crds/mpijobs.json"),
        include_str!("../../fixtures/crds/tfjobs.json"),
    ];
    let renamed = |text: &&str| {
        let mut definition: Value = serde_json::from_str(text).expect("a definition");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let group = format!("{}.{GROUP}", text(&definition["spec"]["group"]));
        let name = format!("{}.{group}", text(&definition["spec"]["names"]["plural"]));
        definition["metadata"] = json!({"name": name});
        definition["spec"]["group"] = group.into();
        definition
    };
    texts.iter().map(renamed).collect()
}

fn definition(plural: &str, kind: &str, versions: &Value) -> Value {
    let singular = kind.to_lowercase();
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{GROUP}")},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {"plural": plural, "singular": singular, "kind": kind, "listKind": format!("{kind}List")},
            "versions": versions,
        },
    })
}

/// A type with three versions and most words of schemas.
fn widgets() -> Value {
    let schema = |extra: Value| {
        let mut spec = json!({
            "count": {"type": "integer", "default": 1, "minimum": 0, "maximum": 100},
            "title": {"type": "string", "maxLength": 12, "pattern": "^[a-z]*$"},
            "mode": {"type": "string", "enum": ["Fast", "Slow"]},
            "flag": {"type": "boolean", "default": false},
            "ratio": {"type": "number"},
            "when": {"type": "string", "format": "date-time"},
            "maybe": {"type": "string", "nullable": true, "default": "x"},
            "either": {"x-kubernetes-int-or-string": true},
            "any": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
            "tags": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
            "ports": {
                "type": "array", "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["port", "protocol"],
                "items": {"type": "object", "required": ["port"], "properties": {
                    "port": {"type": "integer", "format": "int32"},
                    "protocol": {"type": "string", "default": "TCP"},
                    "name": {"type": "string"},
                }},
            },
            "steps": {"type": "array", "maxItems": 3, "items": {"type": "object", "properties": {
                "run": {"type": "string"}, "times": {"type": "integer", "default": 2},
            }}},
        });
        for (key, value) in extra.as_object().into_iter().flatten() {
            spec[key] = value.clone();
        }
        json!({"openAPIV3Schema": {"type": "object", "properties": {
            "spec": {"type": "object", "properties": spec},
            "status": {"type": "object", "properties": {
                "phase": {"type": "string"}, "replicas": {"type": "integer"}, "selector": {"type": "string"},
            }},
        }}})
    };
    let subresources = json!({"status": {}, "scale": {
        "specReplicasPath": ".spec.count", "statusReplicasPath": ".status.replicas",
        "labelSelectorPath": ".status.selector",
    }});
    let columns = json!([
        {"name": "Count", "type": "integer", "jsonPath": ".spec.count"},
        {"name": "Mode", "type": "string", "jsonPath": ".spec.mode", "priority": 1},
        {"name": "Ports", "type": "string", "jsonPath": ".spec.ports[*].port"},
        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
    ]);
    let versions = json!([
        {
            "name": "v1", "served": true, "storage": true, "schema": schema(json!({})),
            "subresources": subresources, "additionalPrinterColumns": columns,
            "selectableFields": [{"jsonPath": ".spec.mode"}, {"jsonPath": ".spec.count"}],
        },
        {
            "name": "v1beta1", "served": true, "storage": false, "deprecated": true,
            "schema": schema(json!({"old": {"type": "string", "default": "o"}})), "subresources": {"status": {}},
        },
        {"name": "v1alpha1", "served": false, "storage": false, "schema": schema(json!({}))},
    ]);
    definition("widgets", "Widget", &versions)
}

/// A type that keeps everything and has no subresources.
fn blobs() -> Value {
    let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let versions = json!([{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}}]);
    definition("blobs", "Blob", &versions)
}
