//! A write as a value: decided on one state, applied to that state or to a newer one.
//!
//! A writer reads a [`State`] and builds a [`StoreChange`] on it, which sees its own writes. The change knows
//! what it depends on; [`super::apply`] compares that with the newest state.

use std::sync::Arc;

use super::{GroupResource, Object, Registry, Revision, Snapshot, State};

/// What to do where another writer has changed a written object since the base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OnConflict {
    /// Refuse the change: it is decided again on the newer state.
    DecideAgain,
    /// Apply the change all the same: files overwrite what clients have written.
    Overwrite,
}

/// A change of a world's objects: what it puts and removes, the state on which it was decided, and what that
/// decision relied on.
#[derive(Debug)]
pub(crate) struct StoreChange {
    pub(super) base: Arc<State>,
    /// The objects of the base, with the writes.
    pub(super) snapshot: Snapshot,
    pub(super) writes: Vec<Write>,
    /// What the decision read besides the written objects.
    pub(super) relied: Vec<Dependency>,
    /// The new served types, where they change.
    pub(super) types: Option<Arc<Registry>>,
    /// The new compaction floor, where it changes.
    pub(super) floor: Option<Revision>,
    pub(super) on_conflict: OnConflict,
    /// Whether it comes from files, not from a client: as `Event::seeded`.
    pub(super) seeded: bool,
}

/// A write of one object.
#[derive(Debug)]
pub(in super::super) struct Write {
    /// The new object; for a removal its last content, with the revision of the removal.
    pub(in super::super) object: Arc<Object>,
    /// Whether it is removed.
    pub(in super::super) removed: bool,
    /// The object before the write.
    pub(super) previous: Option<Arc<Object>>,
}

/// Something that a decision read: the change conflicts where it is written after the base.
#[derive(Debug)]
pub(super) enum Dependency {
    /// An object, or its absence.
    Object(Arc<GroupResource>, Arc<str>),
    /// All objects of a resource.
    Collection(Arc<GroupResource>),
}

/// Another writer has changed what a change depends on since its base.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("another writer has changed what this change depends on")]
pub(crate) struct Conflict;

/// A committed change: its writes, with their revisions.
#[derive(Debug, Default)]
pub(crate) struct Committed {
    pub(super) writes: Vec<Write>,
    pub(super) seeded: bool,
}

impl StoreChange {
    /// An empty change, to be decided on a state.
    #[must_use]
    pub(crate) fn on(base: &Arc<State>) -> Self {
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
    pub(crate) fn compaction(base: &Arc<State>, revision: Revision) -> Self {
        Self { floor: Some(revision), on_conflict: OnConflict::Overwrite, ..Self::on(base) }
    }

    /// Whether it changes nothing.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
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

    /// Makes the change conflict where an object is written after the base; an absent one, where it is
    /// created.
    pub(in super::super) fn rely_on(&mut self, resource: &GroupResource, key: &str) {
        self.relied.push(Dependency::Object(Arc::new(resource.clone()), key.into()));
    }

    /// Makes the change conflict where any object of a resource is written after the base.
    pub(in super::super) fn rely_on_all(&mut self, resource: &Arc<GroupResource>) {
        self.relied.push(Dependency::Collection(Arc::clone(resource)));
    }

    /// Changes the served types.
    pub(in super::super) fn set_types(&mut self, types: Registry) {
        self.types = Some(Arc::new(types));
    }
}

impl Committed {
    /// Whether nothing was written.
    pub(crate) fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// The written resources, in order; one may occur several times.
    pub(crate) fn touched(&self) -> impl Iterator<Item = &Arc<GroupResource>> {
        let resource = |at: usize| &self.writes[at].object.resource;
        let first = move |at: &usize| *at == 0 || resource(*at) != resource(*at - 1);
        (0..self.writes.len()).filter(first).map(resource)
    }

    /// Whether it comes from files: as `Event::seeded`.
    pub(in super::super) fn is_seeded(&self) -> bool {
        self.seeded
    }

    /// The writes, in order.
    pub(in super::super) fn writes(&self) -> &[Write] {
        &self.writes
    }
}
