//! `PodSecurity`: the levels that the labels of a namespace demand of its pods
//! (`k8s.io/pod-security-admission/admission`).
//!
//! ```text
//! labels of the namespace → [policy] (levels and versions) → [checks] of each level → 403, or warnings
//! ```

mod checks;
mod contexts;
mod pod;
mod policy;
mod profiles;
mod words;

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use super::super::super::golang::quote;
use super::super::super::meta;
use super::super::super::resource::GroupResource;
use super::super::super::status::ApiError;
use super::super::super::store::Snapshot;
use super::Request;
use pod::Pod;
use policy::{Level, LevelVersion, Policy};

/// The greatest number of pods that are checked when the labels of a namespace change
/// (`defaultNamespaceMaxPodsToCheck`).
const MAX_PODS: usize = 3000;

/// Where the templates of pods are.
const TEMPLATES: [(&str, &str, &str); 8] = [
    ("", "replicationcontrollers", "/spec/template"),
    ("", "podtemplates", "/template"),
    ("apps", "replicasets", "/spec/template"),
    ("apps", "deployments", "/spec/template"),
    ("apps", "statefulsets", "/spec/template"),
    ("apps", "daemonsets", "/spec/template"),
    ("batch", "jobs", "/spec/template"),
    ("batch", "cronjobs", "/spec/jobTemplate/spec/template"),
];

/// The subresources of pods that are not looked at; all others are pods.
const IGNORED: [&str; 8] =
    ["exec", "attach", "binding", "eviction", "log", "portforward", "proxy", "status"];

/// Checks a new or changed object. Returns warnings.
///
/// # Errors
/// 403 for a pod that the namespace forbids, 422 for wrong labels of a namespace.
pub(super) fn validate(
    request: &Request<'_>,
    new: &Value,
    old: Option<&Value>,
) -> Result<Vec<String>, ApiError> {
    let (group, plural) = request.of();
    match (group, plural) {
        ("", "namespaces") if request.subresource.is_empty() => {
            return namespace(request, new, old);
        }
        ("", "pods") if !IGNORED.contains(&request.subresource) => {
            let policy = of_namespace(request);
            if policy.is_privileged() || old.is_some_and(|old| !pod::changes(new, old)) {
                return Ok(Vec::new());
            }
            let pod = Pod::of(new);
            let found = checks::run(policy.enforce, pod);
            if !found.is_empty() {
                let why =
                    format!("violates PodSecurity {}: {}", quoted(policy.enforce), found.details());
                return Err(request.forbidden(new, &why));
            }
            return Ok(warn(&policy, pod));
        }
        _ => {}
    }
    let template = TEMPLATES.iter().find(|(g, p, _)| (*g, *p) == (group, plural));
    let Some((.., path)) = template.filter(|_| request.subresource.is_empty()) else {
        return Ok(Vec::new());
    };
    let policy = of_namespace(request);
    match new.pointer(path) {
        Some(template) if policy.warn.level != Level::Privileged && template.is_object() => {
            Ok(warn(&policy, Pod::of(template)))
        }
        _ => Ok(Vec::new()),
    }
}

fn quoted(of: LevelVersion) -> String {
    quote(&of.to_string())
}

fn warn(policy: &Policy, pod: Pod<'_>) -> Vec<String> {
    let found = checks::run(policy.warn, pod);
    if found.is_empty() {
        return Vec::new();
    }
    vec![format!("would violate PodSecurity {}: {}", quoted(policy.warn), found.details())]
}

/// What the namespace of a request demands.
fn of_namespace(request: &Request<'_>) -> Policy {
    let namespaces = GroupResource::new("", "namespaces");
    let namespace = request.snapshot.get(&namespaces, request.namespace);
    namespace.map_or_else(Policy::default, |found| policy::read(|label| found.label(label)).0)
}

/// The labels of a namespace (`ValidateNamespace`).
fn namespace(
    request: &Request<'_>,
    new: &Value,
    old: Option<&Value>,
) -> Result<Vec<String>, ApiError> {
    let read = |value: &Value| {
        policy::read(|name| value["metadata"]["labels"][name].as_str().map(str::to_owned))
    };
    let (policy, errors) = read(new);
    let before = old.map(read);
    let known = before.as_ref().map(|(_, errors)| errors);
    if !errors.is_empty() && known.is_none_or(|known| known.is_empty() || *known != errors) {
        return Err(ApiError::invalid("Namespace", "", meta::text(new, "name"), &errors));
    }
    let Some((before, _)) = before else { return Ok(Vec::new()) };
    let (now, was) = (policy.enforce, before.enforce);
    if now == was
        || now.level == Level::Privileged
        || (now.version == was.version && now.level <= was.level)
    {
        return Ok(Vec::new());
    }
    Ok(existing_pods(request.snapshot, meta::text(new, "name"), now))
}

/// The warnings about the pods that a namespace has (`EvaluatePodsInNamespace`).
fn existing_pods(snapshot: &Snapshot, namespace: &str, enforce: LevelVersion) -> Vec<String> {
    let pods = snapshot.collection(&GroupResource::new("", "pods"));
    let pods = pods.into_iter().flat_map(|pods| pods.range(namespace, ""));
    let (mut first, mut replicas) = (Vec::new(), Vec::new());
    let mut controllers = HashSet::new();
    for pod in pods {
        let pod = pod.value("v1", "Pod");
        // One pod of each controller comes before the others.
        let mut owners = pod["metadata"]["ownerReferences"].as_array().into_iter().flatten();
        let controller = owners.find(|owner| owner["controller"] == true);
        let uid = controller.and_then(|owner| owner["uid"].as_str()).map(str::to_owned);
        match uid {
            Some(uid) if controllers.contains(&uid) => replicas.push(pod),
            uid => {
                controllers.extend(uid);
                first.push(pod);
            }
        }
    }
    first.append(&mut replicas);
    let all = first.len();
    let mut found: BTreeMap<String, (String, usize)> = BTreeMap::new();
    for pod in first.iter().take(MAX_PODS) {
        let violations = checks::run(enforce, Pod::of(pod));
        if violations.is_empty() {
            continue;
        }
        let name = meta::text(pod, "name");
        let of_reason = found.entry(violations.reasons()).or_default();
        if of_reason.1 == 0 || name < of_reason.0.as_str() {
            name.clone_into(&mut of_reason.0);
        }
        of_reason.1 += 1;
    }
    let mut warnings = Vec::new();
    if all > MAX_PODS {
        warnings.push(format!(
            "new PodSecurity enforce level only checked against the first {MAX_PODS} of {all} existing pods"
        ));
    }
    if !found.is_empty() {
        warnings.push(format!(
            "existing pods in namespace {} violate the new PodSecurity enforce level {}",
            quote(namespace),
            quoted(enforce)
        ));
    }
    let mut of_pods: Vec<String> = found
        .into_iter()
        .map(|(why, (name, count))| match count {
            1 => format!("{name}: {why}"),
            2 => format!("{name} (and 1 other pod): {why}"),
            more => format!("{name} (and {} other pods): {why}", more - 1),
        })
        .collect();
    of_pods.sort_unstable();
    warnings.append(&mut of_pods);
    warnings
}

#[cfg(test)]
mod tests;
