//! The worlds of a server: listed, looked at, reset, deleted.

use std::sync::Arc;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::message::Plan;
use crate::serve::{DEFAULT_WORLD, Here, World};

use super::routes::{failed, ok, wrong_method};

/// Answers `worlds`.
pub(super) fn all(here: &Here, method: &Method) -> Plan {
    match *method {
        Method::GET | Method::HEAD => {
            let worlds: Vec<Value> = here.worlds.all().iter().map(|world| show(world)).collect();
            let (limit, dropped) = here.worlds.limit_and_dropped();
            ok(&json!({
                "worlds": worlds,
                "meta": {"total": worlds.len(), "limit": limit, "dropped": dropped},
            }))
        }
        Method::DELETE => ok(&json!({"deleted": here.worlds.delete_all()})),
        _ => wrong_method(method),
    }
}

/// Answers `worlds/NAME` and `worlds/NAME/reset`.
pub(super) fn one(here: &Here, method: &Method, path: &str) -> Plan {
    let (name, action) = path.split_once('/').unwrap_or((path, ""));
    match (action, method) {
        ("", &Method::PUT) => match here.shared().world(name) {
            Ok(world) => ok(&show(&world)),
            Err(error) => failed(StatusCode::BAD_REQUEST, &error.to_string()),
        },
        ("", &Method::GET | &Method::HEAD) => match here.worlds.find(name) {
            Some(world) => ok(&show(&world)),
            None => no_such(name),
        },
        ("", &Method::DELETE) if name == DEFAULT_WORLD => {
            let why = "the default world cannot be deleted; POST /__admin/worlds/default/reset brings it back to the fixtures";
            failed(StatusCode::METHOD_NOT_ALLOWED, why)
        }
        ("", &Method::DELETE) if here.worlds.delete(name) => ok(&json!({})),
        ("", &Method::DELETE) => no_such(name),
        ("reset", &Method::POST) => match here.worlds.find(name) {
            Some(world) => {
                Here::new(Arc::clone(here.shared()), world).reset();
                ok(&json!({}))
            }
            None => no_such(name),
        },
        ("" | "reset", _) => wrong_method(method),
        _ => failed(StatusCode::NOT_FOUND, "a world has no such endpoint; there is reset"),
    }
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

fn no_such(name: &str) -> Plan {
    // What was asked for is not said back in full: it may be anything.
    let name: String = name.chars().take(64).collect();
    let why =
        format!("there is no world {name:?} now; one is made by its first request, or by PUT");
    failed(StatusCode::NOT_FOUND, &why)
}
