//! `timeline`: phases that follow each other on the world's clock, and the end of the scenario.

use std::sync::Arc;
use std::time::Duration;

use crate::message::Listening;
use crate::scenario::words::table::{Start, TimelineWords};

use super::listen::listening;

/// The phases of one scenario.
#[derive(Debug, Clone)]
pub(in crate::scenario) struct Timeline {
    pub(in crate::scenario) start: Start,
    /// After this time all rules of the scenario are off.
    pub(in crate::scenario) ttl: Option<Duration>,
    pub(in crate::scenario) phases: Vec<Phase>,
}

/// A part of the timeline with rules of its own.
#[derive(Debug, Clone)]
pub(in crate::scenario) struct Phase {
    pub(in crate::scenario) name: Arc<str>,
    /// How long it is; endless if `None`.
    pub(in crate::scenario) length: Option<Duration>,
    /// How connections are treated in it, if it sets that.
    pub(in crate::scenario) listening: Option<Listening>,
}

/// The position of a scenario on its timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scenario) enum Now {
    /// It has not started.
    NotStarted,
    /// In a phase, by its index.
    Phase(usize),
    /// All phases are over; the rules outside of phases stay active.
    Over,
    /// The scenario has ended.
    Healed,
}

impl Timeline {
    /// Checks and compiles a timeline, without the rules of its phases.
    pub(in crate::scenario) fn compile(words: &TimelineWords<'_>) -> Self {
        let mut phases: Vec<Phase> = Vec::new();
        let items = words.phases.as_deref().unwrap_or_default();
        for (index, item) in items.iter().enumerate() {
            let name = item.name.map_or_else(|| format!("phase-{}", index + 1), str::to_owned);
            if item.forever == Some(true) && index + 1 < items.len() {
                item.node.error_coded(
                    "unreachable-phase",
                    "the phases after this one are never reached",
                    "put the phase with forever last",
                );
            }
            if phases.iter().any(|phase| *phase.name == *name) {
                item.node.error(
                    format!("the name {name:?} is taken by an earlier phase"),
                    "give each phase its own name",
                );
            }
            phases.push(Phase {
                name: name.into(),
                length: item.length,
                listening: item.listen.as_ref().map(listening),
            });
        }
        Self { start: words.start.unwrap_or_default(), ttl: words.ttl, phases }
    }

    /// Returns the position at a time after its start.
    pub(in crate::scenario) fn at(&self, since_start: Option<Duration>) -> Now {
        let Some(passed) = since_start else {
            return Now::NotStarted;
        };
        if self.ttl.is_some_and(|ttl| passed >= ttl) {
            return Now::Healed;
        }
        let mut end = Duration::ZERO;
        for (index, phase) in self.phases.iter().enumerate() {
            end = phase.length.map_or(Duration::MAX, |length| end.saturating_add(length));
            if passed < end {
                return Now::Phase(index);
            }
        }
        Now::Over
    }

    /// Returns how long after the start the next phase begins.
    pub(in crate::scenario) fn next(&self, since_start: Duration) -> Option<Duration> {
        let mut begin = Duration::ZERO;
        for phase in &self.phases {
            if begin > since_start {
                return Some(begin);
            }
            begin = begin.saturating_add(phase.length?);
        }
        (begin > since_start).then_some(begin)
    }

    /// Returns how long after the start a phase begins.
    pub(in crate::scenario) fn begin_of(&self, name: &str) -> Option<Duration> {
        let mut begin = Duration::ZERO;
        for phase in &self.phases {
            if *phase.name == *name {
                return Some(begin);
            }
            begin = begin.saturating_add(phase.length?);
        }
        None
    }

    /// Returns a description as text.
    pub(in crate::scenario) fn describe(&self, now: Now) -> String {
        match now {
            Now::NotStarted => "not started".to_owned(),
            Now::Phase(index) => self.phases[index].name.to_string(),
            Now::Over => "over".to_owned(),
            Now::Healed => "healed".to_owned(),
        }
    }
}
