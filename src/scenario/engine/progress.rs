//! Progress of a world's requests through the rules: which faults were met, and which keys of a
//! rule did not match.

use std::sync::Arc;
use std::time::Duration;

use super::number::{DRAWN, REFUSED};
use super::state::{Memory, ScenarioState};
use crate::message::{Asked, Position};
use crate::scenario::rule::matcher::Compared;
use crate::scenario::rule::point::{PointThen, Where};
use crate::scenario::rule::set::{Outcomes, Rule, ScenarioSet};
use crate::scenario::rule::then::Then;
use crate::scenario::rule::timeline::Now;

/// A rule whose fault no request has met, or fewer requests than its steps specify.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnmetRule {
    /// Its id.
    pub rule: Arc<str>,
    /// What is missing, as text.
    pub why: String,
}

impl ScenarioSet {
    /// Returns the rules whose faults the requests of a world have not met, in order.
    #[must_use]
    pub(crate) fn unmet(&self, state: &ScenarioState) -> Vec<UnmetRule> {
        let memory = state.lock();
        let of = |rule: &Rule| {
            let missing = Progress { set: self, rule, memory: &memory }.missing()?;
            Some(UnmetRule { rule: Arc::clone(&rule.id), why: missing + &self.phase_of(rule) })
        };
        self.rules.iter().filter_map(of).collect()
    }

    /// Returns the keys of a rule's `match`, and of its clients, compared with a request.
    #[must_use]
    pub(crate) fn compare(&self, rule: &str, asked: &Asked<'_>) -> Vec<Compared> {
        let Some(rule) = self.rules.iter().find(|other| &*other.id == rule) else {
            return Vec::new();
        };
        rule.compare(asked)
    }

    /// Returns whether the timeline of a scenario is, or was, in its phase of this name: it is over
    /// or goes on.
    #[must_use]
    pub(crate) fn has_reached(&self, state: &ScenarioState, now: Duration, phase: &str) -> bool {
        self.scenarios.iter().any(|about| {
            let Some(timeline) = &about.timeline else { return false };
            let Some(begin) = timeline.begin_of(phase) else { return false };
            let since = state.lock().since_start(&about.name, timeline, now, false);
            since.is_some_and(|since| since >= begin) && timeline.at(since) != Now::Healed
        })
    }

    /// Returns whether a rule revokes tokens of a kind: then the revocation is the fault, not the
    /// gate.
    fn revokes(&self, token: usize) -> bool {
        let revokes = |then: &Then| then.revoke == Some(token);
        self.rules.iter().any(|rule| match &rule.outcomes {
            Outcomes::None => false,
            Outcomes::Steps(steps) => steps.iter().any(|step| revokes(&step.then)),
            Outcomes::Share(shares) => shares.iter().any(|share| revokes(&share.then)),
            Outcomes::At(points) => points.iter().any(|point| match &point.place {
                Where::Page(_, then) => revokes(then),
                Where::Stream(..) => false,
            }),
        })
    }

    /// Returns the phase in which a rule is active, for a message.
    fn phase_of(&self, rule: &Rule) -> String {
        let timeline = self.scenarios.get(rule.scenario).and_then(|about| about.timeline.as_ref());
        let phase = rule.phase.and_then(|phase| timeline?.phases.get(phase));
        phase.map(|phase| format!(", in the phase {}", phase.name)).unwrap_or_default()
    }
}

/// A rule with its counters.
struct Progress<'a> {
    set: &'a ScenarioSet,
    rule: &'a Rule,
    memory: &'a Memory,
}

impl Progress<'_> {
    /// Returns what no request has met, or `None` if everything was met.
    fn missing(&self) -> Option<String> {
        let rule = self.rule;
        let matched = self.memory.matched(&rule.id);
        if matched == 0 {
            return Some(match &*rule.matcher.text {
                "" | "{}" => "no request arrived".to_owned(),
                text => format!("no request matched {text}"),
            });
        }
        if rule.only_watches() {
            return None;
        }
        if let Some(gate) = &rule.gate
            && !self.set.revokes(gate.token)
            && self.counted(REFUSED) == 0
        {
            let requests = requests(matched);
            return Some(format!("{requests} had a valid token: none was refused"));
        }
        match &rule.outcomes {
            Outcomes::None => None,
            Outcomes::Steps(steps) => {
                let (mut before, mut needed) = (0_u64, 0_u64);
                for step in steps {
                    let times = step.times.unwrap_or(1);
                    before = before.saturating_add(times);
                    if !step.then.is_pass() {
                        needed = before;
                    }
                }
                let came = self.counted(0);
                (came < needed)
                    .then(|| format!("its steps need {}, and there were {came}", requests(needed)))
            }
            Outcomes::Share(_) => (self.counted(DRAWN) == 0)
                .then(|| format!("none of {} drew a fault", requests(matched))),
            Outcomes::At(points) => points.iter().enumerate().find_map(|(index, point)| {
                let needed = point.times.unwrap_or(1);
                let came = self.counted(index + 1);
                match &point.place {
                    Where::Page(_, then) if then.is_pass() => None,
                    Where::Stream(_, PointThen::Pass) => None,
                    Where::Stream(place, _) => {
                        let reached = self.memory.bodies_at(&self.rule.key, index);
                        (reached < needed).then(|| not_reached(*place, needed, came, reached))
                    }
                    _ if came >= needed => None,
                    Where::Page(page, _) if came == 0 => {
                        Some(format!("page {page} of a list was not requested"))
                    }
                    Where::Page(page, _) => {
                        let needed = requests(needed);
                        Some(format!("page {page} of a list needs {needed}, and there were {came}"))
                    }
                }
            }),
        }
    }

    fn counted(&self, part: usize) -> u64 {
        self.memory.counted(&self.rule.key, part)
    }
}

/// Describes a place that too few bodies reached.
fn not_reached(place: Position, needed: u64, came: u64, reached: u64) -> String {
    let place = match place {
        Position::Event(event) => format!("event {event} of a stream"),
        Position::Bytes(bytes) => format!("byte {bytes} of a body"),
        Position::Time(time) => format!("{} ms into an answer", time.as_millis()),
    };
    let times = if needed == 1 { "once".to_owned() } else { format!("{needed} times") };
    format!("{place} must be reached {times}: {reached} of {} reached it", requests(came))
}

fn requests(count: u64) -> String {
    if count == 1 { "1 request".to_owned() } else { format!("{count} requests") }
}
