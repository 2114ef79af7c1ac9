//! Previews a set of rules: each rule's outcomes for its first requests.

use std::time::Duration;

use serde_json::{Value, json};

use super::limit;
use crate::message::Position;
use crate::scenario::rule::draw::Draw;
use crate::scenario::rule::listen;
use crate::scenario::rule::point::Where;
use crate::scenario::rule::set::{Outcomes, Rule, ScenarioSet};
use crate::scenario::words::table::DrawBy;

/// The outcomes of a set of rules in a world.
#[derive(Debug)]
pub(crate) struct Preview {
    /// As JSON.
    pub json: Value,
    /// As text: a rule or phase, and its outcomes.
    pub rows: Vec<(String, String)>,
}

impl ScenarioSet {
    /// Returns the outcomes of the first `requests` requests of each rule in a world.
    #[must_use]
    pub(crate) fn preview(&self, world: &str, requests: u64) -> Preview {
        let mut rows = Vec::new();
        let mut timelines = Vec::new();
        for about in &self.scenarios {
            if let Some(text) = about.listening.as_ref().and_then(listen::describe) {
                rows.push((about.name.to_string(), text));
            }
            let Some(timeline) = &about.timeline else { continue };
            let mut from = Duration::ZERO;
            let mut phases = Vec::new();
            for phase in &timeline.phases {
                let to = phase.length.map(|length| from + length);
                let until = to.map_or_else(|| "on".to_owned(), |to| format!("to {to:?}"));
                let begins =
                    if from.is_zero() { "the start".to_owned() } else { format!("{from:?}") };
                let listens = phase.listening.as_ref().and_then(listen::describe);
                let also = listens.as_ref().map_or_else(String::new, |text| format!(": {text}"));
                rows.push((
                    format!("{}/{}", about.name, phase.name),
                    format!("from {begins} {until}{also}"),
                ));
                phases.push(json!({
                    "name": &*phase.name,
                    "fromSeconds": from.as_secs_f64(),
                    "toSeconds": to.map(|to| to.as_secs_f64()),
                    "listen": listens,
                }));
                from = to.unwrap_or(Duration::MAX);
            }
            if let Some(ttl) = timeline.ttl {
                rows.push((about.name.to_string(), format!("ends after {ttl:?}")));
            }
            timelines.push(json!({
                "scenario": &*about.name,
                "phases": phases,
                "ttlSeconds": timeline.ttl.map(|ttl| ttl.as_secs_f64()),
            }));
        }
        for life in self.lives() {
            let phases = life.phases.iter().map(|(phase, at)| format!("{phase} at {at:?}"));
            let shown: Vec<String> = phases.collect();
            rows.push((format!("life of {}", life.resource), shown.join(", ")));
        }
        for token in &self.tokens {
            rows.push((format!("tokens/{}", token.name), token.describe()));
        }
        let mut rules = Vec::new();
        for rule in &self.rules {
            let described = RulePreview { rule, world, requests }.describe();
            rows.push((format!("{} {}", rule.id, rule.matcher.text), described.lines.join("\n")));
            rules.push(described.json);
        }
        let json = json!({
            "seed": self.seed(),
            "world": world,
            "requests": requests,
            "timelines": timelines,
            "rules": rules,
        });
        Preview { json, rows }
    }
}

/// A rule with the state that its outcomes depend on.
struct RulePreview<'a> {
    rule: &'a Rule,
    world: &'a str,
    requests: u64,
}

/// The outcomes of a rule, as text and as JSON.
struct Described {
    lines: Vec<String>,
    json: Value,
}

impl RulePreview<'_> {
    fn describe(&self) -> Described {
        let rule = self.rule;
        let mut lines = Vec::new();
        let mut json = json!({"id": &*rule.id, "match": rule.matcher.text});
        if let Some(gate) = &rule.gate {
            lines.push(format!("without a valid token: {}", gate.otherwise.text));
            json["without_token"] = gate.otherwise.text.as_ref().into();
        }
        if let Some(size) = rule.page_size {
            lines.push(format!("pages of at most {size}"));
            json["page_size"] = size.into();
        }
        if let Some(limit) = &rule.limit {
            lines.push(limit.describe());
            json["limit"] = limit.describe().into();
            let (limited, planned) = limit::preview(&rule.key, limit, self.requests);
            lines.extend(limited.into_iter().map(|line| format!("  {line}")));
            json["limited"] = planned;
        }
        if let Some(per) = &rule.per {
            lines.push(format!("counted for each {}", per.text));
            json["per"] = per.text.as_str().into();
        }
        let by_request = rule.draw_by == DrawBy::Request;
        if by_request {
            lines.push("drawn by the attempts of each request".to_owned());
            json["draw_by"] = "request".into();
        }
        let fixed = rule.delay.fixed();
        if fixed.is_none() && !by_request {
            let delays: Vec<Duration> = (0..self.requests).map(|n| self.delay(n)).collect();
            let shown: Vec<String> =
                delays.iter().map(|delay| format!("{}ms", delay.as_millis())).collect();
            lines.push(format!("waits {}", shown.join(" ")));
            json["delaysMs"] = delays.iter().map(|delay| delay.as_secs_f64() * 1e3).collect();
        } else if fixed.is_none() {
            lines.push("waits for a drawn time".to_owned());
        } else if let Some(delay) = fixed.filter(|delay| !delay.is_zero()) {
            lines.push(format!("waits {delay:?}"));
            json["delaysMs"] = json!([delay.as_secs_f64() * 1e3]);
        }
        self.outcomes(&mut lines, &mut json);
        if rule.expect.is_some() && lines.is_empty() {
            lines.push("nothing; the client is graded".to_owned());
        }
        Described { lines, json }
    }

    /// Describes the rule's decisions for its requests, in order.
    fn outcomes(&self, lines: &mut Vec<String>, json: &mut Value) {
        match &self.rule.outcomes {
            Outcomes::None => {}
            Outcomes::Steps(steps) => {
                let mut from = 1;
                let mut planned = Vec::new();
                for step in steps {
                    let to = step.times.map(|times| from + times - 1);
                    let span = match to {
                        Some(to) if to == from => format!("request {from}"),
                        Some(to) => format!("requests {from} to {to}"),
                        None if from == 1 => "every request".to_owned(),
                        None => format!("from request {from} on"),
                    };
                    lines.push(format!("{span}: {}", step.then.text));
                    planned.push(json!({"from": from, "to": to, "then": &*step.then.text}));
                    from = to.map_or(u64::MAX, |to| to + 1);
                }
                if from != u64::MAX {
                    lines.push(format!("from request {from} on: pass"));
                    planned.push(json!({"from": from, "to": null, "then": "pass"}));
                }
                json["steps"] = planned.into();
            }
            Outcomes::Share(shares) => {
                for share in shares {
                    lines.push(format!("{}%: {}", percent(share.part), share.then.text));
                }
                json["shares"] = shares
                    .iter()
                    .map(|share| json!({"p": share.part, "then": &*share.then.text}))
                    .collect();
                if self.rule.draw_by != DrawBy::Request {
                    json["draws"] = self.draws(lines);
                }
            }
            Outcomes::At(points) => {
                let mut planned = Vec::new();
                for point in points {
                    let (place, then) = match &point.place {
                        Where::Page(page, then) => (format!("page {page}"), then.text.to_string()),
                        Where::Stream(place, _) => (
                            match place {
                                Position::Event(event) => format!("event {event}"),
                                Position::Bytes(bytes) => format!("byte {bytes}"),
                                Position::Time(time) => format!("{time:?} after the headers"),
                            },
                            point.text.to_string(),
                        ),
                    };
                    let often = match point.times {
                        None => String::new(),
                        Some(1) => ", once".to_owned(),
                        Some(times) => format!(", {times} times"),
                    };
                    lines.push(format!("at {place}{often}: {then}"));
                    planned.push(json!({"at": place, "times": point.times, "then": then}));
                }
                json["at"] = planned.into();
            }
        }
    }

    fn draw(&self) -> Draw<'_> {
        let Rule { seed, id, .. } = self.rule;
        Draw { seed: *seed, rule: id, world: self.world, request: None }
    }

    fn delay(&self, n: u64) -> Duration {
        self.draw().delay(&self.rule.delay, n)
    }

    /// Returns the draws of the first requests, and which of these do not pass.
    fn draws(&self, lines: &mut Vec<String>) -> Value {
        let Outcomes::Share(shares) = &self.rule.outcomes else { return Value::Null };
        let mut hits: Vec<Vec<String>> = vec![Vec::new(); shares.len()];
        let mut draws = Vec::new();
        for n in 0..self.requests {
            let drawn = self.draw().fraction("", n);
            let mut below = 0.0;
            let found = shares.iter().position(|share| {
                below += share.part;
                drawn < below
            });
            if let Some(index) = found {
                hits[index].push((n + 1).to_string());
            }
            let then = found.map_or("pass", |index| &shares[index].then.text);
            draws.push(json!({"request": n + 1, "drawn": drawn, "then": then}));
        }
        for (share, hits) in shares.iter().zip(hits) {
            let which = if hits.is_empty() { "none".to_owned() } else { hits.join(" ") };
            lines.push(format!("  of {} requests: {which}: {}", self.requests, share.then.text));
        }
        draws.into()
    }
}

fn percent(part: f64) -> f64 {
    (part * 1e6).round() / 1e4
}
