//! The controllers of `CustomResourceDefinition`s: names, what is served, and the end of a definition
//! (`k8s.io/apiextensions-apiserver/pkg/controller/{status,establish,finalizer}`).

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::crd;
use super::meta;
use super::resource::{GroupResource, Registry};
use super::store::{Committed, Object, State, StoreChange};

const GROUP: &str = "apiextensions.k8s.io";
const PLURAL: &str = "customresourcedefinitions";

/// Whether a resource is that of definitions.
pub(super) fn is_definition(resource: &GroupResource) -> bool {
    *resource.resource == *PLURAL && *resource.group == *GROUP
}

/// The resource of definitions.
#[cfg(feature = "etcd")]
pub(super) fn resource() -> GroupResource {
    GroupResource::new(GROUP, PLURAL)
}

/// A definition as a value.
pub(super) fn value(definition: &Object) -> Value {
    definition.value("apiextensions.k8s.io/v1", "CustomResourceDefinition")
}

/// The resource that a definition defines, by its name.
pub(super) fn defined(definition: &Object) -> Option<GroupResource> {
    let (plural, group) = definition.meta.name.split_once('.')?;
    Some(GroupResource::new(group, plural))
}

/// Adds the next write of a definition to a change.
pub(super) fn put(change: &mut StoreChange, mut value: Value) -> Arc<Object> {
    let revision = change.next_revision().to_string();
    meta::set(&mut value, "resourceVersion", revision.into());
    let resource = Arc::new(GroupResource::new(GROUP, PLURAL));
    let object = Arc::new(Object::render(resource, value, &[]));
    change.put(Arc::clone(&object));
    object
}

/// All definitions of a state, other than one.
fn others(change: &StoreChange, key: &str) -> Vec<Arc<Object>> {
    let all = change.snapshot().collection(&GroupResource::new(GROUP, PLURAL));
    let others = all.into_iter().flat_map(|all| all.range("", ""));
    others.filter(|other| *other.key != *key).cloned().collect()
}

/// Accepts the names of a definition where no other one has them, writes its conditions, and serves its type.
pub(super) fn accept(change: &mut StoreChange, key: &str, now: Timestamp) {
    let resource = GroupResource::new(GROUP, PLURAL);
    let Some(object) = change.snapshot().get(&resource, key).cloned() else { return };
    let mut definition = value(&object);
    let Some(of) = defined(&object) else { return };
    let mut others = others(change, key);
    // Its name has the group: reading definitions takes time, some have hundreds of kilobytes.
    others.retain(|other| defined(other).is_some_and(|other| other.group == of.group));
    let others: Vec<Value> = others.iter().map(|other| value(other)).collect();
    let accepted = crd::accept(&definition, &others);
    for status in crd::served_status(&definition, &accepted, now) {
        definition["status"] = status;
        put(change, definition.clone());
    }
    if crd::is_established(&definition) {
        // The names that are served are those that were accepted.
        definition["spec"]["names"] = definition["status"]["acceptedNames"].clone();
        // It was validated before it was written.
        if let Ok(of) = crd::parse(&definition) {
            let mut types = Registry::clone(change.types());
            types.insert(of);
            change.set_types(types);
        }
    }
}

/// Removes a definition that is being deleted, if it has no objects left, and stops serving its type. Definitions that
/// wait for its names get them.
pub(super) fn finish(change: &mut StoreChange, key: &str) {
    let resource = GroupResource::new(GROUP, PLURAL);
    let Some(object) = change.snapshot().get(&resource, key).cloned() else { return };
    let Some(of) = defined(&object).filter(|_| object.meta.terminating) else { return };
    if change
        .snapshot()
        .collection(&of)
        .is_some_and(|objects| objects.range("", "").next().is_some())
    {
        return;
    }
    let mut definition = value(&object);
    // The time of its deletion is that of what follows from it.
    let now = meta::text(&definition, "deletionTimestamp").parse().unwrap_or_default();
    let finalizers: Vec<String> = meta::finalizers(&definition)
        .into_iter()
        .filter(|name| *name != crd::CLEANUP)
        .map(str::to_owned)
        .collect();
    if finalizers.is_empty() {
        change.remove(&resource, key);
    } else if finalizers.len() < meta::finalizers(&definition).len() {
        let message = "removed all instances";
        let reason = "InstanceDeletionCompleted";
        crd::condition(&mut definition["status"], ("Terminating", "False"), reason, message, now);
        meta::set(&mut definition, "finalizers", finalizers.into());
        put(change, definition);
    }
    let mut types = Registry::clone(change.types());
    types.remove(&of);
    change.set_types(types);
    change.rely_on_all(&Arc::new(of));
    let waiting: Vec<_> = others(change, key)
        .into_iter()
        .filter(|other| {
            let of = defined(other);
            if of.is_none_or(|of| change.types().get(&of).is_some()) {
                return false;
            }
            let other = value(other);
            !crd::is_established(&other) && !meta::is_terminating(&other)
        })
        .collect();
    for other in waiting {
        accept(change, &other.key, now);
    }
}

/// The end of the definitions whose last objects a committed change has removed; `None` where there are none.
#[must_use]
pub(crate) fn emptied(state: &Arc<State>, committed: &Committed) -> Option<StoreChange> {
    if committed.is_seeded() {
        return None;
    }
    let definitions = GroupResource::new(GROUP, PLURAL);
    let mut change = None;
    for write in committed.writes().iter().filter(|write| write.removed) {
        let of = &write.object.resource;
        if of.group.is_empty() {
            continue;
        }
        let name = of.to_string();
        let waits =
            state.snapshot.get(&definitions, &name).is_some_and(|found| found.meta.terminating);
        if waits {
            finish(change.get_or_insert_with(|| StoreChange::on(state)), &name);
        }
    }
    change.filter(|change| !change.is_empty())
}

/// The types with what a definition in the store defines now, or without it where there is none any more; nothing where
/// they are the same. `key` is the name of the definition.
#[cfg(feature = "etcd")]
pub(super) fn served(types: &Registry, key: &str, definition: Option<&Object>) -> Option<Registry> {
    let gone = || {
        let (plural, group) = key.split_once('.')?;
        let mut types = types.clone();
        types.remove(&GroupResource::new(group, plural));
        Some(types)
    };
    let Some(definition) = definition else { return gone() };
    let mut definition = value(definition);
    // What is deleted is served until its objects are gone.
    if meta::is_terminating(&definition) && !meta::finalizers(&definition).contains(&crd::CLEANUP) {
        return gone();
    }
    if !crd::is_established(&definition) {
        return None;
    }
    definition["spec"]["names"] = definition["status"]["acceptedNames"].clone();
    let of = crd::parse(&definition).ok()?;
    let mut types = types.clone();
    types.insert(of);
    Some(types)
}
