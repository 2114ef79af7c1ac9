//! The answers of several servers about what each keeps for itself → one answer.

use std::cmp::Ordering;
use std::collections::HashSet;

use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::message::{Body, Plan, Query, Request};

use super::super::assess::AllRecords;
use super::super::commit::ShareError;
use super::super::context::RequestContext;
use super::super::replicas::PeerRequest;
use super::endpoint::ROOT;
use super::mappings;
use super::reply::{AdminError, name_unanswered, ok};

/// What orders the entries of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// When a request came, the newest first.
    Newest,
    /// When it came, the oldest first.
    Oldest,
    /// How far a near miss is from what was asked for; of equal ones the one of the server that was asked.
    Distance,
}

/// The lists of an answer: each is that of all servers.
const LISTS: &[(&str, &str, By)] = &[
    ("/__admin/requests/find", "requests", By::Oldest),
    ("/__admin/requests/unmatched/near-misses", "nearMisses", By::Newest),
    ("/__admin/requests", "requests", By::Newest),
    ("/__admin/requests/unmatched", "requests", By::Newest),
    ("/__admin/requests/remove", "serveEvents", By::Newest),
    ("/__admin/requests/remove-by-metadata", "serveEvents", By::Newest),
    ("/__admin/near-misses/request-pattern", "nearMisses", By::Distance),
    ("/__admin/requests/near-misses/request-pattern", "nearMisses", By::Distance),
];

/// How many near misses of a pattern are shown.
const NEAR: usize = 3;

/// The answer of this server, and those of the others, as one.
pub(super) async fn with_others(
    context: &RequestContext,
    request: &Request,
    body: &Bytes,
    own: Plan,
) -> Plan {
    let absent = own.status == StatusCode::NOT_FOUND;
    if !own.status.is_success() && !absent {
        return own;
    }
    let others = context.ask_others(&PeerRequest::same(request, body)).await;
    let mut answers = others.answers.into_iter();
    // What one server alone has is what it says of it.
    let first = if absent { answers.next() } else { json_of(&own) };
    let Some(mut all) = first else { return own };
    let path = request.path().trim_end_matches('/');
    for answer in answers {
        merge(&mut all, &answer, path);
    }
    finish(&mut all, path, request.query());
    name_unanswered(&mut all, others.unanswered);
    ok(&all)
}

/// After a reset: the journals of the other servers are empty as well.
pub(super) async fn forget_of_others(
    context: &RequestContext,
    request: &Request,
    own: Plan,
) -> Plan {
    if !own.status.is_success() {
        return own;
    }
    let path = format!("{ROOT}/requests");
    let forgetting = PeerRequest::of(request, Method::DELETE, &path);
    let others = context.ask_others(&forgetting).await;
    if others.unanswered.is_empty() {
        return own;
    }
    let mut answer = json_of(&own).unwrap_or_else(|| json!({}));
    name_unanswered(&mut answer, others.unanswered);
    ok(&answer)
}

/// The stubs that no request to any server matched; removed, where that is asked for.
///
/// # Errors
/// A removal where a server does not answer: its requests may have matched.
pub(super) async fn unmatched_stubs(
    context: &RequestContext,
    request: &Request,
) -> Result<Plan, AdminError> {
    let is_removal = request.method == Method::DELETE;
    let asking = PeerRequest::of(request, Method::GET, request.path());
    let others = context.ask_others(&asking).await;
    if is_removal && !others.unanswered.is_empty() {
        let why = format!("no stub is removed: {}", others.unanswered.join("; "));
        return Err(AdminError::Shared(ShareError::Failed(why)));
    }
    let ids = |answer: &Value| -> HashSet<Uuid> {
        let stubs = answer["mappings"].as_array().into_iter().flatten();
        stubs.filter_map(|stub| stub["id"].as_str()?.parse().ok()).collect()
    };
    let elsewhere: Vec<_> = others.answers.iter().map(ids).collect();
    let own = mappings::unmatched_besides(context, is_removal, elsewhere).await?;
    let Some(mut all) = json_of(&own).filter(|_| !others.unanswered.is_empty()) else {
        return Ok(own);
    };
    name_unanswered(&mut all, others.unanswered);
    Ok(ok(&all))
}

fn json_of(plan: &Plan) -> Option<Value> {
    let Body::Bytes(text) = &plan.body else { return None };
    serde_json::from_slice(text).ok()
}

/// What all servers know of the clients of the world.
pub(super) async fn records(
    context: &RequestContext,
    request: &Request,
    of_all: bool,
) -> AllRecords {
    if !of_all {
        return context.own_records();
    }
    let path = format!("{ROOT}/standin/records");
    let asking = PeerRequest::of(request, Method::GET, &path);
    // What waits is large, and most servers never do.
    let others = Box::pin(context.ask_others(&asking)).await;
    context.with_records(others.answers, others.unanswered)
}

/// Adds the answer of another server.
fn merge(all: &mut Value, other: &Value, path: &str) {
    for (name, value) in other.as_object().into_iter().flatten() {
        let list = LISTS.iter().any(|(of, list, _)| path == *of && list == name);
        let known = &mut all[name];
        match (name.as_str(), value) {
            (_, Value::Array(more)) if list => {
                if let Some(known) = known.as_array_mut() {
                    known.extend(more.iter().cloned());
                }
            }
            ("meta", more) => add(&mut known["total"], &more["total"]),
            ("count", more) => add(known, more),
            _ => {}
        }
    }
}

fn add(known: &mut Value, more: &Value) {
    if let (Some(one), Some(other)) = (known.as_i64(), more.as_i64()) {
        *known = one.saturating_add(other).into();
    }
}

/// Orders the lists, and shortens them to what was asked for.
fn finish(all: &mut Value, path: &str, query: Option<&str>) {
    let query = Query::parse(query).unwrap_or_default();
    let limit = query.first("limit").and_then(|limit| limit.parse().ok());
    for (_, list, by) in LISTS.iter().filter(|(of, ..)| path == *of) {
        let Some(entries) = all[*list].as_array_mut() else { continue };
        entries.sort_by(|one, other| by.compare(one, other));
        match by {
            By::Distance => entries.truncate(NEAR),
            By::Newest => entries.truncate(limit.unwrap_or(usize::MAX)),
            By::Oldest => {}
        }
    }
}

impl By {
    fn compare(self, one: &Value, other: &Value) -> Ordering {
        let time = |entry: &Value| {
            let logged = [&entry["loggedDate"], &entry["request"]["loggedDate"]];
            logged.into_iter().find_map(Value::as_i64).unwrap_or_default()
        };
        let number =
            |entry: &Value, at: &str| entry.pointer(at).and_then(Value::as_f64).unwrap_or_default();
        match self {
            Self::Newest => time(other).cmp(&time(one)),
            Self::Oldest => time(one).cmp(&time(other)),
            Self::Distance => number(one, "/matchResult/distance")
                .total_cmp(&number(other, "/matchResult/distance")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry(at: i64) -> Value {
        json!({"id": at.to_string(), "request": {"loggedDate": at}})
    }

    #[test]
    fn lists_are_one_in_the_order_of_time() {
        let path = "/__admin/requests";
        let mut all = json!({"requests": [entry(5), entry(2)], "meta": {"total": 2}});
        for other in [json!([entry(9), entry(1)]), json!([entry(3)])] {
            let total = other.as_array().map_or(0, Vec::len);
            merge(&mut all, &json!({"requests": other, "meta": {"total": total}}), path);
        }
        finish(&mut all, path, Some("limit=3"));
        assert_eq!(all, json!({"requests": [entry(9), entry(5), entry(3)], "meta": {"total": 5}}));
    }

    #[test]
    fn counts_are_added_and_the_nearest_stay() {
        let mut count = json!({"count": 2, "requestJournalDisabled": false});
        merge(
            &mut count,
            &json!({"count": 3, "requestJournalDisabled": false}),
            "/__admin/requests/count",
        );
        assert_eq!(count["count"], 5);
        let path = "/__admin/near-misses/request-pattern";
        let near = |distance: f64| json!({"matchResult": {"distance": distance}});
        let mut all = json!({"nearMisses": [near(0.1), near(0.4), near(0.9)]});
        merge(&mut all, &json!({"nearMisses": [near(0.2), near(0.3)]}), path);
        finish(&mut all, path, None);
        assert_eq!(all["nearMisses"], json!([near(0.1), near(0.2), near(0.3)]));
        // The stubs near one request are the same for all servers.
        let of_request = json!({"nearMisses": [near(0.1)]});
        let mut all = of_request.clone();
        merge(&mut all, &of_request, "/__admin/near-misses/request");
        assert_eq!(all, of_request);
    }
}
