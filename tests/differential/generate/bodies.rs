//! Bodies of creations and updates: strict and lenient decoding, wrong kinds, numbers, depth.

use serde_json::Value;

use super::mutate;
use crate::draw::Draw;
use crate::kinds::Kind;
use crate::step::Step;

pub(super) fn steps(draw: &mut Draw, kind: &Kind) -> Vec<Step> {
    draw.some(1, 3, |draw| {
        let update = draw.chance(35);
        let mut object = kind.object(draw, if update { "one" } else { "new" });
        let body = body(draw, &mut object);
        let mut step = if update {
            let mut path = kind.path("one");
            if !kind.subresources.is_empty() && draw.chance(20) {
                path = format!("{path}/{}", draw.one(kind.subresources));
            }
            Step::new("PUT", path)
        } else {
            Step::new("POST", kind.collection())
        };
        step = step.body(body);
        if draw.chance(12) {
            step = step.header(
                "content-type",
                draw.one(&["application/yaml", "text/yaml", "application/json"]),
            );
        }
        if draw.chance(70) {
            let values = ["Strict", "Strict", "Warn", "Ignore", "", "x"];
            step = step.query(format!("fieldValidation={}", draw.one(&values)));
        }
        step
    })
}

fn body(draw: &mut Draw, object: &mut Value) -> String {
    match draw.below(10) {
        0..=4 => {
            for _ in 0..=draw.below(2) {
                mutate::value(draw, object);
            }
            object.to_string()
        }
        5 => {
            let fields = ["kind", "apiVersion"];
            let values = [
                "",
                "x",
                "v1",
                "apps/v1",
                "Pod",
                "ConfigMap",
                "Widget",
                "a/b/c",
                "List",
                "v1/",
                "/v1",
                "Status",
            ];
            object[draw.one(&fields)] = draw.one(&values).into();
            object.to_string()
        }
        6 => {
            let depth = draw.one(&[5, 60, 110]);
            let place = draw.one(&["spec", "unknown", "free"]);
            let text = object.to_string();
            let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            format!("{},\"{place}\":{deep}}}", &text[..text.len() - 1])
        }
        _ => mutate::text(draw, &object.to_string()),
    }
}
