//! The admin endpoints.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::document::Diagnostics;
use crate::grade::{Finding, grade};
use crate::k8s::Revision;
use crate::message::{Origin, Plan, Query, Request};
use crate::serve::{DEFAULT_WORLD, Here};

use super::{clock, scenarios, worlds};

/// The most that an admin request body may hold, in bytes.
const MAX_BODY: usize = 1 << 20;

/// Answers a request to the admin API.
pub(crate) async fn answer(here: &Here, request: &mut Request) -> Plan {
    let path = request.path().trim_start_matches("/__admin").trim_matches('/').to_owned();
    let body = match request.read_body(MAX_BODY).await {
        Ok(body) => body,
        Err(error) => return failed(StatusCode::PAYLOAD_TOO_LARGE, &error.to_string()),
    };
    let get = matches!(request.method, Method::GET | Method::HEAD);
    let post = request.method == Method::POST;
    match path.as_str() {
        "" if get => ok(&summary(here)),
        "health" if get => ok(&json!({
            "status": "healthy",
            "message": "Standin is serving",
            "version": env!("CARGO_PKG_VERSION"),
            "uptimeInSeconds": here.world.clock.elapsed().as_secs(),
        })),
        "version" if get => ok(&json!({"version": env!("CARGO_PKG_VERSION")})),
        "ca" if get => ca(here),
        "mappings" if get => ok(&mappings(here)),
        "requests" if get => requests(here, request),
        "requests" if request.method == Method::DELETE => {
            match &*here.world.name {
                DEFAULT_WORLD => here.journal.clear(),
                world => here.journal.clear_world(world),
            }
            ok(&json!({}))
        }
        "scenarios" | "scenarios/reset" | "scenarios/start" | "scenarios/step" => {
            scenarios::answer(here, &request.method, &path, &body).await
        }
        "findings" if get => findings(here),
        "reset" if post => {
            here.reset();
            ok(&json!({}))
        }
        "clock" | "clock/freeze" | "clock/advance" | "clock/release" => {
            clock::answer(here, &request.method, &path, &body)
        }
        "worlds" => worlds::all(here, &request.method),
        _ if path.starts_with("worlds/") => {
            worlds::one(here, &request.method, path.trim_start_matches("worlds/"))
        }
        "store/compact" if post => compact(here, &body),
        "reload" if post => reload(here).await,
        "" | "health" | "version" | "ca" | "mappings" | "requests" | "findings" | "reset"
        | "store/compact" | "reload" => wrong_method(&request.method),
        _ => failed(
            StatusCode::NOT_FOUND,
            "no such admin endpoint; there are health, version, ca, mappings, requests, findings, scenarios, \
             scenarios/reset, scenarios/start, scenarios/step, reset, clock, clock/freeze, clock/advance, clock/release, worlds, worlds/NAME, worlds/NAME/reset, \
             store/compact and reload",
        ),
    }
}

pub(super) fn ok(value: &Value) -> Plan {
    Plan::json(StatusCode::OK, Origin::Admin, format!("{value}\n"))
}

/// 405.
pub(super) fn wrong_method(method: &Method) -> Plan {
    failed(StatusCode::METHOD_NOT_ALLOWED, &format!("{method} is not a method of this endpoint"))
}

/// Errors have WireMock's shape.
pub(super) fn failed(code: StatusCode, why: &str) -> Plan {
    let body = json!({"errors": [{"code": 10, "title": why}]});
    Plan::json(code, Origin::Admin, format!("{body}\n"))
}

fn summary(here: &Here) -> Value {
    let stubs = here.stubs.load();
    let scenarios = here.scenarios.load();
    let state = here.world.store.state();
    let types: Vec<String> = state
        .types
        .types()
        .filter(|of| !of.is_built_in())
        .map(|of| of.group_resource.to_string())
        .collect();
    let problems: Vec<String> = here.problems.load().0.iter().map(ToString::to_string).collect();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "stubs": stubs.len(),
        "resourceTypes": types,
        "objects": state.snapshot.len(),
        "resourceVersion": state.revision.to_string(),
        "rules": scenarios.len(),
        "requests": here.journal.recorded(),
        "reload": {"failed": !problems.is_empty(), "problems": problems},
    })
}

/// The certificate that clients have to trust.
fn ca(here: &Here) -> Plan {
    match &here.tls {
        Some(tls) => Plan::text(StatusCode::OK, Origin::Admin, tls.ca_pem()),
        None => failed(StatusCode::NOT_FOUND, "the server speaks no TLS; start it with --tls"),
    }
}

fn mappings(here: &Here) -> Value {
    let stubs = here.stubs.load();
    let mappings: Vec<Value> = stubs.stubs().map(|stub| stub.mapping().clone()).collect();
    json!({"meta": {"total": mappings.len()}, "mappings": mappings})
}

fn requests(here: &Here, request: &Request) -> Plan {
    let query = Query::parse(request.query()).unwrap_or_default();
    let limit = match query.first("limit").map(str::parse::<usize>) {
        None => usize::MAX,
        Some(Ok(limit)) => limit,
        Some(Err(_)) => {
            return failed(StatusCode::BAD_REQUEST, "limit must be a whole number from 0 up");
        }
    };
    let mut exchanges = here.journal.exchanges();
    // Seen from the default world, there is everything.
    let of = query
        .first("world")
        .or_else(|| Some(&*here.world.name).filter(|world| *world != DEFAULT_WORLD));
    if let Some(world) = of {
        exchanges.retain(|exchange| *exchange.world == *world);
    }
    let list: Vec<Value> =
        exchanges.iter().rev().take(limit).map(crate::journal::Exchange::to_json).collect();
    ok(
        &json!({"requests": list, "meta": {"total": exchanges.len(), "recorded": here.journal.recorded()}}),
    )
}

/// What the world's clients did that they should not have.
fn findings(here: &Here) -> Plan {
    if !here.settings.graded {
        return failed(
            StatusCode::CONFLICT,
            "what clients do is not written down; start the server with --graded",
        );
    }
    let (records, dropped) = here.world.log.records();
    let scenarios = here.scenario_set();
    let graded = grade(&records, &scenarios.expectations(), scenarios.verdict().expectations);
    let findings: Vec<Value> = graded.iter().map(Finding::to_json).collect();
    ok(&json!({"requests": records.len(), "notGraded": dropped, "findings": findings}))
}

/// Files are read on a thread that may block.
async fn reload(here: &Here) -> Plan {
    let here = here.clone();
    let lines = |found: Diagnostics| found.0.iter().map(ToString::to_string).collect::<Vec<_>>();
    match tokio::task::spawn_blocking(move || here.reload()).await {
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

fn compact(here: &Here, body: &[u8]) -> Plan {
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
    let floor = here.world.store.compact(Revision(revision));
    ok(&json!({"compacted": floor.to_string()}))
}
