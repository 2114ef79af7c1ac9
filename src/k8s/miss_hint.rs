//! Why nothing serves a request to the API, for people: a version that is not served, a group or a plural that is
//! misspelled. Clients get upstream's own 404, and see the reason beside it.

use crate::document::suggest;
use crate::message::{RequestInfo, ResourceInfo};

use super::resource::{GroupResource, Registry, ResourceType};

/// The reason, in one sentence; nothing where the resource is served, or the path is not one of the API.
pub(crate) fn miss_hint(types: &Registry, path: &str, info: &RequestInfo<'_>) -> Option<String> {
    if let Some(asked) = &info.resource {
        return of_resource(types, asked);
    }
    let mut parts = path.strip_prefix("/apis/")?.trim_end_matches('/').split('/');
    let (group, version) = (parts.next()?, parts.next());
    of_group(types, group, version)
}

fn of_resource(types: &Registry, asked: &ResourceInfo<'_>) -> Option<String> {
    let (group, version, plural) = (&*asked.group, &*asked.version, &*asked.resource);
    if types.find(group, version, plural).is_some() {
        return None;
    }
    if let Some(of) = types.get(&GroupResource::new(group, plural)) {
        return Some(format!("{} serves {plural}, {version} does not", served(of)));
    }
    if let Some(of) = types.types().find(|of| of.plural() == plural) {
        return Some(format!(
            "{} serves {plural}, {} does not",
            served(of),
            api_version(group, version)
        ));
    }
    let named = |of: &&ResourceType| {
        *of.singular == *plural
            || *of.kind == *plural
            || of.short_names.iter().any(|name| name == plural)
    };
    let in_group = types.types().map(|of| &**of).find(|of| of.group() == group && named(of));
    if let Some(of) = in_group.or_else(|| types.types().map(|of| &**of).find(named)) {
        return Some(format!("a path names the plural: {} serves {}", served(of), of.plural()));
    }
    let plurals: Vec<&str> =
        types.types().filter(|of| of.group() == group).map(|of| of.plural()).collect();
    if plurals.is_empty() {
        return of_group(types, group, Some(version));
    }
    let group = if group.is_empty() { "the core group" } else { group };
    Some(format!("{group} has no {plural:?}; {}", suggest(plural, &plurals)))
}

fn of_group(types: &Registry, group: &str, version: Option<&str>) -> Option<String> {
    let groups = types.groups();
    if let Some((_, versions)) = groups.iter().find(|(known, _)| **known == *group) {
        let version = version.filter(|asked| !versions.iter().any(|known| **known == **asked))?;
        return Some(format!("{group} has {}, and no {version}", versions.join(", ")));
    }
    let known = groups.iter().map(|(group, _)| &**group).filter(|group| !group.is_empty());
    let known = suggest(group, &known.collect::<Vec<&str>>());
    Some(format!("no resource type of the group {group:?} is served; {known}"))
}

/// The group with the versions that serve a type: `kubeflow.org/v1`.
fn served(of: &ResourceType) -> String {
    let versions = of.versions.iter().filter(|version| version.served);
    let versions: Vec<String> =
        versions.map(|version| api_version(of.group(), &version.name)).collect();
    versions.join(" and ")
}

fn api_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;
    use crate::k8s::builtin;
    use crate::message::Query;

    fn hint(path: &str) -> Option<String> {
        let types = builtin::registry();
        let info = RequestInfo::parse(&Method::GET, path, &Query::default()).unwrap();
        miss_hint(&types, path, &info)
    }

    #[test]
    fn the_reason_is_named() {
        for (path, expected) in [
            ("/apis/batch/v1beta1/jobs", "batch/v1 serves jobs, v1beta1 does not"),
            (
                "/apis/extensions/v1/namespaces/a/jobs/b",
                "batch/v1 serves jobs, extensions/v1 does not",
            ),
            ("/apis/batch/v1/job", "a path names the plural: batch/v1 serves jobs"),
            (
                "/apis/apps/v1/deploymnets",
                "apps has no \"deploymnets\"; did you mean \"deployments\"?",
            ),
            ("/api/v2/pods", "v1 serves pods, v2 does not"),
            ("/apis/batch/v3", "batch has v1, and no v3"),
            ("/apis/btach/v1", "did you mean \"batch\"?"),
            (
                "/apis/nothing.dev/v1/things",
                "no resource type of the group \"nothing.dev\" is served",
            ),
        ] {
            let found = hint(path).unwrap_or_default();
            assert!(found.contains(expected), "{path}: {found}");
        }
        for path in ["/apis/batch/v1/jobs", "/apis/batch/v1", "/apis/batch", "/healthz"] {
            assert_eq!(hint(path), None, "{path}");
        }
    }
}
