//! Content types, accepted types and charsets.

use super::valid;
use crate::draw::Draw;
use crate::kinds::Kind;
use crate::step::Step;

const CONTENT: &[&str] = &[
    "application/json",
    "application/json; charset=utf-8",
    "application/json;charset=ascii",
    "APPLICATION/JSON",
    "application/yaml",
    "text/yaml",
    "application/x-yaml",
    "text/plain",
    "",
    "json",
    "application/merge-patch+json",
    "application/json-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
    "application/json, text/plain",
    "application/*",
    "*/*",
    "application/json; =",
    "application/json;",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "application/json; charset=\"utf-8\"",
    " application/json ",
    "application/json;q=0",
    "application/merge-patch+json; charset=utf-8",
    "application/MERGE-patch+json",
    "application/apply-patch+json",
    "application/json-patch+yaml",
    "text/json",
    "application/jsonx",
    "/",
    "application/",
];

const ACCEPT: &[&str] = &[
    "application/json",
    "*/*",
    "application/*",
    "text/html",
    "text/*",
    "application/yaml",
    "",
    "text/plain, application/json",
    "application/json;as=Table;v=v1;g=meta.k8s.io",
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
    "application/json;as=Table;v=v1beta1;g=meta.k8s.io",
    "application/json;as=Table;v=v2;g=meta.k8s.io",
    "application/json;as=Table",
    "application/json;as=Foo;v=v1;g=meta.k8s.io",
    "application/json;as=Table;v=v1;g=x",
    "application/json;q=0",
    "application/json;pretty=1",
    "application/json;pretty=0",
    "application/json;stream=watch",
    "application/json;charset=utf-8",
    "application/json;foo=bar",
    "APPLICATION/JSON",
    "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
    "text/html,application/json;q=0.9,*/*;q=0.8",
    "application/yaml;as=Table;v=v1;g=meta.k8s.io",
    "application/json;v=v1",
    "application/json;g=meta.k8s.io",
    "json",
    "/",
    "application/json;as=Table;g=meta.k8s.io;v=v1;includeObject=None",
    "application/yaml;q=0.5,application/json;q=0.4",
    "application/json;q=2",
    "application/json;q=x",
    ",",
    "application/json,",
    "text/event-stream",
    "*/json",
    "*",
    "application/json;as=APIGroupDiscoveryList;v=v2;g=apidiscovery.k8s.io",
];

pub(super) fn steps(draw: &mut Draw, kind: &Kind) -> Vec<Step> {
    draw.some(1, 3, |draw| {
        let mut step = valid(draw, kind);
        if draw.chance(60) || step.body.is_none() {
            step = step.header("accept", draw.one(ACCEPT));
        }
        if draw.chance(60) && step.body.is_some() {
            step.headers.retain(|(name, _)| name != "content-type");
            step = step.header("content-type", draw.one(CONTENT));
        }
        if draw.chance(10) {
            step = step.query(draw.one(&[
                "pretty=true",
                "pretty=false",
                "pretty",
                "includeObject=None",
            ]));
        }
        step
    })
}
