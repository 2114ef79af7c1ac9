//! The last events, above the compaction floor.

use std::cmp::Ordering;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use imbl::{HashMap, Vector};

use super::super::resource::GroupResource;
use super::{DEFAULT_HISTORY, DEFAULT_HISTORY_BYTES, Object, Revision, Snapshot};

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventKind {
    /// It was created, or begins to match a watch's selector.
    Added,
    /// It was changed.
    Modified,
    /// It was removed, or no longer matches a watch's selector.
    Deleted,
}

impl EventKind {
    /// The event type in the API.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Added => "ADDED",
            Self::Modified => "MODIFIED",
            Self::Deleted => "DELETED",
        }
    }
}

/// One write of an object, with what its watchers share.
#[derive(Debug)]
pub(crate) struct Event {
    /// The revision of the write.
    pub revision: Revision,
    /// What happened.
    pub kind: EventKind,
    /// The object after the write; for a removal its last content with this revision.
    pub object: Arc<Object>,
    /// The object before the write.
    pub previous: Option<Arc<Object>>,
    /// Whether it comes from files, not from a client: controllers leave objects of files as they are.
    pub seeded: bool,
    /// The lines for watchers, by kind, each rendered for its first watcher.
    lines: [OnceLock<Bytes>; 3],
}

impl Event {
    pub(super) fn new(
        revision: Revision,
        kind: EventKind,
        object: Arc<Object>,
        previous: Option<Arc<Object>>,
    ) -> Self {
        Self { revision, kind, object, previous, seeded: false, lines: Default::default() }
    }

    /// Its size in bytes: the object, the line that watchers share, and the structures around them.
    fn weight(&self) -> usize {
        const AROUND: usize = 512;
        2 * self.object.rest.len() + AROUND
    }

    /// The line for watchers that see the event as `kind`: rendered once, shared by all of them.
    pub(crate) fn line(&self, kind: EventKind, render: impl FnOnce() -> Bytes) -> Bytes {
        self.lines[kind as usize].get_or_init(render).clone()
    }
}

/// How much of its history a world keeps for watches and older lists, for
/// [`Bounds::history`](crate::Bounds::history). What is older is answered with 410.
///
/// ```
/// let mut bounds = standin::Bounds::default();
/// bounds.history.events = 100;
/// let builder = standin::Server::builder().bounds(bounds);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct HistoryLimits {
    /// The most events; 10,000 by default.
    pub events: usize,
    /// The most bytes of the objects in them, as JSON, and of the lines that watchers were sent.
    pub bytes: usize,
}

impl Default for HistoryLimits {
    fn default() -> Self {
        Self { events: DEFAULT_HISTORY, bytes: DEFAULT_HISTORY_BYTES }
    }
}

/// The events after the compaction floor. Cloning is O(1).
#[derive(Debug, Clone)]
pub(crate) struct History {
    events: Vector<Arc<Event>>,
    /// The same events by resource, so that a watch reads its own only.
    lanes: HashMap<Arc<GroupResource>, Lane>,
    floor: Revision,
    /// The first floor: of what was before nothing is known.
    began: Revision,
    bytes: usize,
    limits: HistoryLimits,
}

/// The events of one resource.
#[derive(Debug, Clone, Default)]
struct Lane {
    events: Vector<Arc<Event>>,
    /// The revision of the last compacted one.
    compacted: Revision,
}

impl History {
    /// A history that begins after `floor`.
    pub(crate) fn new(floor: Revision, limits: HistoryLimits) -> Self {
        let (events, lanes) = (Vector::new(), HashMap::new());
        Self { events, lanes, floor, began: floor, bytes: 0, limits }
    }

    /// The oldest revision that can still be read; watches can start after it.
    pub(crate) fn floor(&self) -> Revision {
        self.floor
    }

    /// The number of events, and their size in bytes.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.events.len(), self.bytes)
    }

    /// The events after a revision, oldest first.
    pub(crate) fn after(&self, revision: Revision) -> impl Iterator<Item = &Arc<Event>> {
        after(&self.events, revision)
    }

    /// The last revision at which all objects were as at another one; nothing where they still are.
    pub(crate) fn holds_until(&self, revision: Revision) -> Option<Revision> {
        let next = self.after(revision).next()?;
        Some(Revision(next.revision.0.saturating_sub(1)))
    }

    /// The events of one resource after a revision, oldest first.
    pub(crate) fn of(
        &self,
        resource: &GroupResource,
        revision: Revision,
    ) -> impl Iterator<Item = &Arc<Event>> {
        let lane = self.lanes.get(resource);
        lane.into_iter().flat_map(move |lane| after(&lane.events, revision))
    }

    /// Its bounds.
    #[cfg(feature = "etcd")]
    pub(super) fn limits(&self) -> HistoryLimits {
        self.limits
    }

    /// Whether an event of a resource after a revision was compacted, or may have been.
    pub(crate) fn has_compacted(&self, resource: &GroupResource, revision: Revision) -> bool {
        if revision < self.began {
            return true;
        }
        self.lanes.get(resource).is_some_and(|lane| lane.compacted > revision)
    }

    pub(super) fn push(&mut self, event: Arc<Event>) {
        self.bytes += event.weight();
        let lane = self.lanes.entry(Arc::clone(&event.object.resource)).or_default();
        lane.events.push_back(Arc::clone(&event));
        self.events.push_back(event);
        // The newest event stays, whatever its size is.
        while self.events.len() > 1
            && (self.events.len() > self.limits.events.max(1) || self.bytes > self.limits.bytes)
        {
            self.compact_oldest();
        }
    }

    fn compact_oldest(&mut self) {
        let Some(oldest) = self.events.pop_front() else { return };
        self.bytes -= oldest.weight();
        self.floor = oldest.revision;
        if let Some(lane) = self.lanes.get_mut(&oldest.object.resource) {
            lane.events.pop_front();
            lane.compacted = oldest.revision;
        }
    }

    pub(super) fn compact(&mut self, revision: Revision) {
        while self.events.front().is_some_and(|event| event.revision <= revision) {
            self.compact_oldest();
        }
        self.floor = self.floor.max(revision);
    }

    /// Undoes the events between two revisions, newest first.
    pub(super) fn rewind(&self, mut snapshot: Snapshot, from: Revision, to: Revision) -> Snapshot {
        let undone: Vec<_> = self.after(to).take_while(|event| event.revision <= from).collect();
        for event in undone.into_iter().rev() {
            match &event.previous {
                Some(previous) => {
                    snapshot.insert(Arc::clone(previous));
                }
                None => {
                    snapshot.remove(&event.object.resource, &event.object.key, to);
                }
            }
        }
        snapshot
    }
}

/// The events after a revision, which may be that of several.
fn after(events: &Vector<Arc<Event>>, revision: Revision) -> impl Iterator<Item = &Arc<Event>> {
    let order = |event: &Arc<Event>| event.revision.cmp(&revision).then(Ordering::Less);
    let (Ok(first) | Err(first)) = events.binary_search_by(order);
    events.focus().narrow(first..).into_iter()
}

impl Default for History {
    fn default() -> Self {
        Self::new(Revision(0), HistoryLimits::default())
    }
}
