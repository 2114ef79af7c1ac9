//! Paths, as they are and not quite, with every method.

use super::valid;
use crate::draw::Draw;
use crate::kinds::Kind;
use crate::step::Step;

const METHODS: &[&str] =
    &["GET", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "FOO", "get"];

const SUBRESOURCES: &[&str] = &[
    "status",
    "scale",
    "foo",
    "log",
    "binding",
    "eviction",
    "exec",
    "status/foo",
    "Status",
    "ephemeralcontainers",
    "resize",
    "",
];

/// Paths that are no resources: those whose content is the same for every server.
const FIXED: &[&str] = &[
    "/api",
    "/api/",
    "/api/v1/",
    "/api/v2",
    "/apis/apps",
    "/apis/apps/",
    "/apis/apps/v1/",
    "/apis/apps/v2",
    "/apis/foo",
    "/apis/foo/v1",
    "/apis/foo/v1/bars",
    "/apis/differential.example",
    "/apis/differential.example/v1",
    "/apis/differential.example/v1alpha1",
    "/apis/differential.example/v1beta1",
    "/apis/differential.example/v3",
    "/version",
    "/version/",
    "/healthz",
    "/healthz/ping",
    "/healthz/foo",
    "/livez",
    "/livez/",
    "/readyz/ping",
    "/foo",
    "/foo/bar",
    "/api/v1/foos",
    "/api/v1/namespaces/@ns@/foos",
    "/api/v1/namespaces/@ns@/foos/x",
    "/apis/apps/v1/namespaces/@ns@/foos",
    "/api/v1/namespaces/@ns@",
    "/api/v1/namespaces/@ns@/status",
    "/api/v1/namespaces/@ns@/finalize",
    "/api/v1/namespaces/nope/pods",
    "/api/v1/namespaces//pods",
    "/api//v1/namespaces/@ns@/pods",
    "//api/v1",
    "/api/v1/../v1/namespaces/@ns@",
    "/api/./v1",
    "/api/v1/namespaces/@ns@/configmaps/..",
    "/api/v1/namespaces/%2e%2e",
    "/api/v1/namespaces/@ns@/configmaps/a%2fb",
    "/api/v1/namespaces/@ns@/configmaps/%20",
    "/api/v1/namespaces/@ns@/configmaps/%zz",
    "/api/v1/namespaces/@ns@/configmaps/A_B",
    "/api/v1/watch/namespaces/@ns@/nope",
    "/api/v1/proxy/namespaces/@ns@/pods/x",
    "/api/v1/namespaces/@ns@/pods/one/log",
    "/apis/differential.example/v1/namespaces/@ns@/widgets/one/scale",
    "/apis/differential.example/v1beta1/namespaces/@ns@/widgets/one/scale",
    "/apis/differential.example/v1alpha1/namespaces/@ns@/widgets",
    "/apis/differential.example/v1/widgets/one",
    "/apis/differential.example/v1/namespaces/@ns@/widgets/one/status/x",
    "/apis/differential.example/v1/namespaces/@ns@/blobs/one/status",
    "/openapi/v3/foo",
    "/openapi/v1",
    "/openapi",
    "/metrics/foo",
    "/logs",
    "/debug",
    "/.well-known",
    "/apis/apps/v1/deployments/one",
    "/api/v1/pods/one",
    "/API/v1",
    "/api/V1/namespaces",
    "/api/v1/Namespaces",
    "/api/v1/namespaces/@ns@/",
    "/api/v1/namespaces/@ns@//",
];

pub(super) fn steps(draw: &mut Draw, kind: &Kind) -> Vec<Step> {
    draw.some(1, 3, |draw| {
        let path = path(draw, kind);
        let method = draw.one(METHODS);
        // A whole namespace is not deleted in the middle of a round.
        let method = if method == "DELETE" && path.ends_with("@ns@") { "GET" } else { method };
        let mut step = Step::new(method, path);
        if matches!(method, "POST" | "PUT" | "PATCH") && draw.chance(85) {
            step.body =
                valid(draw, kind).body.or_else(|| Some(kind.object(draw, "one").to_string()));
            if method == "PATCH" {
                step = step.header("content-type", "application/merge-patch+json");
            }
        }
        if draw.chance(10) {
            step.query(draw.one(&["watch=false", "pretty=true", "x=y", ""]))
        } else {
            step
        }
    })
}

fn path(draw: &mut Draw, kind: &Kind) -> String {
    let own = kind.path("one");
    match draw.below(10) {
        0..=3 => draw.one(FIXED).to_owned(),
        4 | 5 => format!("{own}/{}", draw.one(SUBRESOURCES)),
        6 => kind.collection(),
        7 => {
            let slashes: Vec<usize> = own.match_indices('/').map(|(at, _)| at).collect();
            let at = draw.one(&slashes);
            let piece = draw
                .one(&["//", "/./", "/../", "/%2F", "/x/", "/%2e%2e/", "/ /", "/;/", "/*/", "/:/"]);
            format!("{}{}{}", &own[..at], piece.replace(' ', "%20"), &own[at + 1..])
        }
        8 => format!(
            "{own}{}",
            draw.one(&["/", "//", "/.", "/..", "%00", "?", "%20", ";a=b", "/%2e", "#a"])
        )
        .replace('#', "%23"),
        _ => own,
    }
}
