//! Standin's own scenarios of a world: looked at, switched, begun, stepped, reset.

use std::path::Path;

use http::Method;
use serde_json::{Value, json};

use crate::document::InlineText;
use crate::message::{Origin, Plan};
use crate::scenario::shipped;

use super::super::context::RequestContext;
use super::reply::{AdminError, ok};

/// Shows the scenarios of the world, switches them, or goes back to those of the server.
pub(super) async fn all(
    context: &RequestContext,
    method: &Method,
    body: &[u8],
) -> Result<Plan, AdminError> {
    match *method {
        Method::PUT => switch(context, body).await,
        Method::DELETE => {
            context.restore_scenarios().map_err(AdminError::Problems)?;
            Ok(show(context))
        }
        _ => Ok(show(context)),
    }
}

/// Counters, draws, tokens and timelines begin anew.
pub(super) fn reset(context: &RequestContext) -> Result<Plan, AdminError> {
    context.world.reset_rules()?;
    Ok(show(context))
}

/// Timelines begin.
pub(super) fn start(context: &RequestContext) -> Result<Plan, AdminError> {
    let (world, set) = (&context.world, context.scenario_set());
    world.change_rules(|state| set.start(state, world.clock.elapsed()))?;
    Ok(show(context))
}

/// Each timeline goes to its next phase.
pub(super) fn step(context: &RequestContext) -> Result<Plan, AdminError> {
    let (world, set) = (&context.world, context.scenario_set());
    if world.change_rules(|state| set.step(state, world.clock.elapsed()))? == 0 {
        return Err(AdminError::Conflict("no scenario here has a phase to go to".to_owned()));
    }
    Ok(show(context))
}

/// The scenarios that can be switched on by their names, and those that were put into the world.
pub(super) fn available(context: &RequestContext) -> Plan {
    let given = context.shared.reload.scenarios();
    let chosen = context.world.chosen.lock().clone();
    let on: Vec<&str> = match &chosen.named {
        Some((names, _)) => names.iter().map(String::as_str).collect(),
        None => given.iter().map(String::as_str).collect(),
    };
    let shipped = shipped();
    let is = |known: &str, name: &str| known == name || known.rsplit('/').next() == Some(name);
    let mut known: Vec<Value> = Vec::new();
    for name in given {
        // What the server was started with may be a name, a file, a directory, or a theme.
        if !shipped.iter().any(|(known, _)| is(known, name)) {
            let is_on = on.contains(&name.as_str());
            known.push(json!({"name": name, "about": "", "source": "server", "on": is_on}));
        }
    }
    for (name, about) in &shipped {
        let is_on = on.iter().any(|on| is(name, on));
        known.push(json!({"name": name, "about": about, "source": "shipped", "on": is_on}));
    }
    for text in &chosen.put {
        known.push(json!({"name": text.name, "about": "", "source": "put", "on": true}));
    }
    ok(&json!({"scenarios": known, "ofServer": chosen.is_of_server()}))
}

fn show(context: &RequestContext) -> Plan {
    let world = &context.world;
    ok(&context.scenario_set().status(&world.scenario, world.clock.elapsed()))
}

/// Turns other scenarios on, for this world alone. They are known by their names: a client on the network
/// has no say in which files are read.
async fn switch(context: &RequestContext, body: &[u8]) -> Result<Plan, AdminError> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let names = body["scenarios"].as_array().map(|names| {
        names.iter().map(|name| name.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
    });
    let Some(Some(names)) = names else {
        let why =
            "the body must be {\"scenarios\": [\"NAME\", ..], \"seed\": N}; seed may be left out";
        return Err(AdminError::Invalid(why.to_owned()));
    };
    let shipped = shipped();
    let given = context.shared.reload.scenarios();
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
                return Err(AdminError::NotFound(why));
            }
        }
    }
    let seed = body["seed"].as_u64();
    let switching = context.clone();
    let switched =
        tokio::task::spawn_blocking(move || switching.switch_scenarios(chosen, seed)).await;
    match switched {
        Ok(Ok(())) => Ok(show(context)),
        Ok(Err(problems)) => Err(AdminError::Problems(problems)),
        Err(_) => Err(AdminError::Failed),
    }
}

/// One scenario that was put into the world: shown, put, taken away.
pub(super) async fn one(
    context: &RequestContext,
    method: &Method,
    name: &str,
    body: &[u8],
) -> Result<Plan, AdminError> {
    let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy().into_owned();
    let absent = || AdminError::NotFound(format!("no scenario {name:?} was put into this world"));
    match *method {
        Method::PUT => {
            let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            if name.is_empty() || name.len() > 64 || !name.chars().all(is_name) {
                let why = format!(
                    "{name:?} is not the name of a scenario: up to 64 letters, digits, '-', '_' and '.'"
                );
                return Err(AdminError::Invalid(why));
            }
            let text = String::from_utf8(body.to_vec()).map_err(|_| {
                AdminError::Invalid("the body must be the text of a scenario, in UTF-8".to_owned())
            })?;
            let (putting, text) = (context.clone(), InlineText { name, text });
            let put = tokio::task::spawn_blocking(move || putting.put_scenario(text)).await;
            match put {
                Ok(Ok(())) => Ok(show(context)),
                Ok(Err(problems)) => Err(AdminError::Problems(problems)),
                Err(_) => Err(AdminError::Failed),
            }
        }
        Method::DELETE => match context.remove_scenario(&name) {
            Ok(true) => Ok(show(context)),
            Ok(false) => Err(absent()),
            Err(problems) => Err(AdminError::Problems(problems)),
        },
        _ => {
            let chosen = context.world.chosen.lock();
            let text = chosen.put.iter().find(|text| text.name == name).ok_or_else(absent)?;
            Ok(Plan::text(http::StatusCode::OK, Origin::Admin, text.text.clone()))
        }
    }
}
