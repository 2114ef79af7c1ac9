//! Decisions by rules whose state servers share.
//!
//! ```text
//! the local copy → a decision, taken back → one transaction: was anything changed that it changes or relies on?
//! no: the decision stands · yes: what came is waited for, and it is decided again
//! ```

use bytes::Bytes;

use crate::k8s::Revision;
use crate::scenario::{EntryChanges, ScenarioState};

use super::super::proposal::{Ahead, Proposal, ShareError};
use super::shared::Made;
use super::shared_world::{CHOSEN, CLOCK, Known, RULES, SharedWorld};
use super::world_share::{TRIES, WorldShare};

impl WorldShare {
    /// Decides by rules, and writes what the decision has changed of their state, where nothing of that was changed
    /// meanwhile: else another server was faster, and it is decided again. A decision that changes nothing waits for
    /// nothing. `is_again` says that the request was counted already.
    ///
    /// # Errors
    /// [`ShareError`].
    pub(crate) async fn decide<T>(
        &self,
        mut is_again: bool,
        mut decide: impl FnMut(&ScenarioState) -> T,
    ) -> Result<T, ShareError> {
        let world = &self.world;
        let mut turn = world.turn.try_lock().ok();
        for _ in 0..TRIES {
            let (decided, changes, proposal) = {
                let known = world.known();
                let rules = &world.rules;
                let (decided, changes) = rules.tentatively(is_again, || decide(rules));
                if changes.changed.is_empty() {
                    return Ok(decided);
                }
                let proposal = entries(world, &known, &changes);
                (decided, changes, proposal)
            };
            is_again = true;
            if turn.is_none() {
                // Others of this server decide now, and change the same.
                turn = Some(world.turn.lock().await);
                continue;
            }
            if let Some(Made { at, .. }) = self.cluster.propose(proposal).await? {
                self.wrote(changes, at);
                return Ok(decided);
            }
            self.cluster.refresh().await?;
        }
        Err(ShareError::Contended)
    }

    /// As [`Self::decide`], without knowing whether the local copy has all that was changed before: one transaction tells
    /// both. `since` is the revision of the choice of the rules. Where nothing would be changed, or where the local copy
    /// was behind, it has to be waited for first.
    ///
    /// # Errors
    /// [`ShareError`].
    pub(crate) async fn decide_ahead<T>(
        &self,
        since: u64,
        mut decide: impl FnMut(&ScenarioState) -> T,
    ) -> Result<Ahead<T>, ShareError> {
        let world = &self.world;
        let rules = &world.rules;
        {
            let known = world.known();
            if known.chosen_at() != since || !rules.would_change(|| decide(rules)) {
                return Ok(Ahead::Behind { is_counted: false });
            }
        }
        let _turn = world.turn.lock().await;
        let (decided, changes, proposal) = {
            let known = world.known();
            if !rules.would_change(|| decide(rules)) {
                return Ok(Ahead::Behind { is_counted: false });
            }
            let (decided, changes) = rules.tentatively(false, || decide(rules));
            let mut proposal = entries(world, &known, &changes);
            for key in [CHOSEN, CLOCK] {
                proposal.expected.push((world.below(key), known.at(key)));
            }
            (decided, changes, proposal)
        };
        let Some(Made { at, before }) = self.cluster.propose(proposal).await? else {
            return Ok(Ahead::Behind { is_counted: true });
        };
        self.wrote(changes, at);
        self.cluster.reach(before).await?;
        Ok(Ahead::Decided(decided))
    }

    fn wrote(&self, changes: EntryChanges, at: Revision) {
        for (key, text) in changes.changed {
            let key = format!("{RULES}{}", key.text());
            self.world.wrote(&key, text.map(Bytes::from).as_ref(), at.0);
        }
    }

    /// As [`Self::decide`], for a caller that is not asynchronous.
    ///
    /// # Errors
    /// [`ShareError`].
    pub(crate) fn change_rules<T>(
        &self,
        change: impl FnMut(&ScenarioState) -> T,
    ) -> Result<T, ShareError> {
        self.cluster.wait(self.decide(false, change))
    }
}

/// What is proposed for changes of the state of rules.
fn entries(world: &SharedWorld, known: &Known, changes: &EntryChanges) -> Proposal {
    let mut proposal = Proposal::default();
    for key in &changes.relied {
        let key = format!("{RULES}{}", key.text());
        proposal.expected.push((world.below(&key), known.at(&key)));
    }
    for (key, text) in &changes.changed {
        let key = format!("{RULES}{}", key.text());
        proposal.expected.push((world.below(&key), known.at(&key)));
        match text {
            Some(text) => proposal.written.push((world.below(&key), text.clone().into())),
            None => proposal.removed.push(world.below(&key)),
        }
    }
    proposal
}
