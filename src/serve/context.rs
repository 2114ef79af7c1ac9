//! Where a request is answered: what all requests share, and the request's world.

use std::sync::Arc;
use std::time::Duration;

use crate::k8s;
use crate::message::Asked;
use crate::scenario::ScenarioSet;

use super::clock::Turn;
use super::commit::{Contended, ShareError};
use super::state::Shared;
use super::world::World;

/// How many steps are taken when the clock is moved on: the rest happens a moment later.
const MAX_STEPS: usize = 1000;

/// What the stages know besides the request itself.
#[derive(Debug, Clone)]
pub(crate) struct RequestContext {
    /// What all worlds share.
    pub(crate) shared: Arc<Shared>,
    /// The request's world.
    pub(crate) world: Arc<World>,
}

impl RequestContext {
    pub(crate) fn new(shared: Arc<Shared>, world: Arc<World>) -> Self {
        Self { shared, world }
    }

    /// Whether a request is one to a Kubernetes API. A server that stands in for `WireMock` alone has none; one that
    /// replays a recording may have.
    pub(crate) fn is_api(&self, asked: &Asked<'_>) -> bool {
        let shared = &self.shared;
        asked.is_api_path() && (shared.settings.strict || !shared.has_stubs_alone())
    }

    /// How large the body of a request may be, in bytes.
    pub(crate) fn body_limit(&self, asked: &Asked<'_>) -> usize {
        if self.is_api(asked) {
            k8s::MAX_BODY_BYTES
        } else {
            self.shared.settings.bounds.request_body_bytes
        }
    }

    /// Brings the world's objects to the present. Returns when the next step is due, as time since the world
    /// began.
    pub(super) fn step(&self) -> Option<Duration> {
        let settings = &self.shared.settings;
        let controllers = settings.stages.then_some(&settings.controllers);
        let next = self.world.step(&self.shared.stages.load(), controllers);
        let scenarios = self.scenario_set();
        let own = self.world.step_scenario(&scenarios);
        next.into_iter().chain(own).min()
    }

    /// The scenarios that are on in the world.
    pub(crate) fn scenario_set(&self) -> Arc<ScenarioSet> {
        self.world.scenarios.load_full().unwrap_or_else(|| self.shared.scenarios.load_full())
    }

    /// Moves the world's clock on. What is due by then has happened when this returns.
    ///
    /// # Errors
    /// [`ShareError`]: nothing has happened.
    pub(crate) fn advance(&self, by: Duration) -> Result<(), ShareError> {
        // What was created a moment ago was created before the hands moved.
        self.settle();
        self.world.turn_clock(Turn::Advance(by))?;
        self.world.let_leases_go(by);
        if let Some(lifetime) = self.shared.settings.kubernetes.event_ttl {
            self.world.end_events(lifetime);
        }
        self.settle();
        Ok(())
    }

    /// Takes all steps that are due.
    fn settle(&self) {
        for _ in 0..MAX_STEPS {
            let next = self.step();
            if next.is_none_or(|next| next > self.world.clock.elapsed()) {
                return;
            }
        }
    }

    /// Brings the world back to the fixtures: objects as ordinary writes that watchers see, counters,
    /// draws and tokens anew, the clock at the time that really passed.
    ///
    /// # Errors
    /// [`ShareError`]: nothing has happened, or the objects alone are as they were.
    pub(crate) fn reset(&self) -> Result<(), ShareError> {
        self.world.reseed(&self.shared.seeding).map_err(|Contended| ShareError::Contended)?;
        self.world.restart_shared()?;
        self.world.restart();
        Ok(())
    }
}
