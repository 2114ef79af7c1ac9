//! `timeline`: phases that follow each other on the world's clock, and the end of the whole drill.

use std::sync::Arc;
use std::time::Duration;

use crate::document::Node;

/// The phases of one scenario.
#[derive(Debug, Clone)]
pub(in crate::scenario) struct Timeline {
    pub(in crate::scenario) start: Start,
    /// After it no rule of the scenario does anything.
    pub(in crate::scenario) ttl: Option<Duration>,
    pub(in crate::scenario) phases: Vec<Phase>,
}

/// When time begins to count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::scenario) enum Start {
    /// With the first request of the world.
    #[default]
    FirstRequest,
    /// With the world.
    Ready,
    /// When the admin API says so.
    Admin,
}

/// A part of the timeline with rules of its own.
#[derive(Debug, Clone)]
pub(in crate::scenario) struct Phase {
    pub(in crate::scenario) name: Arc<str>,
    /// How long; for ever without one.
    pub(in crate::scenario) length: Option<Duration>,
}

/// Where on its timeline a scenario is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scenario) enum Now {
    /// Time does not count yet.
    NotStarted,
    /// In a phase, by its index.
    Phase(usize),
    /// All phases are over; what stands outside of them goes on.
    Over,
    /// The drill has healed itself.
    Healed,
}

impl Timeline {
    /// Reads a timeline, without the rules of its phases; the nodes of the phases come with it.
    pub(in crate::scenario) fn decode<'d>(node: &Node<'d>) -> Option<(Self, Vec<Node<'d>>)> {
        let keys = node.keys()?;
        let start = keys.get("start").map_or(Some(Start::default()), |node| {
            node.word(&[
                ("first_request", Start::FirstRequest),
                ("ready", Start::Ready),
                ("admin", Start::Admin),
            ])
        });
        let ttl = keys.get("ttl").and_then(|node| node.duration());
        let nodes = keys.get("phases").map(|node| node.items()).unwrap_or_default();
        keys.finish();
        if nodes.is_empty() && ttl.is_none() {
            node.error("this timeline says nothing", "give it phases, or a ttl");
        }
        let mut phases: Vec<Phase> = Vec::new();
        for (index, item) in nodes.iter().enumerate() {
            let Some(keys) = item.keys() else { continue };
            let name = keys.get("name").and_then(|node| node.text());
            let name = name.map_or_else(|| format!("phase-{}", index + 1), str::to_owned);
            let length = keys.get("for").and_then(|node| node.duration());
            let forever = keys.get("forever").and_then(|node| node.bool()).unwrap_or_default();
            if forever == item.value().get("for").is_some() {
                item.error(
                    "a phase says how long it is",
                    "give it for: 30s, or forever: true for the last one",
                );
            }
            if forever && index + 1 < nodes.len() {
                item.error_coded(
                    "unreachable-phase",
                    "the phases after this one are never reached",
                    "put the phase with forever last",
                );
            }
            if phases.iter().any(|phase| *phase.name == *name) {
                item.error(format!("the name {name:?} is taken by an earlier phase"), "");
            }
            phases.push(Phase { name: name.into(), length });
        }
        Some((Self { start: start?, ttl, phases }, nodes))
    }

    /// Where it is so long after its start.
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

    /// How long after the start the next phase begins, seen from a moment.
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

    /// In words, for people.
    pub(in crate::scenario) fn describe(&self, now: Now) -> String {
        match now {
            Now::NotStarted => "not started".to_owned(),
            Now::Phase(index) => self.phases[index].name.to_string(),
            Now::Over => "over".to_owned(),
            Now::Healed => "healed".to_owned(),
        }
    }
}
