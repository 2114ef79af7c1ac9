//! All objects at one revision: an immutable, structurally shared, ordered map.

use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use imbl::{OrdMap, OrdSet};

use super::super::resource::GroupResource;
use super::{Object, Revision};

/// The objects of every resource, at one revision. Cloning is O(1).
#[derive(Debug, Clone, Default)]
pub(crate) struct Snapshot {
    collections: OrdMap<Arc<GroupResource>, Collection>,
    /// The objects that refer to an owner, by the owner's uid.
    owned: OrdSet<(Box<str>, Arc<GroupResource>, Arc<str>)>,
}

/// The objects of one resource, in the order of their keys (`namespace/name`), as etcd keeps them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Collection {
    objects: OrdMap<Arc<str>, Arc<Object>>,
    /// The number of objects in each namespace, so that counting does not iterate.
    namespaces: OrdMap<Arc<str>, usize>,
    /// The revision of its last change.
    revision: Revision,
    /// Identifies this content among all contents.
    content: u64,
}

/// A new identifier of a collection's content.
fn new_content() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}

impl Snapshot {
    /// The objects of a resource; `None` where none was ever created.
    pub(crate) fn collection(&self, resource: &GroupResource) -> Option<&Collection> {
        self.collections.get(resource)
    }

    /// One object by its key.
    pub(crate) fn get(&self, resource: &GroupResource, key: &str) -> Option<&Arc<Object>> {
        self.collections.get(resource)?.objects.get(key)
    }

    /// Every collection.
    pub(crate) fn collections(&self) -> impl Iterator<Item = (&Arc<GroupResource>, &Collection)> {
        self.collections.iter()
    }

    /// How many objects there are.
    pub(crate) fn len(&self) -> usize {
        self.collections.values().map(|collection| collection.objects.len()).sum()
    }

    /// Adds or replaces an object; returns the previous one.
    pub(crate) fn insert(&mut self, object: Arc<Object>) -> Option<Arc<Object>> {
        let collection = self.collections.entry(Arc::clone(&object.resource)).or_default();
        let namespace = Arc::clone(&object.meta.namespace);
        collection.revision = collection.revision.max(object.meta.revision);
        collection.content = new_content();
        let new = Arc::clone(&object);
        let previous = collection.objects.insert(Arc::clone(&object.key), object);
        if previous.is_none() {
            *collection.namespaces.entry(namespace).or_default() += 1;
        }
        if let Some(previous) = &previous {
            self.disown(previous);
        }
        for owner in &new.meta.owners {
            self.owned.insert((owner.clone(), Arc::clone(&new.resource), Arc::clone(&new.key)));
        }
        previous
    }

    fn disown(&mut self, object: &Object) {
        for owner in &object.meta.owners {
            let entry = (owner.clone(), Arc::clone(&object.resource), Arc::clone(&object.key));
            self.owned.remove(&entry);
        }
    }

    /// The objects that refer to an owner by this uid.
    pub(crate) fn dependents(&self, uid: &str) -> Vec<Arc<Object>> {
        if self.owned.is_empty() {
            return Vec::new();
        }
        let from = (Box::<str>::from(uid), Arc::<GroupResource>::default(), Arc::<str>::from(""));
        let entries = self.owned.range(from..).take_while(|(owner, ..)| **owner == *uid);
        entries.filter_map(|(_, resource, key)| self.get(resource, key).cloned()).collect()
    }

    pub(super) fn remove(
        &mut self,
        resource: &GroupResource,
        key: &str,
        revision: Revision,
    ) -> Option<Arc<Object>> {
        let collection = self.collections.get_mut(resource)?;
        let previous = collection.objects.remove(key)?;
        collection.revision = collection.revision.max(revision);
        collection.content = new_content();
        if let Some(count) = collection.namespaces.get_mut(&previous.meta.namespace) {
            *count -= 1;
            if *count == 0 {
                collection.namespaces.remove(&previous.meta.namespace);
            }
        }
        self.disown(&previous);
        Some(previous)
    }
}

impl Collection {
    /// The revision of its last change.
    pub(crate) fn revision(&self) -> Revision {
        self.revision
    }

    /// Identifies this content among those of all collections.
    pub(crate) fn content(&self) -> u64 {
        self.content
    }

    /// The number of objects in a namespace, or in all for `""`.
    pub(crate) fn count(&self, namespace: &str) -> usize {
        if namespace.is_empty() {
            return self.objects.len();
        }
        self.namespaces.get(namespace).copied().unwrap_or_default()
    }

    /// The objects of a name, in order: that of a namespace, or those of all namespaces for `""`.
    pub(crate) fn named<'a>(&'a self, namespace: &str, name: &str) -> Vec<&'a Arc<Object>> {
        let key = |namespace: &str| match namespace {
            "" => name.to_owned(),
            namespace => format!("{namespace}/{name}"),
        };
        let get = |namespace: &str| self.objects.get(key(namespace).as_str());
        if namespace.is_empty() {
            return self.namespaces.keys().filter_map(|namespace| get(namespace)).collect();
        }
        get(namespace).into_iter().collect()
    }

    /// The objects of a namespace (all for `""`) whose key is at or after `start`, in order.
    ///
    /// `start` is relative to the namespace, as in a continue token; empty starts at the first object.
    pub(crate) fn range<'a>(
        &'a self,
        namespace: &str,
        start: &str,
    ) -> impl Iterator<Item = &'a Arc<Object>> + use<'a> {
        let prefix = if namespace.is_empty() { String::new() } else { format!("{namespace}/") };
        let from = format!("{prefix}{start}");
        let range = (Bound::Included(from.as_str()), Bound::<&str>::Unbounded);
        self.objects
            .range::<_, str>(range)
            .take_while(move |(key, _)| key.starts_with(&prefix))
            .map(|(_, object)| object)
    }
}
