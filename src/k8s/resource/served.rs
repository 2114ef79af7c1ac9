//! A resource type in the version of a request: what its answers say of it.

use std::sync::Arc;

use serde_json::Value;

use super::super::golang::go_package;
use super::{Deprecation, ResourceType, Version};

/// A resource type with the version of a request.
#[derive(Debug, Clone)]
pub(crate) struct Served {
    /// The type.
    pub of: Arc<ResourceType>,
    /// The index of the version.
    pub(super) version: usize,
    /// `apiVersion` of its objects.
    pub api_version: Arc<str>,
}

impl Served {
    /// The only version of a type that no registry has.
    pub(in super::super) fn alone(of: ResourceType, api_version: &str) -> Self {
        Self { of: Arc::new(of), version: 0, api_version: api_version.into() }
    }

    /// The Go type of its objects, as messages show it (`%T`).
    pub(in super::super) fn go_type(&self) -> String {
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
        if let Some(newer) = newest
            .filter(|other| super::super::version::compare(&other.name, &version.name).is_gt())
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
