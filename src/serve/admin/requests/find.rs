//! The journal asked by patterns: counted, found, removed.

use serde_json::{Value, json};

use crate::exchange::{Lookup, Slot};
use crate::matching::{RequestQuery, ValueQuery};
use crate::message::Plan;

use super::super::super::context::RequestContext;
use super::super::mappings::as_shown;
use super::super::reply::{AdminError, ok};
use super::is_own;

/// How many exchanges are looked at before other requests are answered.
const AT_ONCE: usize = 32;

/// How many exchanges fit a pattern.
pub(super) async fn count(context: &RequestContext, body: &[u8]) -> Result<Plan, AdminError> {
    let query = RequestQuery::read(body).map_err(AdminError::Json)?;
    if context.shared.journal.is_off() {
        return Ok(ok(&json!({"count": -1, "requestJournalDisabled": true})));
    }
    let count = fitting(context, &query).await.len();
    Ok(ok(&json!({"count": count, "requestJournalDisabled": false})))
}

/// The requests that fit a pattern, oldest first.
pub(super) async fn find(context: &RequestContext, body: &[u8]) -> Result<Plan, AdminError> {
    let query = RequestQuery::read(body).map_err(AdminError::Json)?;
    let slots = fitting(context, &query).await;
    Ok(requests(context, slots).await)
}

/// The requests that nothing answered, newest first.
pub(super) async fn unmatched(context: &RequestContext) -> Plan {
    let mut slots = own(context, Lookup::Unmatched).await;
    slots.reverse();
    requests(context, slots).await
}

/// Forgets the exchanges that fit a pattern, and shows them.
pub(super) async fn remove(context: &RequestContext, body: &[u8]) -> Result<Plan, AdminError> {
    let query = RequestQuery::read(body).map_err(AdminError::Json)?;
    let slots = fitting(context, &query).await;
    Ok(removed(context, slots).await)
}

/// Forgets the exchanges whose stub has such metadata, and shows them.
pub(super) async fn remove_by_metadata(
    context: &RequestContext,
    body: &[u8],
) -> Result<Plan, AdminError> {
    let query = ValueQuery::read(body).map_err(AdminError::Json)?;
    let mut slots = own(context, Lookup::All).await;
    // A request that no stub answered has a stub without metadata.
    slots.retain(|slot| {
        let metadata = slot.stub().and_then(|stub| stub.metadata_text());
        query.matches(&as_shown(metadata))
    });
    Ok(removed(context, slots).await)
}

async fn removed(context: &RequestContext, mut slots: Vec<Slot>) -> Plan {
    context.shared.journal.remove(&slots);
    slots.reverse();
    ok(&json!({"serveEvents": shown(context, slots).await}))
}

async fn requests(context: &RequestContext, slots: Vec<Slot>) -> Plan {
    let journal = &context.shared.journal;
    let mut requests = Vec::with_capacity(slots.len());
    for slot in slots {
        requests.push(journal.exchange(slot).request_to_json());
        pause(requests.len()).await;
    }
    ok(&json!({"requests": requests, "requestJournalDisabled": journal.is_off()}))
}

/// Exchanges as serve events.
pub(super) async fn shown(context: &RequestContext, slots: Vec<Slot>) -> Vec<Value> {
    let journal = &context.shared.journal;
    let mut events = Vec::with_capacity(slots.len());
    for slot in slots {
        events.push(journal.exchange(slot).to_json());
        pause(events.len()).await;
    }
    events
}

/// The exchanges that fit a pattern, oldest first.
async fn fitting(context: &RequestContext, query: &RequestQuery) -> Vec<Slot> {
    let lookup = query.only_path().map_or(Lookup::All, Lookup::Path);
    let mut fitting = Vec::new();
    for (at, slot) in own(context, lookup).await.into_iter().enumerate() {
        // The true values are compared: what is shown has pseudonyms.
        if query.matches(&slot.request()) {
            fitting.push(slot);
        }
        pause(at).await;
    }
    fitting
}

/// The exchanges of a kind that are seen from the world, oldest first.
pub(super) async fn own(context: &RequestContext, lookup: Lookup<'_>) -> Vec<Slot> {
    let journal = &context.shared.journal;
    let mut slots = journal.select(lookup);
    slots.retain(|slot| is_own(context, slot));
    journal.settle(&slots).await;
    slots
}

/// Lets other requests be answered, now and then.
pub(super) async fn pause(done: usize) {
    if done % AT_ONCE == AT_ONCE - 1 {
        tokio::task::yield_now().await;
    }
}
