//! Garbage collection by owner references, as upstream's controller manager does it
//! (`k8s.io/kubernetes/pkg/controller/garbagecollector`).
//!
//! An object whose owners are all gone is deleted. An owner that is deleted in the foreground keeps a
//! finalizer until its dependents are gone; one that orphans its dependents keeps a finalizer until they no
//! longer refer to it.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::meta;
use super::resource::{GroupResource, Registry, ResourceType};
use super::services;
use super::store::{Event, EventKind, Object, Revision, Snapshot, State, StoreChange};

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

/// Follows the events of a world and decides what to collect after them.
#[derive(Debug)]
pub(crate) struct Collector {
    seen: Revision,
}

/// An object to check: its resource and key.
type Candidate = (Arc<GroupResource>, Arc<str>);

impl Collector {
    /// A collector for the events after a state. Objects of that state are left alone: fixtures may refer to
    /// owners that do not exist.
    #[must_use]
    pub(crate) fn after(state: &State) -> Self {
        Self { seen: state.revision }
    }

    /// Whether it has handled all events up to a state.
    #[must_use]
    pub(crate) fn is_up_to_date_with(&self, state: &State) -> bool {
        self.seen == state.revision
    }

    /// What to collect after the events up to a state.
    #[must_use]
    pub(crate) fn decide(&self, state: &Arc<State>, now: Timestamp) -> StoreChange {
        let mut change = StoreChange::on(state);
        for (resource, key) in self.candidates(state) {
            collect(&mut change, &resource, &key, now);
        }
        change
    }

    /// Continues from a revision: the change for the events up to it is committed.
    pub(crate) fn continue_from(&mut self, revision: Revision) {
        self.seen = revision;
    }

    /// The objects that the events since the last run concern.
    fn candidates(&self, state: &State) -> BTreeSet<Candidate> {
        let mut found = BTreeSet::new();
        let mut add = |object: &Object| {
            found.insert((Arc::clone(&object.resource), Arc::clone(&object.key)));
        };
        if self.seen < state.history.floor() {
            // Some events were compacted. Owners that wait for dependents are found without them. A missing
            // owner may never have existed, and is no reason to delete.
            for (_, collection) in state.snapshot.collections() {
                for object in collection.range("", "").filter(|object| object.meta.terminating) {
                    add(object);
                }
            }
        }
        for event in state.history.after(self.seen) {
            if event.kind == EventKind::Deleted {
                for dependent in state.snapshot.dependents(&event.object.meta.uid) {
                    add(&dependent);
                }
                // Its owners may be waiting for its removal.
                let value = plain(&event.object);
                for reference in references(&value) {
                    if let Some(owner) =
                        owner(&state.types, &state.snapshot, &event.object, reference)
                    {
                        add(&owner);
                    }
                }
            } else if !event.seeded && concerns(&event.object) && changes_ownership(event) {
                add(&event.object);
                if event.object.meta.terminating {
                    for dependent in state.snapshot.dependents(&event.object.meta.uid) {
                        add(&dependent);
                    }
                }
            }
        }
        found
    }
}

/// Whether an object refers to owners, or may be waiting for dependents.
fn concerns(object: &Object) -> bool {
    !object.meta.owners.is_empty() || object.meta.terminating
}

/// Whether an event changes owner references. An object that refers to a missing owner, as objects recorded
/// from a real cluster do, is not collected because a client labels it.
fn changes_ownership(event: &Event) -> bool {
    event.object.meta.terminating
        || event.previous.as_ref().is_none_or(|old| old.meta.owners != event.object.meta.owners)
}

/// The object without its kind: only references and finalizers are read.
fn plain(object: &Object) -> Value {
    object.value("", "")
}

fn references(value: &Value) -> impl Iterator<Item = &Value> {
    value["metadata"]["ownerReferences"].as_array().into_iter().flatten()
}

/// The owner that a reference names, if it exists with the same uid.
fn owner(
    types: &Registry,
    snapshot: &Snapshot,
    dependent: &Object,
    reference: &Value,
) -> Option<Arc<Object>> {
    let text = |key: &str| reference[key].as_str().unwrap_or_default();
    let of = &types.find_kind(text("apiVersion"), text("kind"))?.of;
    let key = of.key(&dependent.meta.namespace, text("name"));
    let found = snapshot.get(&of.stored_as, &key)?;
    (*found.meta.uid == *text("uid")).then(|| Arc::clone(found))
}

fn collect(change: &mut StoreChange, resource: &GroupResource, key: &str, now: Timestamp) {
    let Some(object) = change.snapshot().get(resource, key).cloned() else {
        return;
    };
    let Some(of) = change.types().get(resource).cloned() else {
        return;
    };
    let value = plain(&object);
    let waits = |object: &Object, finalizer: &str| {
        object.meta.terminating && meta::finalizers(&plain(object)).contains(&finalizer)
    };
    if waits(&object, ORPHAN) {
        orphan(change, &object);
        remove_finalizer(change, &of, &object, ORPHAN);
    } else if waits(&object, FOREGROUND) {
        let dependents = change.snapshot().dependents(&object.meta.uid);
        let blocks = |dependent: &Arc<Object>| {
            let value = plain(dependent);
            let mut own = references(&value).filter(|one| one["uid"] == *object.meta.uid);
            own.any(|one| one["blockOwnerDeletion"] == true)
        };
        if !dependents.iter().any(blocks) {
            remove_finalizer(change, &of, &object, FOREGROUND);
        }
    }
    if object.meta.owners.is_empty() || object.meta.terminating {
        return;
    }
    let (types, snapshot) = (change.types(), change.snapshot());
    let owners: Vec<Arc<Object>> = references(&value)
        .filter_map(|reference| owner(types, snapshot, &object, reference))
        .collect();
    if owners.iter().all(|owner| waits(owner, FOREGROUND)) {
        delete(change, &of, &object, now);
    }
}

/// Removes the references of its dependents to an owner.
fn orphan(change: &mut StoreChange, owner: &Object) {
    for dependent in change.snapshot().dependents(&owner.meta.uid) {
        let Some(of) = change.types().get(&dependent.resource).cloned() else {
            continue;
        };
        let mut value = plain(&dependent);
        let kept: Vec<Value> =
            references(&value).filter(|one| one["uid"] != *owner.meta.uid).cloned().collect();
        let kept = if kept.is_empty() { Value::Null } else { json!(kept) };
        meta::set(&mut value, "ownerReferences", kept);
        put(change, &of, &dependent, value);
    }
}

/// Removes a finalizer, and the object with its last one.
fn remove_finalizer(change: &mut StoreChange, of: &ResourceType, object: &Object, finalizer: &str) {
    let mut value = plain(object);
    let left: Vec<&str> =
        meta::finalizers(&value).into_iter().filter(|name| *name != finalizer).collect();
    if left.is_empty() {
        change.remove(&object.resource, &object.key);
        services::removed(change, object);
        return;
    }
    let left = json!(left);
    meta::set(&mut value, "finalizers", left);
    put(change, of, object, value);
}

/// Deletes in the background: at once, or when its finalizers are removed.
fn delete(change: &mut StoreChange, of: &ResourceType, object: &Object, now: Timestamp) {
    let mut value = plain(object);
    if meta::finalizers(&value).is_empty() {
        change.remove(&object.resource, &object.key);
        services::removed(change, object);
        return;
    }
    meta::set(&mut value, "deletionTimestamp", meta::time_text(now).into());
    meta::set(&mut value, "deletionGracePeriodSeconds", json!(0));
    if let Some(generation) = value["metadata"]["generation"].as_i64() {
        meta::set(&mut value, "generation", json!(generation + 1));
    }
    put(change, of, object, value);
}

/// Stores an object with other metadata.
fn put(change: &mut StoreChange, of: &ResourceType, object: &Object, mut value: Value) {
    let revision = change.next_revision().to_string();
    meta::set(&mut value, "resourceVersion", revision.into());
    let resource = Arc::clone(&of.stored_as);
    let written = Object::render(resource, value, &of.selectable_paths());
    change.put(Arc::new(written.written_in(object.version.clone())));
}
