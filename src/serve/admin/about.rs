//! What the server is and what it has loaded.

use http::StatusCode;
use serde_json::json;

use crate::message::{Origin, Plan};
use crate::record::Proxy;

use super::super::context::RequestContext;
use super::reply::{AdminError, ok};

/// What is loaded, and what was wrong at the last reload.
pub(super) fn summary(context: &RequestContext) -> Plan {
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

/// That the server serves, in `WireMock`'s shape.
pub(super) fn health(context: &RequestContext) -> Plan {
    ok(&json!({
        "status": "healthy",
        "message": "Standin is serving",
        "version": env!("CARGO_PKG_VERSION"),
        "uptimeInSeconds": context.world.clock.elapsed().as_secs(),
    }))
}

/// The version.
pub(super) fn version() -> Plan {
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
            "journal-bytes": context.shared.journal.held().0,
            "journal-dropped": context.shared.journal.dropped(),
            "recorder-bytes": recorder,
            "worlds": context.shared.worlds.all().len() - 1,
        },
    }))
}
