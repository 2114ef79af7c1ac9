//! The admin endpoints.

use std::sync::Arc;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::document::Diagnostics;
use crate::k8s::Revision;
use crate::message::{Origin, Plan, Query, Request};
use crate::serve::Shared;

/// The most that an admin request body may hold, in bytes.
const MAX_BODY: usize = 1 << 20;

/// Answers a request to the admin API.
pub(crate) async fn answer(shared: &Arc<Shared>, request: &mut Request) -> Plan {
    let path = request.path().trim_start_matches("/__admin").trim_matches('/').to_owned();
    let body = match request.read_body(MAX_BODY).await {
        Ok(body) => body,
        Err(error) => return failed(StatusCode::PAYLOAD_TOO_LARGE, &error.to_string()),
    };
    let get = matches!(request.method, Method::GET | Method::HEAD);
    let post = request.method == Method::POST;
    match path.as_str() {
        "" if get => ok(&summary(shared)),
        "health" if get => ok(&json!({
            "status": "healthy",
            "message": "Standin is serving",
            "version": env!("CARGO_PKG_VERSION"),
            "uptimeInSeconds": shared.world.clock.elapsed().as_secs(),
        })),
        "version" if get => ok(&json!({"version": env!("CARGO_PKG_VERSION")})),
        "mappings" if get => ok(&mappings(shared)),
        "requests" if get => requests(shared, request),
        "requests" if request.method == Method::DELETE => {
            shared.journal.clear();
            ok(&json!({}))
        }
        "scenarios" if get => ok(&scenarios(shared)),
        "scenarios/reset" if post => {
            shared.world.scenario.reset();
            ok(&json!({}))
        }
        "store/compact" if post => compact(shared, &body),
        "reload" if post => reload(shared).await,
        "" | "health" | "version" | "mappings" | "requests" | "scenarios" | "scenarios/reset"
        | "store/compact" | "reload" => failed(
            StatusCode::METHOD_NOT_ALLOWED,
            &format!("{} is not a method of this endpoint", request.method),
        ),
        _ => failed(
            StatusCode::NOT_FOUND,
            "no such admin endpoint; there are health, version, mappings, requests, scenarios, scenarios/reset, \
             store/compact and reload",
        ),
    }
}

fn ok(value: &Value) -> Plan {
    Plan::json(StatusCode::OK, Origin::Admin, format!("{value}\n"))
}

/// Errors have WireMock's shape.
fn failed(code: StatusCode, why: &str) -> Plan {
    let body = json!({"errors": [{"code": 10, "title": why}]});
    Plan::json(code, Origin::Admin, format!("{body}\n"))
}

fn summary(shared: &Shared) -> Value {
    let stubs = shared.stubs.load();
    let scenarios = shared.scenarios.load();
    let state = shared.world.store.state();
    let types: Vec<String> = state
        .types
        .types()
        .filter(|of| !of.is_built_in())
        .map(|of| of.group_resource.to_string())
        .collect();
    let problems: Vec<String> = shared.problems.load().0.iter().map(ToString::to_string).collect();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "stubs": stubs.len(),
        "resourceTypes": types,
        "objects": state.snapshot.len(),
        "resourceVersion": state.revision.to_string(),
        "rules": scenarios.len(),
        "requests": shared.journal.recorded(),
        "reload": {"failed": !problems.is_empty(), "problems": problems},
    })
}

fn mappings(shared: &Shared) -> Value {
    let stubs = shared.stubs.load();
    let mappings: Vec<Value> = stubs.stubs().map(|stub| stub.mapping().clone()).collect();
    json!({"meta": {"total": mappings.len()}, "mappings": mappings})
}

fn requests(shared: &Shared, request: &Request) -> Plan {
    let query = Query::parse(request.query()).unwrap_or_default();
    let limit = match query.first("limit").map(str::parse::<usize>) {
        None => usize::MAX,
        Some(Ok(limit)) => limit,
        Some(Err(_)) => {
            return failed(StatusCode::BAD_REQUEST, "limit must be a whole number from 0 up");
        }
    };
    let exchanges = shared.journal.exchanges();
    let list: Vec<Value> =
        exchanges.iter().rev().take(limit).map(crate::journal::Exchange::to_json).collect();
    ok(
        &json!({"requests": list, "meta": {"total": exchanges.len(), "recorded": shared.journal.recorded()}}),
    )
}

fn scenarios(shared: &Shared) -> Value {
    let scenarios = shared.scenarios.load();
    let rules: Vec<&str> = scenarios.rule_ids().collect();
    json!({"seed": scenarios.seed(), "rules": rules})
}

/// Files are read on a thread that may block.
async fn reload(shared: &Arc<Shared>) -> Plan {
    let shared = Arc::clone(shared);
    let lines = |found: Diagnostics| found.0.iter().map(ToString::to_string).collect::<Vec<_>>();
    match tokio::task::spawn_blocking(move || shared.reload()).await {
        Ok(Ok(warnings)) => ok(&json!({"warnings": lines(warnings)})),
        Ok(Err(problems)) => {
            let errors: Vec<Value> =
                lines(problems).iter().map(|line| json!({"code": 10, "title": line})).collect();
            let body = json!({"errors": errors});
            Plan::json(StatusCode::UNPROCESSABLE_ENTITY, Origin::Admin, format!("{body}\n"))
        }
        Err(_) => failed(StatusCode::INTERNAL_SERVER_ERROR, "loading failed; see the server's log"),
    }
}

fn compact(shared: &Shared, body: &[u8]) -> Plan {
    let parsed: Option<Value> = serde_json::from_slice(body).ok();
    let revision =
        parsed.as_ref().map(|body| &body["revision"]).and_then(|revision| match revision {
            Value::String(text) => text.parse().ok(),
            value => value.as_u64(),
        });
    let Some(revision) = revision else {
        return failed(
            StatusCode::BAD_REQUEST,
            "the body must be {\"revision\": \"N\"} with a whole number N",
        );
    };
    let floor = shared.world.store.compact(Revision(revision));
    ok(&json!({"compacted": floor.to_string()}))
}
