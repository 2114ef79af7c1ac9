//! What each server of a shared store counts for itself, put together for a verdict: how often rules matched and acted,
//! and the counters that no other server knows.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::number::{DRAWN, REFUSED};
use super::state::{RuleUse, ScenarioState};
use crate::scenario::rule::set::{Outcomes, Rule, ScenarioSet};

/// What one server has counted of the rules of a world.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tallies(Vec<RuleTally>);

/// What one server has counted of a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct RuleTally {
    id: String,
    matched: u64,
    acted: u64,
    /// Counters of this server alone: those of all servers add up.
    counted: Vec<(usize, u64)>,
    /// Counters of which the highest is the progress.
    highest: Vec<(usize, u64)>,
    /// How many bodies reached an entry of its `at`.
    reached: Vec<(usize, u64)>,
}

impl Rule {
    /// The counters that reports look at.
    fn parts(&self) -> Vec<usize> {
        let of_outcomes = match &self.outcomes {
            Outcomes::None | Outcomes::Share(_) => 0..0,
            Outcomes::Steps(_) => 0..1,
            Outcomes::At(points) => 1..points.len() + 1,
        };
        of_outcomes.chain([REFUSED, DRAWN]).collect()
    }

    /// Whether a server counts a part for itself, where servers share the state.
    fn counts_alone(&self, part: usize) -> bool {
        let is_for_reports = match &self.outcomes {
            // What every request gets has no number.
            Outcomes::Steps(steps) => steps.first().is_some_and(|step| step.times.is_none()),
            _ => false,
        };
        self.local || is_for_reports || matches!(part, REFUSED | DRAWN)
    }
}

impl ScenarioSet {
    /// Returns what this server has counted for itself of the rules of a world.
    #[must_use]
    pub(crate) fn tallies(&self, state: &ScenarioState) -> Tallies {
        let memory = state.lock();
        let of = |rule: &Rule| {
            let uses = memory.uses.get(&rule.id).copied().unwrap_or_default();
            let mut tally = RuleTally {
                id: rule.id.to_string(),
                matched: uses.matched,
                acted: uses.acted,
                ..RuleTally::default()
            };
            for part in rule.parts() {
                let count = memory.counted(&rule.key, part);
                match part {
                    _ if count == 0 => {}
                    part if rule.per.is_some() && part < DRAWN => tally.highest.push((part, count)),
                    part if rule.counts_alone(part) => tally.counted.push((part, count)),
                    _ => {}
                }
            }
            if let Outcomes::At(points) = &rule.outcomes {
                let reached = (0..points.len()).map(|at| (at, memory.bodies_at(&rule.key, at)));
                tally.reached = reached.filter(|(_, count)| *count > 0).collect();
            }
            (tally.matched > 0).then_some(tally)
        };
        Tallies(self.rules.iter().filter_map(of).collect())
    }

    /// Returns the state of a world for reports: with what other servers have counted.
    #[must_use]
    pub(crate) fn together(&self, state: &ScenarioState, others: &[Tallies]) -> ScenarioState {
        let all = ScenarioState::default();
        let mut memory = all.lock();
        {
            let own = state.lock();
            memory.counters.clone_from(&own.counters);
            memory.uses.clone_from(&own.uses);
            memory.reached.clone_from(&own.reached);
        }
        for tally in others.iter().flat_map(|tallies| &tallies.0) {
            let Some(rule) = self.rules.iter().find(|rule| *rule.id == *tally.id) else { continue };
            let RuleUse { matched, acted } = memory.uses.entry(Arc::clone(&rule.id)).or_default();
            *matched = matched.saturating_add(tally.matched);
            *acted = acted.saturating_add(tally.acted);
            for (part, count) in &tally.counted {
                let counter = memory.counters.entry((Arc::clone(&rule.key), *part)).or_default();
                *counter = counter.saturating_add(*count);
            }
            for (part, count) in &tally.highest {
                memory.raise(&rule.key, *part, *count);
            }
            for (at, count) in &tally.reached {
                let bodies = memory.reached.entry((Arc::clone(&rule.key), *at)).or_default();
                *bodies = bodies.saturating_add(*count);
            }
        }
        drop(memory);
        all
    }
}
