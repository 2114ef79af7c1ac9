//! The state of running scenarios for the admin API, and its commands: start, next phase.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::state::ScenarioState;
use crate::scenario::rule::expect::{Expect, Grading};
use crate::scenario::rule::set::{ScenarioInfo, ScenarioSet};
use crate::scenario::words::table::Grade;

/// A scenario, and where it is on its timeline.
#[derive(Debug)]
pub(crate) struct ScenarioPhase {
    pub(crate) name: Arc<str>,
    /// The name of the current phase, or a text that says why there is none.
    pub(crate) current: Option<String>,
    /// The names of its phases.
    pub(crate) phases: Vec<Arc<str>>,
}

impl ScenarioSet {
    /// Returns the grade of each kind of finding: the strictest among the scenarios.
    #[must_use]
    pub(crate) fn grading(&self) -> Grading {
        let strictest = |of: fn(&Grading) -> Grade| {
            let grades = self.scenarios.iter().map(|about| of(&about.grading));
            grades.max().unwrap_or(of(&Grading::default()))
        };
        Grading {
            unmatched: strictest(|grading| grading.unmatched),
            unused_rules: strictest(|grading| grading.unused_rules),
            expectations: strictest(|grading| grading.expectations),
        }
    }

    /// Returns the expectations of the rules.
    #[must_use]
    pub(crate) fn expectations(&self) -> Vec<(Arc<str>, Arc<Expect>)> {
        let rules = self.rules.iter();
        rules
            .filter_map(|rule| Some((Arc::clone(&rule.id), Arc::clone(rule.expect.as_ref()?))))
            .collect()
    }

    /// Returns the rules that never had an effect in a world.
    pub(crate) fn unused<'s>(&'s self, state: &'s ScenarioState) -> impl Iterator<Item = &'s str> {
        // A rule that has only an expectation counts as used when it has matched.
        self.rules.iter().map(|rule| (rule, state.uses(&rule.id))).filter_map(|(rule, uses)| {
            let used = if rule.only_watches() { uses.matched } else { uses.acted };
            (used == 0).then_some(&*rule.id)
        })
    }

    /// Returns the rules that had an effect in a world, and how often.
    #[cfg(feature = "metrics")]
    pub(crate) fn acted<'s>(
        &'s self,
        state: &'s ScenarioState,
    ) -> impl Iterator<Item = (Arc<str>, u64)> + 's {
        let acted = self.rules.iter().map(|rule| (&rule.id, state.uses(&rule.id).acted));
        acted.filter(|(_, acted)| *acted > 0).map(|(id, acted)| (Arc::clone(id), acted))
    }

    /// Returns the phase of each scenario in a world, and the use of its rules, as JSON.
    #[must_use]
    pub(crate) fn status(&self, state: &ScenarioState, now: Duration) -> Value {
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

    /// Returns the scenarios with the phase that each is in. One without a timeline has none.
    pub(crate) fn phases(&self, state: &ScenarioState, now: Duration) -> Vec<ScenarioPhase> {
        let of = |about: &ScenarioInfo| {
            let timeline = about.timeline.as_ref();
            let current = timeline.map(|timeline| {
                let since = state.lock().since_start(&about.name, timeline, now, false);
                timeline.describe(timeline.at(since))
            });
            let phases = timeline.map(|timeline| &timeline.phases).into_iter().flatten();
            let phases = phases.map(|phase| Arc::clone(&phase.name)).collect();
            ScenarioPhase { name: Arc::clone(&about.name), current, phases }
        };
        self.scenarios.iter().map(of).collect()
    }

    /// Moves the timeline of a scenario to the beginning of a phase. Returns whether there is a
    /// phase of that name.
    pub(crate) fn enter_phase(
        &self,
        state: &ScenarioState,
        now: Duration,
        scenario: &str,
        phase: &str,
    ) -> bool {
        let about = self.scenarios.iter().find(|about| *about.name == *scenario);
        let Some((about, timeline)) =
            about.and_then(|about| Some((about, about.timeline.as_ref()?)))
        else {
            return false;
        };
        let Some(begin) = timeline.begin_of(phase) else { return false };
        state.lock().start(&about.name, now, begin);
        true
    }

    /// Starts the timelines that have not started; returns how many.
    pub(crate) fn start(&self, state: &ScenarioState, now: Duration) -> usize {
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

    /// Moves each timeline to the beginning of its next phase; returns how many had one.
    pub(crate) fn step(&self, state: &ScenarioState, now: Duration) -> usize {
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
