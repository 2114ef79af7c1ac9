//! What clients asked, and what they did that they should not have.

use serde_json::{Value, json};

use crate::exchange::Exchange;
use crate::grade::{Finding, grade};
use crate::message::{Plan, Query};

use super::super::context::RequestContext;
use super::reply::{AdminError, ok};

/// Forgets the journal; seen from another world than the default one, only what happened there.
pub(super) fn clear(context: &RequestContext) -> Plan {
    let journal = &context.shared.journal;
    if context.world.name.is_default() {
        journal.clear();
    } else {
        journal.clear_world(&context.world.name);
    }
    ok(&json!({}))
}

/// The journal, newest first.
pub(super) fn list(context: &RequestContext, query: Option<&str>) -> Result<Plan, AdminError> {
    let query = Query::parse(query).unwrap_or_default();
    let limit = match query.first("limit").map(str::parse::<usize>) {
        None => usize::MAX,
        Some(Ok(limit)) => limit,
        Some(Err(_)) => {
            return Err(AdminError::Invalid("limit must be a whole number from 0 up".to_owned()));
        }
    };
    let journal = &context.shared.journal;
    let mut exchanges = journal.exchanges();
    // Seen from the default world, there is everything.
    let own = Some(&*context.world.name).filter(|_| !context.world.name.is_default());
    if let Some(world) = query.first("world").or(own) {
        exchanges.retain(|exchange| *exchange.world == *world);
    }
    let list: Vec<Value> = exchanges.iter().rev().take(limit).map(Exchange::to_json).collect();
    Ok(ok(
        &json!({"requests": list, "meta": {"total": exchanges.len(), "recorded": journal.recorded()}}),
    ))
}

/// What the world's clients did that they should not have.
pub(super) fn findings(context: &RequestContext) -> Result<Plan, AdminError> {
    if !context.shared.settings.graded {
        return Err(AdminError::Conflict(
            "requests are not graded; start the server with --graded".to_owned(),
        ));
    }
    let (records, dropped) = context.world.log.records();
    let scenarios = context.scenario_set();
    let graded = grade(&records, &scenarios.expectations(), scenarios.verdict().expectations);
    let findings: Vec<Value> = graded.iter().map(Finding::to_json).collect();
    Ok(ok(&json!({"requests": records.len(), "notGraded": dropped, "findings": findings})))
}
