//! Lints for rules whose requests an earlier rule already answers.

use std::collections::HashMap;
use std::sync::Arc;

use super::Finding;
use crate::scenario::rule::set::{Outcomes, Rule};
use crate::scenario::rule::then::{Terminal, Then};

/// The rules before one that end each of their requests.
#[derive(Default)]
pub(super) struct Earlier<'r> {
    /// Those of one path: they can shadow only rules of the same path.
    by_path: HashMap<&'r str, Vec<Ending<'r>>>,
    others: Vec<Ending<'r>>,
}

/// A rule that ends each of its requests.
struct Ending<'r> {
    rule: &'r Rule,
    decides: Decides,
}

impl<'r> Earlier<'r> {
    /// Adds the next rule, in their order.
    pub(super) fn add(&mut self, rule: &'r Rule) {
        let Some(decides) = always(rule) else { return };
        let endings = match only_path(rule) {
            Some(path) => self.by_path.entry(path).or_default(),
            None => &mut self.others,
        };
        endings.push(Ending { rule, decides });
    }

    /// Finds an earlier rule that leaves this one without effect.
    pub(super) fn find(&self, rule: &Rule) -> Option<Finding> {
        let same_path = only_path(rule).and_then(|path| self.by_path.get(path));
        let mut earlier = same_path.into_iter().flatten().chain(&self.others);
        let Ending { rule: by, .. } =
            earlier.find(|earlier| shadows(earlier.rule, earlier.decides, rule))?;
        Some(Finding::new(
            "shadowed-rule",
            format!("rule {} has no effect: {} answers all its requests", rule.id, by.id),
            "put it first, or make the other rule narrower",
        ))
    }
}

/// The only path whose requests a rule matches, if it is one.
fn only_path(rule: &Rule) -> Option<&str> {
    rule.matcher.path.as_ref()?.text()
}

/// Whether an earlier rule decides every request that a later one would decide.
fn shadows(earlier: &Rule, decides: Decides, later: &Rule) -> bool {
    // Rules of a client or of a phase apply before earlier ones.
    let same_rank = earlier.clients.is_empty() == later.clients.is_empty()
        && earlier.phase.is_none() == later.phase.is_none();
    let same_phase = earlier.phase == later.phase && earlier.scenario == later.scenario
        || earlier.phase.is_none() && later.phase.is_none();
    let clients = earlier
        .clients
        .iter()
        .all(|client| later.clients.iter().any(|other| Arc::ptr_eq(client, other)));
    let is_covered = |then: &Then| decides.covers(then);
    let only_answers = || {
        later.delay == crate::message::Delay::default()
            && later.gate.is_none()
            && later.limit.is_none()
            && later.page_size.is_none()
            && later.expect.is_none()
            && match &later.outcomes {
                Outcomes::Steps(steps) => steps.iter().all(|step| is_covered(&step.then)),
                Outcomes::Share(shares) => shares.iter().all(|share| is_covered(&share.then)),
                Outcomes::At(_) | Outcomes::None => false,
            }
    };
    same_rank
        && same_phase
        && clients
        && earlier.matcher.is_implied_by(&later.matcher)
        && only_answers()
}

/// How a rule ends every request that it matches.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Decides {
    /// With an answer: faults of the connection come before it.
    Answer,
    /// With a fault of the connection, which takes precedence over everything else.
    Fault,
}

impl Decides {
    /// Returns whether no part of a later `then` takes effect.
    fn covers(self, then: &Then) -> bool {
        let alone = Then { terminal: None, text: Arc::clone(&then.text), ..then.clone() };
        let is_covered = match &then.terminal {
            None | Some(Terminal::Status(_) | Terminal::Reply(_)) => true,
            Some(Terminal::Fault(_)) => self == Self::Fault,
            Some(Terminal::Crash(_)) => false,
        };
        is_covered && alone.is_pass()
    }
}

/// Returns how a rule ends each of its requests, or `None` if some of them pass.
fn always(rule: &Rule) -> Option<Decides> {
    let decides = |then: &Then| match then.terminal.as_ref()? {
        Terminal::Status(_) | Terminal::Reply(_) => Some(Decides::Answer),
        Terminal::Fault(_) => Some(Decides::Fault),
        Terminal::Crash(_) => None,
    };
    match &rule.outcomes {
        Outcomes::Steps(steps) => {
            let last = steps.last()?;
            let all: Option<Vec<Decides>> = steps.iter().map(|step| decides(&step.then)).collect();
            weakest(&all?).filter(|_| last.times.is_none())
        }
        Outcomes::Share(shares) => {
            let all: Option<Vec<Decides>> =
                shares.iter().map(|share| decides(&share.then)).collect();
            let sum: f64 = shares.iter().map(|share| share.part).sum();
            weakest(&all?).filter(|_| sum > 1.0 - 1e-9)
        }
        Outcomes::At(_) | Outcomes::None => None,
    }
}

/// Returns what holds for all of them.
fn weakest(all: &[Decides]) -> Option<Decides> {
    let is_fault = all.iter().all(|decides| *decides == Decides::Fault);
    (!all.is_empty()).then_some(if is_fault { Decides::Fault } else { Decides::Answer })
}
