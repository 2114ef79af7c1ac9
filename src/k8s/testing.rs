//! A store for tests of the engine: it commits changes one after another.

use std::sync::{Arc, Mutex, PoisonError};

use super::store::{Committed, Conflict, PinnedSnapshots, State, StoreChange};
use super::{
    ApiRequest, Config, Outcome, Resolved, answer, emptied_definitions, emptied_namespaces,
};

/// The state of one world.
#[derive(Debug)]
pub(super) struct TestStore {
    state: Mutex<Arc<State>>,
    pub(super) pinned: PinnedSnapshots,
}

impl TestStore {
    pub(super) fn new(state: State) -> Self {
        Self { state: Mutex::new(Arc::new(state)), pinned: PinnedSnapshots::default() }
    }

    pub(super) fn state(&self) -> Arc<State> {
        Arc::clone(&self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Commits a change, and the removal of namespaces that it empties.
    pub(super) fn commit(&self, change: StoreChange) -> Result<Committed, Conflict> {
        let committed = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let (next, committed) = change.apply(&state)?;
            self.pinned.drop_below(next.history.floor());
            *state = Arc::new(next);
            committed
        };
        if let Some(change) = emptied_namespaces(&self.state(), &committed) {
            self.commit(change)?;
        }
        if let Some(change) = emptied_definitions(&self.state(), &committed) {
            self.commit(change)?;
        }
        Ok(committed)
    }

    /// Builds a change on the newest state, and commits it.
    pub(super) fn write(&self, decide: impl FnOnce(&mut StoreChange)) {
        let mut change = StoreChange::on(&self.state());
        decide(&mut change);
        self.commit(change).expect("no other writer");
    }

    /// The outcome of a request; its change is committed.
    pub(super) fn answer(&self, config: &Config, request: &ApiRequest<'_>) -> Outcome {
        loop {
            match answer(config, &self.state(), &self.pinned, request) {
                Resolved::Change(change, reply) => {
                    if let Ok(committed) = self.commit(change) {
                        return Outcome::Plan(reply.plan(&committed));
                    }
                }
                Resolved::Outcome(outcome) => return outcome,
            }
        }
    }
}
