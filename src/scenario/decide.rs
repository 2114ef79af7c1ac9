//! One request, all rules: what happens.

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use serde_json::Value;

use crate::message::{Fault, Pace, Query};

use super::delay::Delay;
use super::draw;
use super::reply::Reply;
use super::rule::{Outcomes, Rule, ScenarioSet};
use super::state::{Memory, ScenarioState};
use super::then::{StatusAnswer, Then};

/// What a request is, for rules: raw and semantic.
#[derive(Debug)]
pub struct Facts<'a> {
    /// The method, in upper case.
    pub method: &'a str,
    /// The path, as sent.
    pub path: &'a str,
    /// The query, decoded.
    pub query: &'a Query<'a>,
    /// The header fields.
    pub headers: &'a HeaderMap,
    /// The body, where it was read.
    pub body: Option<&'a [u8]>,
    /// The body as JSON, read when the first rule looks at it.
    pub parsed: OnceCell<Option<Value>>,
    /// The verb of a resource request.
    pub verb: Option<&'a str>,
    /// `plural.group`, or the plural alone in the core group.
    pub resource: Option<&'a str>,
    /// The namespace.
    pub namespace: Option<&'a str>,
    /// The object's name.
    pub name: Option<&'a str>,
    /// The subresource.
    pub subresource: Option<&'a str>,
    /// Which page of a list chain is asked for, from 1; nothing when this is no list.
    pub page: Option<u64>,
    /// The world's name.
    pub world: &'a str,
}

impl Facts<'_> {
    /// The body as JSON, if it is.
    pub(super) fn json(&self) -> Option<&Value> {
        self.parsed.get_or_init(|| serde_json::from_slice(self.body?).ok()).as_ref()
    }
}

/// What the rules say about a request.
#[derive(Debug, Default)]
pub struct Decision {
    /// How long to wait before answering: all delays together.
    pub delay: Duration,
    /// An answer in place of the true one.
    pub answer: Option<Answer>,
    /// How slowly the answer's body goes out.
    pub pace: Option<Pace>,
    /// A fault of the connection, laid on whatever is answered.
    pub fault: Option<Fault>,
    /// The most items a list page may have.
    pub page_size: Option<u64>,
    /// The rule that shows in the answer.
    pub by: Option<Applied>,
}

/// The rule behind an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The rule's id.
    pub rule: Arc<str>,
    /// The number of the draw, from 0, where there was one.
    pub draw: Option<u64>,
}

/// An answer that a rule gives.
#[derive(Debug)]
pub enum Answer {
    /// An error of the API.
    Status(Box<StatusAnswer>),
    /// A literal answer.
    Reply(Box<Reply>),
    /// A new token.
    IssueToken(IssuedToken),
}

/// A token that was given out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedToken {
    /// The token.
    pub token: String,
    /// How long it lives; a day where the scenario does not say.
    pub expires_in: Duration,
}

/// How long a token lives that has no `ttl`: what identity services give.
const DEFAULT_TTL: Duration = Duration::from_secs(24 * 3600);

impl ScenarioSet {
    /// Whether a rule must see the body of this request: one that looks at bodies, and of which all else
    /// holds.
    #[must_use]
    pub fn wants_body(&self, facts: &Facts<'_>) -> bool {
        self.reads_bodies
            && self.candidates(facts).any(|rule| {
                rule.matcher.reads_body() && rule.is_for(facts) && rule.matcher.matches_head(facts)
            })
    }

    /// What the rules say about a request; `now` is the time since the world began. Counts.
    #[must_use]
    pub fn decide(&self, state: &ScenarioState, facts: &Facts<'_>, now: Duration) -> Decision {
        let mut memory = state.lock();
        if let Some(token) = self.tokens.iter().find(|token| token.is_issued_by(facts)) {
            let text = memory.issue(token, self.seed(), facts.world, now);
            let expires_in = token.ttl.unwrap_or(DEFAULT_TTL);
            let answer = Some(Answer::IssueToken(IssuedToken { token: text, expires_in }));
            let by = Some(Applied { rule: format!("tokens/{}", token.name).into(), draw: None });
            return Decision { answer, by, ..Decision::default() };
        }
        let matching: Vec<&Rule> = self.matching(facts).collect();
        for rule in &matching {
            if let Some(denied) = self.gate(rule, &mut memory, facts, now) {
                return denied;
            }
        }
        let mut decision = Decision::default();
        for rule in matching {
            let (delay, _) = wait(&rule.delay, rule, &mut memory, facts);
            decision.delay = decision.delay.saturating_add(delay);
            if let Some(size) = rule.page_size {
                decision.page_size = Some(decision.page_size.map_or(size, |other| other.min(size)));
                decision
                    .by
                    .get_or_insert_with(|| Applied { rule: Arc::clone(&rule.id), draw: None });
            }
            if let Some((then, draw)) = outcome(rule, &mut memory, facts) {
                take(&mut decision, rule, then, draw, &mut memory, facts);
            }
        }
        decision
    }

    fn gate(
        &self,
        rule: &Rule,
        memory: &mut Memory,
        facts: &Facts<'_>,
        now: Duration,
    ) -> Option<Decision> {
        let gate = rule.gate.as_ref()?;
        let token = &self.tokens[gate.token];
        if memory.spend(token, &token.carried(facts), now) {
            return None;
        }
        let mut decision = Decision::default();
        take(&mut decision, rule, &gate.otherwise, None, memory, facts);
        Some(decision)
    }
}

/// What delays are counted as, besides what else a rule counts.
const DELAY: usize = usize::MAX;

/// How long a rule delays this time, and the draw if it drew.
fn wait(
    delay: &Delay,
    rule: &Rule,
    memory: &mut Memory,
    facts: &Facts<'_>,
) -> (Duration, Option<u64>) {
    if !delay.is_drawn() {
        return (delay.at(0.0, 0.0), None);
    }
    let n = memory.count(&rule.id, DELAY);
    // Two draws of their own: what else the rule draws does not go with how long it waits.
    let drawn = |of: &str| draw::fraction(rule.seed, &format!("{}#{of}", rule.id), facts.world, n);
    (delay.at(drawn("delay"), drawn("delay-2")), Some(n))
}

/// Puts the answer off.
fn later(decision: &mut Decision, rule: &Rule, by: Duration, draw: Option<u64>) {
    decision.delay = decision.delay.saturating_add(by);
    decision.by.get_or_insert_with(|| Applied { rule: Arc::clone(&rule.id), draw });
}

/// What a rule says this time, and the draw if it drew.
fn outcome<'r>(
    rule: &'r Rule,
    memory: &mut Memory,
    facts: &Facts<'_>,
) -> Option<(&'r Then, Option<u64>)> {
    match &rule.outcomes {
        Outcomes::None => None,
        Outcomes::Steps(steps) => {
            let n = memory.count(&rule.id, 0);
            let mut passed = 0_u64;
            let step = steps.iter().find(|step| {
                passed = step.times.map_or(u64::MAX, |times| passed.saturating_add(times));
                n < passed
            });
            step.map(|step| (&step.then, None))
        }
        Outcomes::Share(shares) => {
            let n = memory.count(&rule.id, 0);
            let drawn = draw::fraction(rule.seed, &rule.id, facts.world, n);
            let mut below = 0.0;
            let share = shares.iter().find(|share| {
                below += share.part;
                drawn < below
            });
            share.map(|share| (&share.then, Some(n)))
        }
        Outcomes::At(points) => {
            let (index, point) =
                points.iter().enumerate().find(|(_, point)| facts.page == Some(point.page))?;
            let n = memory.count(&rule.id, index + 1);
            point.times.is_none_or(|times| n < times).then_some((&point.then, None))
        }
    }
}

/// Takes an outcome into the decision: delays add, faults beat statuses, the first of each wins.
fn take(
    decision: &mut Decision,
    rule: &Rule,
    then: &Then,
    draw: Option<u64>,
    memory: &mut Memory,
    facts: &Facts<'_>,
) {
    let applied = || Applied { rule: Arc::clone(&rule.id), draw };
    match then {
        Then::Pass => {}
        Then::Delay(delay) => {
            let (delay, drawn) = wait(delay, rule, memory, facts);
            later(decision, rule, delay, draw.or(drawn));
        }
        Then::Stall(time) => later(decision, rule, *time, draw),
        Then::Slow(pace) => {
            if decision.pace.is_none() {
                decision.pace = Some(*pace);
                decision.by.get_or_insert_with(applied);
            }
        }
        Then::Fault(fault) => {
            if decision.fault.is_none() {
                decision.fault = Some(fault.clone());
                decision.by = Some(applied());
            }
        }
        Then::Status(status) if decision.answer.is_none() => {
            decision.answer = Some(Answer::Status(status.clone()));
            if decision.fault.is_none() {
                decision.by = Some(applied());
            }
        }
        Then::Reply(reply) if decision.answer.is_none() => {
            decision.answer = Some(Answer::Reply(reply.clone()));
            if decision.fault.is_none() {
                decision.by = Some(applied());
            }
        }
        Then::Status(_) | Then::Reply(_) => {}
    }
}

/// What a closed gate says when the rule does not.
pub(super) fn unauthorized() -> Then {
    Then::Status(Box::new(StatusAnswer {
        code: StatusCode::UNAUTHORIZED,
        reason: None,
        message: None,
        retry_after: None,
        headers: HeaderMap::new(),
        error_code: None,
        continue_token: None,
    }))
}
