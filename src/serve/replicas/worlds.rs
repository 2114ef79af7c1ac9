//! What is of a world besides its objects: changed on all servers that share it, and taken over.

use std::sync::{Arc, PoisonError};

use crate::matching::{Stub, StubSet};
use crate::message::Asked;
use crate::scenario::ScenarioState;

use super::super::clock::Turn;
use super::super::commit::{Ahead, ShareError};
use super::super::context::RequestContext;
use super::super::own_scenarios::Chosen;
use super::super::world::World;
use super::held::TakenOver;

impl World {
    /// Turns the hands of its clock.
    ///
    /// # Errors
    /// [`ShareError`].
    pub(crate) fn turn_clock(&self, turn: Turn) -> Result<(), ShareError> {
        let Some(share) = &self.share else {
            self.clock.turn(turn);
            return Ok(());
        };
        share.turn_clock(turn)
    }

    /// Sets the state of a stub's scenario.
    ///
    /// # Errors
    /// [`ShareError`].
    pub(crate) fn set_stub_state(&self, scenario: &str, state: &str) -> Result<(), ShareError> {
        let Some(share) = &self.share else {
            self.stub_states.set(scenario, state);
            return Ok(());
        };
        share.set_stub_state(scenario, state)
    }

    /// Resets the states of its stubs' scenarios.
    ///
    /// # Errors
    /// [`ShareError`].
    pub(crate) fn reset_stub_states(&self) -> Result<(), ShareError> {
        let Some(share) = &self.share else {
            self.stub_states.reset();
            return Ok(());
        };
        share.reset_stub_states()
    }

    /// Counters, draws, tokens and timelines begin anew.
    ///
    /// # Errors
    /// [`ShareError`].
    pub(crate) fn reset_rules(&self) -> Result<(), ShareError> {
        let Some(share) = &self.share else {
            self.reset_own_counters();
            return Ok(());
        };
        share.reset_rules()
    }

    /// The same where nothing is shared: what is begins anew with the change that was made.
    pub(crate) fn reset_own_counters(&self) {
        if self.share.is_none() {
            self.scenario.reset(self.clock.elapsed());
        }
    }

    /// Clock, stubs' states and the state of rules begin anew, where nothing is shared.
    pub(crate) fn reset_own_state(&self) {
        if self.share.is_none() {
            self.stub_states.reset();
            self.clock.reset();
            self.scenario.reset(self.clock.elapsed());
        }
    }

    /// Decides by rules: what the decision changes of their state is changed on all servers. `is_again` says that the
    /// request was counted already.
    ///
    /// # Errors
    /// [`ShareError`]: the decision would change something, and the store was not reached.
    pub(crate) async fn decide<T>(
        &self,
        is_again: bool,
        mut decide: impl FnMut(&ScenarioState) -> T,
    ) -> Result<T, ShareError> {
        match &self.share {
            // What waits is large, and most servers never do.
            Some(share) => Box::pin(share.decide(is_again, decide)).await,
            None => Ok(decide(&self.scenario)),
        }
    }

    /// The same before it is known whether this server has all that was changed: one way to the store for both.
    ///
    /// # Errors
    /// [`ShareError`].
    pub(super) async fn decide_ahead<T>(
        &self,
        decide: impl FnMut(&ScenarioState) -> T,
    ) -> Result<Ahead<T>, ShareError> {
        let since = self.taken().chosen;
        match &self.share {
            Some(share) => share.decide_ahead(since, decide).await,
            None => Ok(Ahead::Behind { is_counted: false }),
        }
    }

    /// Changes the state of rules on all servers.
    ///
    /// # Errors
    /// [`ShareError`].
    pub(crate) fn change_rules<T>(
        &self,
        mut change: impl FnMut(&ScenarioState) -> T,
    ) -> Result<T, ShareError> {
        match &self.share {
            Some(share) => share.change_rules(change),
            None => Ok(change(&self.scenario)),
        }
    }

    /// It begins anew on the other servers, but for its objects and scenarios.
    ///
    /// # Errors
    /// [`ShareError`].
    pub(crate) fn restart_shared(&self) -> Result<(), ShareError> {
        let Some(share) = &self.share else { return Ok(()) };
        share.restart()?;
        self.taken().restarted = share.versions().1;
        Ok(())
    }

    /// Chooses scenarios on the other servers.
    ///
    /// # Errors
    /// [`ShareError`]: [`ShareError::Contended`] where another server has chosen since the last choice was taken over.
    pub(crate) fn share_chosen(&self, chosen: &Chosen, anew: bool) -> Result<(), ShareError> {
        let Some(share) = &self.share else { return Ok(()) };
        let since = self.taken().chosen;
        let at = share.choose(chosen, since, anew)?;
        self.taken().chosen = at;
        Ok(())
    }

    /// Chooses the stub that answers a request; its scenario moves. Uses the body only as far as it has been read.
    ///
    /// # Errors
    /// [`ShareError`]: the scenario would move, and the store was not reached.
    pub(crate) async fn select_stub<'s>(
        &self,
        stubs: &'s StubSet,
        asked: &Asked<'_>,
    ) -> Result<Option<&'s Arc<Stub>>, ShareError> {
        match &self.share {
            // What waits is large, and most servers never do.
            Some(share) => {
                let choose = |states: &_| stubs.select_tentatively(asked, states);
                Box::pin(share.choose_stub(choose)).await
            }
            None => Ok(stubs.select(asked, &self.stub_states)),
        }
    }

    /// Whether other servers have changed what this one has to take over.
    pub(super) fn is_behind(&self) -> bool {
        self.share.as_ref().is_some_and(|share| {
            let (chosen, restarted) = share.versions();
            *self.taken() != TakenOver { chosen, restarted }
        })
    }

    fn taken(&self) -> std::sync::MutexGuard<'_, TakenOver> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RequestContext {
    /// Takes over what other servers have changed of the world. Reads files.
    pub(super) fn catch_up_world(&self) {
        let world = &self.world;
        let Some(share) = &world.share else { return };
        let (_, restarted) = share.versions();
        if std::mem::replace(&mut world.taken().restarted, restarted) != restarted {
            world.restart();
        }
        let (since, text) = share.chosen();
        if world.taken().chosen == since {
            return;
        }
        let chosen = text.map_or(Ok(Chosen::default()), |text| serde_json::from_slice(&text));
        let taken = chosen.map_err(|error| error.to_string()).and_then(|chosen| {
            self.take_over_chosen(chosen).map_err(|problems| problems.to_string())
        });
        world.taken().chosen = since;
        if let Err(why) = taken {
            let name = &world.name;
            let line = format!(
                "--store: the scenarios that another server has turned on in world {name:?} cannot be turned on here: {why}"
            );
            self.shared.settings.log.line(&line);
        }
    }
}
