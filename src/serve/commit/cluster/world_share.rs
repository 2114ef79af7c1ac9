//! What is of a world besides its objects, and its changes.

use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;

use crate::k8s::Revision;
use crate::matching::{STARTED, ScenarioStates, Stub, TentativeChoice};
use crate::message::WorldName;
use crate::scenario::ScenarioState;

use super::super::super::clock::{Clock, Turn};
use super::super::proposal::{Proposal, ShareError};
use super::shared::Made;
use super::shared_world::{CHOSEN, CLOCK, COUNTERS, RESTARTED, RULES, STUB_STATES, SharedWorld};
use super::store::Cluster;

/// How often a change is decided while other servers change the same.
pub(super) const TRIES: usize = 100;

impl Cluster {
    /// What is of a world besides its objects.
    pub(crate) fn share(self: &Arc<Self>, world: &WorldName) -> WorldShare {
        let cluster = self.of(world);
        let share = cluster.inner.share(world);
        WorldShare::new(cluster, share)
    }
}

/// What is of a world besides its objects, and its changes.
#[derive(Debug)]
pub(crate) struct WorldShare {
    pub(super) cluster: Arc<Cluster>,
    pub(super) world: Arc<SharedWorld>,
}

impl WorldShare {
    pub(super) fn new(cluster: Arc<Cluster>, world: Arc<SharedWorld>) -> Self {
        Self { cluster, world }
    }

    /// The states of its stubs' scenarios.
    pub(crate) fn stub_states(&self) -> &Arc<ScenarioStates> {
        &self.world.stub_states
    }

    /// The state of its rules.
    pub(crate) fn rules(&self) -> &Arc<ScenarioState> {
        &self.world.rules
    }

    /// Its clock.
    pub(crate) fn clock(&self) -> &Arc<Clock> {
        &self.world.clock
    }

    /// The scenarios that the admin API has chosen, and since which revision.
    pub(crate) fn chosen(&self) -> (u64, Option<Bytes>) {
        self.world.chosen()
    }

    /// The revisions of what was chosen, and at which the world began anew.
    pub(crate) fn versions(&self) -> (u64, u64) {
        self.world.versions()
    }

    /// Turns the hands of the clock.
    ///
    /// # Errors
    /// [`ShareError`].
    pub(crate) fn turn_clock(&self, turn: Turn) -> Result<(), ShareError> {
        self.change(|world| {
            let known = world.known();
            let hands = world.clock.turned(turn);
            let mut proposal = Proposal::default();
            proposal.expected.push((world.below(CLOCK), known.at(CLOCK)));
            proposal.written.push((world.below(CLOCK), json(&hands)));
            proposal
        })
    }

    /// Sets the state of a stub's scenario.
    ///
    /// # Errors
    /// [`ShareError`].
    pub(crate) fn set_stub_state(&self, scenario: &str, state: &str) -> Result<(), ShareError> {
        let key = self.world.below(&SharedWorld::stub_state(scenario));
        self.change(|_| match state {
            STARTED => Proposal { removed: vec![key.clone()], ..Proposal::default() },
            state => Proposal { written: vec![(key.clone(), state.into())], ..Proposal::default() },
        })
    }

    /// Resets the states of all stubs' scenarios.
    ///
    /// # Errors
    /// [`ShareError`].
    pub(crate) fn reset_stub_states(&self) -> Result<(), ShareError> {
        let cleared = vec![self.world.below(STUB_STATES)];
        self.change(|_| Proposal { cleared: cleared.clone(), ..Proposal::default() })
    }

    /// Counters, draws, tokens and timelines begin anew.
    ///
    /// # Errors
    /// [`ShareError`].
    pub(crate) fn reset_rules(&self) -> Result<(), ShareError> {
        self.change(|world| Proposal {
            cleared: vec![world.below(RULES)],
            written: vec![(world.below(COUNTERS), Vec::new())],
            ..Proposal::default()
        })
    }

    /// Chooses scenarios, where none were chosen after a revision; `anew` says whether counters begin anew. Returns the
    /// revision of the choice.
    ///
    /// # Errors
    /// [`ShareError`].
    pub(crate) fn choose(
        &self,
        chosen: &impl Serialize,
        since: u64,
        anew: bool,
    ) -> Result<u64, ShareError> {
        let mut proposal = Proposal::default();
        // A choice is never removed, but with its world: then none is expected.
        let at = Some(since).filter(|_| self.world.chosen().1.is_some()).unwrap_or_default();
        proposal.expected.push((self.world.below(CHOSEN), at));
        proposal.written.push((self.world.below(CHOSEN), json(chosen)));
        if anew {
            proposal.cleared.push(self.world.below(RULES));
            proposal.written.push((self.world.below(COUNTERS), Vec::new()));
        }
        let made = self.cluster.wait(self.cluster.change(proposal))?;
        made.map(|Revision(at)| at).ok_or(ShareError::Contended)
    }

    /// The world begins anew, but for its objects and scenarios.
    ///
    /// # Errors
    /// [`ShareError`].
    pub(crate) fn restart(&self) -> Result<(), ShareError> {
        self.change(|world| Proposal {
            cleared: vec![world.below(STUB_STATES), world.below(RULES)],
            removed: vec![world.below(CLOCK)],
            written: vec![
                (world.below(COUNTERS), Vec::new()),
                (world.below(RESTARTED), Vec::new()),
            ],
            ..Proposal::default()
        })
    }

    /// Chooses a stub, and moves its scenario where it is still in the state that was seen: else another server was
    /// faster, and it is chosen again.
    ///
    /// # Errors
    /// [`ShareError`].
    pub(crate) async fn choose_stub<'s>(
        &self,
        mut choose: impl FnMut(&ScenarioStates) -> TentativeChoice<'s>,
    ) -> Result<Option<&'s Arc<Stub>>, ShareError> {
        let world = &self.world;
        let mut turn = None;
        for _ in 0..TRIES {
            let (stub, key, state, proposal) = {
                let known = world.known();
                let TentativeChoice { stub, moves, relies_on } = choose(&world.stub_states);
                let Some((scenario, state)) = moves else { return Ok(stub) };
                let key = SharedWorld::stub_state(scenario);
                let state = Bytes::copy_from_slice(state.as_bytes());
                let mut proposal = Proposal::default();
                let relied = relies_on.iter().map(|scenario| SharedWorld::stub_state(scenario));
                proposal.expected = relied.map(|of| (world.below(&of), known.at(&of))).collect();
                if &*state == STARTED.as_bytes() {
                    proposal.removed.push(world.below(&key));
                } else {
                    proposal.written.push((world.below(&key), state.to_vec()));
                }
                (stub, key, state, proposal)
            };
            let is_removal = !proposal.removed.is_empty();
            match self.cluster.propose(proposal).await? {
                Some(Made { at, .. }) => {
                    world.wrote(&key, Some(&state).filter(|_| !is_removal), at.0);
                    return Ok(stub);
                }
                None => self.cluster.refresh().await?,
            }
            if turn.is_none() {
                turn = Some(world.turn.lock().await);
            }
        }
        Err(ShareError::Contended)
    }

    /// Decides on the local copy, and makes the change; where another server was faster, decides again.
    fn change(&self, decide: impl Fn(&SharedWorld) -> Proposal) -> Result<(), ShareError> {
        self.cluster.wait(async {
            let _turn = self.world.turn.lock().await;
            for _ in 0..TRIES {
                if self.cluster.change(decide(&self.world)).await?.is_some() {
                    return Ok(());
                }
                self.cluster.refresh().await?;
            }
            Err(ShareError::Contended)
        })
    }
}

/// JSON of what has no maps with other keys than texts.
fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}
