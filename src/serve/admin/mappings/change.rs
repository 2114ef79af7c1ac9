//! Stubs changed: added, edited, removed, saved.

use std::sync::Arc;

use http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use crate::matching::{Stub, StubSet, ValueQuery};
use crate::message::{Body, Origin, Plan};

use super::super::super::context::RequestContext;
use super::super::super::saved::{SaveError, is_in_file};
use super::super::reply::{AdminError, absent, empty, ok};
use super::find::{with_metadata, without_requests, written};

impl From<SaveError> for AdminError {
    fn from(error: SaveError) -> Self {
        match error {
            SaveError::NoRoot => Self::Conflict(error.to_string()),
            SaveError::SeveralInFile { .. } | SaveError::Write { .. } => {
                Self::Storage(error.to_string())
            }
        }
    }
}

/// Adds a stub.
pub(super) fn add(context: &RequestContext, body: &[u8]) -> Result<Plan, AdminError> {
    let stub = Arc::new(read(context, body, None)?);
    let added = context.shared.change_stubs(|set| {
        let is_new = set.get(stub.id).is_none();
        if is_new {
            set.add(Arc::clone(&stub));
        }
        is_new
    })?;
    if !added {
        return Err(AdminError::TakenId(stub.id));
    }
    save_persistent(context, &stub)?;
    Ok(written(StatusCode::CREATED, &stub))
}

/// Puts a stub in place of the one that has an id.
pub(super) fn edit(context: &RequestContext, id: Uuid, body: &[u8]) -> Result<Plan, AdminError> {
    // One that is not there is 404 whatever the body says.
    if context.shared.stubs.load().get(id).is_none() {
        return Ok(absent());
    }
    let stub = Arc::new(read(context, body, Some(id))?);
    let edited = replace(context, &stub)?;
    Ok(if edited { written(StatusCode::OK, &stub) } else { absent() })
}

/// The same by the id in the body.
pub(super) fn edit_named(context: &RequestContext, body: &[u8]) -> Result<Plan, AdminError> {
    let stub = Arc::new(read(context, body, None)?);
    let edited = replace(context, &stub)?;
    let done = || Plan::new(StatusCode::NO_CONTENT, Origin::Admin, Body::Empty);
    Ok(if edited { done() } else { absent() })
}

pub(super) fn replace(context: &RequestContext, stub: &Arc<Stub>) -> Result<bool, AdminError> {
    let edited = context.shared.change_stubs(|set| set.replace(Arc::clone(stub)))?;
    if edited {
        save_persistent(context, stub)?;
    }
    Ok(edited)
}

/// Removes the stub that has an id, and its file if it is persistent.
pub(super) fn remove(context: &RequestContext, id: Uuid) -> Result<Plan, AdminError> {
    let Some(stub) = context.shared.change_stubs(|set| set.remove(id))? else {
        return Ok(absent());
    };
    context.shared.remove_saved(&stub)?;
    Ok(ok(&json!({})))
}

/// Removes the stub that is meant: the one that has its id, or else those that have its request.
pub(super) fn remove_meant(context: &RequestContext, body: &[u8]) -> Result<Plan, AdminError> {
    let meant = read(context, body, None)?;
    let by_id = context.shared.change_stubs(|set| {
        let by_id = set.remove(meant.id);
        if by_id.is_none() {
            let request = meant.request_text();
            let same: Vec<Uuid> = set
                .stubs()
                .filter(|stub| stub.request_text() == request)
                .map(|stub| stub.id)
                .collect();
            for id in same {
                set.remove(id);
            }
        }
        by_id
    })?;
    // The files of those that are found by their request stay, as in WireMock.
    if let Some(stub) = by_id {
        context.shared.remove_saved(&stub)?;
    }
    Ok(empty())
}

/// Removes the stubs whose metadata is as wanted.
pub(super) fn remove_by_metadata(
    context: &RequestContext,
    body: &[u8],
) -> Result<Plan, AdminError> {
    let wanted = ValueQuery::read(body).map_err(AdminError::Json)?;
    remove_all(context, &with_metadata(context, &wanted))?;
    Ok(ok(&json!({})))
}

/// Removes the stubs that no request in the journal matched.
pub(super) fn remove_unmatched(context: &RequestContext) -> Result<Plan, AdminError> {
    remove_all(context, &without_requests(context))?;
    Ok(ok(&json!({})))
}

/// Removes several stubs, and the files of those that are persistent.
pub(super) fn remove_all(context: &RequestContext, stubs: &[Arc<Stub>]) -> Result<(), AdminError> {
    context.shared.change_stubs(|set| {
        for stub in stubs {
            set.remove(stub.id);
        }
    })?;
    for stub in stubs {
        context.shared.remove_saved(stub)?;
    }
    Ok(())
}

/// Removes all stubs, and the files that this server wrote for them. Other files stay: a reset brings their
/// stubs back.
pub(super) fn clear(context: &RequestContext) -> Result<Plan, AdminError> {
    context.shared.change_stubs(StubSet::clear)?;
    context.shared.remove_all_saved()?;
    Ok(ok(&json!({})))
}

/// Makes all stubs persistent. Those that are in files as they are served stay there as they are.
pub(super) fn save(context: &RequestContext) -> Result<Plan, AdminError> {
    let shared = &context.shared;
    let set = shared.stubs.load_full();
    let reader = shared.body_files();
    let reader = shared.stubs.reader(&reader);
    for stub in set.stubs().filter(|stub| !is_in_file(&set, stub)) {
        let mut stub = Arc::clone(stub);
        if !stub.is_persistent() {
            let text = stub.file_text(None);
            stub = Arc::new(reader.one(text.as_bytes(), Some(stub.id)).map_err(AdminError::Json)?);
            shared.change_stubs(|set| set.replace(Arc::clone(&stub)))?;
        }
        shared.save_stub(&stub)?;
    }
    Ok(empty())
}

/// Reads the stub of a request, with an id that the path names.
pub(super) fn read(
    context: &RequestContext,
    body: &[u8],
    id: Option<Uuid>,
) -> Result<Stub, AdminError> {
    let shared = &context.shared;
    shared.stubs.reader(&shared.body_files()).one(body, id).map_err(AdminError::Json)
}

/// Writes a stub that shall be kept.
pub(super) fn save_persistent(context: &RequestContext, stub: &Stub) -> Result<(), AdminError> {
    if stub.is_persistent() {
        context.shared.save_stub(stub)?;
    }
    Ok(())
}
