//! What goes wrong within the engine on purpose: what only it can do, because only it knows what a
//! revision, a collection or a watch is.

use std::sync::Arc;

use jiff::Timestamp;

use crate::message::Query;

use super::meta;
use super::status::ApiError;
use super::store::{Object, PinnedSnapshots, Revision, State, StoreChange};

/// The finalizer that holds deleted objects.
pub(super) const HOLD: &str = "standin.dev/hold";

/// What goes wrong with one request.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    /// The most items a list page may have.
    pub page_size: Option<usize>,
    /// Reads see the state of so many writes ago.
    pub stale: Option<u64>,
    /// A revision that is asked for is said to lie in the future.
    pub too_large: bool,
    /// A delete of a collection fails after so many objects, with this.
    pub fail_after: Option<(u64, ApiError)>,
    /// Deleted objects stay, held by a finalizer, until [`release_held`].
    pub hold: bool,
    /// A watch from a revision that is gone is refused, in place of an ERROR event.
    pub expired_as_status: bool,
}

impl Faults {
    /// Nothing goes wrong.
    pub const NONE: Self = Self {
        page_size: None,
        stale: None,
        too_large: false,
        fail_after: None,
        hold: false,
        expired_as_status: false,
    };

    /// What is refused before it is looked at.
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
            // As a replica says it that is behind the one that gave the revision out.
            Some(asked) => {
                Err(ApiError::revision_too_large(asked, state.revision.0.min(asked - 1)))
            }
            None => Ok(()),
        }
    }
}

/// The state of some writes ago, as far as it is remembered.
pub(super) fn stale(pinned: &PinnedSnapshots, state: &Arc<State>, by: u64) -> Arc<State> {
    let revision = Revision(state.revision.0.saturating_sub(by)).max(state.history.floor());
    match pinned.at(state, revision) {
        Some(snapshot) => Arc::new(State { revision, snapshot, ..State::clone(state) }),
        None => Arc::clone(state),
    }
}

/// Releases what was held: the objects that were deleted at a time or before.
#[must_use]
pub fn release_held(state: &Arc<State>, deleted: Timestamp) -> StoreChange {
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
        let mut value = object.value(&of.api_version(&of.storage().name), &of.kind);
        let mut left: Vec<String> =
            meta::finalizers(&value).into_iter().map(str::to_owned).collect();
        let before = left.len();
        left.retain(|finalizer| finalizer != HOLD);
        if left.len() == before || meta::text(&value, "deletionTimestamp") > until.as_str() {
            continue;
        }
        if left.is_empty() {
            change.remove(&object.resource, &object.key);
            continue;
        }
        meta::set(&mut value, "finalizers", left.into());
        let revision = change.next_revision().to_string();
        meta::set(&mut value, "resourceVersion", revision.into());
        let paths = of.selectable_paths();
        let changed = Object::render(Arc::clone(&of.group_resource), value, &paths);
        change.put(Arc::new(changed));
    }
    change
}
