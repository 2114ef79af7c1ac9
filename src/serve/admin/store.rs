//! The state of a world and the files of the server: reset, compacted, loaded again.

use serde_json::{Value, json};

use crate::k8s::Revision;
use crate::message::Plan;

use super::super::context::RequestContext;
use super::mappings;
use super::reply::{AdminError, ok};

/// Brings the world back to the fixtures: its objects and counters; and, asked in the default world, the
/// stubs, the settings of which WireMock has none here, and the journal.
pub(super) async fn reset(context: &RequestContext) -> Result<Plan, AdminError> {
    context.reset()?;
    mappings::reset(context).await
}

/// Forgets everything older than a revision.
pub(super) fn compact(context: &RequestContext, body: &[u8]) -> Result<Plan, AdminError> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let revision = match &body["revision"] {
        Value::String(text) => text.parse().ok(),
        value => value.as_u64(),
    };
    let Some(revision) = revision else {
        let why = "the body must be {\"revision\": \"N\"} with a whole number N";
        return Err(AdminError::Invalid(why.to_owned()));
    };
    let floor = context.world.store.compact(Revision(revision));
    Ok(ok(&json!({"compacted": floor.to_string()})))
}

/// Loads the files again. They are read on a thread that may block.
pub(super) async fn reload(context: &RequestContext) -> Result<Plan, AdminError> {
    let shared = std::sync::Arc::clone(&context.shared);
    match tokio::task::spawn_blocking(move || shared.reload()).await {
        Ok(Ok(warnings)) => {
            let lines: Vec<String> = warnings.0.iter().map(ToString::to_string).collect();
            Ok(ok(&json!({ "warnings": lines })))
        }
        Ok(Err(problems)) => Err(AdminError::Problems(problems)),
        Err(_) => Err(AdminError::Failed),
    }
}
