//! Resource types: their names, versions and behaviour.
//!
//! A type is built in ([`super::builtin`]), comes from a `CustomResourceDefinition`
//! ([`super::crd`]), or is inferred from an object fixture. The engine knows no type by name.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::golang::go_package;
use super::release::KubernetesVersion;
use super::schema::Schema;
use super::webhook::ConversionWebhook;

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

/// A resource type with the version of a request.
#[derive(Debug, Clone)]
pub(crate) struct Served {
    /// The type.
    pub of: Arc<ResourceType>,
    /// The index of the version.
    version: usize,
    /// `apiVersion` of its objects.
    pub api_version: Arc<str>,
}

impl Served {
    /// The only version of a type that no registry has.
    pub(super) fn alone(of: ResourceType, api_version: &str) -> Self {
        Self { of: Arc::new(of), version: 0, api_version: api_version.into() }
    }

    /// The Go type of its objects, as messages show it (`%T`).
    pub(super) fn go_type(&self) -> String {
        if !self.of.is_built_in() {
            return "*unstructured.Unstructured".to_owned();
        }
        format!("*{}.{}", go_package(self.of.group()), self.of.kind)
    }

    /// A type in one of its versions, whether that is served or not.
    pub(crate) fn in_version(of: &Arc<ResourceType>, name: &str) -> Option<Self> {
        let version = of.versions.iter().position(|version| *version.name == *name)?;
        Some(Self { of: Arc::clone(of), version, api_version: of.api_version(name).into() })
    }

    /// The index of a selectable field of the requested version among the values that are kept with each object.
    pub(crate) fn selectable_index(&self, label: &str) -> Option<usize> {
        let field = self.version().selectable.iter().find(|field| field.label == label)?;
        self.of.selectable().into_iter().position(|found| found == field)
    }

    /// The requested version.
    pub(crate) fn version(&self) -> &Version {
        &self.of.versions[self.version]
    }

    /// The warning that requests for a deprecated version are answered with
    /// (`k8s.io/apiextensions-apiserver/pkg/apiserver/customresource_handler.go`, `defaultDeprecationWarning`).
    pub(crate) fn deprecation(&self) -> Option<String> {
        let version = self.version();
        match &version.deprecation {
            Deprecation::None => return None,
            Deprecation::Text(text) => return Some(text.to_string()),
            Deprecation::Usual => {}
        }
        let of = &self.of;
        let mut why = format!("{} {} is deprecated", self.api_version, of.kind);
        // The newest version that is served and not deprecated; versions are sorted.
        let is_newer = |other: &&Version| other.served && other.deprecation == Deprecation::None;
        let newest = of.versions.iter().find(is_newer);
        if let Some(newer) =
            newest.filter(|other| super::version::compare(&other.name, &version.name).is_gt())
        {
            why.push_str(&format!("; use {} {}", of.api_version(&newer.name), of.kind));
        }
        Some(why)
    }

    /// Whether objects are stored in the form of the requested version.
    pub(crate) fn is_stored_form(&self) -> bool {
        self.version().storage && self.of.stored_as == self.of.group_resource
    }

    /// The bytes before an object's stored JSON when it is sent alone.
    pub(crate) fn prefix(&self) -> String {
        let (kind, version) = (Value::from(&*self.of.kind), Value::from(&*self.api_version));
        if self.of.is_built_in() {
            return format!("{{\"kind\":{kind},\"apiVersion\":{version},");
        }
        format!("{{\"apiVersion\":{version},\"kind\":{kind},")
    }
}

/// All served resource types. Once published it is immutable.
#[derive(Debug, Clone, Default)]
pub(crate) struct Registry {
    types: BTreeMap<Arc<GroupResource>, Arc<ResourceType>>,
    /// The groups of built-in types, in the order of priority.
    built_in_groups: Vec<Box<str>>,
    /// The release that the built-in types are those of.
    release: KubernetesVersion,
    /// By group and version, then by plural.
    served: BTreeMap<(Box<str>, Box<str>), Resources>,
}

/// The resources of one group and version, by plural.
type Resources = BTreeMap<Box<str>, Served>;

impl Registry {
    /// The release of Kubernetes that the built-in types are those of.
    pub(crate) fn release(&self) -> KubernetesVersion {
        self.release
    }

    /// Leaves out the built-in types that an earlier release does not have.
    #[must_use]
    pub(crate) fn of_release(mut self, release: KubernetesVersion) -> Self {
        let is_later =
            |of: &&Arc<ResourceType>| of.is_built_in() && !release.has(of.group(), of.plural());
        let later: Vec<_> =
            self.types.values().filter(is_later).map(|of| Arc::clone(&of.group_resource)).collect();
        for resource in later {
            self.remove(&resource);
        }
        self.release = release;
        self
    }

    /// Adds or replaces a type.
    pub(crate) fn insert(&mut self, of: ResourceType) {
        self.remove(&of.group_resource.clone());
        let of = Arc::new(of);
        if of.is_built_in() && !self.is_built_in_group(of.group()) {
            self.built_in_groups.push(of.group().into());
        }
        for (index, version) in of.versions.iter().enumerate().filter(|(_, version)| version.served)
        {
            let served = Served {
                of: Arc::clone(&of),
                version: index,
                api_version: of.api_version(&version.name).into(),
            };
            let group_version = (of.group().into(), (&*version.name).into());
            self.served.entry(group_version).or_default().insert(of.plural().into(), served);
        }
        self.types.insert(Arc::clone(&of.group_resource), of);
    }

    /// Removes a type.
    pub(crate) fn remove(&mut self, resource: &GroupResource) {
        if self.types.remove(resource).is_some() {
            self.served.retain(|(group, _), plurals| {
                if **group == *resource.group {
                    plurals.remove(&*resource.resource);
                }
                !plurals.is_empty()
            });
        }
    }

    /// The type under group, version and plural.
    pub(crate) fn find(&self, group: &str, version: &str, plural: &str) -> Option<&Served> {
        self.served.get(&(group.into(), version.into()))?.get(plural)
    }

    /// The type of an object by its `apiVersion` and Kind.
    pub(crate) fn find_kind(&self, api_version: &str, kind: &str) -> Option<&Served> {
        let (group, version) = split_api_version(api_version);
        let plurals = self.served.get(&(group.into(), version.into()))?;
        plurals.values().find(|served| &*served.of.kind == kind)
    }

    /// The type by its identity.
    pub(crate) fn get(&self, resource: &GroupResource) -> Option<&Arc<ResourceType>> {
        self.types.get(resource)
    }

    /// Every type, in the order of group and plural.
    pub(crate) fn types(&self) -> impl Iterator<Item = &Arc<ResourceType>> {
        self.types.values()
    }

    /// Whether anything is served under a group and version.
    pub(crate) fn has_version(&self, group: &str, version: &str) -> bool {
        self.served.contains_key(&(group.into(), version.into()))
    }

    /// Whether the group has built-in types: its 404s have other messages.
    pub(crate) fn is_built_in_group(&self, group: &str) -> bool {
        self.built_in_groups.iter().any(|found| **found == *group)
    }

    /// The types of a group and version, in the order of plurals.
    pub(crate) fn of_version(&self, group: &str, version: &str) -> impl Iterator<Item = &Served> {
        self.served.get(&(group.into(), version.into())).into_iter().flat_map(BTreeMap::values)
    }

    /// The groups with their served versions, the preferred version first. The built-in groups come first, by
    /// priority; the others by their preferred version and name.
    pub(crate) fn groups(&self) -> Vec<(Box<str>, Vec<Box<str>>)> {
        let mut groups: BTreeMap<Box<str>, Vec<Box<str>>> = BTreeMap::new();
        for (group, version) in self.served.keys() {
            groups.entry(group.clone()).or_default().push(version.clone());
        }
        let mut groups: Vec<_> = groups
            .into_iter()
            .map(|(group, mut versions)| {
                versions.sort_by(|a, b| super::version::compare(b, a));
                (group, versions)
            })
            .collect();
        let place = |group: &str| self.built_in_groups.iter().position(|found| **found == *group);
        // Groups of definitions have one priority: the names of their API services decide.
        let service = |group: &str, versions: &[Box<str>]| {
            versions.first().map(|version| format!("{version}.{group}"))
        };
        groups.sort_by_cached_key(|(group, versions)| match place(group) {
            Some(place) => (place, None),
            None => (usize::MAX, service(group, versions)),
        });
        groups
    }
}

/// Splits `group/version`; a version alone is in the core group.
pub(super) fn split_api_version(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}
