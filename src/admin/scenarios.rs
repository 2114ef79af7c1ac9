//! The scenarios of a world: looked at, switched, begun, stepped, reset.

use std::path::Path;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::message::Plan;
use crate::scenario::shipped;
use crate::serve::Here;

use super::routes::{failed, ok, wrong_method};

/// Answers `scenarios` and what is below it.
pub(super) async fn answer(here: &Here, method: &Method, path: &str, body: &[u8]) -> Plan {
    let (state, now) = (&here.world.scenario, here.world.clock.elapsed());
    match (path, method) {
        ("scenarios", &Method::GET | &Method::HEAD) => {}
        ("scenarios", &Method::PUT) => return switch(here, body).await,
        ("scenarios", &Method::DELETE) => {
            here.world.scenarios.store(None);
            state.reset(now);
        }
        ("scenarios/reset", &Method::POST) => state.reset(now),
        ("scenarios/start", &Method::POST) => {
            here.scenario_set().start(state, now);
        }
        ("scenarios/step", &Method::POST) => {
            if here.scenario_set().step(state, now) == 0 {
                return failed(StatusCode::CONFLICT, "no scenario here has a phase to go to");
            }
        }
        _ => return wrong_method(method),
    }
    ok(&here.scenario_set().status(state, here.world.clock.elapsed()))
}

/// Turns other scenarios on, for this world alone. They are known by their names: a client on the network
/// has no say in which files are read.
async fn switch(here: &Here, body: &[u8]) -> Plan {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let names = body["scenarios"].as_array().map(|names| {
        names.iter().map(|name| name.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
    });
    let Some(Some(names)) = names else {
        let why =
            "the body must be {\"scenarios\": [\"NAME\", ..], \"seed\": N}; seed may be left out";
        return failed(StatusCode::BAD_REQUEST, why);
    };
    let shipped = shipped();
    let given = here.reload.scenarios();
    let mut chosen = Vec::new();
    for name in names {
        let own = given.iter().find(|path| {
            **path == name || Path::new(path).file_stem().is_some_and(|stem| *stem == *name)
        });
        let known = shipped
            .iter()
            .any(|(known, _)| *known == name || known.rsplit('/').next() == Some(name.as_str()));
        match own {
            Some(path) => chosen.push(path.clone()),
            None if known => chosen.push(name),
            None => {
                let name: String = name.chars().take(64).collect();
                let why = format!(
                    "no scenario {name:?}; there are the shipped ones (`standin scenarios` lists them) and those \
                     that the server was started with"
                );
                return failed(StatusCode::NOT_FOUND, &why);
            }
        }
    }
    let seed = body["seed"].as_u64();
    let switching = here.clone();
    let switched =
        tokio::task::spawn_blocking(move || switching.switch_scenarios(chosen, seed)).await;
    match switched {
        Ok(Ok(())) => {
            let now = here.world.clock.elapsed();
            ok(&here.scenario_set().status(&here.world.scenario, now))
        }
        Ok(Err(problems)) => {
            let lines: Vec<Value> = problems
                .0
                .iter()
                .map(|problem| json!({"code": 10, "title": problem.to_string()}))
                .collect();
            let body = json!({"errors": lines});
            Plan::json(
                StatusCode::UNPROCESSABLE_ENTITY,
                crate::message::Origin::Admin,
                format!("{body}\n"),
            )
        }
        Err(_) => failed(StatusCode::INTERNAL_SERVER_ERROR, "loading failed; see the server's log"),
    }
}
