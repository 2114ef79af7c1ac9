//! Simulated faults that need the engine: faults of revisions, collections and watches.

use std::sync::Arc;

use jiff::Timestamp;

use crate::message::Query;

use super::conversion;
use super::meta;
use super::services;
use super::status::ApiError;
use super::store::{Object, PinnedSnapshots, Revision, State, StoreChange};

/// The finalizer that delays the removal of deleted objects.
pub(super) const HOLD: &str = "standin.dev/hold";

/// The simulated faults of one request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults {
    /// The maximum number of items of a list page.
    pub page_size: Option<usize>,
    /// Reads see the state as it was this many writes ago.
    pub stale: Option<u64>,
    /// A requested revision is reported as too large.
    pub too_large: bool,
    /// Delete-collection fails after this many objects, with this error.
    pub fail_after: Option<(u64, ApiError)>,
    /// Deleted objects stay, with a finalizer, until [`release_held`].
    pub hold: bool,
    /// A watch from a compacted revision is answered with the status, not with an ERROR event.
    pub expired_as_status: bool,
}

impl Faults {
    /// No faults.
    pub(crate) const NONE: Self = Self {
        page_size: None,
        stale: None,
        too_large: false,
        fail_after: None,
        hold: false,
        expired_as_status: false,
    };

    /// The error of a request that is refused before its verb runs.
    pub(super) fn check(
        &self,
        query: &Query<'_>,
        verb: &str,
        state: &State,
    ) -> Result<(), ApiError> {
        if !self.too_large || !matches!(verb, "get" | "list" | "watch") {
            return Ok(());
        }
        let asked = query.first("resourceVersion").and_then(|text| text.parse::<u64>().ok());
        match asked.filter(|asked| *asked > 0) {
            // The answer of a replica that is behind the one that issued the revision.
            Some(asked) => {
                Err(ApiError::revision_too_large(asked, state.revision.0.min(asked - 1)))
            }
            None => Ok(()),
        }
    }
}

/// The state as it was some writes ago, or at the compaction floor.
pub(super) fn stale(pinned: &PinnedSnapshots, state: &Arc<State>, by: u64) -> Arc<State> {
    let revision = Revision(state.revision.0.saturating_sub(by)).max(state.history.floor());
    match pinned.at(state, revision) {
        Some(snapshot) => Arc::new(State { revision, snapshot, ..State::clone(state) }),
        None => Arc::clone(state),
    }
}

/// Removes the holding finalizer from the objects that were deleted at a time or before it.
#[must_use]
pub(crate) fn release_held(state: &Arc<State>, deleted: Timestamp) -> StoreChange {
    let until = meta::time_text(deleted);
    let mut change = StoreChange::on(state);
    let held: Vec<Arc<Object>> = state
        .snapshot
        .collections()
        .flat_map(|(_, collection)| collection.range("", ""))
        .filter(|object| object.meta.terminating)
        .cloned()
        .collect();
    for object in held {
        let Some(of) = change.types().get(&object.resource).cloned() else { continue };
        let mut value = object.value(&conversion::written_api_version(&of, &object), &of.kind);
        let mut left: Vec<String> =
            meta::finalizers(&value).into_iter().map(str::to_owned).collect();
        let before = left.len();
        left.retain(|finalizer| finalizer != HOLD);
        if left.len() == before || meta::text(&value, "deletionTimestamp") > until.as_str() {
            continue;
        }
        if left.is_empty() {
            change.remove(&object.resource, &object.key);
            services::removed(&mut change, &object);
            continue;
        }
        meta::set(&mut value, "finalizers", left.into());
        let revision = change.next_revision().to_string();
        meta::set(&mut value, "resourceVersion", revision.into());
        let paths = of.selectable_paths();
        let changed = Object::render(Arc::clone(&of.stored_as), value, &paths);
        change.put(Arc::new(changed.written_in(object.version.clone())));
    }
    change
}
