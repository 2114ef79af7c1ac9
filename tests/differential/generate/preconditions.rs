//! Revisions, uids and names that a write expects.

use serde_json::{Value, json};

use super::{NAMES, some_path};
use crate::draw::Draw;
use crate::kinds::Kind;
use crate::step::Step;

pub(super) fn steps(draw: &mut Draw, kind: &Kind) -> Vec<Step> {
    draw.some(1, 4, |draw| {
        let mut object = kind.object(draw, NAMES[0]);
        expect(draw, &mut object["metadata"]);
        match draw.below(10) {
            0..=3 => Step::new("PUT", some_path(draw, kind)).body(object),
            4 => {
                let sub = kind.subresources.first().copied().unwrap_or("status");
                Step::new("PUT", format!("{}/{sub}", kind.path(NAMES[0]))).body(object)
            }
            5 => Step::new("POST", kind.collection()).body(object),
            6 | 7 => {
                let mut metadata = json!({"annotations": {"p": draw.one(&["1", "2"])}});
                expect(draw, &mut metadata);
                let media =
                    ["application/merge-patch+json", "application/strategic-merge-patch+json"];
                Step::new("PATCH", some_path(draw, kind))
                    .header("content-type", draw.one(&media))
                    .body(json!({"metadata": metadata}))
            }
            8 => {
                let mut wanted = json!({});
                expect(draw, &mut wanted);
                let options =
                    json!({"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": wanted});
                Step::new("DELETE", some_path(draw, kind)).body(options)
            }
            _ => {
                if draw.chance(50) {
                    expect(draw, &mut object["metadata"]);
                }
                Step::new("PATCH", some_path(draw, kind))
                    .query("fieldManager=m")
                    .query("force=true")
                    .header("content-type", "application/apply-patch+yaml")
                    .body(object)
            }
        }
    })
}

fn expect(draw: &mut Draw, metadata: &mut Value) {
    if draw.chance(60) {
        let revisions =
            ["@rv@", "@rv@", "@rv0@", "1", "0", "", "x", "-1", "01", "99999999999999999999"];
        metadata["resourceVersion"] = draw.one(&revisions).into();
    }
    if draw.chance(30) {
        metadata["uid"] = draw.one(&["@uid@", "@uid@", "x", ""]).into();
    }
    if draw.chance(8) {
        metadata["name"] = draw.one(&["other", ""]).into();
    }
    if draw.chance(8) {
        metadata["namespace"] = draw.one(&["@ns@", "other", ""]).into();
    }
}
