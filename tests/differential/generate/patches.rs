//! Patches of the four kinds: valid, invalid and conflicting.

use serde_json::{Value, json};

use super::{mutate, some_path};
use crate::draw::Draw;
use crate::kinds::Kind;
use crate::step::Step;

pub(super) fn steps(draw: &mut Draw, kind: &Kind) -> Vec<Step> {
    draw.some(1, 3, |draw| {
        let (media, body) = match draw.below(4) {
            0 => ("application/merge-patch+json", merge(draw, kind)),
            1 => ("application/json-patch+json", json_patch(draw)),
            2 => ("application/strategic-merge-patch+json", strategic(draw, kind)),
            _ => ("application/apply-patch+yaml", apply(draw, kind)),
        };
        let mut path = some_path(draw, kind);
        if !kind.subresources.is_empty() && draw.chance(12) {
            path = format!("{path}/{}", draw.one(kind.subresources));
        }
        let mut step = Step::new("PATCH", path).header("content-type", media).body(body);
        let apply = media.contains("apply");
        if apply && draw.chance(90) || draw.chance(10) {
            step = step.query(format!("fieldManager={}", draw.one(&["m", "m", "n", ""])));
        }
        if draw.chance(if apply { 35 } else { 8 }) {
            step = step.query(draw.one(&["force=true", "force=false", "force=x"]));
        }
        if draw.chance(25) {
            let values = [
                "fieldValidation=Strict",
                "fieldValidation=Warn",
                "fieldValidation=Ignore",
                "dryRun=All",
            ];
            step = step.query(draw.one(&values));
        }
        step
    })
}

fn metadata(draw: &mut Draw) -> Value {
    let values = [
        json!({"labels": {"a": "z"}}),
        json!({"labels": {"a": null}}),
        json!({"labels": null}),
        json!({"annotations": {"n": "1"}, "labels": {"q": "r"}}),
        json!({"finalizers": ["example.com/a"]}),
        json!({"finalizers": []}),
        json!({"name": "other"}),
        json!({"namespace": "other"}),
        json!({"resourceVersion": "@rv@"}),
        json!({"resourceVersion": "1"}),
        json!({"uid": "x"}),
        json!({"labels": {"a": 1}}),
        json!({"ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "o", "uid": "u"}]}),
        json!(null),
        json!({"unknown": 1}),
    ];
    draw.one(&values)
}

fn merge(draw: &mut Draw, kind: &Kind) -> String {
    let mut patch = if draw.chance(50) { kind.object(draw, "one") } else { json!({}) };
    if draw.chance(70) {
        patch["metadata"] = metadata(draw);
    }
    if draw.chance(35) {
        mutate::value(draw, &mut patch);
    }
    let text = patch.to_string();
    if draw.chance(12) { mutate::text(draw, &text) } else { text }
}

const POINTERS: &[&str] = &[
    "/metadata/labels",
    "/metadata/labels/a",
    "/metadata/annotations/n",
    "/metadata/annotations",
    "/spec",
    "/spec/replicas",
    "/data",
    "/data/k",
    "",
    "/",
    "/metadata",
    "/metadata/name",
    "/kind",
    "/spec/tags/0",
    "/spec/tags/-",
    "/spec/tags/9",
    "/spec/ports/0/port",
    "/spec/template/spec/containers/0/image",
    "/rules/0",
    "/rules/-",
    "metadata",
    "/x/y",
    "/metadata/labels/x.y~1z",
    "/metadata/labels/x.y/z",
    "/spec/count",
    "/free/b/1",
    "/free/b/-1",
    "/spec/containers/0/env/0",
    "/metadata/finalizers/0",
    "/a~2b",
];

fn json_patch(draw: &mut Draw) -> String {
    let operations = draw.some(1, 3, |draw| {
        let name =
            draw.one(&["add", "add", "replace", "remove", "test", "copy", "move", "foo", ""]);
        let mut operation = json!({"op": name, "path": draw.one(POINTERS)});
        if draw.chance(if matches!(name, "add" | "replace" | "test") { 92 } else { 10 }) {
            let values = [
                json!("z"),
                json!({"a": "b"}),
                json!(1),
                json!(null),
                json!(["a"]),
                json!("v"),
                json!({}),
                json!(3),
            ];
            operation["value"] = draw.one(&values);
        }
        if draw.chance(if matches!(name, "copy" | "move") { 92 } else { 4 }) {
            operation["from"] = draw.one(POINTERS).into();
        }
        if draw.chance(8) {
            mutate::value(draw, &mut operation);
        }
        operation
    });
    let text = json!(operations).to_string();
    if draw.chance(12) { mutate::text(draw, &text) } else { text }
}

fn strategic(draw: &mut Draw, kind: &Kind) -> String {
    let values = [
        json!({"metadata": metadata(draw)}),
        json!({"spec": {"containers": [{"name": "c", "image": "i:2"}]}}),
        json!({"spec": {"containers": [{"name": "d", "image": "i:2"}]}}),
        json!({"spec": {"containers": [{"image": "i:2"}]}}),
        json!({"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "i:2", "env": [{"name": "B", "value": "2"}]}]}}}}),
        json!({"spec": {"template": {"spec": {"containers": [{"name": "c", "$patch": "delete"}, {"name": "e", "image": "i"}]}}}}),
        json!({"spec": {"template": {"spec": {"$setElementOrder/containers": [{"name": "c"}]}}}}),
        json!({"spec": {"template": {"metadata": {"labels": {"$patch": "replace", "app": "a"}}}}}),
        json!({"metadata": {"$patch": "replace", "labels": {"z": "z"}}}),
        json!({"metadata": {"labels": {"$patch": "delete"}}}),
        json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["example.com/hold"]}}),
        json!({"metadata": {"$retainKeys": ["name"], "labels": {"a": "b"}}}),
        json!({"metadata": {"labels": {"$patch": "foo"}}}),
        json!({"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}),
        json!({"spec": {"ports": [{"port": 80, "name": "p"}]}}),
        json!({"spec": {"ports": [{"port": 81, "name": "q"}]}}),
        json!({"data": {"k": null, "n": "bg=="}}),
        json!({"data": {"$patch": "replace", "n": "bg=="}}),
        json!({"rules": [{"verbs": ["list"], "apiGroups": ["*"], "resources": ["*"]}]}),
        json!({"$patch": "delete"}),
        json!({"$patch": "replace", "apiVersion": kind.api_version, "kind": kind.name, "metadata": {"name": "one"}}),
    ];
    let mut patch = draw.one(&values);
    if draw.chance(20) {
        mutate::value(draw, &mut patch);
    }
    let text = patch.to_string();
    if draw.chance(8) { mutate::text(draw, &text) } else { text }
}

fn apply(draw: &mut Draw, kind: &Kind) -> String {
    let mut object = kind.object(draw, draw_name(0));
    if draw.chance(35) {
        let extra = metadata(draw);
        if let (Some(into), Some(extra)) = (object["metadata"].as_object_mut(), extra.as_object()) {
            into.extend(extra.clone());
        }
    }
    if draw.chance(12) {
        object["metadata"]["managedFields"] = json!(null);
    }
    if draw.chance(25) {
        mutate::value(draw, &mut object);
    }
    let text = object.to_string();
    if draw.chance(8) { mutate::text(draw, &text) } else { text }
}

fn draw_name(at: usize) -> &'static str {
    super::NAMES[at]
}
