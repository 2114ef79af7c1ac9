//! Bodies of deletions.

use serde_json::{Map, Value, json};

use super::{mutate, some_path};
use crate::draw::Draw;
use crate::kinds::Kind;
use crate::step::Step;

pub(super) fn steps(draw: &mut Draw, kind: &Kind) -> Vec<Step> {
    draw.some(1, 3, |draw| {
        let path = if draw.chance(80) { some_path(draw, kind) } else { kind.collection() };
        let mut step = Step::new("DELETE", path).body(body(draw, kind));
        if draw.chance(15) {
            let media = [
                "application/yaml",
                "text/plain",
                "application/json; charset=utf-8",
                "application/*",
                "",
                "application/merge-patch+json",
                "application/vnd.kubernetes.protobuf",
            ];
            step = step.header("content-type", draw.one(&media));
        }
        if draw.chance(25) {
            let query = [
                "dryRun=All",
                "dryRun=x",
                "propagationPolicy=Background",
                "propagationPolicy=x",
                "gracePeriodSeconds=0",
                "gracePeriodSeconds=x",
                "orphanDependents=false",
                "fieldValidation=Strict",
                "resourceVersion=1",
                "pretty=true",
            ];
            step = step.query(draw.one(&query));
        }
        step
    })
}

fn body(draw: &mut Draw, kind: &Kind) -> String {
    if draw.chance(12) {
        return kind.object(draw, "one").to_string();
    }
    let mut options = Map::new();
    if draw.chance(70) {
        let kinds = [
            "DeleteOptions",
            "DeleteOptions",
            "DeleteOptions",
            "deleteoptions",
            "ConfigMap",
            "",
            "ListOptions",
        ];
        options.insert("kind".into(), draw.one(&kinds).into());
    }
    if draw.chance(70) {
        let versions =
            ["v1", "v1", "meta.k8s.io/v1", "apps/v1", "foo/v1", "", "v2", "a/b/c", "policy/v1"];
        options.insert("apiVersion".into(), draw.one(&versions).into());
    }
    for _ in 0..draw.below(4) {
        let (name, value) = field(draw);
        options.insert(name.into(), value);
    }
    let text = Value::Object(options).to_string();
    if draw.chance(15) { mutate::text(draw, &text) } else { text }
}

fn field(draw: &mut Draw) -> (&'static str, Value) {
    let fields: [(&'static str, &[Value]); 12] = [
        (
            "gracePeriodSeconds",
            &[
                json!(0),
                json!(1),
                json!(-1),
                json!("0"),
                json!(1.5),
                json!(1.0),
                json!(null),
                json!(true),
            ],
        ),
        (
            "propagationPolicy",
            &[
                json!("Background"),
                json!("Foreground"),
                json!("Orphan"),
                json!("x"),
                json!(""),
                json!(1),
                json!(null),
            ],
        ),
        ("orphanDependents", &[json!(true), json!(false), json!("true"), json!(null), json!(0)]),
        (
            "dryRun",
            &[
                json!(["All"]),
                json!([]),
                json!(["x"]),
                json!(["All", "x"]),
                json!("All"),
                json!([1]),
                json!(null),
                json!([""]),
            ],
        ),
        (
            "preconditions",
            &[
                json!({}),
                json!({"uid": "@uid@"}),
                json!({"uid": "x"}),
                json!({"uid": ""}),
                json!({"uid": 1}),
            ],
        ),
        (
            "preconditions",
            &[
                json!({"resourceVersion": "@rv@"}),
                json!({"resourceVersion": "1"}),
                json!({"resourceVersion": ""}),
            ],
        ),
        (
            "preconditions",
            &[
                json!({"uid": "x", "resourceVersion": "1"}),
                json!([]),
                json!("x"),
                json!(null),
                json!({"x": 1}),
            ],
        ),
        (
            "ignoreStoreReadErrorWithClusterBreakingPotential",
            &[json!(false), json!(true), json!("x")],
        ),
        ("foo", &[json!(1)]),
        ("GracePeriodSeconds", &[json!(0)]),
        ("metadata", &[json!({}), json!({"name": "one"})]),
        ("spec", &[json!({}), json!(1)]),
    ];
    let (name, values) = draw.one(&fields);
    (name, draw.one(values))
}
