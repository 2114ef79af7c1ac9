//! The states of stubs' scenarios (`C/stubbing/Scenario.java`), and the choice of a stub by them.
//!
//! A world has its own states. A scenario without transitions is in the state `Started`. Choosing a
//! stub and changing the state of its scenario is atomic: of concurrent requests only one sees each
//! state.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::keys::StubScenario;
use super::stub::Stub;

/// The initial state of a scenario.
pub(crate) const STARTED: &str = "Started";

/// How often a stub is chosen again because another request changed a scenario's state in the
/// meantime; after that, the states are locked.
const ATTEMPTS: usize = 8;

type States = HashMap<Box<str>, Box<str>>;

/// The states of the scenarios of one world: those that are not [`STARTED`].
#[derive(Debug, Default)]
pub(crate) struct ScenarioStates(Mutex<Arc<States>>);

impl ScenarioStates {
    /// Returns the state of a scenario.
    pub(crate) fn get(&self, scenario: &str) -> Box<str> {
        state_in(&self.lock(), scenario).into()
    }

    /// Sets the state of a scenario.
    pub(crate) fn set(&self, scenario: &str, state: &str) {
        set_in(&mut self.lock(), scenario, state);
    }

    /// Resets all scenarios to [`STARTED`].
    pub(crate) fn reset(&self) {
        *self.lock() = Arc::default();
    }

    /// Chooses a stub with `choose` and changes the state of its scenario. `choose` is called again
    /// if another request changed a state in the meantime.
    pub(super) fn choose<'a>(
        &self,
        mut choose: impl FnMut(&StateView<'_>) -> Option<&'a Arc<Stub>>,
    ) -> Option<&'a Arc<Stub>> {
        for _ in 0..ATTEMPTS {
            let view = self.view();
            let stub = choose(&view);
            let moves = stub.and_then(|stub| stub.scenario.as_deref()?.moves());
            let Some((scenario, state)) = moves else { return stub };
            let mut now = self.lock();
            // If no state was read, none can have changed.
            let is_same = view.states.get().is_none_or(|seen| Arc::ptr_eq(seen, &now));
            if is_same {
                set_in(&mut now, scenario, state);
                return stub;
            }
        }
        let mut now = self.lock();
        let stub = choose(&StateView {
            source: None,
            states: OnceCell::from(Arc::clone(&now)),
            relies_on: None,
        })?;
        if let Some((scenario, state)) = stub.scenario.as_deref().and_then(StubScenario::moves) {
            set_in(&mut now, scenario, state);
        }
        Some(stub)
    }

    /// Chooses a stub with `choose` and changes nothing: the states are those of several servers, which decide
    /// together whether the scenario moves.
    pub(super) fn choose_tentatively<'a>(
        &self,
        choose: impl FnOnce(&StateView<'_>) -> Option<&'a Arc<Stub>>,
    ) -> TentativeChoice<'a> {
        let view = StateView { relies_on: Some(RefCell::default()), ..self.view() };
        let stub = choose(&view);
        let moves = stub.and_then(|stub| stub.scenario.as_deref()?.moves());
        let moves = moves.filter(|(scenario, state)| *self.get(scenario) != **state);
        let mut relies_on = view.relies_on.map(RefCell::into_inner).unwrap_or_default();
        relies_on.sort_unstable();
        relies_on.dedup();
        TentativeChoice { stub, moves, relies_on }
    }

    /// Returns the current states, for a choice that changes none.
    pub(super) fn view(&self) -> StateView<'_> {
        StateView { source: Some(self), states: OnceCell::new(), relies_on: None }
    }

    fn lock(&self) -> MutexGuard<'_, Arc<States>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The states at the time when the first of them was read.
pub(super) struct StateView<'a> {
    /// `None` if the states are already known.
    source: Option<&'a ScenarioStates>,
    states: OnceCell<Arc<States>>,
    /// The scenarios whose states were read, where that is noted.
    relies_on: Option<RefCell<Vec<Box<str>>>>,
}

/// A choice of a stub that has not moved its scenario yet.
#[cfg_attr(not(feature = "etcd"), allow(dead_code, reason = "no store is shared"))]
#[derive(Debug)]
pub(crate) struct TentativeChoice<'a> {
    /// The stub.
    pub(crate) stub: Option<&'a Arc<Stub>>,
    /// The scenario that it moves, and the state to which.
    pub(crate) moves: Option<(&'a str, &'a str)>,
    /// The scenarios on whose states the choice depends.
    pub(crate) relies_on: Vec<Box<str>>,
}

impl StateView<'_> {
    /// Returns whether a stub may answer: its scenario is in the required state, if it requires
    /// one.
    pub(super) fn allows(&self, stub: &Stub) -> bool {
        let Some((scenario, required)) = stub.scenario.as_deref().and_then(StubScenario::requires)
        else {
            return true;
        };
        self.state(scenario) == required
    }

    /// Returns the state of a scenario.
    pub(super) fn state(&self, scenario: &str) -> &str {
        if let Some(relies_on) = &self.relies_on {
            relies_on.borrow_mut().push(scenario.into());
        }
        let states = self.states.get_or_init(|| {
            self.source.map(|source| Arc::clone(&source.lock())).unwrap_or_default()
        });
        state_in(states, scenario)
    }
}

fn state_in<'a>(states: &'a States, scenario: &str) -> &'a str {
    states.get(scenario).map_or(STARTED, |state| state)
}

fn set_in(states: &mut Arc<States>, scenario: &str, state: &str) {
    if state_in(states, scenario) == state {
        return;
    }
    let states = Arc::make_mut(states);
    if state == STARTED {
        states.remove(scenario);
    } else {
        states.insert(scenario.into(), state.into());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use serde_json::{Value, json};

    use super::super::set::StubSet;
    use super::super::testing::{request, stub};
    use super::*;
    use crate::message::Asked;

    fn set(stubs: &[Value]) -> StubSet {
        let mut set = StubSet::default();
        for mapping in stubs {
            set.add(Arc::new(stub(mapping)));
        }
        set
    }

    fn step(at: &str, to: &str) -> Value {
        json!({
            "id": uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, at.as_bytes()).to_string(),
            "name": format!("{at}-{to}"),
            "scenarioName": "s",
            "requiredScenarioState": at,
            "newScenarioState": to,
            "request": {"url": "/s"}
        })
    }

    #[test]
    fn a_scenario_goes_from_state_to_state() {
        let set = set(&[step(STARTED, "b"), step("b", "c"), step("c", STARTED)]);
        let states = ScenarioStates::default();
        let request = request("GET", "/s", &[], "");
        let names: Vec<_> = (0..4)
            .map(|_| set.select(&Asked::new(&request), &states).unwrap().name().unwrap().to_owned())
            .collect();
        assert_eq!(names, ["Started-b", "b-c", "c-Started", "Started-b"]);
        states.reset();
        assert_eq!(&*states.get("s"), STARTED);
        states.set("s", "c");
        assert_eq!(set.select(&Asked::new(&request), &states).unwrap().name(), Some("c-Started"));
    }

    #[test]
    fn each_state_is_seen_by_one_of_many_requests() {
        let steps: Vec<Value> = (0..200)
            .map(|n| {
                step(&if n == 0 { STARTED.to_owned() } else { n.to_string() }, &(n + 1).to_string())
            })
            .collect();
        let set = set(&steps);
        let states = ScenarioStates::default();
        let mut seen: Vec<uuid::Uuid> = thread::scope(|scope| {
            let ask = || {
                let request = request("GET", "/s", &[], "");
                (0..50)
                    .map(|_| set.select(&Asked::new(&request), &states).unwrap().id)
                    .collect::<Vec<_>>()
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 200);
    }

    #[test]
    fn only_a_scenario_with_a_name_has_states() {
        let set = set(&[json!({"requiredScenarioState": "never", "newScenarioState": "x"})]);
        let states = ScenarioStates::default();
        assert!(set.select(&Asked::new(&request("GET", "/", &[], "")), &states).is_some());
        assert_eq!(*states.lock(), Arc::default());
    }
}
