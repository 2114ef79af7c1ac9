//! What the server is and what it has loaded.

use http::StatusCode;
use http::header::{HOST, HeaderValue, LOCATION};
use serde_json::json;

use crate::message::{Body, Origin, Plan, Request};
use crate::record::Proxy;

use super::super::context::RequestContext;
use super::endpoint::ROOT;
use super::mappings;
use super::reply::{AdminError, accepts_text, empty, ok};

/// What is loaded, and what was wrong at the last reload. `/__admin` itself leads to the list of stubs where the
/// server has nothing but stubs, as in `WireMock`.
pub(super) fn summary(context: &RequestContext, request: &Request) -> Plan {
    if request.path() == ROOT && context.shared.has_stubs_alone() {
        return redirect(request);
    }
    let shared = &context.shared;
    let state = context.world.store.state();
    let types: Vec<String> = state
        .types
        .types()
        .filter(|of| !of.is_built_in())
        .map(|of| of.group_resource.to_string())
        .collect();
    let problems: Vec<String> = shared.problems.load().0.iter().map(ToString::to_string).collect();
    ok(&json!({
        "version": env!("CARGO_PKG_VERSION"),
        "stubs": shared.stubs.load().len(),
        "resourceTypes": types,
        "objects": state.snapshot.len(),
        "resourceVersion": state.revision.to_string(),
        "rules": shared.scenarios.load().len(),
        "requests": shared.journal.recorded(),
        "reload": {"failed": !problems.is_empty(), "problems": problems},
    }))
}

/// The list of stubs, where the server has nothing else; what is loaded elsewhere.
pub(super) fn root(context: &RequestContext, request: &Request) -> Result<Plan, AdminError> {
    if context.shared.has_stubs_alone() {
        return mappings::list(context, request.query());
    }
    Ok(summary(context, request))
}

/// To the same path with a slash at its end.
fn redirect(request: &Request) -> Plan {
    let mut plan = Plan::new(StatusCode::FOUND, Origin::Admin, Body::Empty);
    let host = request.headers.get(HOST).and_then(|host| host.to_str().ok());
    let scheme = if request.tls { "https" } else { "http" };
    let location = match host {
        Some(host) => format!("{scheme}://{host}{ROOT}/"),
        None => format!("{ROOT}/"),
    };
    // The host of a request that came through is a header value.
    if let Ok(value) = HeaderValue::try_from(location) {
        plan.headers.insert(LOCATION, value);
    }
    plan
}

/// Where the API is described.
pub(super) fn docs(path: &str) -> Plan {
    const TEXT: &str = "The admin API is that of WireMock 3.13: https://wiremock.org/docs/standalone/admin-api-reference/\nStandin's own endpoints: https://docs.rs/standin\n";
    if path.ends_with("/swagger") {
        return ok(&json!({
            "openapi": "3.0.0",
            "info": {"title": "Standin", "version": env!("CARGO_PKG_VERSION"), "description": TEXT},
            "paths": {},
        }));
    }
    Plan::text(StatusCode::OK, Origin::Admin, TEXT)
}

/// Stops the server once this is answered.
pub(super) fn shutdown(context: &RequestContext) -> Plan {
    context.shared.shutdown.notify_one();
    empty()
}

/// That the server serves, in `WireMock`'s shape.
pub(super) fn health(context: &RequestContext) -> Plan {
    ok(&json!({
        "status": "healthy",
        "message": "Wiremock is ok",
        "version": env!("CARGO_PKG_VERSION"),
        "uptimeInSeconds": context.world.clock.elapsed().as_secs(),
        "timestamp": jiff::Timestamp::now().to_string(),
    }))
}

/// The version: as text where that is asked for.
pub(super) fn version(request: &Request) -> Plan {
    if accepts_text(request) {
        return Plan::text(StatusCode::OK, Origin::Admin, env!("CARGO_PKG_VERSION"));
    }
    ok(&json!({"version": env!("CARGO_PKG_VERSION")}))
}

/// The certificate that clients have to trust.
pub(super) fn ca(context: &RequestContext) -> Result<Plan, AdminError> {
    match &context.shared.tls {
        Some(tls) => Ok(Plan::text(StatusCode::OK, Origin::Admin, tls.ca_pem())),
        None => {
            Err(AdminError::NotFound("the server speaks no TLS; start it with --tls".to_owned()))
        }
    }
}

/// What is held at most, and what is held now.
pub(super) fn bounds(context: &RequestContext) -> Plan {
    let (settings, state) = (&context.shared.settings, context.world.store.state());
    let (events, history) = state.history.size();
    let recorder = settings.proxy.as_ref().and_then(Proxy::held).map(|(held, _)| held);
    ok(&json!({
        "bounds": settings.bounds.to_json(),
        "held": {
            "body-bytes": settings.bodies.held().0,
            "history-bytes": history,
            "history-events": events,
            "page-bytes": settings.kubernetes.pages.held().0,
            "document-bytes": settings.kubernetes.documents.held(),
            "journal-bytes": context.shared.journal.held().0,
            "journal-dropped": context.shared.journal.dropped(),
            "recorder-bytes": recorder,
            "worlds": context.shared.worlds.all().len() - 1,
        },
    }))
}

/// What is counted, for Prometheus and its kind.
#[cfg(feature = "metrics")]
#[expect(clippy::unnecessary_wraps, reason = "a build without metrics has an error")]
pub(super) fn metrics(context: &RequestContext) -> Result<Plan, AdminError> {
    let text = super::super::metrics::text(&context.shared);
    let mut plan = Plan::text(StatusCode::OK, Origin::Admin, text);
    let content_type = HeaderValue::from_static(super::super::metrics::CONTENT_TYPE);
    plan.headers.insert(http::header::CONTENT_TYPE, content_type);
    Ok(plan)
}

/// This build cannot write them.
#[cfg(not(feature = "metrics"))]
pub(super) fn metrics(_: &RequestContext) -> Result<Plan, AdminError> {
    let why = "this build has no metrics: build it with the feature `metrics`";
    Err(AdminError::NotFound(why.to_owned()))
}
