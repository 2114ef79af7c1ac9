//! Recordings: requests pass through to another server, and what it answered becomes stubs.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};

use crate::exchange::{Lookup, Slot};
use crate::message::Plan;
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
                let slots = context.shared.journal.select(Lookup::All);
                make(context, slots, &spec).await
            }
        }
    }
}

/// What is recorded of the backend of `--upstream`.
pub(super) fn progress(context: &RequestContext) -> Plan {
    let proxy = context.shared.settings.proxy.as_ref();
    let progress = proxy.and_then(|proxy| proxy.progress());
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
    let shown = if spec.ids_only {
        let ids: Vec<&Value> = recorded.mappings.iter().map(|mapping| &mapping["id"]).collect();
        json!({"ids": ids})
    } else {
        json!({"mappings": recorded.mappings})
    };
    recordings::write(shared, recorded, spec).await.map_err(AdminError::Conflict)?;
    Ok(ok(&shown))
}
