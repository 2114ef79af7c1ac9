//! What the clients of a world did, judged by its scenarios: for `/__admin/verdict`, for drills, for library users.

use serde_json::{Value, json};

use crate::grade::{Assessment, Finding, Graded, ServerRecords, grade};
use crate::scenario::ScenarioState;

use super::context::RequestContext;
use super::graded::GradedRequests;

/// What all servers that share the world know of its clients.
pub(super) struct AllRecords {
    pub(super) of: ServerRecords,
    /// What others have counted, beside this server's own.
    pub(super) state: Option<ScenarioState>,
    /// The servers that did not tell, and why.
    pub(super) unanswered: Vec<String>,
}

impl RequestContext {
    /// Judges what clients of the world did so far at this server.
    pub(crate) fn assess(&self) -> Assessment {
        self.assess_all(&self.own_records())
    }

    /// What this server knows of the clients of the world.
    pub(super) fn own_records(&self) -> AllRecords {
        let (records, dropped) = self.world.log.records();
        let idle = self.world.log.idle();
        let of = ServerRecords { records, dropped, idle, ..ServerRecords::default() };
        AllRecords { of, state: None, unanswered: Vec::new() }
    }

    /// The same for another server: with what only this one has counted, and without secrets.
    pub(super) fn told_records(&self) -> ServerRecords {
        let mut told = self.own_records().of;
        told.tallies = self.scenario_set().tallies(&self.world.scenario);
        told.redact(&self.shared.settings.redactor);
        told
    }

    /// What this server and the others know. An answer that cannot be read is none.
    pub(super) fn with_records(&self, answers: Vec<Value>, unanswered: Vec<String>) -> AllRecords {
        let mut all = AllRecords { unanswered, ..self.own_records() };
        let mut others = Vec::with_capacity(answers.len());
        for answer in answers {
            match serde_json::from_value(answer) {
                Ok(records) => others.push(records),
                Err(error) => all.unanswered.push(format!("an answer cannot be read: {error}")),
            }
        }
        let tallies = all.of.add(others);
        let rules = self.scenario_set();
        let is_shared = !tallies.is_empty();
        all.state = is_shared.then(|| rules.together(&self.world.scenario, &tallies));
        all
    }

    /// Judges what clients did. Where a server did not tell, nobody knows.
    pub(super) fn assess_all(&self, all: &AllRecords) -> Assessment {
        if self.shared.settings.graded == GradedRequests::None {
            return Assessment::broken(
                "requests are not graded: start the server with --graded or with a scenario (in tests: .graded(true))",
            );
        }
        let rules = self.scenario_set();
        let state = all.state.as_ref().unwrap_or(&self.world.scenario);
        let graded =
            Graded { records: &all.of.records, dropped: all.of.dropped, rules: &rules, state };
        let mut assessment = Assessment::of(&graded, &self.shared.settings.redactor);
        if !all.unanswered.is_empty() {
            let why = format!("a server did not tell its requests: {}", all.unanswered.join("; "));
            assessment.is_broken_by(why);
        }
        assessment
    }

    /// The mistakes of clients.
    pub(super) fn findings_of(&self, all: &AllRecords) -> Vec<Finding> {
        let rules = self.scenario_set();
        let found = grade(&all.of.records, &rules.expectations(), rules.grading().expectations);
        let redactor = &self.shared.settings.redactor;
        found.into_iter().map(|finding| finding.redacted(redactor)).collect()
    }

    /// The assessment with what it is about, as JSON.
    pub(super) fn verdict(&self, all: &AllRecords) -> Value {
        let mut verdict = self.assess_all(all).to_json();
        let rules = self.scenario_set();
        let now = self.world.clock.elapsed();
        let state = &self.world.scenario;
        let scenarios = rules.phases(state, now);
        let names: Vec<&str> = scenarios.iter().map(|scenario| &*scenario.name).collect();
        verdict["world"] = (*self.world.name).into();
        verdict["scenario"] = names.join(", ").into();
        verdict["idleSeconds"] = all.of.idle.map(|idle| idle.as_secs_f64()).into();
        let phases = scenarios.iter().flat_map(|scenario| &scenario.phases);
        let reached = |phase: &str| rules.has_reached(state, now, phase);
        verdict["phases"] =
            phases.map(|name| json!({"name": &**name, "reached": reached(name)})).collect();
        verdict
    }
}
