//! All served types, found by path or by kind.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::super::enabled::EnabledApis;
use super::super::release::KubernetesVersion;
use super::{GroupResource, ResourceType, Served, Version, split_api_version};

/// All served resource types. Once published it is immutable.
#[derive(Debug, Clone, Default)]
pub(crate) struct Registry {
    types: BTreeMap<Arc<GroupResource>, Arc<ResourceType>>,
    /// The groups of built-in types, in the order of priority.
    built_in_groups: Vec<Box<str>>,
    /// The release that the built-in types are those of.
    release: KubernetesVersion,
    served: BTreeMap<(Box<str>, Box<str>), GroupVersion>,
    /// See [`Registry::content`].
    content: u64,
}

/// What is served of one group and version.
#[derive(Debug, Clone, Default)]
struct GroupVersion {
    by_plural: BTreeMap<Box<str>, Served>,
    /// As [`Registry::content`], of these types alone.
    content: u64,
}

/// A number that no registry has had.
fn new_content() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

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
        self.forget_empty_groups();
        self
    }

    /// Leaves out the built-in types and versions that are turned off.
    #[must_use]
    pub(crate) fn with_apis(mut self, apis: &EnabledApis) -> Self {
        let built_in: Vec<_> = self.types.values().filter(|of| of.is_built_in()).cloned().collect();
        for of in built_in {
            let is_off = |version: &Version| !apis.serves(of.group(), &version.name, of.plural());
            if of.versions.iter().all(is_off) {
                self.remove(&of.group_resource);
            } else if of.versions.iter().any(is_off) {
                let mut changed = (*of).clone();
                for version in changed.versions.iter_mut().filter(|version| is_off(version)) {
                    version.served = false;
                }
                self.insert(changed);
            }
        }
        self.forget_empty_groups();
        self
    }

    /// A group of which nothing is served is as unknown as any other.
    fn forget_empty_groups(&mut self) {
        self.content = new_content();
        let served = &self.served;
        self.built_in_groups.retain(|group| served.keys().any(|(of, _)| of == group));
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
            let entry = self.served.entry(group_version).or_default();
            entry.by_plural.insert(of.plural().into(), served);
            entry.content = new_content();
        }
        self.content = new_content();
        self.types.insert(Arc::clone(&of.group_resource), of);
    }

    /// Removes a type.
    pub(crate) fn remove(&mut self, resource: &GroupResource) {
        if self.types.remove(resource).is_some() {
            self.content = new_content();
            self.served.retain(|(group, _), served| {
                if **group == *resource.group
                    && served.by_plural.remove(&*resource.resource).is_some()
                {
                    served.content = new_content();
                }
                !served.by_plural.is_empty()
            });
        }
    }

    /// The type under group, version and plural.
    pub(crate) fn find(&self, group: &str, version: &str, plural: &str) -> Option<&Served> {
        self.served.get(&(group.into(), version.into()))?.by_plural.get(plural)
    }

    /// The type of an object by its `apiVersion` and Kind.
    pub(crate) fn find_kind(&self, api_version: &str, kind: &str) -> Option<&Served> {
        let (group, version) = split_api_version(api_version);
        let served = self.served.get(&(group.into(), version.into()))?;
        served.by_plural.values().find(|served| &*served.of.kind == kind)
    }

    /// The type by its identity.
    pub(crate) fn get(&self, resource: &GroupResource) -> Option<&Arc<ResourceType>> {
        self.types.get(resource)
    }

    /// A number of what is registered: two registries that have the same one are the same.
    pub(crate) fn content(&self) -> u64 {
        self.content
    }

    /// As [`Self::content`], of a group and version; `None` where nothing is served under it.
    pub(crate) fn content_of_version(&self, group: &str, version: &str) -> Option<u64> {
        self.served.get(&(group.into(), version.into())).map(|served| served.content)
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
        self.served
            .get(&(group.into(), version.into()))
            .into_iter()
            .flat_map(|served| served.by_plural.values())
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
                versions.sort_by(|a, b| super::super::version::compare(b, a));
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
