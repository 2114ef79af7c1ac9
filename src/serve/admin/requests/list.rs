//! The journal as a list, newest first.

use std::time::SystemTime;

use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use crate::exchange::{Lookup, Slot};
use crate::message::{Plan, Query};

use super::super::super::context::RequestContext;
use super::super::reply::{AdminError, ok};
use super::find::shown;
use super::is_own;

/// What is asked for.
#[derive(Debug, Default)]
struct Wanted {
    stub: Option<Uuid>,
    unmatched: bool,
    world: Option<String>,
    since: Option<SystemTime>,
    limit: Option<usize>,
}

/// The exchanges that are asked for. The total is what there is before the limit, as in `WireMock`.
pub(super) async fn all(context: &RequestContext, query: Option<&str>) -> Result<Plan, AdminError> {
    let wanted = Wanted::read(query)?;
    let journal = &context.shared.journal;
    let lookup = match wanted.stub {
        Some(id) => Lookup::Stub(id),
        None if wanted.unmatched => Lookup::Unmatched,
        None => Lookup::All,
    };
    let mut slots = journal.select(lookup);
    let in_world = |slot: &Slot| wanted.world.as_deref().is_none_or(|world| slot.world() == world);
    // What a stub answered is matched.
    slots.retain(|slot| {
        is_own(context, slot) && in_world(slot) && !(wanted.unmatched && wanted.stub.is_some())
    });
    let total = slots.len();
    slots.retain(|slot| wanted.since.is_none_or(|since| journal.time_of(slot) > since));
    slots.reverse();
    slots.truncate(wanted.limit.unwrap_or(usize::MAX));
    journal.settle(&slots).await;
    let requests = shown(context, slots).await;
    Ok(ok(&json!({
        "requests": requests,
        "meta": {"total": total},
        "requestJournalDisabled": journal.is_off(),
    })))
}

impl Wanted {
    fn read(query: Option<&str>) -> Result<Self, AdminError> {
        let query = Query::parse(query).unwrap_or_default();
        let stub = |text: &str| {
            text.parse().map_err(|_| AdminError::Parameter {
                code: 15,
                name: None,
                why: format!("Query parameter matchingStub value '{text}' is not a valid UUID"),
            })
        };
        let since = |text: &str| -> Result<SystemTime, AdminError> {
            let time = text.parse::<Timestamp>().map_err(|_| AdminError::Parameter {
                code: 10,
                name: Some("since"),
                why: format!("{text} is not a valid ISO8601 date"),
            })?;
            Ok(SystemTime::from(time))
        };
        let limit = |text: &str| {
            text.parse().map_err(|_| {
                AdminError::Invalid("limit must be a whole number from 0 up".to_owned())
            })
        };
        Ok(Self {
            stub: query.first("matchingStub").map(stub).transpose()?,
            unmatched: query.all("unmatched").any(|value| value == "true"),
            world: query.first("world").map(str::to_owned),
            since: query.first("since").map(since).transpose()?,
            limit: query.first("limit").map(limit).transpose()?,
        })
    }
}
