//! A world as the library hands it out: where it is, what happened in it, what time it is there.

use std::time::Duration;

use jiff::Timestamp;

use crate::document::{Diagnostic, Diagnostics};
use crate::exchange::Exchange;
use crate::grade::{Finding, Record, grade};
use crate::k8s::Revision;
use crate::message::DEFAULT_WORLD;
use crate::scenario::Verdict;
use crate::serve::RequestContext;

/// One world of a running server. Get it from [`crate::RunningServer::world`].
#[derive(Debug, Clone)]
pub struct WorldHandle {
    context: RequestContext,
    server: String,
}

impl WorldHandle {
    pub(crate) fn new(context: RequestContext, server: String) -> Self {
        Self { context, server }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.context.world.name
    }

    /// Its URL: what a client is given in place of the server's. Without a prefix of worlds
    /// ([`crate::Builder::world_prefix`]) it is that of the server, and the client has to send the header
    /// `X-Standin-World`.
    #[must_use]
    pub fn url(&self) -> String {
        match (self.name(), &self.context.shared.settings.world_prefix) {
            (DEFAULT_WORLD, _) | (_, None) => self.server.clone(),
            (name, Some(prefix)) => format!("{}{prefix}/{name}", self.server),
        }
    }

    /// What was asked and answered in it, oldest first, as far as the journal goes back.
    #[must_use]
    pub fn exchanges(&self) -> Vec<Exchange> {
        let mut all = self.context.shared.journal.exchanges();
        all.retain(|exchange| *exchange.world == *self.name());
        all
    }

    /// What clients did in it, oldest first, as far as it is graded ([`crate::Builder::graded`]).
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        self.context.world.log.records().0
    }

    #[cfg(feature = "cli")]
    /// The records, and how many more requests there were than are kept.
    pub(crate) fn all_records(&self) -> (Vec<Record>, u64) {
        self.context.world.log.records()
    }

    /// Turns other scenarios on for this world alone, in place of the server's: its counters begin anew,
    /// and the objects that they generate are added. Names are those of shipped ones, or of files.
    ///
    /// # Errors
    /// Everything that is wrong with them; the world goes on with what it had.
    pub async fn switch_scenarios(
        &self,
        names: Vec<String>,
        seed: Option<u64>,
    ) -> Result<(), Diagnostics> {
        let context = self.context.clone();
        let switched = tokio::task::spawn_blocking(move || context.switch_scenarios(names, seed));
        switched.await.unwrap_or_else(|error| {
            Err(Diagnostics(vec![Diagnostic::error("scenarios", error.to_string())]))
        })
    }

    /// What its clients did that they should not have, by what its rules expect, and what is noticed
    /// without them. Nothing without [`crate::Builder::graded`].
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let scenarios = self.context.scenario_set();
        grade(&self.records(), &scenarios.expectations(), scenarios.verdict().expectations)
    }

    #[cfg(feature = "cli")]
    /// What its rules expect of clients.
    pub(crate) fn expectations(&self) -> Vec<crate::grade::Expectation> {
        self.context.scenario_set().expectations()
    }

    /// What becomes of a drill in which not all is well, by the scenarios that are on.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.context.scenario_set().verdict()
    }

    /// The rules that never did anything in it.
    #[must_use]
    pub fn unused_rules(&self) -> Vec<String> {
        let scenarios = self.context.scenario_set();
        scenarios.unused(&self.context.world.scenario).map(str::to_owned).collect()
    }

    /// Forgets every revision before the given one: continue tokens and watches below it expire.
    pub fn compact(&self, revision: u64) {
        self.context.world.store.compact(Revision(revision));
    }

    /// Brings it back to the fixtures: objects, counters, draws, tokens, clock. Watchers see the changes.
    pub fn reset(&self) {
        // Nobody but this process writes to a world in memory, so that a reset is never refused.
        let _ = self.context.reset();
    }

    /// The time in it.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.context.world.clock.now()
    }

    /// Moves its clock on. With stages, what is due by then has happened when this returns.
    pub fn advance(&self, by: Duration) {
        self.context.advance(by);
    }

    /// Stops its clock.
    pub fn freeze(&self) {
        self.context.world.clock.stop();
    }

    /// Lets its clock go on from where it stands.
    pub fn release(&self) {
        self.context.world.clock.release();
    }
}
