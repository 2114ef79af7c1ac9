//! The change from one seed to another in a running world: files were reloaded, or the world is reset.

use std::sync::Arc;

use super::super::crd;
use super::super::resource::{GroupResource, Registry};
use super::super::store::{Object, Snapshot, State, StoreChange};

/// The change of a running world from one seed to another: objects that differ between the seeds are written,
/// so that watchers see them; other objects that clients have written stay.
#[must_use]
pub(crate) fn reseed(state: &Arc<State>, before: &State, after: &State) -> StoreChange {
    let mut change = StoreChange::seeding(state);
    for (resource, collection) in after.snapshot.collections() {
        for object in collection.range("", "") {
            let old = before.snapshot.get(resource, &object.key);
            if old.is_none_or(|old| !is_same(old, object)) {
                let object = object.at_revision(change.next_revision());
                change.put(Arc::new(object));
            }
        }
    }
    for (resource, collection) in before.snapshot.collections() {
        for object in collection.range("", "") {
            if after.snapshot.get(resource, &object.key).is_none() {
                change.remove(resource, &object.key);
            }
        }
    }
    let types = types_now(change.snapshot(), after);
    change.set_types(types);
    change
}

/// Makes a seed share the objects that are equal in an earlier one. Returns whether the seeds differ.
pub(crate) fn share(before: &State, after: &mut State) -> bool {
    let mut differs =
        before.revision != after.revision || before.snapshot.len() != after.snapshot.len();
    let objects: Vec<Arc<Object>> = after
        .snapshot
        .collections()
        .flat_map(|(_, collection)| collection.range("", "").cloned())
        .collect();
    for object in objects {
        match before.snapshot.get(&object.resource, &object.key) {
            Some(old) if old.rest == object.rest => {
                after.snapshot.insert(Arc::clone(old));
            }
            _ => differs = true,
        }
    }
    differs
}

/// Whether two seeds have the same object. Objects without a revision have that of the whole seed, which
/// another object may have changed.
fn is_same(old: &Object, new: &Object) -> bool {
    let revision = new.meta.revision;
    old.rest == new.rest
        || old.meta.revision != revision && old.at_revision(revision).rest == new.rest
}

/// The types of a reloaded seed, with the clients' changes of definitions: those that clients created stay
/// served, those that clients deleted stay removed.
fn types_now(live: &Snapshot, after: &State) -> Registry {
    let mut types = (*after.types).clone();
    let resource = GroupResource::new("apiextensions.k8s.io", "customresourcedefinitions");
    let definitions = |snapshot: &Snapshot| -> Vec<Arc<Object>> {
        let all = snapshot.collection(&resource);
        all.map(|all| all.range("", "").cloned().collect()).unwrap_or_default()
    };
    for gone in definitions(&after.snapshot) {
        if live.get(&resource, &gone.key).is_none()
            && let Some((plural, group)) = gone.meta.name.split_once('.')
        {
            types.remove(&GroupResource::new(group, plural));
        }
    }
    for definition in definitions(live) {
        let value = definition.value("apiextensions.k8s.io/v1", "CustomResourceDefinition");
        // It was validated when it was written.
        if crd::is_established(&value)
            && let Ok(of) = crd::parse(&value)
        {
            types.insert(of);
        }
    }
    types
}
