//! Recordings of the admin API: requests pass through a stub to another server, and what it answered becomes stubs
//! (`C/recording/`).
//!
//! ```text
//! start → a stub for all requests, with proxyBaseUrl
//! stop  → the journal since then → [spec] filters → [mapping] without [secrets] → [repeats] → stubs, files
//! ```

mod mapping;
mod names;
mod repeats;
mod secrets;
mod spec;
mod write;

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::document::Refusal;
use crate::exchange::Slot;
use crate::redact::Redactor;

use super::state::Shared;

pub(super) use spec::RecordSpec;
pub(super) use write::write;

/// Whether the server records, and from where on.
#[derive(Debug, Default)]
pub(crate) struct Recordings(Mutex<State>);

#[derive(Debug, Default)]
enum State {
    #[default]
    NeverStarted,
    Recording(Arc<Recording>),
    Stopped,
}

/// A recording that is under way.
#[derive(Debug)]
pub(super) struct Recording {
    pub(super) spec: RecordSpec,
    /// The stub that passes requests on.
    proxy: Option<Uuid>,
    /// How many exchanges there were before.
    after: u64,
}

/// Stubs that were made of exchanges, the newest exchange first.
#[derive(Debug)]
pub(super) struct Recorded {
    pub(super) mappings: Vec<Value>,
    /// Bodies that are files: name, content.
    pub(super) files: Vec<(String, bytes::Bytes)>,
}

impl Recordings {
    /// As `WireMock` says it.
    pub(super) fn status(&self) -> &'static str {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            State::NeverStarted => "NeverStarted",
            State::Recording(_) => "Recording",
            State::Stopped => "Stopped",
        }
    }

    /// Begins to record, unless that was begun before.
    ///
    /// # Errors
    /// What is wrong with the target.
    pub(super) fn start(&self, shared: &Shared, spec: RecordSpec) -> Result<(), Refusal> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, State::Recording(_)) {
            return Ok(());
        }
        let mut proxy = None;
        if let Some(target) = spec.target.as_deref().filter(|target| !target.is_empty()) {
            let id = Uuid::new_v4();
            let mapping = json!({"id": id.to_string(), "response": {"proxyBaseUrl": target}});
            let stub = Arc::new(shared.read_stub(&mapping.to_string())?);
            shared.change_stubs(|set| set.add(stub));
            proxy = Some(id);
        }
        let after = shared.journal.last_number();
        *state = State::Recording(Arc::new(Recording { spec, proxy, after }));
        Ok(())
    }

    /// Ends the recording; nothing where there is none.
    pub(super) fn stop(&self, shared: &Shared) -> Option<Arc<Recording>> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let State::Recording(recording) = &*state else { return None };
        let recording = Arc::clone(recording);
        *state = State::Stopped;
        if let Some(id) = recording.proxy {
            shared.change_stubs(|set| set.remove(id));
        }
        Some(recording)
    }
}

impl Recording {
    /// Whether an exchange belongs to it.
    pub(super) fn has(&self, slot: &Slot) -> bool {
        slot.number() > self.after
    }
}

/// Makes stubs of exchanges, which come newest first.
///
/// `files` says whether bodies can be files.
pub(super) fn record(
    slots: &[Slot],
    spec: &RecordSpec,
    files: bool,
    redactor: &Redactor,
) -> Recorded {
    let taken = slots.iter().filter(|slot| spec.takes(slot));
    let mut mappings: Vec<mapping::Made> =
        taken.map(|slot| mapping::of(slot, spec, redactor)).collect();
    if spec.repeats {
        repeats::as_scenarios(&mut mappings);
    } else {
        repeats::newest_only(&mut mappings);
    }
    let mut recorded = Recorded { mappings: Vec::new(), files: Vec::new() };
    for made in mappings {
        let (mapping, file) = made.finish(spec.extract.filter(|_| files));
        recorded.mappings.push(mapping);
        recorded.files.extend(file);
    }
    recorded
}
