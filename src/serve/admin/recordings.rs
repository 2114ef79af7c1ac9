//! Recordings: requests pass through to another server, and what it answered becomes stubs.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};

use crate::document::Refusal;
use crate::exchange::{Lookup, Slot};
use crate::matching::Stub;
use crate::message::Plan;
use crate::record::Proxy;
use crate::redact::Redactor;

use super::super::context::RequestContext;
use super::super::recordings::{self, RecordSpec};
use super::reply::{AdminError, ok};

/// An endpoint about recordings, by its path below `/__admin`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint {
    Start,
    Stop,
    Status,
    Snapshot,
}

/// The paths, for the error that names them.
pub(super) const PATHS: &[&str] =
    &["recordings/start", "recordings/stop", "recordings/status", "recordings/snapshot"];

impl Endpoint {
    /// The endpoint of a path.
    pub(super) fn parse(segments: &[&str]) -> Option<Self> {
        Some(match *segments {
            ["recordings", "start"] => Self::Start,
            ["recordings", "stop"] => Self::Stop,
            ["recordings", "status"] => Self::Status,
            ["recordings", "snapshot"] => Self::Snapshot,
            _ => return None,
        })
    }

    /// The methods it has.
    pub(super) fn methods(self) -> &'static [Method] {
        match self {
            Self::Status => &[Method::GET, Method::HEAD],
            _ => &[Method::POST],
        }
    }

    /// Answers a request to it.
    pub(super) async fn answer(
        self,
        context: &RequestContext,
        body: &[u8],
    ) -> Result<Plan, AdminError> {
        let recordings = &context.shared.recordings;
        if self == Self::Snapshot && context.shared.journal.is_off() {
            return Err(AdminError::NoJournal);
        }
        match self {
            Self::Start => {
                let spec = RecordSpec::read(body).map_err(AdminError::Json)?;
                warn_of_transformers(context, &spec);
                recordings.start(&context.shared, spec).map_err(AdminError::Json)?;
                Ok(ok(&json!({})))
            }
            Self::Status => Ok(ok(&json!({"status": recordings.status()}))),
            Self::Stop => {
                let stopped = recordings.stop(&context.shared);
                let recording = stopped.ok_or_else(|| AdminError::Parameter {
                    code: 30,
                    name: None,
                    why: "Not currently recording.".to_owned(),
                })?;
                let mut slots = context.shared.journal.select(Lookup::All);
                slots.retain(|slot| recording.has(slot));
                make(context, slots, &recording.spec).await
            }
            Self::Snapshot => {
                let spec = RecordSpec::read_or_default(body).map_err(AdminError::Json)?;
                warn_of_transformers(context, &spec);
                let slots = context.shared.journal.select(Lookup::All);
                make(context, slots, &spec).await
            }
        }
    }
}

/// Says that the extensions which a recording names are not here: its stubs are as without them.
fn warn_of_transformers(context: &RequestContext, spec: &RecordSpec) {
    if !spec.transformers.is_empty() {
        context.shared.settings.log.line(&format!(
            "the recording names transformers ({}), which are extensions of WireMock's Java server; its stubs stay as they are recorded",
            spec.transformers.join(", ")
        ));
    }
}

/// What is recorded of the backend of `--upstream`.
pub(super) fn progress(context: &RequestContext) -> Plan {
    let proxy = context.shared.settings.proxy.as_ref();
    let progress = proxy.and_then(Proxy::progress);
    let mut shown = json!({"recording": progress.is_some()});
    if let (Some(shown), Some(Value::Object(counts))) = (shown.as_object_mut(), progress) {
        shown.extend(counts);
    }
    ok(&shown)
}

/// Makes stubs of exchanges, adds them, and shows them.
async fn make(
    context: &RequestContext,
    mut slots: Vec<Slot>,
    spec: &RecordSpec,
) -> Result<Plan, AdminError> {
    let shared = &context.shared;
    if let Some(ids) = spec.ids() {
        slots.retain(|slot| ids.contains(&shared.journal.id_of(slot)));
    }
    slots.reverse();
    shared.journal.settle(&slots).await;
    // A recording has no secrets, whatever is shown elsewhere.
    let redactor = &shared.settings.redactor;
    let redactor =
        if redactor.is_off() { Arc::new(Redactor::default()) } else { Arc::clone(redactor) };
    let recorded = recordings::record(&slots, spec, shared.root.is_some(), &redactor);
    // A pattern that was asked for may not fit a body, such as JSON for a form: then there are none of the stubs.
    let stubs = recorded.mappings.iter().map(|mapping| shared.read_stub(&mapping.to_string()));
    let stubs: Result<Vec<Stub>, Refusal> = stubs.collect();
    let stubs = stubs.map_err(AdminError::Json)?;
    let shown = if spec.ids_only {
        let ids: Vec<&Value> = recorded.mappings.iter().map(|mapping| &mapping["id"]).collect();
        json!({"ids": ids})
    } else {
        json!({"mappings": recorded.mappings})
    };
    recordings::write(shared, stubs, recorded.files, spec).await.map_err(AdminError::Conflict)?;
    Ok(ok(&shown))
}
