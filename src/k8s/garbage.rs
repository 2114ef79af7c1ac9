//! Garbage collection by owner references: what upstream's controller manager does
//! (`k8s.io/kubernetes/pkg/controller/garbagecollector`).
//!
//! An object whose owners are all gone is deleted. An owner that is deleted in the foreground waits,
//! held by a finalizer, until its dependents are gone; one that orphans them waits until they have
//! forgotten it.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::meta;
use super::resource::{GroupResource, Registry, ResourceType};
use super::store::{Event, EventKind, Object, Revision, Snapshot, State, StoreChange};

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

/// Follows a world's events and decides what to collect of what they leave behind.
#[derive(Debug)]
pub struct Collector {
    seen: Revision,
}

/// An object to look at: its resource and key.
type Candidate = (Arc<GroupResource>, Arc<str>);

impl Collector {
    /// A collector of what happens after a state. What is in it already is taken as it is: fixtures may
    /// name owners that are not there.
    #[must_use]
    pub fn after(state: &State) -> Self {
        Self { seen: state.revision }
    }

    /// Whether it has looked at everything up to a state.
    #[must_use]
    pub fn has_seen(&self, state: &State) -> bool {
        self.seen == state.revision
    }

    /// What to collect of what happened up to a state.
    #[must_use]
    pub fn decide(&self, state: &Arc<State>, now: Timestamp) -> StoreChange {
        let mut change = StoreChange::on(state);
        for (resource, key) in self.candidates(state) {
            look_at(&mut change, &resource, &key, now);
        }
        change
    }

    /// Goes on from a revision: what was decided up to there is committed.
    pub fn go_on_from(&mut self, revision: Revision) {
        self.seen = revision;
    }

    /// What the events since the last run concern, as far as they are kept.
    fn candidates(&self, state: &State) -> BTreeSet<Candidate> {
        let mut found = BTreeSet::new();
        let mut add = |object: &Object| {
            found.insert((Arc::clone(&object.resource), Arc::clone(&object.key)));
        };
        if self.seen < state.history.floor() {
            // What happened is forgotten: those who wait for dependents are found all the same. An owner
            // that is not there may never have been, and is no reason to delete.
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
                // Its owners may have waited for it.
                let value = plain(&event.object);
                for reference in references(&value) {
                    if let Some(owner) =
                        owner(&state.types, &state.snapshot, &event.object, reference)
                    {
                        add(&owner);
                    }
                }
            } else if !event.seeded && concerns(&event.object) && is_news(event) {
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

/// Whether an object has anything to do with owners: it names one, or may wait for dependents.
fn concerns(object: &Object) -> bool {
    !object.meta.owners.is_empty() || object.meta.terminating
}

/// Whether an event changes anything about owners. An object that names an owner nobody has, as those
/// taken from a real cluster do, is not collected because a client labels it.
fn is_news(event: &Event) -> bool {
    event.object.meta.terminating
        || event.previous.as_ref().is_none_or(|old| old.meta.owners != event.object.meta.owners)
}

/// The object without its kind: references and finalizers are all that is read.
fn plain(object: &Object) -> Value {
    object.value("", "")
}

fn references(value: &Value) -> impl Iterator<Item = &Value> {
    value["metadata"]["ownerReferences"].as_array().into_iter().flatten()
}

/// The owner that a reference names, if it is there and the same one.
fn owner(
    types: &Registry,
    snapshot: &Snapshot,
    dependent: &Object,
    reference: &Value,
) -> Option<Arc<Object>> {
    let text = |key: &str| reference[key].as_str().unwrap_or_default();
    let of = &types.find_kind(text("apiVersion"), text("kind"))?.of;
    let key = of.key(&dependent.meta.namespace, text("name"));
    let found = snapshot.get(&of.group_resource, &key)?;
    (*found.meta.uid == *text("uid")).then(|| Arc::clone(found))
}

fn look_at(change: &mut StoreChange, resource: &GroupResource, key: &str, now: Timestamp) {
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
        let_go(change, &of, &object, ORPHAN);
    } else if waits(&object, FOREGROUND) {
        let dependents = change.snapshot().dependents(&object.meta.uid);
        let blocks = |dependent: &Arc<Object>| {
            let value = plain(dependent);
            let mut own = references(&value).filter(|one| one["uid"] == *object.meta.uid);
            own.any(|one| one["blockOwnerDeletion"] == true)
        };
        if !dependents.iter().any(blocks) {
            let_go(change, &of, &object, FOREGROUND);
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

/// Makes the dependents of an owner forget it.
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
        put(change, &of, value);
    }
}

/// Takes a finalizer away, and the object with it if that was the last.
fn let_go(change: &mut StoreChange, of: &ResourceType, object: &Object, finalizer: &str) {
    let mut value = plain(object);
    let left: Vec<&str> =
        meta::finalizers(&value).into_iter().filter(|name| *name != finalizer).collect();
    if left.is_empty() {
        change.remove(&object.resource, &object.key);
        return;
    }
    let left = json!(left);
    meta::set(&mut value, "finalizers", left);
    put(change, of, value);
}

/// Deletes in the background: at once, or when its finalizers let it go.
fn delete(change: &mut StoreChange, of: &ResourceType, object: &Object, now: Timestamp) {
    let mut value = plain(object);
    if meta::finalizers(&value).is_empty() {
        change.remove(&object.resource, &object.key);
        return;
    }
    meta::set(&mut value, "deletionTimestamp", meta::time_text(now).into());
    meta::set(&mut value, "deletionGracePeriodSeconds", json!(0));
    if let Some(generation) = value["metadata"]["generation"].as_i64() {
        meta::set(&mut value, "generation", json!(generation + 1));
    }
    put(change, of, value);
}

fn put(change: &mut StoreChange, of: &ResourceType, mut value: Value) {
    let revision = change.next_revision().to_string();
    meta::set(&mut value, "resourceVersion", revision.into());
    let resource = Arc::clone(&of.group_resource);
    change.put(Arc::new(Object::render(resource, value, &of.selectable_paths())));
}
