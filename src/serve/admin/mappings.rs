//! The stubs: listed, added, edited, removed (`C/admin/AdminRoutes.java`).

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::message::{Origin, Plan};

use super::super::context::RequestContext;
use super::reply::{AdminError, absent, empty, ok};

/// An endpoint about stubs, by its path below `/__admin`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint<'a> {
    All,
    One(&'a str),
    Reset,
}

/// The paths, for the error that names them.
pub(super) const PATHS: &[&str] = &["mappings", "mappings/ID", "mappings/reset"];

impl<'a> Endpoint<'a> {
    /// The endpoint of a path.
    pub(super) fn parse(segments: &[&'a str]) -> Option<Self> {
        Some(match *segments {
            ["mappings"] => Self::All,
            ["mappings", "reset"] => Self::Reset,
            ["mappings", id] => Self::One(id),
            _ => return None,
        })
    }

    /// The methods it has.
    pub(super) fn methods(self) -> &'static [Method] {
        match self {
            Self::All => &[Method::GET, Method::HEAD, Method::POST, Method::DELETE],
            Self::One(_) => &[Method::GET, Method::HEAD, Method::PUT, Method::DELETE],
            Self::Reset => &[Method::POST],
        }
    }

    /// Answers a request to it.
    pub(super) async fn answer(
        self,
        context: &RequestContext,
        method: &Method,
        body: &Bytes,
    ) -> Result<Plan, AdminError> {
        match (self, method) {
            (Self::All, &Method::POST) => add(context, body),
            (Self::All, &Method::DELETE) => Ok(clear(context)),
            (Self::All, _) => Ok(list(context)),
            (Self::One(id), &Method::PUT) => edit(context, id, body),
            (Self::One(id), &Method::DELETE) => remove(context, id),
            (Self::One(id), _) => one(context, id),
            (Self::Reset, _) => reset(context).await,
        }
    }
}

/// The stubs, in the order in which they are tried.
fn list(context: &RequestContext) -> Plan {
    let stubs = context.shared.stubs.load();
    let mappings: Vec<Value> = stubs.stubs().map(|stub| stub.mapping()).collect();
    ok(&json!({"meta": {"total": mappings.len()}, "mappings": mappings}))
}

fn add(context: &RequestContext, body: &[u8]) -> Result<Plan, AdminError> {
    let stub = Arc::new(read(context, body, None)?);
    let shown = Plan::json(StatusCode::CREATED, Origin::Admin, stub.mapping().to_string());
    context.shared.stubs.change(|set| set.add(stub));
    Ok(shown)
}

fn edit(context: &RequestContext, id: &str, body: &[u8]) -> Result<Plan, AdminError> {
    let stub = Arc::new(read(context, body, Some(uuid(id)?))?);
    let shown = ok(&stub.mapping());
    let edited = context.shared.stubs.change(|set| set.replace(stub));
    Ok(if edited { shown } else { absent() })
}

fn remove(context: &RequestContext, id: &str) -> Result<Plan, AdminError> {
    let id = uuid(id)?;
    let removed = context.shared.stubs.change(|set| set.remove(id));
    Ok(if removed.is_some() { ok(&json!({})) } else { absent() })
}

fn one(context: &RequestContext, id: &str) -> Result<Plan, AdminError> {
    let stubs = context.shared.stubs.load();
    Ok(stubs.get(uuid(id)?).map_or_else(absent, |stub| ok(&stub.mapping())))
}

fn clear(context: &RequestContext) -> Plan {
    context.shared.stubs.change(|set| set.clear());
    ok(&json!({}))
}

/// The stubs of the files again, and an empty journal. Stubs belong to all worlds: asked in another one than
/// the default, they stay.
pub(super) async fn reset(context: &RequestContext) -> Result<Plan, AdminError> {
    let (shared, world) = (&context.shared, &context.world);
    if !world.name.is_default() {
        shared.journal.clear_world(&world.name);
        return Ok(empty());
    }
    let resetting = Arc::clone(shared);
    let reset = tokio::task::spawn_blocking(move || resetting.reset_stubs()).await;
    shared.journal.clear();
    match reset {
        Ok(Ok(_)) => Ok(empty()),
        Ok(Err(problems)) => Err(AdminError::Problems(problems)),
        Err(_) => Err(AdminError::Failed),
    }
}

fn uuid(text: &str) -> Result<Uuid, AdminError> {
    text.parse().map_err(|_| AdminError::Parameter {
        code: 10,
        name: None,
        why: format!("{text} is not a valid UUID"),
    })
}

/// Reads the stub of a request, with an id that the path names.
fn read(
    context: &RequestContext,
    body: &[u8],
    id: Option<Uuid>,
) -> Result<crate::matching::Stub, AdminError> {
    let mut mapping: Value = crate::matching::read_json(body).map_err(AdminError::Json)?;
    if let Some(id) = id
        && let Some(keys) = mapping.as_object_mut()
    {
        keys.remove("uuid");
        keys.insert("id".to_owned(), id.to_string().into());
    }
    let shared = &context.shared;
    shared.stubs.read(mapping, &shared.body_files()).map_err(AdminError::Json)
}
