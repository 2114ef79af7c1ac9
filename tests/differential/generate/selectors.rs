//! Label and field selectors, by their grammars and against them.

use super::encoded;
use crate::draw::Draw;
use crate::kinds::Kind;
use crate::step::Step;

const LABELS: &[&str] = &[
    "a=b",
    "a==b",
    "a!=b",
    "a",
    "!a",
    "a in (b,c)",
    "a notin (b)",
    "a in ()",
    "a in (b",
    "a>1",
    "a<1",
    "a>x",
    "a=b,x=",
    ",",
    "a=",
    "=b",
    "a b",
    "a in b",
    "x.y/z=1",
    "-a=b",
    "a=b=c",
    "a=!",
    "a=-",
    "a==",
    "a in (,b)",
    "a  =  b",
    "(a=b)",
    "!a=b",
    "a!",
    "in",
    "notin notin (in)",
    "a in (b,b)",
    " ",
    "a=b,",
    ",a=b",
    "a=b;c=d",
    "a/b/c",
    "/a",
    "a/",
    "é=a",
    "a=é",
    "!",
    "!!a",
    "a,a",
    "a=b,a!=b",
    "a in (b),c",
    "a>1,a<5",
    "a in (b c)",
    "a in ((b))",
    "a=b)",
];

const TOKENS: &[&str] = &[
    "a", "b", "x.y/z", "=", "==", "!=", "!", "in", "notin", "(", ")", ",", ">", "<", "1", " ", "-",
];

const FIELDS: &[&str] = &[
    "metadata.name=one",
    "metadata.name!=one",
    "metadata.name==one",
    "metadata.namespace=@ns@",
    "metadata.namespace=x",
    "spec.nodeName=",
    "status.phase=Pending",
    "spec.mode=Fast",
    "spec.mode!=Fast",
    "spec.count=1",
    "foo=bar",
    "metadata.name",
    "metadata.name=one,metadata.name=two",
    "=",
    "metadata.name=a\\,b",
    "\\",
    "type=Opaque",
    "type=kubernetes.io/tls",
    "spec.type=ClusterIP",
    "spec.clusterIP=None",
    "metadata.labels.a=b",
    "metadata.name=one,foo=bar",
    ",",
    "metadata.name in (one)",
    "metadata.name=",
    "metadata.uid=@uid@",
    "status.podIP=",
    "spec.restartPolicy=Always",
    "spec.serviceAccountName=default",
    "spec.schedulerName=x",
    "status.nominatedNodeName=",
    "spec.hostNetwork=false",
    "a=b,c",
    "metadata.name=a=b",
    "metadata.name=one,",
    ",metadata.name=one",
    "a\\=b=c",
    "metadata.name=\\x",
    "metadata.name=\\\\",
    "!metadata.name=one",
    " metadata.name=one",
    "metadata.name= one",
    "metadata.annotations.x=y",
    "spec.replicas=1",
    "status.replicas=1",
    "metadata.creationTimestamp=x",
];

const FIELD_TOKENS: &[&str] =
    &["metadata.name", "one", "=", "==", "!=", ",", "\\", " ", "foo", "!", "spec.mode"];

pub(super) fn steps(draw: &mut Draw, kind: &Kind) -> Vec<Step> {
    draw.some(1, 4, |draw| {
        let mut step = if draw.chance(80) {
            Step::get(kind.collection())
        } else if draw.chance(70) {
            Step::new("DELETE", kind.collection())
        } else {
            Step::get(kind.path("one"))
        };
        if draw.chance(60) {
            let selector =
                if draw.chance(60) { draw.one(LABELS).to_owned() } else { tokens(draw, TOKENS) };
            step = step.query(format!("labelSelector={}", encoded(&selector)));
        }
        if draw.chance(60) {
            let selector = if draw.chance(70) {
                draw.one(FIELDS).to_owned()
            } else {
                tokens(draw, FIELD_TOKENS)
            };
            step = step.query(format!("fieldSelector={}", encoded(&selector)));
        }
        if draw.chance(25) { step.query("limit=1") } else { step }
    })
}

fn tokens(draw: &mut Draw, of: &[&str]) -> String {
    draw.some(1, 7, |draw| draw.one(of)).concat()
}
