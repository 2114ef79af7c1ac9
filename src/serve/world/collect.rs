//! What the controllers of a world do that follow all its writes: garbage, ended deletions, aggregating roles.

use std::sync::PoisonError;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

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

    /// Removes the events whose time is over.
    pub(in super::super) fn end_events(&self, lifetime: SignedDuration) {
        let now = self.clock.now();
        // After conflicts on each attempt they end when the clock is moved again.
        let _ = self.store.write(|state| (k8s::expired_events(state, now, lifetime), ()));
    }

    /// Takes the holders out of the leases that expire while the clock is moved on by some time: their times are those
    /// that clients have written, by their own clocks.
    pub(in super::super) fn let_leases_go(&self, by: Duration) {
        let now = Timestamp::now();
        // After conflicts on each attempt they expire as they would have.
        let _ = self.store.write(|state| (k8s::expired_leases(state, now, by), ()));
    }

    /// Gives aggregating roles their rules.
    pub(in super::super) fn aggregate_roles(&self) {
        // After conflicts on each attempt the next change calls this again.
        let _ = self.store.write(|state| (self.auth.aggregate_roles(state), ()));
    }
}
