//! Protobuf answers: objects, lists, metadata, errors and watches of built-in types.

use super::valid;
use crate::draw::Draw;
use crate::kinds::Kind;
use crate::step::Step;

const ACCEPT: &[&str] = &[
    "application/vnd.kubernetes.protobuf",
    "application/vnd.kubernetes.protobuf",
    "application/vnd.kubernetes.protobuf,application/json",
    "application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
    "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
    "application/vnd.kubernetes.protobuf;as=Table;g=meta.k8s.io;v=v1,application/json",
];

/// Resources of which every server has the same objects, or none.
const SHARED: &[&str] = &[
    "/api/v1/namespaces/kube-public/configmaps?labelSelector=none",
    "/api/v1/nodes",
    "/api/v1/persistentvolumes",
    "/apis/storage.k8s.io/v1/storageclasses",
    "/apis/certificates.k8s.io/v1/certificatesigningrequests",
    "/apis/autoscaling/v2/namespaces/@ns@/horizontalpodautoscalers",
    "/apis/policy/v1/namespaces/@ns@/poddisruptionbudgets",
    "/apis/networking.k8s.io/v1/namespaces/@ns@/ingresses",
    "/apis/networking.k8s.io/v1/namespaces/@ns@/networkpolicies/missing",
    "/api/v1/namespaces/@ns@",
    "/apis/apps/v1/namespaces/@ns@/nothings",
    "/apis",
    "/api/v1",
];

pub(super) fn steps(draw: &mut Draw, kind: &Kind) -> Vec<Step> {
    draw.some(1, 3, |draw| {
        let mut step = match draw.below(10) {
            0..=5 => valid(draw, kind),
            6 => Step::get(draw.one(SHARED)),
            7 if !kind.subresources.is_empty() => {
                Step::get(format!("{}/{}", kind.path("one"), draw.one(kind.subresources)))
            }
            _ => {
                let mut watch = Step::get(kind.collection()).query("watch=true");
                watch.watch = true;
                watch.query("timeoutSeconds=1").query("resourceVersion=@rv0@")
            }
        };
        let accept = draw.one(ACCEPT);
        let stream = if step.watch && draw.chance(60) { ";stream=watch" } else { "" };
        step = step.header("accept", format!("{accept}{stream}"));
        if draw.chance(15) {
            step = step.query(draw.one(&["limit=1", "pretty=true", "dryRun=All", "limit=x"]));
        }
        step
    })
}
