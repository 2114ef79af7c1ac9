//! Looking at and steering scenarios while they run: where each is, what its rules did, on to the next phase.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::state::ScenarioState;
use crate::scenario::rule::expect::{Expect, Verdict};
use crate::scenario::rule::set::ScenarioSet;
use crate::scenario::words::table::Grade;

impl ScenarioSet {
    /// What becomes of a drill that is not all well: the strictest that its scenarios say.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let strictest = |of: fn(&Verdict) -> Grade| {
            let grades = self.scenarios.iter().map(|about| of(&about.verdict));
            grades.max().unwrap_or(of(&Verdict::default()))
        };
        Verdict {
            unmatched: strictest(|verdict| verdict.unmatched),
            unused_rules: strictest(|verdict| verdict.unused_rules),
            expectations: strictest(|verdict| verdict.expectations),
        }
    }

    /// What rules expect of clients.
    #[must_use]
    pub fn expectations(&self) -> Vec<(Arc<str>, Arc<Expect>)> {
        let rules = self.rules.iter();
        rules
            .filter_map(|rule| Some((Arc::clone(&rule.id), Arc::clone(rule.expect.as_ref()?))))
            .collect()
    }

    /// The rules that never did anything in a world.
    pub fn unused<'s>(&'s self, state: &'s ScenarioState) -> impl Iterator<Item = &'s str> {
        // One that only watches has done its part when it has seen something.
        self.rules.iter().map(|rule| (rule, state.uses(&rule.id))).filter_map(|(rule, uses)| {
            let used = if rule.only_watches() { uses.matched } else { uses.acted };
            (used == 0).then_some(&*rule.id)
        })
    }

    /// Where the scenarios are in a world, and what their rules did, as JSON.
    #[must_use]
    pub fn status(&self, state: &ScenarioState, now: Duration) -> Value {
        let scenarios = self.scenarios.iter().map(|about| {
            let mut value = json!({"name": &*about.name});
            if let Some(timeline) = &about.timeline {
                let since = state.lock().since_start(&about.name, timeline, now, false);
                value["phase"] = timeline.describe(timeline.at(since)).into();
                value["sinceStartSeconds"] = since.map(|since| since.as_secs_f64()).into();
            }
            value
        });
        let scenarios: Vec<Value> = scenarios.collect();
        let rules = self.rules.iter().map(|rule| {
            let uses = state.uses(&rule.id);
            json!({"id": &*rule.id, "matched": uses.matched, "acted": uses.acted})
        });
        json!({"seed": self.seed(), "scenarios": scenarios, "rules": rules.collect::<Vec<_>>()})
    }

    /// Lets the timelines begin that have not; says how many did.
    pub fn start(&self, state: &ScenarioState, now: Duration) -> usize {
        let mut memory = state.lock();
        let mut begun = 0;
        for about in &self.scenarios {
            let Some(timeline) = &about.timeline else { continue };
            if memory.since_start(&about.name, timeline, now, false).is_none() {
                memory.start(&about.name, now, Duration::ZERO);
                begun += 1;
            }
        }
        begun
    }

    /// Lets each timeline be at the beginning of its next phase; says how many had one.
    pub fn step(&self, state: &ScenarioState, now: Duration) -> usize {
        let mut memory = state.lock();
        let mut stepped = 0;
        for about in &self.scenarios {
            let Some(timeline) = &about.timeline else { continue };
            let since = memory.since_start(&about.name, timeline, now, true).unwrap_or_default();
            let Some(next) = timeline.next(since) else { continue };
            memory.start(&about.name, now, next);
            stepped += 1;
        }
        stepped
    }
}
