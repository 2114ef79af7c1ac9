//! Discovery: `/api`, `/apis`, groups, versions, `/version`, health.
//!
//! Two forms: one document per group version, and the aggregated one
//! (`k8s.io/apiserver/pkg/endpoints/discovery`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::aggregation::Groups;
use super::core::resources::{self, Resource};
use super::release::KubernetesVersion;
use super::resource::{Registry, Served};

const CUSTOM_VERBS: [&str; 8] =
    ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];
const STATUS_VERBS: [&str; 3] = ["get", "patch", "update"];

/// The first release whose version names the emulated one (`k8s.io/apimachinery/pkg/version.Info`).
const NAMES_EMULATION: u8 = 33;

/// `/version`.
pub(super) fn version(release: KubernetesVersion) -> Value {
    let minor = release.minor();
    let mut version = json!({
        "major": "1",
        "minor": minor.to_string(),
        "gitVersion": format!("{}+standin.{}", release.git_version(), env!("CARGO_PKG_VERSION")),
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "none (standin)",
        "compiler": "rustc",
        "platform": format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH),
    });
    if minor >= NAMES_EMULATION {
        version["emulationMajor"] = "1".into();
        version["emulationMinor"] = minor.to_string().into();
        version["minCompatibilityMajor"] = "1".into();
        version["minCompatibilityMinor"] = (minor - 1).to_string().into();
    }
    version
}

/// `/api`.
pub(super) fn core_versions(host: Option<&str>) -> Value {
    let addresses: Vec<Value> = host
        .map(|host| json!({"clientCIDR": "0.0.0.0/0", "serverAddress": host}))
        .into_iter()
        .collect();
    json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": addresses})
}

/// `/apis`.
pub(super) fn groups(all: &Groups<'_>) -> Value {
    let groups: Vec<Value> = all
        .listed
        .iter()
        .filter(|(group, _)| !group.is_empty())
        .map(|(group, versions)| {
            let mut value = group_value(group, versions);
            if let Value::Object(map) = &mut value {
                map.remove("kind");
                map.remove("apiVersion");
            }
            value
        })
        .collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

/// `/apis/GROUP`.
pub(super) fn group(all: &Groups<'_>, group: &str) -> Option<Value> {
    // The core group is not below this path.
    let is_it = |name: &str| name == group && !name.is_empty();
    let (name, versions) = all.listed.iter().find(|(name, _)| is_it(name))?;
    Some(group_value(name, versions))
}

fn group_value(group: &str, versions: &[Box<str>]) -> Value {
    let version =
        |version: &str| json!({"groupVersion": format!("{group}/{version}"), "version": version});
    let list: Vec<Value> = versions.iter().map(|name| version(name)).collect();
    json!({
        "kind": "APIGroup",
        "apiVersion": "v1",
        "name": group,
        "preferredVersion": list.first(),
        "versions": list,
    })
}

/// `/api/v1` and `/apis/GROUP/VERSION`.
pub(super) fn resources(types: &Registry, group: &str, version: &str) -> Option<Value> {
    if !types.has_version(group, version) {
        return None;
    }
    let mut resources = Vec::new();
    for served in types.of_version(group, version) {
        resources.push(resource(served));
        resources.extend(subresources(served).into_iter().map(|sub| {
            let mut value = json!({
                "name": format!("{}/{}", served.of.plural(), sub.name),
                "singularName": "",
                "namespaced": served.of.namespaced,
                "kind": sub.kind,
                "verbs": sub.verbs,
            });
            if let Some((group, version)) = sub.of {
                (value["group"], value["version"]) = (group.into(), version.into());
            }
            value
        }));
    }
    let group_version =
        if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    let mut list = json!({
        "kind": "APIResourceList",
        "groupVersion": group_version,
        "resources": resources,
    });
    // The list of the core group has none.
    if !group.is_empty() {
        list["apiVersion"] = "v1".into();
    }
    Some(list)
}

fn resource(served: &Served) -> Value {
    let of = &served.of;
    let mut value = json!({
        "name": of.plural(),
        "singularName": of.singular,
        "namespaced": of.namespaced,
        "kind": of.kind,
        "verbs": verbs(served),
    });
    let hash = match built_in(served) {
        Some(resource) => resource.hash.to_owned(),
        None => storage_version_hash(served),
    };
    if !hash.is_empty() {
        value["storageVersionHash"] = hash.into();
    }
    if !of.short_names.is_empty() {
        value["shortNames"] = json!(of.short_names);
    }
    if !of.categories.is_empty() {
        value["categories"] = json!(of.categories);
    }
    value
}

/// The entry of a built-in type.
fn built_in(served: &Served) -> Option<&'static Resource> {
    if !served.of.is_built_in() {
        return None;
    }
    resources::find(served.of.group(), &served.version().name, served.of.plural())
}

fn verbs(served: &Served) -> &'static [&'static str] {
    built_in(served).map_or(&CUSTOM_VERBS[..], |resource| &resource.verbs)
}

/// A subresource: its name, the group and version of its Kind where they differ, the Kind, the verbs.
struct Subresource {
    name: &'static str,
    of: Option<(&'static str, &'static str)>,
    kind: String,
    verbs: &'static [&'static str],
}

fn subresources(served: &Served) -> Vec<Subresource> {
    if let Some(resource) = built_in(served) {
        let subresource = |sub: &'static Resource| Subresource {
            name: sub.name,
            of: sub.of,
            kind: sub.kind.to_owned(),
            verbs: &sub.verbs,
        };
        return resource.subresources.iter().map(subresource).collect();
    }
    let mut subresources = Vec::new();
    if served.version().scale.is_some() {
        subresources.push(Subresource {
            name: "scale",
            of: Some(("autoscaling", "v1")),
            kind: "Scale".to_owned(),
            verbs: &STATUS_VERBS,
        });
    }
    if served.version().status {
        let kind = served.of.kind.to_string();
        subresources.push(Subresource { name: "status", of: None, kind, verbs: &STATUS_VERBS });
    }
    subresources
}

/// The first 8 bytes of SHA-256 over `group/version/kind` of the storage version, in base64.
fn storage_version_hash(served: &Served) -> String {
    let of = &served.of;
    let text = format!("{}/{}/{}", of.group(), of.storage().name, of.kind);
    STANDARD.encode(&Sha256::digest(text)[..8])
}

/// The aggregated form of `/api` (`core`) or `/apis`.
pub(super) fn aggregated(all: &Groups<'_>, core: bool, form: &str) -> Value {
    let types = all.types();
    let groups = all.aggregated().iter().filter(|(group, _)| group.is_empty() == core);
    let items: Vec<Value> = groups
        .map(|(group, versions)| {
            let versions: Vec<Value> = versions
                .iter()
                .map(|version| {
                    if let Some(entry) = all.entry(group, version) {
                        return entry;
                    }
                    let resources: Vec<Value> = types
                        .of_version(group, version)
                        .map(|served| aggregated_resource(group, version, served))
                        .collect();
                    json!({"version": version, "resources": resources, "freshness": "Current"})
                })
                .collect();
            let metadata = if group.is_empty() { json!({}) } else { json!({"name": group}) };
            json!({"metadata": metadata, "versions": versions})
        })
        .collect();
    json!({
        "kind": "APIGroupDiscoveryList",
        "apiVersion": format!("apidiscovery.k8s.io/{form}"),
        "metadata": {},
        "items": items,
    })
}

fn aggregated_resource(group: &str, version: &str, served: &Served) -> Value {
    let of = &served.of;
    let response_kind =
        |of: (&str, &str), kind: &str| json!({"group": of.0, "version": of.1, "kind": kind});
    let own = (group, version);
    let mut value = json!({
        "resource": of.plural(),
        "responseKind": response_kind(own, &of.kind),
        "scope": if of.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": of.singular,
        "verbs": verbs(served),
    });
    let subresources: Vec<Value> = subresources(served)
        .into_iter()
        .map(|sub| {
            let kind = response_kind(sub.of.unwrap_or(own), &sub.kind);
            json!({"subresource": sub.name, "responseKind": kind, "verbs": sub.verbs})
        })
        .collect();
    for (key, list) in [
        ("shortNames", json!(of.short_names)),
        ("categories", json!(of.categories)),
        ("subresources", json!(subresources)),
    ] {
        if list != json!([]) {
            value[key] = list;
        }
    }
    value
}
