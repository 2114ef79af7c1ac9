//! Tables and objects as metadata alone, on every verb.

use super::valid;
use crate::draw::Draw;
use crate::kinds::Kind;
use crate::step::Step;

const FORMS: &[&str] = &["Table", "Table", "PartialObjectMetadata", "PartialObjectMetadataList"];

pub(super) fn steps(draw: &mut Draw, kind: &Kind) -> Vec<Step> {
    draw.some(1, 3, |draw| {
        let mut step = valid(draw, kind);
        if !kind.subresources.is_empty() && draw.chance(10) {
            let path = format!("{}/{}", kind.path("one"), draw.one(kind.subresources));
            step = Step::get(path);
        }
        let form = draw.one(FORMS);
        let version = draw.one(&["v1", "v1", "v1beta1"]);
        let end = if draw.chance(30) { ",application/json" } else { "" };
        let media = draw.one(&["json", "json", "json", "yaml"]);
        step = step.header(
            "accept",
            format!("application/{media};as={form};v={version};g=meta.k8s.io{end}"),
        );
        if draw.chance(40) {
            let query = [
                "includeObject=None",
                "includeObject=Object",
                "includeObject=Metadata",
                "includeObject=x",
                "pretty=true",
                "limit=1",
                "includeObject=",
                "dryRun=All",
                "fieldSelector=metadata.name=one",
                "resourceVersion=0",
            ];
            step = step.query(draw.one(&query));
        }
        step
    })
}
