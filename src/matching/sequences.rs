//! Stubs under one key, found by the states of their scenarios: a recorded sequence of ten thousand answers costs a
//! request what one answer costs.

use std::sync::Arc;

use imbl::OrdMap;

use super::order::Order;
use super::state::StateView;
use super::stub::Stub;

/// Which stubs a search visits.
#[derive(Clone, Copy)]
pub(super) enum Scope<'v> {
    /// All of them.
    All,
    /// Those that answer in the states of scenarios; others may be visited too.
    States(&'v StateView<'v>),
    /// Those that have body patterns, or that no scenario holds back; others may be visited too.
    Bodies,
}

/// Stubs in precedence order.
type Stubs = OrdMap<Order, Arc<Stub>>;

/// Many stubs, some of which require a state.
#[derive(Debug, Clone)]
pub(super) struct Sequences {
    all: Stubs,
    /// Those that require no state.
    free: Stubs,
    /// The others, by scenario and state.
    scenarios: OrdMap<Box<str>, OrdMap<Box<str>, Stubs>>,
    /// How many of these have body patterns.
    bodies: usize,
}

impl Sequences {
    /// Returns whether a stub requires a state.
    pub(super) fn takes(stub: &Stub) -> bool {
        required(stub).is_some()
    }

    pub(super) fn of(stubs: &Stubs) -> Self {
        let (free, scenarios) = (Stubs::new(), OrdMap::new());
        let mut sequences = Self { all: stubs.clone(), free, scenarios, bodies: 0 };
        for (order, stub) in stubs {
            sequences.place(*order, stub);
        }
        sequences
    }

    pub(super) fn all(&self) -> &Stubs {
        &self.all
    }

    pub(super) fn insert(&mut self, order: Order, stub: Arc<Stub>) {
        self.remove(order);
        self.place(order, &stub);
        self.all.insert(order, stub);
    }

    pub(super) fn remove(&mut self, order: Order) {
        let Some(stub) = self.all.remove(&order) else { return };
        let Some((scenario, state)) = required(&stub) else {
            self.free.remove(&order);
            return;
        };
        self.bodies -= usize::from(stub.has_body_patterns());
        let Some(states) = self.scenarios.get_mut(scenario) else { return };
        if let Some(stubs) = states.get_mut(state) {
            stubs.remove(&order);
            if stubs.is_empty() {
                states.remove(state);
            }
        }
        if states.is_empty() {
            self.scenarios.remove(scenario);
        }
    }

    fn place(&mut self, order: Order, stub: &Arc<Stub>) {
        let Some((scenario, state)) = required(stub) else {
            self.free.insert(order, Arc::clone(stub));
            return;
        };
        self.bodies += usize::from(stub.has_body_patterns());
        let states = self.scenarios.entry(scenario.into()).or_default();
        states.entry(state.into()).or_default().insert(order, Arc::clone(stub));
    }

    /// Gives the stubs in a scope, part by part.
    pub(super) fn each_in<'a>(&'a self, scope: Scope<'_>, mut each: impl FnMut(&'a Stubs)) {
        match scope {
            Scope::States(view) => {
                each(&self.free);
                for (scenario, states) in &self.scenarios {
                    if let Some(stubs) = states.get(view.state(scenario)) {
                        each(stubs);
                    }
                }
            }
            Scope::Bodies if self.bodies == 0 => each(&self.free),
            Scope::Bodies | Scope::All => each(&self.all),
        }
    }
}

/// Returns the scenario and the state that a stub requires.
fn required(stub: &Stub) -> Option<(&str, &str)> {
    stub.scenario().and_then(|scenario| scenario.requires())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::set::StubSet;
    use super::super::state::{STARTED, ScenarioStates};
    use super::super::testing::{request, stub};
    use super::*;
    use crate::message::{Asked, Request};

    const LONG: usize = 10_000;

    /// A sequence of many answers to one request, and two stubs that are always there.
    fn recorded(body: bool) -> StubSet {
        let mut set = StubSet::default();
        set.add(Arc::new(stub(
            &json!({"id": "00000000-0000-4000-8000-00000000000a", "priority": 9, "name": "other",
                "request": {"url": "/poll"}}),
        )));
        for at in 1..=LONG {
            let state = |at| if at == 1 { STARTED.to_owned() } else { format!("recorded {at}") };
            let mut mapping = json!({
                "id": uuid::Uuid::from_u128(at as u128).to_string(),
                "name": at.to_string(),
                "scenarioName": "polls",
                "requiredScenarioState": state(at),
                "request": {"url": "/poll"},
            });
            if body {
                mapping["request"]["bodyPatterns"] = json!([{"equalTo": "x"}]);
            }
            if at < LONG {
                mapping["newScenarioState"] = state(at + 1).into();
            }
            set.add(Arc::new(stub(&mapping)));
        }
        set.add(Arc::new(stub(&json!({"id": "00000000-0000-4000-8000-00000000000b",
                "request": {"method": "DELETE", "urlPath": "/poll"}}))));
        set
    }

    fn visits(set: &StubSet, asked: &Request, scope: Scope<'_>) -> usize {
        let mut visits = 0;
        set.candidates(&Asked::new(asked), scope, |_| visits += 1);
        visits
    }

    #[test]
    fn a_long_sequence_costs_what_one_stub_costs() {
        for body in [false, true] {
            let set = recorded(body);
            let states = ScenarioStates::default();
            let asked = request("POST", "/poll", &[], "x");
            for at in 1..=LONG + 2 {
                let visited = visits(&set, &asked, Scope::States(&states.view()));
                assert!(visited <= 3, "{visited} visits in state {at}");
                let found = set.select(&Asked::new(&asked), &states).unwrap();
                assert_eq!(found.name().unwrap(), at.min(LONG).to_string());
            }
            if !body {
                assert!(visits(&set, &asked, Scope::Bodies) <= 3);
            }
            assert_eq!(visits(&set, &asked, Scope::All), LONG + 2, "near misses see all");
        }
    }

    #[test]
    fn what_is_removed_or_replaced_answers_no_more() {
        let mut set = recorded(false);
        let states = ScenarioStates::default();
        let asked = request("GET", "/poll", &[], "");
        let name = |set: &StubSet, state: &str| {
            states.set("polls", state);
            let found = set.select(&Asked::new(&asked), &states).unwrap();
            found.name().unwrap_or_default().to_owned()
        };
        assert_eq!(name(&set, "recorded 7"), "7");
        let id = uuid::Uuid::from_u128(7);
        let moved = json!({"id": id.to_string(), "name": "moved", "scenarioName": "polls",
            "requiredScenarioState": "elsewhere", "request": {"url": "/poll"}});
        assert!(set.replace(Arc::new(stub(&moved))));
        assert_eq!(name(&set, "recorded 7"), "other");
        assert_eq!(name(&set, "elsewhere"), "moved");
        set.remove(id).unwrap();
        assert_eq!(name(&set, "elsewhere"), "other");
        for at in 1..=LONG {
            set.remove(uuid::Uuid::from_u128(at as u128));
        }
        assert_eq!(name(&set, STARTED), "other");
        assert_eq!(set.len(), 2);
    }
}
