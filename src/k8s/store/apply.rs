//! Applying a change to the newest state: a transaction under optimistic concurrency.
//!
//! As a transaction of etcd does, [`StoreChange::apply`] compares revisions: each written object, and each
//! object and collection that the decision relied on, must be unchanged since the base. If they are, the
//! writes get the next revisions; otherwise the writer decides again on the newer state.

use std::sync::Arc;

use super::change::{Committed, Conflict, Dependency, OnConflict, StoreChange, Write};
use super::history::Event;
use super::{EventKind, GroupResource, State};

impl StoreChange {
    /// Applies the change to the current state: the next state, and the writes with their revisions.
    ///
    /// # Errors
    /// [`Conflict`]: another writer has changed what it depends on since its base.
    pub(crate) fn apply(mut self, current: &Arc<State>) -> Result<(State, Committed), Conflict> {
        if !Arc::ptr_eq(&self.base, current) {
            if self.conflicts_with(current) {
                return Err(Conflict);
            }
            self.move_to(current);
        }
        let Self { snapshot, writes, types, floor, seeded, .. } = self;
        let mut revision = current.revision;
        let mut history = current.history.clone();
        if let Some(floor) = floor {
            history.compact(floor.min(revision));
        }
        for Write { object, removed, previous } in &writes {
            revision = object.meta.revision;
            let kind = match (removed, previous) {
                (true, _) => EventKind::Deleted,
                (false, Some(_)) => EventKind::Modified,
                (false, None) => EventKind::Added,
            };
            let mut event = Event::new(revision, kind, Arc::clone(object), previous.clone());
            event.seeded = seeded;
            history.push(Arc::new(event));
        }
        let types = types.unwrap_or_else(|| Arc::clone(&current.types));
        Ok((State { revision, snapshot, history, types }, Committed { writes, seeded }))
    }

    /// Whether another writer has changed what this change depends on.
    fn conflicts_with(&self, current: &State) -> bool {
        let overwrite = self.on_conflict == OnConflict::Overwrite;
        // Decisions depend on the types of objects.
        let types_changed = !Arc::ptr_eq(&self.base.types, &current.types);
        if types_changed && (!overwrite || self.types.is_some()) {
            return true;
        }
        let changed = |resource: &GroupResource, key: &str| {
            let revision = |state: &State| Some(state.snapshot.get(resource, key)?.meta.revision);
            revision(&self.base) != revision(current)
        };
        let written = |write: &Write| changed(&write.object.resource, &write.object.key);
        let relied = |dependency: &Dependency| match dependency {
            Dependency::Object(resource, key) => changed(resource, key),
            Dependency::Collection(resource) => {
                let found = current.snapshot.collection(resource);
                found.is_some_and(|collection| collection.revision() > self.base.revision)
            }
        };
        (!overwrite && self.writes.iter().any(written)) || self.relied.iter().any(relied)
    }

    /// Moves the change to a newer state: its writes get the revisions after that state's.
    fn move_to(&mut self, current: &Arc<State>) {
        let mut snapshot = current.snapshot.clone();
        let mut revision = current.revision;
        let mut writes = Vec::with_capacity(self.writes.len());
        for Write { object, removed, .. } in std::mem::take(&mut self.writes) {
            let next = revision.next();
            let write = if removed {
                // The last content of an object that others have changed is theirs.
                let Some(last) = snapshot.remove(&object.resource, &object.key, next) else {
                    continue;
                };
                let object = Arc::new(last.at_revision(next));
                Write { object, removed, previous: Some(last) }
            } else {
                let object = Arc::new(object.at_revision(next));
                let previous = snapshot.insert(Arc::clone(&object));
                Write { object, removed, previous }
            };
            writes.push(write);
            revision = next;
        }
        self.writes = writes;
        self.snapshot = snapshot;
        self.base = Arc::clone(current);
    }
}
