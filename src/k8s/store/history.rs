//! The last events, above the compaction floor.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use imbl::Vector;

use super::{DEFAULT_HISTORY, Object, Revision, Snapshot};

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// It was created, or came to match a watch's selector.
    Added,
    /// It was changed.
    Modified,
    /// It was removed, or no longer matches a watch's selector.
    Deleted,
}

impl EventKind {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "ADDED",
            Self::Modified => "MODIFIED",
            Self::Deleted => "DELETED",
        }
    }
}

/// One change, with what every watcher of it shares.
#[derive(Debug)]
pub struct Event {
    /// The revision it made.
    pub revision: Revision,
    /// What happened.
    pub kind: EventKind,
    /// The object after it; for a removal its last content with this revision.
    pub object: Arc<Object>,
    /// The object before it.
    pub previous: Option<Arc<Object>>,
    /// Whether a file made it, not a client: what files say of owners is taken as it is.
    pub seeded: bool,
    /// The lines watchers are sent, by kind, each rendered when the first watcher needs it.
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

    /// The line for watchers that see the event as `kind`: rendered once, shared by all of them.
    pub fn line(&self, kind: EventKind, render: impl FnOnce() -> Bytes) -> Bytes {
        self.lines[kind as usize].get_or_init(render).clone()
    }
}

/// The events after the compaction floor. Cloning is O(1).
#[derive(Debug, Clone)]
pub struct History {
    events: Vector<Arc<Event>>,
    floor: Revision,
    capacity: usize,
}

impl History {
    /// A history that begins after `floor` and keeps `capacity` events.
    pub fn new(floor: Revision, capacity: usize) -> Self {
        Self { events: Vector::new(), floor, capacity: capacity.max(1) }
    }

    /// The oldest revision that can still be read; watches can start after it.
    pub fn floor(&self) -> Revision {
        self.floor
    }

    /// The events after a revision, oldest first.
    pub fn after(&self, revision: Revision) -> impl Iterator<Item = &Arc<Event>> {
        let first = match self.events.binary_search_by(|event| event.revision.cmp(&revision)) {
            Ok(at) => at + 1,
            Err(at) => at,
        };
        self.events.focus().narrow(first..).into_iter()
    }

    pub(super) fn push(&mut self, event: Arc<Event>) {
        self.events.push_back(event);
        if self.events.len() > self.capacity
            && let Some(oldest) = self.events.pop_front()
        {
            self.floor = oldest.revision;
        }
    }

    pub(super) fn compact(&mut self, revision: Revision) {
        while self.events.front().is_some_and(|event| event.revision <= revision) {
            self.events.pop_front();
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

impl Default for History {
    fn default() -> Self {
        Self::new(Revision(0), DEFAULT_HISTORY)
    }
}
