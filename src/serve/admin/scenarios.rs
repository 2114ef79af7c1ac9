//! Scenarios in `WireMock`'s form: those of stubs, and Standin's own with their phases as states.

use std::collections::BTreeSet;

use http::StatusCode;
use serde_json::{Value, json};

use crate::document::{Refusal, read_body};
use crate::matching::{STARTED, states_of};
use crate::message::Plan;

use super::super::context::RequestContext;
use super::reply::{AdminError, ok};

/// Lists all scenarios of the world.
pub(super) fn list(context: &RequestContext) -> Plan {
    let stubs = context.shared.stubs.load_full();
    let of_stubs = stubs.stubs_by_scenario().into_iter().map(|(name, stubs)| {
        let mappings: Vec<Value> = stubs.iter().map(|stub| stub.mapping()).collect();
        json!({
            "id": name,
            "name": name,
            "state": &*context.world.stub_states.get(name),
            "possibleStates": states_of(stubs),
            "mappings": mappings,
        })
    });
    let world = &context.world;
    let own = context.scenario_set().phases(&world.scenario, world.clock.elapsed());
    // A stub's scenario of the same name comes first in all that follows.
    let own = own.into_iter().filter(|own| !stubs.has_scenario(&own.name)).map(|own| {
        json!({
            "id": &*own.name,
            "name": &*own.name,
            "state": own.current.unwrap_or_else(|| STARTED.to_owned()),
            "possibleStates": own.phases.iter().map(|phase| &**phase).collect::<Vec<_>>(),
            "mappings": [],
        })
    });
    let scenarios: Vec<Value> = of_stubs.chain(own).collect();
    ok(&json!({"scenarios": scenarios}))
}

/// Resets all scenarios: of stubs, and Standin's own with their counters, draws and tokens.
pub(super) fn reset(context: &RequestContext) -> Result<Plan, AdminError> {
    context.world.reset_stub_states()?;
    context.world.reset_rules()?;
    Ok(ok(&json!({})))
}

/// Moves a scenario to a state, or resets it where the body is empty. A scenario of Standin's own is moved to the
/// phase of that name.
pub(super) fn set_state(
    context: &RequestContext,
    name: &str,
    body: &[u8],
) -> Result<Plan, AdminError> {
    let wanted = if body.is_empty() { None } else { Some(state(body).map_err(AdminError::Json)?) };
    let stubs = context.shared.stubs.load_full();
    let decoded = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
    let name = if stubs.has_scenario(name) { name } else { &decoded };
    if !stubs.has_scenario(name) {
        return set_phase(context, name, wanted);
    }
    let world = &context.world;
    match wanted {
        None => world.set_stub_state(name, STARTED)?,
        Some(wanted) => match wanted.as_deref() {
            Some(state) if stubs.possible_states(name).contains(state) => {
                world.set_stub_state(name, state)?;
            }
            state => return Err(unsupported(name, state)),
        },
    }
    Ok(ok(&json!({})))
}

/// The state of a request: nothing where it is null.
fn state(body: &[u8]) -> Result<Option<String>, Refusal> {
    read_body(body, |node| {
        let keys = node.keys()?;
        let state = keys.get("state").map(|node| node.loose_text());
        keys.finish();
        match state {
            None => Some(None),
            Some(state) => state.map(|state| Some(state.into_owned())),
        }
    })
}

#[expect(clippy::option_option, reason = "three cases: no body, a state, and a state that is null")]
fn set_phase(
    context: &RequestContext,
    name: &str,
    wanted: Option<Option<String>>,
) -> Result<Plan, AdminError> {
    let (world, set) = (&context.world, context.scenario_set());
    let now = world.clock.elapsed();
    let own = set.phases(&world.scenario, now).into_iter().find(|own| *own.name == *name);
    let Some(own) = own else {
        return Err(AdminError::Scenario {
            status: StatusCode::NOT_FOUND,
            code: 404,
            why: format!("Scenario {name} does not exist"),
        });
    };
    let first = own.phases.first().map(ToString::to_string);
    let phase = wanted.unwrap_or(first);
    let phases: BTreeSet<&str> = own.phases.iter().map(|phase| &**phase).collect();
    match phase.as_deref() {
        Some(phase)
            if phases.contains(phase)
                && world.change_rules(|state| set.enter_phase(state, now, name, phase))? =>
        {
            Ok(ok(&json!({})))
        }
        phase => Err(unsupported(name, phase)),
    }
}

fn unsupported(name: &str, state: Option<&str>) -> AdminError {
    let state = state.unwrap_or("null");
    AdminError::Scenario {
        status: StatusCode::UNPROCESSABLE_ENTITY,
        code: 11,
        why: format!("Scenario {name} does not support state {state}"),
    }
}
