//! What the controllers of a world do that follow all its writes: garbage, ended deletions, aggregating roles.

use std::sync::PoisonError;

use crate::k8s;

use super::World;

impl World {
    /// Collects its garbage.
    pub(in super::super) fn collect(&self) {
        let mut collector = self.collector.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        while !collector.is_up_to_date_with(&self.store.state()) {
            let written =
                self.store.write(|state| (Some(collector.decide(state, now)), state.revision));
            // After conflicts on each attempt the next change calls this again.
            let Ok((seen, _)) = written else { return };
            collector.continue_from(seen);
        }
    }

    /// Ends the deletions of namespaces that are empty, where the server that emptied them did not.
    pub(in super::super) fn finish_deletions(&self) {
        // After conflicts on each attempt the next change calls this again.
        let _ = self.store.write(|state| (k8s::finished_namespaces(state), ()));
    }

    /// Gives aggregating roles their rules.
    pub(in super::super) fn aggregate_roles(&self) {
        // After conflicts on each attempt the next change calls this again.
        let _ = self.store.write(|state| (self.auth.aggregate_roles(state), ()));
    }
}
