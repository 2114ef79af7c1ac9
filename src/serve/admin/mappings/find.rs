//! Stubs looked at: listed, one by its id, those of some metadata, those that no request matched.

use std::collections::HashSet;
use std::sync::Arc;

use http::StatusCode;
use uuid::Uuid;

use crate::exchange::Lookup;
use crate::matching::{Stub, ValueQuery, pretty_json};
use crate::message::{Origin, Plan, Query};

use super::super::super::context::RequestContext;
use super::super::reply::{AdminError, absent};

/// The stubs in the order in which they are tried, or a page of them.
pub(in super::super) fn list(
    context: &RequestContext,
    query: Option<&str>,
) -> Result<Plan, AdminError> {
    let query = Query::parse(query).unwrap_or_default();
    let number = |name: &'static str| match query.first(name).map(str::parse::<u32>) {
        None => Ok(None),
        Some(Ok(number)) => usize::try_from(number).map(Some).or(Ok(Some(usize::MAX))),
        Some(Err(_)) => Err(AdminError::Parameter {
            code: 10,
            name: Some(name),
            why: format!("{name} must be a whole number from 0 up"),
        }),
    };
    let (limit, offset) = (number("limit")?, number("offset")?);
    let stubs = context.shared.stubs.load_full();
    let page = stubs.stubs().skip(offset.unwrap_or(0)).take(limit.unwrap_or(usize::MAX));
    Ok(shown(page, stubs.len()))
}

/// One stub.
pub(super) fn one(context: &RequestContext, id: Uuid) -> Plan {
    let stubs = context.shared.stubs.load();
    stubs.get(id).map_or_else(absent, |stub| written(StatusCode::OK, stub))
}

/// The stubs whose metadata is as wanted.
pub(super) fn by_metadata(context: &RequestContext, body: &[u8]) -> Result<Plan, AdminError> {
    let wanted = ValueQuery::read(body).map_err(AdminError::Json)?;
    let found = with_metadata(context, &wanted);
    Ok(shown(found.iter(), found.len()))
}

/// The stubs that no request in the journal matched.
pub(super) fn unmatched(context: &RequestContext) -> Plan {
    let found = without_requests(context);
    shown(found.iter(), found.len())
}

/// The stubs whose metadata is as wanted.
pub(super) fn with_metadata(context: &RequestContext, wanted: &ValueQuery) -> Vec<Arc<Stub>> {
    let stubs = context.shared.stubs.load_full();
    let is_wanted = |stub: &&Arc<Stub>| wanted.matches(&as_shown(stub.metadata_text()));
    stubs.stubs().filter(is_wanted).cloned().collect()
}

/// The text of metadata, as `WireMock` writes it; `null` where there is none.
pub(in super::super) fn as_shown(metadata: Option<String>) -> String {
    let text = metadata.unwrap_or_else(|| "null".to_owned());
    pretty_json(&text).unwrap_or(text)
}

/// The stubs that no request in the journal matched.
pub(super) fn without_requests(context: &RequestContext) -> Vec<Arc<Stub>> {
    let journal = &context.shared.journal;
    let slots = journal.select(Lookup::All);
    let matched: HashSet<Uuid> =
        slots.iter().filter_map(|slot| slot.stub()).map(|stub| stub.id).collect();
    let stubs = context.shared.stubs.load_full();
    stubs.stubs().filter(|stub| !matched.contains(&stub.id)).cloned().collect()
}

/// A stub as an answer.
pub(super) fn written(status: StatusCode, stub: &Stub) -> Plan {
    Plan::json(status, Origin::Admin, stub.mapping_text() + "\n")
}

/// A list of stubs as an answer. `total` counts those of other pages too.
pub(super) fn shown<'a>(stubs: impl Iterator<Item = &'a Arc<Stub>>, total: usize) -> Plan {
    let mut text = "{\"mappings\":[".to_owned();
    for (at, stub) in stubs.enumerate() {
        if at > 0 {
            text.push(',');
        }
        text.push_str(&stub.mapping_text());
    }
    text.push_str(&format!("],\"meta\":{{\"total\":{total}}}}}\n"));
    Plan::json(StatusCode::OK, Origin::Admin, text)
}
