//! What the server of an API service says that it serves (`pkg/apiserver/handler_discovery.go` in
//! `k8s.io/kube-aggregator`).

use serde_json::{Map, Value, json};

use super::remote::Remote;

/// What a server serves of one group and version.
#[derive(Debug, Clone, Default)]
pub(crate) struct RemoteDocument {
    /// Its resources, as the aggregated form of discovery has them.
    pub(crate) resources: Vec<Value>,
    /// Whether the last try to read them went well.
    pub(crate) is_fresh: bool,
    /// Where its document of OpenAPI is; nothing where it has none.
    pub(crate) openapi: Option<String>,
}

impl RemoteDocument {
    /// The entry of its version in the aggregated form of discovery.
    pub(super) fn entry(&self, version: &str) -> Value {
        let mut entry = Map::new();
        entry.insert("version".to_owned(), version.into());
        if !self.resources.is_empty() {
            entry.insert("resources".to_owned(), self.resources.clone().into());
        }
        let freshness = if self.is_fresh { "Current" } else { "Stale" };
        entry.insert("freshness".to_owned(), freshness.into());
        entry.into()
    }
}

/// The resources of an API service in a document that its server has answered: an aggregated one of all groups, or the
/// list of the group and version.
///
/// # Errors
/// The document is neither.
pub(crate) fn listed(remote: &Remote, document: &Value) -> Result<Vec<Value>, String> {
    match document["kind"].as_str().unwrap_or_default() {
        "APIGroupDiscoveryList" => Ok(of_aggregated(remote, document)),
        "APIResourceList" => of_list(document),
        kind => Err(format!("a document of kind {kind:?} is none of discovery")),
    }
}

fn items<'v>(value: &'v Value, field: &str) -> impl Iterator<Item = &'v Value> {
    value[field].as_array().into_iter().flatten()
}

fn of_aggregated(remote: &Remote, document: &Value) -> Vec<Value> {
    let (group, version) = remote.group_version();
    let of_group = items(document, "items").filter(|one| one["metadata"]["name"] == group);
    let mut versions = of_group.flat_map(|one| items(one, "versions"));
    let found = versions.find(|one| one["version"] == version);
    let mut resources: Vec<Value> =
        found.into_iter().flat_map(|one| items(one, "resources")).cloned().collect();
    for resource in &mut resources {
        fill_kind(resource);
        let subresources = resource.get_mut("subresources").and_then(Value::as_array_mut);
        subresources.into_iter().flatten().for_each(fill_kind);
    }
    resources
}

/// Each has a kind, which may be empty: old clients need one.
fn fill_kind(resource: &mut Value) {
    if let Value::Object(resource) = resource {
        let kind = resource.entry("responseKind").or_insert(Value::Null);
        if kind.is_null() {
            *kind = empty_kind();
        }
    }
}

fn empty_kind() -> Value {
    json!({"group": "", "version": "", "kind": ""})
}

/// `ConvertGroupVersionIntoToDiscovery` in `k8s.io/apiserver/pkg/endpoints/installer.go`.
fn of_list(document: &Value) -> Result<Vec<Value>, String> {
    let text = |value: &Value, field: &str| value[field].as_str().unwrap_or_default().to_owned();
    let scope = |of: &Value| if of["namespaced"] == true { "Namespaced" } else { "Cluster" };
    let kind = |of: &Value| json!({"group": text(of, "group"), "version": text(of, "version"), "kind": text(of, "kind")});
    let mut resources: Vec<Value> = Vec::new();
    let all = || items(document, "resources").map(|of| (text(of, "name"), of));
    for (name, of) in all().filter(|(name, _)| !name.contains('/')) {
        let mut resource = json!({
            "resource": name, "responseKind": kind(of), "scope": scope(of),
            "singularResource": text(of, "singularName"), "verbs": of["verbs"],
        });
        for field in ["shortNames", "categories"] {
            if of[field].as_array().is_some_and(|names| !names.is_empty()) {
                resource[field] = of[field].clone();
            }
        }
        resources.push(resource);
    }
    for (name, of) in all() {
        let Some((parent, name)) = name.split_once('/') else { continue };
        let known = resources.iter().position(|one| one["resource"] == parent);
        let index = known.unwrap_or_else(|| {
            resources.push(json!({
                "resource": parent, "responseKind": empty_kind(), "scope": scope(of),
                "singularResource": "", "verbs": null,
            }));
            resources.len() - 1
        });
        let of_parent = text(&resources[index], "scope");
        if of_parent != scope(of) {
            return Err(format!(
                "Error: Parent {parent} (scope: {of_parent}) and subresource {name} (scope: {}) scope do not match",
                scope(of)
            ));
        }
        let kind = if text(of, "kind").is_empty() { empty_kind() } else { kind(of) };
        let subresource = json!({"subresource": name, "responseKind": kind, "verbs": of["verbs"]});
        match resources[index].get_mut("subresources").and_then(Value::as_array_mut) {
            Some(others) => others.push(subresource),
            None => resources[index]["subresources"] = json!([subresource]),
        }
    }
    Ok(resources)
}
