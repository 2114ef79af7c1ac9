//! Applies all rules to one request and returns the [`Decision`].

use std::sync::Arc;
use std::time::Duration;

use crate::message::{Asked, Delay, Fault, FaultAction, LineChange, Sampling};

use super::number::{DAMAGE, DELAY, DRAWN, LINES, Number, REFUSED};
use super::state::{Memory, ScenarioState};
use crate::scenario::rule::decision::{
    Answer, Applied, Decision, GateSeen, IssuedToken, PlannedPlace,
};
use crate::scenario::rule::draw::{self, Draw};
use crate::scenario::rule::limit::Limit;
use crate::scenario::rule::point::{PointThen, Where};
use crate::scenario::rule::set::{Outcomes, Rule, ScenarioSet};
use crate::scenario::rule::then::{LinesThen, Terminal, Then};
use crate::scenario::rule::timeline::Now;
use crate::scenario::words::table::DrawBy;

/// How long a token without a `ttl` is valid: a day, as is usual for identity services.
const DEFAULT_TTL: Duration = Duration::from_secs(24 * 3600);

impl ScenarioSet {
    /// Returns whether the body of this request must be read: whether a rule that depends on bodies
    /// matches in all other respects.
    #[must_use]
    pub(crate) fn wants_body(&self, asked: &Asked<'_>) -> bool {
        self.reads_bodies
            && self.candidates(asked).into_iter().any(|rule| {
                rule.reads_body() && rule.is_for(asked) && rule.matcher.matches_head(asked)
            })
    }

    /// Applies the rules to a request of a world, and counts it; `now` is the time since the world began.
    #[must_use]
    pub(crate) fn decide(
        &self,
        state: &ScenarioState,
        asked: &Asked<'_>,
        world: &str,
        now: Duration,
    ) -> Decision {
        let issuer = self.tokens.iter().find(|token| token.is_issued_by(asked));
        let mut matching = self.candidates(asked);
        matching.retain(|rule| rule.is_for(asked) && rule.matcher.matches(asked));
        if matching.is_empty() && issuer.is_none() && !self.has_timeline {
            // No state is needed.
            return Decision::default();
        }
        let mut memory = state.lock();
        if self.has_timeline {
            let at = self.at(&mut memory, now);
            matching.retain(|rule| match at[rule.scenario] {
                None => true,
                Some(Now::Healed) => false,
                Some(at) => rule.phase.is_none_or(|phase| at == Now::Phase(phase)),
            });
        }
        if let Some(token) = issuer {
            let seen = GateSeen::Issued { needless: memory.has_live(token, now) };
            let text = memory.issue(token, self.seed(), world, now);
            let expires_in = token.ttl.unwrap_or(DEFAULT_TTL);
            let answer = Some(Answer::IssueToken(IssuedToken { token: text, expires_in }));
            let by = Some(Applied { rule: format!("tokens/{}", token.name).into(), draw: None });
            let matched = ids(&matching);
            return Decision { answer, by, matched, gate: Some(seen), ..Decision::default() };
        }
        let mut deciding = Deciding {
            set: self,
            memory: &mut memory,
            asked,
            world,
            now,
            decision: Decision::default(),
        };
        for rule in &matching {
            let refused = deciding.of(rule, |deciding| deciding.gate(rule));
            if refused {
                let mut decision = deciding.decision;
                decision.matched = ids(&matching);
                return decision;
            }
        }
        for rule in &matching {
            deciding.of(rule, |deciding| deciding.rule(rule));
        }
        let mut decision = deciding.decision;
        decision.matched = ids(&matching);
        decision
    }

    /// Returns where each scenario is on its timeline, if it has one.
    fn at(&self, memory: &mut Memory, now: Duration) -> Vec<Option<Now>> {
        let scenarios = self.scenarios.iter();
        scenarios
            .map(|about| Some(memory.now(&about.name, about.timeline.as_ref()?, now)))
            .collect()
    }
}

fn ids(matching: &[&Rule]) -> Vec<Arc<str>> {
    matching.iter().map(|rule| Arc::clone(&rule.id)).collect()
}

/// A decision being made.
struct Deciding<'a, 'f> {
    set: &'a ScenarioSet,
    memory: &'a mut Memory,
    asked: &'a Asked<'f>,
    world: &'a str,
    /// The time since the world began.
    now: Duration,
    decision: Decision,
}

impl Deciding<'_, '_> {
    /// Decides about a rule, whose state may be that of this server alone.
    fn of<T>(&mut self, rule: &Rule, decide: impl FnOnce(&mut Self) -> T) -> T {
        let before = rule.local && self.memory.keep_local(true);
        let decided = decide(self);
        if rule.local {
            self.memory.keep_local(before);
        }
        decided
    }

    /// Returns whether a rule's gate refuses the request; then the decision is made.
    fn gate(&mut self, rule: &Rule) -> bool {
        let Some(gate) = &rule.gate else { return false };
        let token = &self.set.tokens[gate.token];
        let seen = self.memory.spend(token, &token.carried(self.asked), self.now);
        self.decision.gate = Some(seen);
        if seen == GateSeen::Valid {
            return false;
        }
        self.memory.used(&rule.id, true);
        self.memory.tally(&rule.key, REFUSED);
        self.take(rule, &gate.otherwise, None);
        true
    }

    /// Applies a rule after its gate.
    fn rule(&mut self, rule: &Rule) {
        let (delay, draw) = self.wait(rule, &rule.delay);
        let mut acted = !delay.is_zero() || rule.gate.is_some();
        if !delay.is_zero() {
            self.later(rule, delay, draw);
        }
        if let Some(size) = rule.page_size {
            let least = self.decision.page_size.map_or(size, |other| other.min(size));
            self.decision.page_size = Some(least);
            self.shown(rule, None);
            acted = true;
        }
        acted |= match &rule.limit {
            Some(limit) => self.limit(rule, limit),
            None => self.outcome(rule),
        };
        self.memory.used(&rule.id, acted);
    }

    /// Counts the request against a rule's limit. A request past the limit gets no other outcome.
    fn limit(&mut self, rule: &Rule, limit: &Arc<Limit>) -> bool {
        let key = limit.per.as_ref().map_or([0; 32], |key| key.of(self.asked));
        let state = self.memory.spend_limit(&rule.key, limit, key, self.now);
        self.decision.limits.push(limit, state);
        if state.passes {
            self.shown(rule, None);
            self.outcome(rule);
        } else {
            self.take(rule, &limit.refusal(&state), None);
        }
        true
    }

    /// Returns the number of this request among those of its key that a rule has counted, from 0.
    fn count(&mut self, rule: &Rule, part: usize) -> u64 {
        let Some(per) = &rule.per else { return self.memory.count(&rule.key, part) };
        let n = self.memory.attempt(&format!("{}#per-{part}", rule.key).into(), per.of(self.asked));
        // The highest count of any key is the progress that is reported.
        self.memory.raise(&rule.key, part, n + 1);
        n
    }

    /// Returns the delay of this request, and the number of the draw if there was one.
    fn wait(&mut self, rule: &Rule, delay: &Delay) -> (Duration, Option<u64>) {
        if let Some(delay) = delay.fixed() {
            return (delay, None);
        }
        let number = self.number(rule, DELAY);
        (number.draw(rule, self.world).delay(delay, number.n), Some(number.n))
    }

    /// Returns the number of this request among those that a rule counts, or of its attempt.
    fn number(&mut self, rule: &Rule, part: usize) -> Number {
        if rule.draw_by == DrawBy::Count {
            return Number { n: self.memory.count(&rule.key, part), request: None };
        }
        let request = draw::request_id(self.asked);
        let n = match part {
            0 => self.memory.attempt(&rule.key, request),
            // Other draws of the rule count attempts separately.
            part => self.memory.attempt(&format!("{}#{part}", rule.key).into(), request),
        };
        Number { n, request: Some(request) }
    }

    /// Applies the rule's outcome for this request; returns whether it has one.
    fn outcome(&mut self, rule: &Rule) -> bool {
        match &rule.outcomes {
            Outcomes::None => false,
            Outcomes::Steps(steps) => {
                // What every request gets needs no number.
                let is_counted = steps.first().is_none_or(|step| step.times.is_some());
                let before = self.memory.keep_local(rule.local || !is_counted);
                let n = self.count(rule, 0);
                self.memory.keep_local(before);
                let mut passed = 0_u64;
                let step = steps.iter().find(|step| {
                    passed = step.times.map_or(u64::MAX, |times| passed.saturating_add(times));
                    n < passed
                });
                step.is_some_and(|step| self.take(rule, &step.then, None))
            }
            Outcomes::Share(shares) => {
                let number = self.number(rule, 0);
                let drawn = number.draw(rule, self.world).fraction("", number.n);
                let mut below = 0.0;
                let share = shares.iter().find(|share| {
                    below += share.part;
                    drawn < below
                });
                let Some(share) = share else { return false };
                self.memory.tally(&rule.key, DRAWN);
                self.take(rule, &share.then, Some(number.n))
            }
            Outcomes::At(points) => {
                let mut acted = false;
                for (index, point) in points.iter().enumerate() {
                    if let Where::Page(page, _) = &point.place
                        && self.asked.page() != Some(*page)
                    {
                        continue;
                    }
                    let n = self.count(rule, index + 1);
                    if point.times.is_some_and(|times| n >= times) {
                        continue;
                    }
                    match &point.place {
                        Where::Page(_, then) => acted |= self.take(rule, then, None),
                        Where::Stream(_, PointThen::Pass) => {}
                        Where::Stream(place, then) => {
                            self.decision.points.push((*place, then.clone()));
                            self.shown(rule, None);
                            let (rule, at) = (Arc::clone(&rule.key), *place);
                            self.decision.places.push(PlannedPlace { rule, entry: index, at });
                            acted = true;
                        }
                    }
                }
                acted
            }
        }
    }

    /// Merges an outcome into the decision: delays add up, faults override statuses, the first of
    /// each wins. Returns whether it was one.
    fn take(&mut self, rule: &Rule, then: &Then, draw: Option<u64>) -> bool {
        if let Some(delay) = &then.delay {
            let (delay, drawn) = self.wait(rule, delay);
            self.later(rule, delay, draw.or(drawn));
        }
        if let Some(time) = then.stall {
            self.later(rule, time, draw);
        }
        if let Some(time) = then.withhold {
            self.decision.withhold = self.decision.withhold.saturating_add(time);
            self.shown(rule, draw);
        }
        if let Some(pace) = then.slow.filter(|_| self.decision.effects.pace.is_none()) {
            self.decision.effects.pace = Some(pace);
            self.shown(rule, draw);
        }
        if let Some(idle) = then.idle {
            self.decision.effects.idle.get_or_insert(idle);
            self.shown(rule, draw);
        }
        for (position, action) in &then.points {
            self.decision.points.push((*position, PointThen::Action(action.clone())));
            self.shown(rule, draw);
        }
        if let Some(kubernetes) = &then.kubernetes {
            match &mut self.decision.kubernetes {
                Some(there) => there.and(kubernetes),
                none => *none = Some(kubernetes.clone()),
            }
            self.shown(rule, draw);
        }
        if let Some(damage) = &then.damage {
            let mut damage = damage.clone();
            if let Some((_, drawn_from)) = &mut damage.corrupt {
                // Each answer gets different bits.
                *drawn_from = rule.seed ^ self.memory.count(&rule.key, DAMAGE);
            }
            match &mut self.decision.damage {
                Some(there) => there.and(&damage),
                none => *none = Some(damage),
            }
            self.shown(rule, draw);
        }
        if let Some(fields) = &then.fields {
            self.decision.fields.and(fields);
            self.shown(rule, draw);
        }
        for lines in &then.lines {
            let change = self.lines(rule, lines);
            self.decision.effects.changes.push(change);
            self.shown(rule, draw);
        }
        if let Some(token) = then.revoke {
            self.memory.revoke(&self.set.tokens[token]);
            if then.terminal.is_none() {
                let otherwise = Then::unauthorized();
                self.terminal(rule, otherwise.terminal.as_ref(), draw);
            }
        }
        self.terminal(rule, then.terminal.as_ref(), draw);
        !then.is_pass()
    }

    fn terminal(&mut self, rule: &Rule, terminal: Option<&Terminal>, draw: Option<u64>) {
        let decision = &mut self.decision;
        let answer = match terminal {
            None => return,
            Some(Terminal::Fault(fault)) => {
                if decision.effects.fault.is_none() {
                    decision.effects.fault = Some(fault.clone());
                    decision.by = Some(Applied { rule: Arc::clone(&rule.id), draw });
                }
                return;
            }
            Some(Terminal::Crash(crash)) => {
                if decision.effects.fault.is_none() {
                    decision.effects.fault = Some(Fault::before_headers(FaultAction::Close));
                    decision.crash = Some(*crash);
                    decision.by = Some(Applied { rule: Arc::clone(&rule.id), draw });
                }
                return;
            }
            Some(Terminal::Status(status)) => Answer::Status(status.clone()),
            Some(Terminal::Reply(reply)) => Answer::Reply(reply.clone()),
        };
        if decision.answer.is_none() {
            decision.answer = Some(answer);
            if decision.effects.fault.is_none() {
                decision.by = Some(Applied { rule: Arc::clone(&rule.id), draw });
            }
        }
    }

    /// Returns a change of all lines of a kind, or of those that are drawn.
    fn lines(&mut self, rule: &Rule, lines: &LinesThen) -> LineChange {
        let sample = lines.share.map(|share| {
            let number = self.number(rule, LINES);
            let (id, seed, world) = (Arc::clone(&rule.id), rule.seed, self.world.to_owned());
            Sampling(Arc::new(move |line| {
                let request = number.request.as_ref();
                let draw = Draw { seed, rule: &id, world: &world, request };
                // Each stream of the rule has its own lines.
                draw.fraction(&format!("lines-{}", number.n), line) < share
            }))
        });
        LineChange { of: lines.of, action: lines.action, sample }
    }

    /// Delays the answer.
    fn later(&mut self, rule: &Rule, by: Duration, draw: Option<u64>) {
        let delay = &mut self.decision.effects.delay;
        *delay = delay.saturating_add(by);
        self.shown(rule, draw);
    }

    /// Names the rule in the answer unless another rule is already named.
    fn shown(&mut self, rule: &Rule, draw: Option<u64>) {
        let applied = || Applied { rule: Arc::clone(&rule.id), draw };
        self.decision.by.get_or_insert_with(applied);
    }
}
