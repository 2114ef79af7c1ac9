//! A write as a value: decided on one state, applied to that state or to a newer one.
//!
//! Whoever writes reads a [`State`], and makes a [`StoreChange`] of it that sees its own writes.
//! [`StoreChange::apply`] compares what the change depends on with the newest state. It is the check that a
//! transaction of etcd makes: each key that is written, and each object and collection that was relied on, is
//! as it was at the base revision. Where that holds, the writes get the next revisions; where it does not, the
//! writer decides again on the newer state.

use std::sync::Arc;

use super::history::Event;
use super::{EventKind, GroupResource, Object, Registry, Revision, Snapshot, State};

/// What to do where an object that is written was changed by somebody else since the base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OnConflict {
    /// The change is refused, and decided again on the newer state.
    DecideAgain,
    /// The change holds all the same: files say what is true, whatever clients have written.
    Overwrite,
}

/// A write: which objects it puts and removes, on which state it was decided, what that decision relied on.
#[derive(Debug)]
pub struct StoreChange {
    base: Arc<State>,
    /// The objects of the base with the writes.
    snapshot: Snapshot,
    writes: Vec<Write>,
    relied: Vec<Relied>,
    /// The served types, where they change.
    types: Option<Arc<Registry>>,
    /// Everything up to here is forgotten.
    floor: Option<Revision>,
    on_conflict: OnConflict,
    /// Whether files make it, not a client: see [`Event::seeded`].
    seeded: bool,
}

/// One object that is put or removed.
#[derive(Debug)]
pub(in super::super) struct Write {
    /// The object as it is put; for a removal its last content, with the revision of the removal.
    pub(in super::super) object: Arc<Object>,
    /// Whether it is removed.
    pub(in super::super) removed: bool,
    /// The object before the write.
    previous: Option<Arc<Object>>,
}

/// What a decision read besides the objects that it writes.
#[derive(Debug)]
enum Relied {
    /// An object, with its revision; none where there was none.
    Object { resource: Arc<GroupResource>, key: Arc<str>, revision: Option<Revision> },
    /// All objects of a resource.
    Collection(Arc<GroupResource>),
}

/// Something that a change depends on was changed since its base.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what the change depends on was changed by somebody else")]
pub struct Conflict;

/// A change as it was committed: its writes, with the revisions that they got.
#[derive(Debug, Default)]
pub struct Committed {
    writes: Vec<Write>,
    seeded: bool,
}

impl StoreChange {
    /// A change that is decided on a state; empty so far.
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

    /// A change that brings a state to what files say.
    pub(in super::super) fn seeding(base: &Arc<State>) -> Self {
        Self { on_conflict: OnConflict::Overwrite, seeded: true, ..Self::on(base) }
    }

    /// Forgets everything before a revision: continue tokens, watches and exact lists below it are gone.
    #[must_use]
    pub fn compaction(base: &Arc<State>, revision: Revision) -> Self {
        Self { floor: Some(revision), on_conflict: OnConflict::Overwrite, ..Self::on(base) }
    }

    /// Whether it changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.types.is_none() && self.floor.is_none()
    }

    /// How many objects it writes so far.
    pub(in super::super) fn len(&self) -> usize {
        self.writes.len()
    }

    /// The objects, with its writes.
    pub(in super::super) fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The served types, as it leaves them.
    pub(in super::super) fn types(&self) -> &Arc<Registry> {
        self.types.as_ref().unwrap_or(&self.base.types)
    }

    /// The revision that the next write gets, where nobody else writes before it is committed.
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

    /// Removes an object. Watches get it with its last content and the revision of its removal, as etcd's
    /// watchers do.
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

    /// The change holds only where an object is still as it is in the base.
    pub(in super::super) fn rely_on(&mut self, resource: &GroupResource, key: &str) {
        let found = self.base.snapshot.get(resource, key);
        let revision = found.map(|object| object.meta.revision);
        let (resource, key) = (Arc::new(resource.clone()), key.into());
        self.relied.push(Relied::Object { resource, key, revision });
    }

    /// The change holds only where no object of a resource was written since the base.
    pub(in super::super) fn rely_on_all(&mut self, resource: &Arc<GroupResource>) {
        self.relied.push(Relied::Collection(Arc::clone(resource)));
    }

    /// Changes the served types.
    pub(in super::super) fn set_types(&mut self, types: Registry) {
        self.types = Some(Arc::new(types));
    }

    /// The state after the change, and the change with the revisions that its writes got.
    ///
    /// # Errors
    /// [`Conflict`]: something that it depends on was changed since its base.
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

    /// Makes a newer state its base: its writes get the revisions after that.
    fn move_to(&mut self, current: &Arc<State>) -> Result<(), Conflict> {
        let overwrite = self.on_conflict == OnConflict::Overwrite;
        // A type says what its objects may be, so that a change of types changes what was decided.
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
            // What it has written itself stands in the snapshot already, under another revision.
            let own = revision_of(previous.as_ref()).is_some_and(|of| of > self.base.revision);
            let touched = revision_of(found) != revision_of(previous.as_ref());
            if touched && !own && !overwrite {
                return Err(Conflict);
            }
            if removed && found.is_none() {
                continue;
            }
            revision = revision.next();
            // Of an object that others have changed, the last content is theirs.
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
    /// Whether it is in a newer state what it was in the base.
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
    /// The resources that were written, each as often as its turn comes.
    pub fn touched(&self) -> impl Iterator<Item = &Arc<GroupResource>> {
        let resource = |at: usize| &self.writes[at].object.resource;
        let first = move |at: &usize| *at == 0 || resource(*at) != resource(*at - 1);
        (0..self.writes.len()).filter(first).map(resource)
    }

    /// Whether files made it: what they say is taken as it is.
    pub(in super::super) fn is_seeded(&self) -> bool {
        self.seeded
    }

    /// The writes, in order.
    pub(in super::super) fn writes(&self) -> &[Write] {
        &self.writes
    }
}
