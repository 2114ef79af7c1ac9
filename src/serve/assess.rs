//! What the clients of a world did, judged by its scenarios: for `/__admin/verdict`, for drills, for library users.

use serde_json::{Value, json};

use crate::grade::{Assessment, Graded};

use super::context::RequestContext;
use super::graded::GradedRequests;

impl RequestContext {
    /// Judges what clients of the world did so far.
    pub(crate) fn assess(&self) -> Assessment {
        if self.shared.settings.graded == GradedRequests::None {
            return Assessment::broken(
                "requests are not graded: start the server with --graded or with a scenario (in tests: .graded(true))",
            );
        }
        let rules = self.scenario_set();
        let (records, dropped) = self.world.log.records();
        let graded =
            Graded { records: &records, dropped, rules: &rules, state: &self.world.scenario };
        Assessment::of(&graded, &self.shared.settings.redactor)
    }

    /// The assessment with what it is about, as JSON.
    pub(super) fn verdict(&self) -> Value {
        let mut verdict = self.assess().to_json();
        let rules = self.scenario_set();
        let now = self.world.clock.elapsed();
        let state = &self.world.scenario;
        let scenarios = rules.phases(state, now);
        let names: Vec<&str> = scenarios.iter().map(|scenario| &*scenario.name).collect();
        verdict["world"] = (*self.world.name).into();
        verdict["scenario"] = names.join(", ").into();
        verdict["idleSeconds"] = self.world.log.idle().map(|idle| idle.as_secs_f64()).into();
        let phases = scenarios.iter().flat_map(|scenario| &scenario.phases);
        let reached = |phase: &str| rules.has_reached(state, now, phase);
        verdict["phases"] =
            phases.map(|name| json!({"name": &**name, "reached": reached(name)})).collect();
        verdict
    }
}
