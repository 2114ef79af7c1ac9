//! The stubs that are served: the admin API and reloads change them, one change at a time, while requests are
//! answered by the set as it was.

mod served;

use crate::document::Refusal;
use crate::matching::{STARTED, Stub, StubSet};

use super::state::Shared;

pub(crate) use served::Stubs;

impl Shared {
    /// Reads one stub mapping, as the admin API takes it.
    ///
    /// # Errors
    /// What is wrong with it first.
    pub(crate) fn read_stub(&self, mapping: &str) -> Result<Stub, Refusal> {
        self.stubs.reader(&self.body_files()).one(mapping.as_bytes(), None)
    }

    /// Changes the stubs on this server alone. A scenario whose last stub is gone is forgotten in all worlds.
    pub(crate) fn change_own_stubs<T>(&self, change: impl FnOnce(&mut StubSet) -> T) -> T {
        let (result, before, after) = self.stubs.change(change);
        // Where servers share the states, the one that was asked for the change forgets.
        if !self.is_replica() {
            for gone in before.scenarios().filter(|name| !after.has_scenario(name)) {
                for world in self.worlds.all() {
                    world.stub_states.set(gone, STARTED);
                }
            }
        }
        result
    }
}
