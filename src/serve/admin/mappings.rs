//! The stubs: listed, found, added, edited, removed, saved (`C/admin/AdminRoutes.java`).
//!
//! Stubs belong to all worlds.

mod change;
mod find;
mod import;

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use serde_json::json;
use uuid::Uuid;

use crate::message::Plan;

use super::super::context::RequestContext;
use super::reply::{AdminError, empty, ok};

pub(super) use find::{as_shown, list};

/// An endpoint about stubs, by its path below `/__admin`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint<'a> {
    All,
    One(&'a str),
    Edit,
    Import,
    Remove,
    FindByMetadata,
    RemoveByMetadata,
    Unmatched,
    Save,
    Reset,
}

/// The paths, for the error that names them.
pub(super) const PATHS: &[&str] = &[
    "mappings",
    "mappings/ID",
    "mappings/edit",
    "mappings/import",
    "mappings/remove",
    "mappings/find-by-metadata",
    "mappings/remove-by-metadata",
    "mappings/unmatched",
    "mappings/save",
    "mappings/reset",
];

impl<'a> Endpoint<'a> {
    /// The endpoint of a path.
    pub(super) fn parse(segments: &[&'a str]) -> Option<Self> {
        Some(match *segments {
            ["mappings"] => Self::All,
            // Of WireMock 2, whose clients still call it.
            ["mappings", "edit"] => Self::Edit,
            ["mappings", "import"] => Self::Import,
            ["mappings", "remove"] => Self::Remove,
            ["mappings", "find-by-metadata"] => Self::FindByMetadata,
            ["mappings", "remove-by-metadata"] => Self::RemoveByMetadata,
            ["mappings", "unmatched"] => Self::Unmatched,
            ["mappings", "save"] => Self::Save,
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
            Self::Unmatched => &[Method::GET, Method::HEAD, Method::DELETE],
            Self::Edit
            | Self::Import
            | Self::Remove
            | Self::FindByMetadata
            | Self::RemoveByMetadata
            | Self::Save
            | Self::Reset => &[Method::POST],
        }
    }

    /// Answers a request to it. Files may be written and many stubs be read: on a thread that may block.
    pub(super) async fn answer(
        self,
        context: &RequestContext,
        method: &Method,
        query: Option<&str>,
        body: &Bytes,
    ) -> Result<Plan, AdminError> {
        let deletes = *method == Method::DELETE;
        let body = body.clone();
        if self == Self::Unmatched && context.shared.journal.is_off() {
            return Err(AdminError::NoJournal);
        }
        match self {
            Self::Reset => reset(context).await,
            Self::All if *method == Method::POST => {
                blocking(context, move |context| change::add(context, &body)).await
            }
            Self::All if deletes => blocking(context, change::clear).await,
            Self::All => find::list(context, query),
            Self::One(id) => {
                let id = uuid(id)?;
                match *method {
                    Method::PUT => {
                        blocking(context, move |context| change::edit(context, id, &body)).await
                    }
                    Method::DELETE => {
                        blocking(context, move |context| change::remove(context, id)).await
                    }
                    _ => Ok(find::one(context, id)),
                }
            }
            Self::Edit => {
                blocking(context, move |context| change::edit_named(context, &body)).await
            }
            Self::Import => blocking(context, move |context| import::import(context, &body)).await,
            Self::Remove => {
                blocking(context, move |context| change::remove_meant(context, &body)).await
            }
            Self::FindByMetadata => {
                blocking(context, move |context| find::by_metadata(context, &body)).await
            }
            Self::RemoveByMetadata => {
                blocking(context, move |context| change::remove_by_metadata(context, &body)).await
            }
            Self::Unmatched if deletes => blocking(context, change::remove_unmatched).await,
            Self::Unmatched => blocking(context, |context| Ok(find::unmatched(context))).await,
            Self::Save => blocking(context, change::save).await,
        }
    }
}

/// The stubs that no request to this server matched, of those that none elsewhere did; removed, where that is asked for.
pub(super) async fn unmatched_besides(
    context: &RequestContext,
    is_removal: bool,
    elsewhere: Vec<HashSet<Uuid>>,
) -> Result<Plan, AdminError> {
    if context.shared.journal.is_off() {
        return Err(AdminError::NoJournal);
    }
    let of_stubs = move |context: &RequestContext| {
        let mut stubs = find::without_requests(context);
        stubs.retain(|stub| elsewhere.iter().all(|ids| ids.contains(&stub.id)));
        if !is_removal {
            return Ok(find::shown(stubs.iter(), stubs.len()));
        }
        change::remove_all(context, &stubs)?;
        Ok(ok(&json!({})))
    };
    blocking(context, of_stubs).await
}

/// Does something on a thread that may block.
async fn blocking(
    context: &RequestContext,
    work: impl FnOnce(&RequestContext) -> Result<Plan, AdminError> + Send + 'static,
) -> Result<Plan, AdminError> {
    let context = context.clone();
    let done = tokio::task::spawn_blocking(move || work(&context)).await;
    done.unwrap_or(Err(AdminError::Failed))
}

/// The stubs of the files again, their scenarios as at the start, and an empty journal. Asked in another world
/// than the default one, the stubs stay.
pub(super) async fn reset(context: &RequestContext) -> Result<Plan, AdminError> {
    let (shared, world) = (&context.shared, &context.world);
    world.reset_stub_states()?;
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
