//! The resource types that a cluster serves.

use http::Method;
use http::header::{ACCEPT, HeaderMap, HeaderValue};
use serde_json::Value;

use crate::message::Request;
use crate::record::Upstream;

/// A type whose objects can be listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ListedType {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) plural: String,
    pub(super) kind: String,
    pub(super) namespaced: bool,
    short_names: Vec<String>,
    singular: String,
}

impl ListedType {
    /// `plural.group`, or `plural` in the core group.
    pub(super) fn name(&self) -> String {
        if self.group.is_empty() {
            self.plural.clone()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }

    /// Returns whether a name in kubectl's notation refers to it: plural, singular, short name or
    /// Kind, optionally followed by the group or by version and group.
    pub(super) fn is_named(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        let (first, rest) = name.split_once('.').unwrap_or((&name, ""));
        let qualified = format!("{}.{}", self.version, self.group);
        let of_group = rest.is_empty() || rest == self.group || rest == qualified;
        let own = first == self.plural
            || first == self.singular
            || first == self.kind.to_ascii_lowercase()
            || self.short_names.iter().any(|short| short == first);
        of_group && own
    }

    /// Returns the path of its objects, in one namespace or in all.
    pub(super) fn path(&self, namespace: Option<&str>) -> String {
        let root = if self.group.is_empty() {
            format!("/api/{}", self.version)
        } else {
            format!("/apis/{}/{}", self.group, self.version)
        };
        match namespace {
            Some(namespace) => format!("{root}/namespaces/{namespace}/{}", self.plural),
            None => format!("{root}/{}", self.plural),
        }
    }
}

/// Asks a cluster for a JSON document.
///
/// # Errors
/// A message.
pub(super) async fn get(
    upstream: &Upstream,
    headers: &HeaderMap,
    target: &str,
) -> Result<(u16, Value, bytes::Bytes), String> {
    target.parse::<http::Uri>().map_err(|error| format!("{target}: {error}"))?;
    let mut request = Request::new(Method::GET, target);
    request.headers = headers.clone();
    request.headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let answer = upstream.fetch(request).await.map_err(|why| format!("GET {target}: {why}"))?;
    let body = serde_json::from_slice(&answer.body).unwrap_or_default();
    Ok((answer.status.as_u16(), body, answer.body))
}

/// Finds the types that can be listed, each in the version that its group prefers.
///
/// # Errors
/// A message, where the server is not a cluster or refuses.
pub(super) async fn discover(
    upstream: &Upstream,
    headers: &HeaderMap,
    notes: &mut Vec<String>,
) -> Result<Vec<ListedType>, String> {
    let mut types = Vec::new();
    let mut versions: Vec<(String, String)> = vec![(String::new(), "v1".to_owned())];
    let (status, groups, _) = get(upstream, headers, "/apis").await?;
    if status != 200 {
        return Err(refused("/apis", status, &groups));
    }
    for group in groups["groups"].as_array().into_iter().flatten() {
        let preferred = group["preferredVersion"]["version"].as_str();
        let first = group.pointer("/versions/0/version").and_then(Value::as_str);
        if let (Some(name), Some(version)) = (group["name"].as_str(), preferred.or(first)) {
            versions.push((name.to_owned(), version.to_owned()));
        }
    }
    for (group, version) in versions {
        let path = if group.is_empty() {
            format!("/api/{version}")
        } else {
            format!("/apis/{group}/{version}")
        };
        let (status, list, _) = get(upstream, headers, &path).await?;
        if status != 200 {
            notes.push(refused(&path, status, &list));
            continue;
        }
        for resource in list["resources"].as_array().into_iter().flatten() {
            types.extend(listed(resource, &group, &version));
        }
    }
    Ok(types)
}

pub(super) fn refused(path: &str, status: u16, answer: &Value) -> String {
    let why = answer["message"].as_str().unwrap_or("it is not the answer of an API server");
    format!("GET {path}: {status}: {why}")
}

fn listed(resource: &Value, group: &str, version: &str) -> Option<ListedType> {
    let text = |key: &str| resource[key].as_str().unwrap_or_default().to_owned();
    let texts = |key: &str| -> Vec<String> {
        let list = resource[key].as_array().into_iter().flatten();
        list.filter_map(|item| Some(item.as_str()?.to_owned())).collect()
    };
    let plural = text("name");
    // Those with a slash are subresources.
    if plural.is_empty()
        || plural.contains('/')
        || !texts("verbs").iter().any(|verb| verb == "list")
    {
        return None;
    }
    Some(ListedType {
        group: group.to_owned(),
        version: version.to_owned(),
        kind: text("kind"),
        namespaced: resource["namespaced"] == Value::Bool(true),
        short_names: texts("shortNames"),
        singular: text("singularName"),
        plural,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn types_are_known_by_all_their_names() {
        let resource = json!({"name": "tfjobs", "kind": "TFJob", "singularName": "tfjob", "shortNames": ["tj"], "namespaced": true, "verbs": ["list"]});
        let of = listed(&resource, "kubeflow.org", "v1").unwrap();
        for name in ["tfjobs", "TFJob", "tj", "tfjob.kubeflow.org", "tfjobs.v1.kubeflow.org"] {
            assert!(of.is_named(name), "{name}");
        }
        for name in ["tf", "tfjobs.example.com", "tfjobs.v2.kubeflow.org"] {
            assert!(!of.is_named(name), "{name}");
        }
        assert_eq!(of.path(Some("a")), "/apis/kubeflow.org/v1/namespaces/a/tfjobs");
        assert_eq!(of.name(), "tfjobs.kubeflow.org");
        let subresource = json!({"name": "pods/log", "verbs": ["list"]});
        assert_eq!(listed(&subresource, "", "v1"), None);
        assert_eq!(listed(&json!({"name": "bindings", "verbs": ["create"]}), "", "v1"), None);
    }
}
