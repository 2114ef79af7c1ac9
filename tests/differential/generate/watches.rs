//! Watches of what was just written, and their parameters.

use super::{encoded, valid};
use crate::draw::Draw;
use crate::kinds::Kind;
use crate::step::Step;

const PARAMETERS: &[&str] = &[
    "resourceVersion=@rv0@",
    "resourceVersion=@rv0@",
    "resourceVersion=@rv@",
    "resourceVersion=0",
    "resourceVersion=",
    "resourceVersion=abc",
    "resourceVersion=-1",
    "allowWatchBookmarks=true",
    "sendInitialEvents=true",
    "sendInitialEvents=false",
    "sendInitialEvents=x",
    "resourceVersionMatch=NotOlderThan",
    "resourceVersionMatch=Exact",
    "resourceVersionMatch=x",
    "limit=1",
    "continue=abc",
    "limit=abc",
    "labelSelector=a%3Db",
    "labelSelector=a",
    "labelSelector=x%20in",
    "fieldSelector=metadata.name%3Done",
    "fieldSelector=foo%3Dbar",
    "pretty=true",
    "timeoutSeconds=abc",
    "timeoutSeconds=-1",
    "includeObject=None",
    "dryRun=x",
    "fieldSelector=spec.mode%3DFast",
];

const ACCEPT: &[&str] = &[
    "application/json",
    "application/json;stream=watch",
    "application/json;as=Table;v=v1;g=meta.k8s.io",
    "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
    "application/yaml",
    "text/html",
    "*/*",
    "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
    "application/json;stream=foo",
];

pub(super) fn steps(draw: &mut Draw, kind: &Kind) -> Vec<Step> {
    let mut steps = draw.some(0, 4, |draw| valid(draw, kind));
    steps.push(watch(draw, kind));
    steps
}

fn watch(draw: &mut Draw, kind: &Kind) -> Step {
    let (path, flag) = match draw.below(10) {
        0 => (kind.path("one"), true),
        1 => (kind.collection().replace("/namespaces/", "/watch/namespaces/"), false),
        2 => (kind.path("one").replace("/namespaces/", "/watch/namespaces/"), false),
        _ => (kind.collection(), true),
    };
    let mut step = Step::get(path);
    step.watch = true;
    if flag {
        step = step.query(format!("watch={}", draw.one(&["true", "1", "true", "", "x"])));
    }
    step = step.query("timeoutSeconds=1");
    for _ in 0..draw.below(4) {
        step = step.query(draw.one(PARAMETERS));
    }
    if draw.chance(25) {
        step = step.header("accept", draw.one(ACCEPT));
    }
    if draw.chance(4) {
        step.query(format!("fieldSelector={}", encoded("metadata.name=one,a=b")))
    } else {
        step
    }
}
