//! The namespace controller: it removes a terminating namespace once the namespace is empty.

use std::sync::Arc;

use super::meta;
use super::resource::GroupResource;
use super::store::{Committed, State, StoreChange};

/// The removal of the terminating namespaces that a committed change has emptied; `None` where there are
/// none.
///
/// It is decided after that change is committed, not as part of it: of two changes that each remove one of
/// the last two objects, neither sees an empty namespace.
#[must_use]
pub(crate) fn emptied(state: &Arc<State>, committed: &Committed) -> Option<StoreChange> {
    if committed.is_seeded() {
        return None;
    }
    let mut change = None;
    let mut last = "";
    for write in committed.writes() {
        let object = &write.object;
        let name = match write.removed {
            true => &*object.meta.namespace,
            false if object.meta.terminating && is_namespace(&object.resource) => {
                &*object.meta.name
            }
            false => continue,
        };
        // Writes in one namespace are mostly adjacent.
        if name.is_empty() || name == last {
            continue;
        }
        last = name;
        let namespaces = GroupResource::new("", NAMESPACES);
        if is_removable(state, &namespaces, name) {
            change.get_or_insert_with(|| StoreChange::on(state)).remove(&namespaces, name);
        }
    }
    change
}

/// The removal of all terminating namespaces that are empty; `None` where there are none.
#[must_use]
pub(crate) fn finished(state: &Arc<State>) -> Option<StoreChange> {
    let namespaces = GroupResource::new("", NAMESPACES);
    let all = state.snapshot.collection(&namespaces)?;
    let terminating = all.range("", "").filter(|namespace| namespace.meta.terminating);
    let mut change = None;
    for namespace in terminating {
        if is_removable(state, &namespaces, &namespace.meta.name) {
            let change = change.get_or_insert_with(|| StoreChange::on(state));
            change.remove(&namespaces, &namespace.meta.name);
        }
    }
    change
}

const NAMESPACES: &str = "namespaces";

fn is_namespace(resource: &GroupResource) -> bool {
    resource.group.is_empty() && *resource.resource == *NAMESPACES
}

/// Whether a namespace is terminating, empty, and without finalizers.
fn is_removable(state: &State, namespaces: &GroupResource, name: &str) -> bool {
    let Some(namespace) = state.snapshot.get(namespaces, name) else { return false };
    if !namespace.meta.terminating {
        return false;
    }
    let mut collections = state.snapshot.collections();
    let occupied =
        collections.any(|(of, collection)| !is_namespace(of) && collection.count(name) > 0);
    !occupied && meta::finalizers(&namespace.value("v1", "Namespace")).is_empty()
}
