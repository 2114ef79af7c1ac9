//! The requests that sets serve, for warnings about rules that none of them matches.

use http::Method;

use crate::k8s::Registry;
use crate::matching::StubSet;
use crate::message::{Asked, Request};
use crate::profile::TOKENS_PATH;
use crate::scenario::{Part, PathTemplate, RequestShape, Served};

/// The paths that are served with any fixtures.
const ALWAYS: [&str; 12] = [
    "/api",
    "/apis",
    "/api/v1",
    "/version",
    "/healthz",
    "/livez",
    "/readyz",
    "/openapi/v2",
    "/openapi/v3",
    "/openapi/v3/*",
    "/openapi/v3/*/*",
    TOKENS_PATH,
];

/// The resources and paths that rules can match.
pub(super) fn requests(types: &Registry, stubs: &StubSet) -> Served {
    let (paths, open) = stubs.paths();
    let mut served = Served { open, ..Served::default() };
    served.shapes.extend(ALWAYS.into_iter().map(RequestShape::of_path));
    for path in paths {
        add_stub(path, &mut served);
    }
    for of in types.types() {
        let resource = of.group_resource.to_string();
        let part = Part::Text(resource.clone());
        served.resources.push(resource);
        for version in &of.versions {
            let root = match of.group() {
                "" => format!("/api/{}", version.name),
                group => format!("/apis/{group}/{}", version.name),
            };
            let plural = of.plural();
            let all = format!("{root}/{plural}");
            // The path of a namespace has its name as both.
            let namespace = if of.group().is_empty() && plural == "namespaces" {
                Part::Any
            } else {
                Part::None
            };
            served.shapes.extend(RequestShape::of_collection(&all, &part, &namespace));
            if of.namespaced {
                let one = format!("{root}/namespaces/*/{plural}");
                served.shapes.extend(RequestShape::of_collection(&one, &part, &Part::Any));
            }
            served.shapes.push(RequestShape::of_path(root));
        }
        if !of.group().is_empty() {
            served.shapes.push(RequestShape::of_path(format!("/apis/{}", of.group())));
        }
    }
    served.resources.sort_unstable();
    served.resources.dedup();
    served
}

/// Adds the requests at the path of a stub, which may be one of an API.
fn add_stub(path: String, served: &mut Served) {
    let is_path = path.starts_with('/') && path.parse::<http::Uri>().is_ok();
    if is_path {
        let request = Request::new(Method::GET, &path);
        let asked = Asked::new(&request);
        if let Some(resource) = asked.resource() {
            let part = |part: Option<&str>| match part {
                Some(text) => Part::Text(text.to_owned()),
                None => Part::None,
            };
            served.resources.push(resource.to_owned());
            served.shapes.push(RequestShape {
                verbs: RequestShape::verbs_of(
                    asked.name().is_some(),
                    asked.subresource().is_some(),
                ),
                resource: Part::Text(resource.to_owned()),
                namespace: part(asked.namespace()),
                name: part(asked.name()),
                subresource: part(asked.subresource()),
                path: PathTemplate::new(path),
            });
            return;
        }
    }
    served.shapes.push(RequestShape::of_path(path));
}
