//! A write as a value: decided on one state, applied to that state or to a newer one.
//!
//! A writer reads a [`State`] and builds a [`StoreChange`] on it, which sees its own writes.
//! [`StoreChange::apply`] compares what the change depends on with the newest state, as a transaction of etcd
//! does: each written key, and each object and collection that the decision relied on, must be unchanged
//! since the base revision. If they are, the writes get the next revisions; otherwise the writer decides
//! again on the newer state.

use std::sync::Arc;

use super::history::Event;
use super::{EventKind, GroupResource, Object, Registry, Revision, Snapshot, State};

/// What to do where another writer has changed a written object since the base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OnConflict {
    /// Refuse the change: it is decided again on the newer state.
    DecideAgain,
    /// Apply the change all the same: files overwrite what clients have written.
    Overwrite,
}

/// A change of a world's objects: what it puts and removes, the state on which it was decided, and what that
/// decision relied on.
#[derive(Debug)]
pub struct StoreChange {
    base: Arc<State>,
    /// The objects of the base, with the writes.
    snapshot: Snapshot,
    writes: Vec<Write>,
    relied: Vec<Relied>,
    /// The new served types, where they change.
    types: Option<Arc<Registry>>,
    /// The new compaction floor, where it changes.
    floor: Option<Revision>,
    on_conflict: OnConflict,
    /// Whether it comes from files, not from a client: see [`Event::seeded`].
    seeded: bool,
}

/// A write of one object.
#[derive(Debug)]
pub(in super::super) struct Write {
    /// The new object; for a removal its last content, with the revision of the removal.
    pub(in super::super) object: Arc<Object>,
    /// Whether it is removed.
    pub(in super::super) removed: bool,
    /// The object before the write.
    previous: Option<Arc<Object>>,
}

/// What a decision read besides the objects that it writes.
#[derive(Debug)]
enum Relied {
    /// An object with its revision; `None` where it did not exist.
    Object { resource: Arc<GroupResource>, key: Arc<str>, revision: Option<Revision> },
    /// All objects of a resource.
    Collection(Arc<GroupResource>),
}

/// Another writer has changed what a change depends on since its base.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("another writer has changed what this change depends on")]
pub struct Conflict;

/// A committed change: its writes, with their revisions.
#[derive(Debug, Default)]
pub struct Committed {
    writes: Vec<Write>,
    seeded: bool,
}

impl StoreChange {
    /// An empty change, to be decided on a state.
    #[must_use]
    pub fn on(base: &Arc<State>) -> Self {
        Self {
            snapshot: base.snapshot.clone(),
            base: Arc::clone(base),
            writes: Vec::new(),
            relied: Vec::new(),
            types: None,
            floor: None,
            on_conflict: OnConflict::DecideAgain,
            seeded: false,
        }
    }

    /// An empty change from files, on a state.
    pub(in super::super) fn seeding(base: &Arc<State>) -> Self {
        Self { on_conflict: OnConflict::Overwrite, seeded: true, ..Self::on(base) }
    }

    /// The compaction of a state: continue tokens, watches and exact lists below the revision expire.
    #[must_use]
    pub fn compaction(base: &Arc<State>, revision: Revision) -> Self {
        Self { floor: Some(revision), on_conflict: OnConflict::Overwrite, ..Self::on(base) }
    }

    /// Whether it changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.types.is_none() && self.floor.is_none()
    }

    /// The number of writes.
    pub(in super::super) fn len(&self) -> usize {
        self.writes.len()
    }

    /// The objects, with the writes of this change.
    pub(in super::super) fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The served types, with this change.
    pub(in super::super) fn types(&self) -> &Arc<Registry> {
        self.types.as_ref().unwrap_or(&self.base.types)
    }

    /// The revision of the next write, provided that no other change is committed first.
    pub(in super::super) fn next_revision(&self) -> Revision {
        Revision(self.base.revision.0 + self.writes.len() as u64 + 1)
    }

    /// Creates or replaces an object. Its revision must be [`StoreChange::next_revision`].
    pub(in super::super) fn put(&mut self, object: Arc<Object>) {
        debug_assert_eq!(
            object.meta.revision,
            self.next_revision(),
            "objects are rendered with the revision they get"
        );
        let previous = self.snapshot.insert(Arc::clone(&object));
        self.writes.push(Write { object, removed: false, previous });
    }

    /// Removes an object. Watches see its last content with the revision of the removal, as watches of etcd
    /// do.
    pub(in super::super) fn remove(
        &mut self,
        resource: &GroupResource,
        key: &str,
    ) -> Option<Arc<Object>> {
        let revision = self.next_revision();
        let previous = self.snapshot.remove(resource, key, revision)?;
        let last = Arc::new(previous.at_revision(revision));
        let write = Write { object: Arc::clone(&last), removed: true, previous: Some(previous) };
        self.writes.push(write);
        Some(last)
    }

    /// Makes the change conflict where an object is written after the base.
    pub(in super::super) fn rely_on(&mut self, resource: &GroupResource, key: &str) {
        let found = self.base.snapshot.get(resource, key);
        let revision = found.map(|object| object.meta.revision);
        let (resource, key) = (Arc::new(resource.clone()), key.into());
        self.relied.push(Relied::Object { resource, key, revision });
    }

    /// Makes the change conflict where any object of a resource is written after the base.
    pub(in super::super) fn rely_on_all(&mut self, resource: &Arc<GroupResource>) {
        self.relied.push(Relied::Collection(Arc::clone(resource)));
    }

    /// Changes the served types.
    pub(in super::super) fn set_types(&mut self, types: Registry) {
        self.types = Some(Arc::new(types));
    }

    /// Applies the change to the current state: the next state, and the writes with their revisions.
    ///
    /// # Errors
    /// [`Conflict`]: another writer has changed what it depends on since its base.
    pub fn apply(mut self, current: &Arc<State>) -> Result<(State, Committed), Conflict> {
        if !Arc::ptr_eq(&self.base, current) {
            self.move_to(current)?;
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

    /// Moves the change to a newer state: its writes get the revisions after that state's.
    fn move_to(&mut self, current: &Arc<State>) -> Result<(), Conflict> {
        let overwrite = self.on_conflict == OnConflict::Overwrite;
        // Decisions depend on the types of objects.
        let types_changed = !Arc::ptr_eq(&self.base.types, &current.types);
        if types_changed && (!overwrite || self.types.is_some()) {
            return Err(Conflict);
        }
        if !self.relied.iter().all(|relied| relied.holds(&self.base, current)) {
            return Err(Conflict);
        }
        let mut snapshot = current.snapshot.clone();
        let mut revision = current.revision;
        let mut writes = Vec::with_capacity(self.writes.len());
        for Write { object, removed, previous } in std::mem::take(&mut self.writes) {
            let found = snapshot.get(&object.resource, &object.key);
            let revision_of =
                |object: Option<&Arc<Object>>| object.map(|object| object.meta.revision);
            // Its own earlier writes are in the snapshot, with other revisions.
            let own = revision_of(previous.as_ref()).is_some_and(|of| of > self.base.revision);
            let touched = revision_of(found) != revision_of(previous.as_ref());
            if touched && !own && !overwrite {
                return Err(Conflict);
            }
            if removed && found.is_none() {
                continue;
            }
            revision = revision.next();
            // The last content of an object that others have changed is theirs.
            let source = if removed { found.unwrap_or(&object) } else { &object };
            let object = Arc::new(source.at_revision(revision));
            let previous = if removed {
                snapshot.remove(&object.resource, &object.key, revision)
            } else {
                snapshot.insert(Arc::clone(&object))
            };
            writes.push(Write { object, removed, previous });
        }
        self.writes = writes;
        self.snapshot = snapshot;
        self.base = Arc::clone(current);
        Ok(())
    }
}

impl Relied {
    /// Whether a newer state has it as it was in the base.
    fn holds(&self, base: &State, current: &State) -> bool {
        match self {
            Self::Object { resource, key, revision } => {
                let found = current.snapshot.get(resource, key);
                found.map(|object| object.meta.revision) == *revision
            }
            Self::Collection(resource) => {
                let found = current.snapshot.collection(resource);
                found.is_none_or(|collection| collection.revision() <= base.revision)
            }
        }
    }
}

impl Committed {
    /// The written resources, in order; one may occur several times.
    pub fn touched(&self) -> impl Iterator<Item = &Arc<GroupResource>> {
        let resource = |at: usize| &self.writes[at].object.resource;
        let first = move |at: &usize| *at == 0 || resource(*at) != resource(*at - 1);
        (0..self.writes.len()).filter(first).map(resource)
    }

    /// Whether it comes from files: see [`Event::seeded`].
    pub(in super::super) fn is_seeded(&self) -> bool {
        self.seeded
    }

    /// The writes, in order.
    pub(in super::super) fn writes(&self) -> &[Write] {
        &self.writes
    }
}
