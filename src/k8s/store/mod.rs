//! The state of one world as a value: every object, at every revision above the compaction floor.
//!
//! ```text
//! verbs, controllers, reloads → [StoreChange], decided on a [State]
//!    → serve::commit: [StoreChange::apply] on the newest state → the next [State], or [Conflict]
//! readers → [State]: [Snapshot] and [History]; [PinnedSnapshots] for older revisions
//! ```
//!
//! A [`Snapshot`] is an immutable, structurally shared map: to take one, to keep one and to fork a world
//! from one cost nothing. The [`History`] of events ends at the compaction floor; the snapshot of an older
//! revision comes from undoing events. So continue chains, lists at an exact revision, 410s and watches from
//! any revision need no special cases. Nothing here locks, publishes or wakes: that is `serve::commit`'s.

mod apply;
mod change;
mod history;
mod object;
#[cfg(feature = "etcd")]
mod parts;
mod pinned;
#[cfg(feature = "etcd")]
mod remote;
#[cfg(all(test, feature = "etcd"))]
mod shared_tests;
mod snapshot;
#[cfg(test)]
mod tests;

pub(crate) use change::{Committed, Conflict, StoreChange};
pub use history::HistoryLimits;
pub(super) use history::{Event, EventKind, History};
pub(super) use object::{Cell, Object};
#[cfg(feature = "etcd")]
pub(crate) use parts::{Demand, Part, Place, Since};
pub(crate) use pinned::PinnedSnapshots;
#[cfg(feature = "etcd")]
pub(crate) use remote::{RemoteWrite, stored};
pub(super) use snapshot::Collection;
pub(crate) use snapshot::Snapshot;

use std::fmt;
use std::sync::Arc;

use super::resource::{GroupResource, Registry};

/// How many events are kept before the oldest are compacted away.
pub(crate) const DEFAULT_HISTORY: usize = 10_000;

/// How many bytes the kept events may count.
pub(crate) const DEFAULT_HISTORY_BYTES: usize = 64 << 20;

/// A point in the store's history: `metadata.resourceVersion`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Revision(pub u64);

impl Revision {
    /// The revision after this one.
    #[must_use]
    pub(crate) fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// All objects of a world, now and as far back as the history goes. Cloning is O(1).
#[derive(Debug, Clone)]
pub(crate) struct State {
    /// The revision of the last write.
    pub revision: Revision,
    /// The objects.
    pub snapshot: Snapshot,
    /// The last events.
    pub history: History,
    /// The served resource types.
    pub types: Arc<Registry>,
}
