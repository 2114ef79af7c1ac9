//! The rules of metadata on creation, update and patch.

use serde_json::{Value, json};

use super::mutate;
use crate::draw::Draw;
use crate::kinds::Kind;
use crate::step::Step;

const NAMES: &[&str] = &[
    "a",
    "A",
    "",
    "-a",
    "a-",
    "a.b",
    "a..b",
    ".a",
    "a_b",
    "a/b",
    "a%b",
    ".",
    "..",
    "é",
    "a b",
    "1",
    "1a",
    "metadata",
    "a\n",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
];

const KEYS: &[&str] = &[
    "a",
    "",
    "a/b",
    "A.B/c",
    "a/b/c",
    "/a",
    "a/",
    "-a",
    "a-",
    "a.b",
    "é",
    "a b",
    "kubernetes.io/x",
    "a_b",
    "_a",
    "x/a_b",
    "x/-",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
];

const VALUES: &[&str] = &[
    "",
    "a",
    "A-b_c.d",
    "-a",
    "a-",
    "a b",
    "é",
    "a/b",
    "1",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
];

const FINALIZERS: &[&str] = &[
    "a",
    "a/b",
    "example.com/x",
    "",
    "orphan",
    "foregroundDeletion",
    "kubernetes",
    "a b",
    "A/b",
    "a/b/c",
    "a.b",
    "kubernetes.io/x",
];

const TIMES: &[&str] = &[
    "2020-01-01T00:00:00Z",
    "2020-01-01T00:00:00+01:00",
    "2020-01-01T00:00:00.5Z",
    "x",
    "",
    "2020-01-01",
];

pub(super) fn steps(draw: &mut Draw, kind: &Kind) -> Vec<Step> {
    draw.some(1, 3, |draw| {
        let mut metadata = json!({});
        for _ in 0..=draw.below(2) {
            let (name, value) = field(draw);
            metadata[name] = value;
        }
        match draw.below(10) {
            0..=5 => {
                let mut object = kind.object(draw, "new");
                merge(&mut object["metadata"], metadata);
                if object["metadata"]["generateName"].is_string()
                    && draw.chance(70)
                    && let Some(map) = object["metadata"].as_object_mut()
                {
                    map.remove("name");
                }
                Step::new("POST", kind.collection()).body(object)
            }
            6 | 7 => {
                let mut object = kind.object(draw, "one");
                merge(&mut object["metadata"], metadata);
                Step::new("PUT", kind.path("one")).body(object)
            }
            _ => Step::new("PATCH", kind.path("one"))
                .header("content-type", "application/merge-patch+json")
                .body(json!({"metadata": metadata})),
        }
    })
}

fn merge(into: &mut Value, from: Value) {
    if let (Some(into), Value::Object(from)) = (into.as_object_mut(), from) {
        into.extend(from);
    }
}

fn field(draw: &mut Draw) -> (&'static str, Value) {
    match draw.below(16) {
        0 | 1 => ("name", draw.one(NAMES).into()),
        2 | 3 => {
            let base = draw.one(NAMES);
            (
                "generateName",
                if draw.chance(50) { format!("{base}-") } else { base.to_owned() }.into(),
            )
        }
        4 | 5 => ("labels", json!({draw.one(KEYS): draw.one(VALUES)})),
        6 => ("annotations", json!({draw.one(KEYS): draw.one(VALUES)})),
        7 | 8 => ("finalizers", json!(draw.some(0, 3, |draw| draw.one(FINALIZERS)))),
        9 | 10 => ("ownerReferences", json!(draw.some(0, 3, owner))),
        11 => ("namespace", draw.one(&["@ns@", "default", "", "x", "X"]).into()),
        12 => ("uid", draw.one(&["@uid@", "x", ""]).into()),
        13 => {
            let fields = ["creationTimestamp", "deletionTimestamp"];
            (draw.one(&fields), draw.one(TIMES).into())
        }
        14 => {
            let fields: [(&'static str, Value); 9] = [
                ("generation", json!(5)),
                ("generation", json!(-1)),
                ("selfLink", json!("/x")),
                ("resourceVersion", json!("1")),
                ("resourceVersion", json!("x")),
                ("resourceVersion", json!("0")),
                ("deletionGracePeriodSeconds", json!(5)),
                ("managedFields", managed_fields(draw)),
                ("clusterName", json!("x")),
            ];
            draw.one(&fields)
        }
        _ => {
            let fields = [
                "name",
                "labels",
                "annotations",
                "finalizers",
                "ownerReferences",
                "managedFields",
                "uid",
                "generateName",
                "creationTimestamp",
                "unknown",
                "resourceVersion",
                "generation",
            ];
            (draw.one(&fields), mutate::odd(draw))
        }
    }
}

fn owner(draw: &mut Draw) -> Value {
    let mut owner = json!({
        "apiVersion": draw.one(&["v1", "apps/v1", "", "a/b/c", "/v1"]),
        "kind": draw.one(&["ConfigMap", "Deployment", "Event", ""]),
        "name": draw.one(&["o", "", "A B"]),
        "uid": draw.one(&["u", "@uid@", "", "v"]),
    });
    if draw.chance(40) {
        owner["controller"] = draw.one(&[true, true, false]).into();
    }
    if draw.chance(20) {
        owner["blockOwnerDeletion"] = draw.chance(50).into();
    }
    if draw.chance(10) {
        mutate::value(draw, &mut owner);
    }
    owner
}

fn managed_fields(draw: &mut Draw) -> Value {
    let mut entry = json!({
        "manager": draw.one(&["m", "", "differential"]), "operation": draw.one(&["Update", "Apply", "x", ""]),
        "apiVersion": draw.one(&["v1", "x/v1", ""]), "fieldsType": draw.one(&["FieldsV1", "x", ""]),
        "fieldsV1": draw.one(&[json!({}), json!({"f:metadata": {"f:labels": {"f:a": {}}}}), json!({"x": 1}), json!(null)]),
        "time": draw.one(TIMES),
    });
    if draw.chance(30) {
        mutate::value(draw, &mut entry);
    }
    draw.one(&[json!([]), json!([{}]), json!([entry.clone()]), json!([entry])])
}
