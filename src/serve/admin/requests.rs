//! What clients asked, in `WireMock`'s shapes, and what they did that they should not have.
//!
//! Seen from the default world there is everything, seen from another one what happened there.

mod find;
mod list;
mod near_misses;

use http::{Method, StatusCode};
use serde_json::json;
use uuid::Uuid;

use crate::exchange::Slot;
use crate::grade::Finding;
use crate::message::{Origin, Plan, Request};

use super::super::assess::AllRecords;
use super::super::context::RequestContext;
use super::super::graded::GradedRequests;
use super::reply::{AdminError, absent, accepts_text, name_unanswered, ok};

/// An endpoint about the journal, by its path below `/__admin`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint<'a> {
    All,
    One(&'a str),
    Differences(&'a str),
    Reset,
    Count,
    Find,
    Unmatched,
    Remove,
    RemoveByMetadata,
    NearUnmatched,
    NearRequest,
    NearPattern,
}

/// The paths, for the error that names them.
pub(super) const PATHS: &[&str] = &[
    "requests",
    "requests/ID",
    "requests/ID/differences",
    "requests/reset",
    "requests/count",
    "requests/find",
    "requests/unmatched",
    "requests/remove",
    "requests/remove-by-metadata",
    "requests/unmatched/near-misses",
    "near-misses/request",
    "near-misses/request-pattern",
];

impl<'a> Endpoint<'a> {
    /// The endpoint of a path.
    pub(super) fn parse(segments: &[&'a str]) -> Option<Self> {
        Some(match *segments {
            ["requests"] => Self::All,
            // WireMock 3 has it no more, and clients still call it.
            ["requests", "reset"] => Self::Reset,
            ["requests", "count"] => Self::Count,
            ["requests", "find"] => Self::Find,
            ["requests", "unmatched"] => Self::Unmatched,
            ["requests", "remove"] => Self::Remove,
            ["requests", "remove-by-metadata"] => Self::RemoveByMetadata,
            ["requests", "unmatched", "near-misses"] => Self::NearUnmatched,
            // One client puts the other root before them.
            ["near-misses", "request"] | ["requests", "near-misses", "request"] => {
                Self::NearRequest
            }
            ["near-misses", "request-pattern"] | ["requests", "near-misses", "request-pattern"] => {
                Self::NearPattern
            }
            ["requests", id] => Self::One(id),
            ["requests", id, "differences"] => Self::Differences(id),
            _ => return None,
        })
    }

    /// The methods it has.
    pub(super) fn methods(self) -> &'static [Method] {
        match self {
            Self::All | Self::One(_) => &[Method::GET, Method::HEAD, Method::DELETE],
            Self::Differences(_) | Self::Unmatched | Self::NearUnmatched => {
                &[Method::GET, Method::HEAD]
            }
            Self::Reset
            | Self::Count
            | Self::Find
            | Self::Remove
            | Self::RemoveByMetadata
            | Self::NearRequest
            | Self::NearPattern => &[Method::POST],
        }
    }

    /// Whether `WireMock` fails without a journal; it answers the others as if nothing had been asked.
    fn needs_journal(self, deletes: bool) -> bool {
        match self {
            Self::All => !deletes,
            Self::Reset | Self::Count | Self::Find | Self::Unmatched | Self::NearRequest => false,
            Self::One(_)
            | Self::Differences(_)
            | Self::Remove
            | Self::RemoveByMetadata
            | Self::NearUnmatched
            | Self::NearPattern => true,
        }
    }

    /// Answers a request to it.
    pub(super) async fn answer(
        self,
        context: &RequestContext,
        method: &Method,
        query: Option<&str>,
        body: &[u8],
    ) -> Result<Plan, AdminError> {
        let deletes = *method == Method::DELETE;
        if context.shared.journal.is_off() && self.needs_journal(deletes) {
            return Err(AdminError::NoJournal);
        }
        match self {
            Self::All if deletes => Ok(clear(context)),
            Self::Reset => Ok(clear(context)),
            Self::All => list::all(context, query).await,
            Self::One(id) => one(context, id, deletes).await,
            Self::Differences(id) => near_misses::differences(context, uuid(id)?).await,
            Self::Count => find::count(context, body).await,
            Self::Find => find::find(context, body).await,
            Self::Unmatched => Ok(find::unmatched(context).await),
            Self::Remove => find::remove(context, body).await,
            Self::RemoveByMetadata => find::remove_by_metadata(context, body).await,
            Self::NearUnmatched => Ok(near_misses::of_unmatched(context).await),
            Self::NearRequest => near_misses::of_request(context, body).await,
            Self::NearPattern => near_misses::of_pattern(context, body).await,
        }
    }
}

/// Forgets the journal.
fn clear(context: &RequestContext) -> Plan {
    let journal = &context.shared.journal;
    if context.world.name.is_default() {
        journal.clear();
    } else {
        journal.clear_world(&context.world.name);
    }
    ok(&json!({}))
}

/// Shows or forgets one exchange.
async fn one(context: &RequestContext, id: &str, deletes: bool) -> Result<Plan, AdminError> {
    let journal = &context.shared.journal;
    let slot = journal.find(uuid(id)?).filter(|slot| is_own(context, slot));
    Ok(match slot {
        Some(slot) if deletes => {
            journal.remove(&[slot]);
            ok(&json!({}))
        }
        Some(slot) => {
            journal.settle(std::slice::from_ref(&slot)).await;
            ok(&journal.exchange(slot).to_json())
        }
        None if deletes => ok(&json!({})),
        None => absent(),
    })
}

fn uuid(id: &str) -> Result<Uuid, AdminError> {
    id.parse().map_err(|_| AdminError::Parameter {
        code: 10,
        name: None,
        why: format!("{id} is not a valid UUID"),
    })
}

/// Whether an exchange is seen from the world.
fn is_own(context: &RequestContext, slot: &Slot) -> bool {
    let world = &context.world.name;
    world.is_default() || slot.world() == &**world
}

/// What the world's clients did that they should not have.
pub(super) fn findings(context: &RequestContext, all: AllRecords) -> Result<Plan, AdminError> {
    require_grading(context)?;
    let found: Vec<_> = context.findings_of(&all).iter().map(Finding::to_json).collect();
    let (requests, dropped) = (all.of.records.len(), all.of.dropped);
    let mut answer = json!({"requests": requests, "notGraded": dropped, "findings": found});
    name_unanswered(&mut answer, all.unanswered);
    Ok(ok(&answer))
}

/// The verdict on the world's clients.
pub(super) fn verdict(
    context: &RequestContext,
    request: &Request,
    all: AllRecords,
) -> Result<Plan, AdminError> {
    require_grading(context)?;
    if accepts_text(request) {
        let text = context.assess_all(&all).to_text();
        return Ok(Plan::text(StatusCode::OK, Origin::Admin, text));
    }
    let mut answer = context.verdict(&all);
    name_unanswered(&mut answer, all.unanswered);
    Ok(ok(&answer))
}

/// What this server knows of the world's clients, for another one that shares the store.
pub(super) fn records(context: &RequestContext) -> Result<Plan, AdminError> {
    require_grading(context)?;
    let text = serde_json::to_string(&context.told_records()).map_err(|_| AdminError::Failed)?;
    Ok(Plan::json(StatusCode::OK, Origin::Admin, text))
}

fn require_grading(context: &RequestContext) -> Result<(), AdminError> {
    if context.shared.settings.graded != GradedRequests::None {
        return Ok(());
    }
    let why =
        "requests are not graded; start the server with --graded or with a scenario".to_owned();
    Err(AdminError::Conflict(why))
}
