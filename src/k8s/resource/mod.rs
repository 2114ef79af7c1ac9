//! Resource types: their names, versions and behaviour.
//!
//! A type is built in ([`super::builtin`]), comes from a `CustomResourceDefinition`
//! ([`super::crd`]), or is inferred from an object fixture. The engine knows no type by name.

mod registry;
mod served;

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::schema::Schema;
use super::webhook::ConversionWebhook;

pub(crate) use registry::Registry;
pub(crate) use served::Served;

/// A resource with its group, independent of version: `tfjobs.kubeflow.org`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct GroupResource {
    /// The API group; empty for the core group.
    pub group: Arc<str>,
    /// The plural name.
    pub resource: Arc<str>,
}

impl GroupResource {
    /// A resource of a group.
    pub(crate) fn new(group: &str, resource: &str) -> Self {
        Self { group: group.into(), resource: resource.into() }
    }
}

impl fmt::Display for GroupResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.group.is_empty() {
            return f.write_str(&self.resource);
        }
        write!(f, "{}.{}", self.resource, self.group)
    }
}

/// A resource type.
#[derive(Debug, Clone)]
pub(crate) struct ResourceType {
    /// Group and plural: the identity of the type in the store.
    pub group_resource: Arc<GroupResource>,
    /// The collection of the store that holds its objects. Both groups of events share one.
    pub stored_as: Arc<GroupResource>,
    /// The Kind of one object.
    pub kind: Box<str>,
    /// The Kind of a list.
    pub list_kind: Box<str>,
    /// The singular name.
    pub singular: Box<str>,
    /// Short names for kubectl.
    pub short_names: Vec<String>,
    /// Categories for kubectl, such as `all`.
    pub categories: Vec<String>,
    /// Whether objects are in namespaces.
    pub namespaced: bool,
    /// Whether objects are stored. Objects of other types are reviews, answered when they are created.
    pub stored: bool,
    /// Where the type comes from: messages for custom and for built-in types differ.
    pub origin: TypeOrigin,
    /// What converts objects between the versions; nothing where only `apiVersion` changes.
    pub webhook: Option<Arc<ConversionWebhook>>,
    /// The versions, the preferred one first.
    pub versions: Vec<Version>,
}

/// Where a resource type comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TypeOrigin {
    /// Built in, as in upstream's API server.
    BuiltIn,
    /// A `CustomResourceDefinition`.
    Custom,
    /// Inferred from an object fixture: a custom resource that keeps every field.
    Inferred,
}

/// What requests for a version are warned with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Deprecation {
    /// The version is not deprecated.
    None,
    /// The text that upstream writes for a deprecated version.
    Usual,
    /// The text of the definition.
    Text(Box<str>),
}

/// One version of a resource type.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    /// The version's name, such as `v1alpha1`.
    pub name: Arc<str>,
    /// What requests for it are warned with.
    pub deprecation: Deprecation,
    /// Whether it is served.
    pub served: bool,
    /// Whether objects are stored in it.
    pub storage: bool,
    /// The `status` subresource.
    pub status: bool,
    /// The `scale` subresource.
    pub scale: Option<Scale>,
    /// The schema for defaults, pruning and validation; without one all fields are kept.
    pub schema: Option<Arc<Schema>>,
    /// The schema as its CRD has it, for OpenAPI documents.
    pub raw_schema: Option<Arc<Value>>,
    /// The columns of its Table.
    pub columns: Arc<[Column]>,
    /// The field selectors it knows besides name and namespace.
    pub selectable: Vec<SelectableField>,
}

/// The paths of a `scale` subresource (JSON paths without the leading dot).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scale {
    /// The path of the requested number of replicas.
    pub spec_replicas: Vec<String>,
    /// The path of the current number of replicas.
    pub status_replicas: Vec<String>,
    /// The path of the label selector, a string.
    pub label_selector: Option<Vec<String>>,
}

/// A column of a Table.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Column {
    /// The heading.
    pub name: String,
    /// `string`, `integer`, `number`, `boolean` or `date`.
    pub kind: String,
    /// The format, such as `name`.
    pub format: String,
    /// A description of the column.
    pub description: String,
    /// 0 is always shown, higher ones with `-o wide`.
    pub priority: i64,
    /// The JSON path of its cell, with the leading dot.
    pub json_path: String,
}

/// A field that field selectors support.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SelectableField {
    /// The name in a selector: `spec.queue`.
    pub label: String,
    /// The path, step by step.
    pub path: Vec<String>,
    /// What an object without the field has.
    pub absent: &'static str,
}

impl ResourceType {
    /// The API group.
    pub(crate) fn group(&self) -> &str {
        &self.group_resource.group
    }

    /// The plural name.
    pub(crate) fn plural(&self) -> &str {
        &self.group_resource.resource
    }

    /// `group/version`, or the version alone in the core group.
    pub(crate) fn api_version(&self, version: &str) -> String {
        if self.group().is_empty() {
            version.to_owned()
        } else {
            format!("{}/{version}", self.group())
        }
    }

    /// Whether it is a built-in type.
    pub(crate) fn is_built_in(&self) -> bool {
        self.origin == TypeOrigin::BuiltIn
    }

    /// The version objects are stored in.
    pub(crate) fn storage(&self) -> &Version {
        self.versions.iter().find(|version| version.storage).unwrap_or(&self.versions[0])
    }

    /// The key of an object in the store.
    pub(crate) fn key(&self, namespace: &str, name: &str) -> String {
        if self.namespaced { format!("{namespace}/{name}") } else { name.to_owned() }
    }

    /// `metadata.selfLink` as before Kubernetes 1.20: the path of an object, or of a collection.
    pub(crate) fn link(&self, served: &Served, namespace: &str, name: &str) -> String {
        let root = if self.group().is_empty() { "api" } else { "apis" };
        let mut link = format!("/{root}/{}", served.api_version);
        if self.namespaced && !namespace.is_empty() {
            link.push_str(&format!("/namespaces/{namespace}"));
        }
        link.push_str(&format!("/{}", self.plural()));
        if !name.is_empty() {
            link.push_str(&format!("/{name}"));
        }
        link
    }

    /// The selectable fields of all versions.
    fn selectable(&self) -> Vec<&SelectableField> {
        let mut all: Vec<&SelectableField> = Vec::new();
        for field in self.versions.iter().flat_map(|version| &version.selectable) {
            if !all.contains(&field) {
                all.push(field);
            }
        }
        all
    }

    /// The paths of the selectable fields, whose values the store keeps with each object.
    pub(crate) fn selectable_paths(&self) -> Vec<Vec<String>> {
        self.selectable().into_iter().map(|field| field.path.clone()).collect()
    }
}

/// Splits `group/version`; a version alone is in the core group.
pub(super) fn split_api_version(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}
