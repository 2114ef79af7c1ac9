//! Path and method of a request → verb, group, version, resource, namespace, name.
//!
//! Follows `k8s.io/apiserver/pkg/endpoints/request/requestinfo.go`. It is syntactic: whether the resource is
//! served is decided later, so that scenario rules can match any request.

use std::borrow::Cow;

use http::Method;

use super::super::target::{Query, TargetError, decode_segment};

/// The verb and the resource of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestInfo<'a> {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`; for other
    /// methods and paths the method in lower case.
    pub verb: Cow<'a, str>,
    /// The resource; `None` for paths such as `/version` and `/apis/GROUP`.
    pub resource: Option<ResourceInfo<'a>>,
}

/// The parts of a resource request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ResourceInfo<'a> {
    /// The API group; empty for the core group.
    pub group: Cow<'a, str>,
    /// The API version.
    pub version: Cow<'a, str>,
    /// The plural resource.
    pub resource: Cow<'a, str>,
    /// The namespace; empty for all namespaces and for cluster-scoped resources.
    pub namespace: Cow<'a, str>,
    /// The object's name; empty for collections.
    pub name: Cow<'a, str>,
    /// The subresource; empty for the object itself.
    pub subresource: Cow<'a, str>,
    /// The number of path segments after the subresource: no served resource has any.
    pub rest: usize,
}

impl<'a> RequestInfo<'a> {
    /// Parses a request's path.
    ///
    /// # Errors
    /// [`TargetError`] when a segment cannot be decoded.
    pub(crate) fn parse(
        method: &Method,
        path: &'a str,
        query: &Query<'_>,
    ) -> Result<Self, TargetError> {
        let mut segments = Vec::with_capacity(8);
        // Slashes at the ends do not count; two in a row enclose an empty segment.
        let trimmed = path.trim_matches('/');
        for raw in trimmed.split('/').filter(|_| !trimmed.is_empty()) {
            match decode_segment(raw)? {
                // The path is split after it is decoded.
                Cow::Owned(text) if text.contains('/') => {
                    segments.extend(text.split('/').map(|part| Cow::Owned(part.to_owned())));
                }
                segment => segments.push(segment),
            }
        }
        let mut rest = segments.into_iter();
        let mut info = ResourceInfo::default();
        match rest.next().as_deref() {
            Some("api") => {}
            Some("apis") => match rest.next() {
                Some(group) => info.group = group,
                None => return Ok(Self::without_resource(method)),
            },
            _ => return Ok(Self::without_resource(method)),
        }
        let Some(version) = rest.next() else {
            return Ok(Self::without_resource(method));
        };
        info.version = version;
        let Some(mut segment) = rest.next() else {
            return Ok(Self::without_resource(method));
        };
        // The old form /apis/G/V/watch/... is a watch, whatever its parameters are.
        let old_watch = segment == "watch";
        if old_watch {
            let Some(next) = rest.next() else {
                return Ok(Self::without_resource(method));
            };
            segment = next;
        }
        if segment == "namespaces" {
            if let Some(namespace) = rest.next() {
                info.namespace = namespace;
                match rest.next() {
                    // /namespaces/NAME and its subresources name the namespace object itself.
                    None => {
                        info.resource = Cow::Borrowed("namespaces");
                        info.name.clone_from(&info.namespace);
                    }
                    Some(sub) if sub == "status" || sub == "finalize" => {
                        info.resource = Cow::Borrowed("namespaces");
                        info.name.clone_from(&info.namespace);
                        info.subresource = sub;
                    }
                    Some(resource) => info.resource = resource,
                }
            } else {
                info.resource = Cow::Borrowed("namespaces");
            }
        } else {
            info.resource = segment;
        }
        if info.name.is_empty() {
            info.name = rest.next().unwrap_or_default();
            info.subresource = rest.next().unwrap_or_default();
        }
        info.rest = rest.count();
        let verb = if old_watch { "watch" } else { verb(method, &info, query) };
        Ok(Self { verb: Cow::Borrowed(verb), resource: Some(info) })
    }
}

impl RequestInfo<'_> {
    /// That of a path without a resource.
    pub(crate) fn without_resource(method: &Method) -> Self {
        Self { verb: Cow::Owned(method.as_str().to_ascii_lowercase()), resource: None }
    }
}

fn verb(method: &Method, info: &ResourceInfo<'_>, query: &Query<'_>) -> &'static str {
    match (method.as_str(), info.name.is_empty()) {
        ("GET" | "HEAD", true) if query.first("watch").is_some_and(is_true) => "watch",
        ("GET" | "HEAD", true) => "list",
        ("GET" | "HEAD", false) => "get",
        ("POST", _) => "create",
        ("PUT", _) => "update",
        ("PATCH", _) => "patch",
        ("DELETE", true) => "deletecollection",
        ("DELETE", false) => "delete",
        _ => "",
    }
}

/// Returns whether a boolean parameter is true: only `false` and `0` are false, an empty value is
/// true (`k8s.io/apimachinery/pkg/runtime/conversion.go`).
pub(crate) fn is_true(value: &str) -> bool {
    !matches!(value.to_ascii_lowercase().as_str(), "false" | "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(method: &Method, target: &str) -> String {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query = Query::parse(Some(query)).unwrap();
        let info = RequestInfo::parse(method, path, &query).unwrap();
        let Some(of) = info.resource else {
            return info.verb.into_owned();
        };
        let parts = [of.group, of.version, of.resource, of.namespace, of.name, of.subresource];
        format!("{} {}", info.verb, parts.join("|"))
    }

    #[test]
    fn paths_are_parsed_as_upstreams_request_info() {
        let jobs = "/apis/batch.volcano.sh/v1alpha1/namespaces/a/jobs";
        let cases = [
            (Method::GET, jobs.to_owned(), "list batch.volcano.sh|v1alpha1|jobs|a||"),
            (Method::GET, format!("{jobs}?watch"), "watch batch.volcano.sh|v1alpha1|jobs|a||"),
            (Method::GET, format!("{jobs}?watch=false"), "list batch.volcano.sh|v1alpha1|jobs|a||"),
            (
                Method::DELETE,
                jobs.to_owned(),
                "deletecollection batch.volcano.sh|v1alpha1|jobs|a||",
            ),
            (Method::DELETE, format!("{jobs}/x"), "delete batch.volcano.sh|v1alpha1|jobs|a|x|"),
            (
                Method::PUT,
                format!("{jobs}/x/status"),
                "update batch.volcano.sh|v1alpha1|jobs|a|x|status",
            ),
            (Method::GET, "/api/v1/namespaces".into(), "list |v1|namespaces|||"),
            (Method::GET, "/api/v1/namespaces/a".into(), "get |v1|namespaces|a|a|"),
            (
                Method::PUT,
                "/api/v1/namespaces/a/finalize".into(),
                "update |v1|namespaces|a|a|finalize",
            ),
            (Method::GET, "/api/v1/namespaces/a/pods/p/log".into(), "get |v1|pods|a|p|log"),
            (Method::GET, "/apis/g/v1/watch/namespaces/a/things".into(), "watch g|v1|things|a||"),
            (Method::GET, "/apis/g/v1/nodes/n".into(), "get g|v1|nodes||n|"),
            (Method::GET, "/apis/g/v1/things/".into(), "list g|v1|things|||"),
            (Method::GET, "/apis/g/v1/things//x".into(), "list g|v1|things|||x"),
            (Method::GET, "/apis/g/v1/things/a%2Fb".into(), "get g|v1|things||a|b"),
            (Method::GET, "/api/v1/namespaces/a/namespaces/b".into(), "get |v1|namespaces|a|b|"),
            (Method::GET, "/apis/g".into(), "get"),
            (Method::GET, "/version".into(), "get"),
            (Method::OPTIONS, jobs.to_owned(), " batch.volcano.sh|v1alpha1|jobs|a||"),
        ];
        for (method, target, expected) in cases {
            assert_eq!(parse(&method, &target), expected, "{target}");
        }
    }
}
