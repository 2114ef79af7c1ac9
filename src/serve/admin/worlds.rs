//! The worlds of a server: listed, looked at, made, reset, deleted.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};

use crate::message::{Plan, WorldName};

use super::super::context::RequestContext;
use super::super::world::World;
use super::own_scenarios;
use super::reply::{AdminError, ok};

/// Lists all worlds, or deletes all but the default one.
pub(super) fn all(context: &RequestContext, method: &Method) -> Plan {
    let worlds = &context.shared.worlds;
    context.shared.find_shared_worlds();
    if *method == Method::DELETE {
        return ok(&json!({"deleted": worlds.delete_all()}));
    }
    let shown: Vec<Value> = worlds.all().iter().map(|world| show(world)).collect();
    let (limit, dropped) = worlds.limit_and_dropped();
    ok(&json!({
        "worlds": shown,
        "meta": {"total": shown.len(), "limit": limit, "dropped": dropped},
    }))
}

/// Shows, makes or deletes one world.
pub(super) async fn one(
    context: &RequestContext,
    method: &Method,
    name: &str,
    body: &[u8],
) -> Result<Plan, AdminError> {
    let name = WorldName::parse(name)?;
    let worlds = &context.shared.worlds;
    match *method {
        Method::PUT => make(context, &name, body).await,
        Method::DELETE if name.is_default() => Err(AdminError::Method {
            why: "the default world cannot be deleted; POST /__admin/worlds/default/reset brings it back to the fixtures".to_owned(),
            allowed: &[Method::GET, Method::HEAD, Method::PUT],
        }),
        // One that another server has made is there as well.
        Method::DELETE if context.shared.find_world(&name).is_some() && worlds.delete(&name) => {
            Ok(ok(&json!({})))
        }
        Method::DELETE => Err(no_such(&name)),
        _ => context.shared.find_world(&name).map(|world| ok(&show(&world))).ok_or_else(|| no_such(&name)),
    }
}

/// Makes a world, and turns on the scenarios that the body names. A world that was not there stays away if they are
/// wrong.
async fn make(context: &RequestContext, name: &WorldName, body: &[u8]) -> Result<Plan, AdminError> {
    let worlds = &context.shared.worlds;
    let was_there = context.shared.find_world(name).is_some();
    let world = context.shared.world(name);
    if !body.trim_ascii().is_empty() {
        let of_world = RequestContext::new(Arc::clone(&context.shared), Arc::clone(&world));
        if let Err(error) = own_scenarios::all(&of_world, &Method::PUT, body).await {
            if !was_there {
                worlds.delete(name);
            }
            return Err(error);
        }
    }
    Ok(ok(&show(&world)))
}

/// Brings one world back to the fixtures.
pub(super) fn reset(context: &RequestContext, name: &str) -> Result<Plan, AdminError> {
    let name = WorldName::parse(name)?;
    let world = context.shared.find_world(&name).ok_or_else(|| no_such(&name))?;
    RequestContext::new(Arc::clone(&context.shared), world).reset()?;
    Ok(ok(&json!({})))
}

fn show(world: &World) -> Value {
    let state = world.store.state();
    json!({
        "name": &*world.name,
        "objects": state.snapshot.len(),
        "resourceVersion": state.revision.to_string(),
        "requests": world.requests(),
        "elapsedSeconds": world.clock.elapsed().as_secs_f64(),
    })
}

fn no_such(name: &WorldName) -> AdminError {
    let why =
        format!("there is no world {:?} now; one is made by its first request, or by PUT", &**name);
    AdminError::NotFound(why)
}
