//! Whether the server records, and what the recording takes.

use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;

use crate::exchange::Slot;

use super::spec::RecordSpec;

/// Whether the server records, and from where on.
#[derive(Debug, Default)]
pub(crate) struct Recordings(pub(super) Mutex<State>);

#[derive(Debug, Default)]
pub(super) enum State {
    #[default]
    NeverStarted,
    Recording(Arc<Recording>),
    Stopped,
}

/// A recording that is under way.
#[derive(Debug)]
pub(in crate::serve) struct Recording {
    pub(in crate::serve) spec: RecordSpec,
    /// The stub that passes requests on.
    pub(super) proxy: Option<Uuid>,
    /// How many exchanges there were before.
    pub(super) after: u64,
}

impl Recordings {
    /// As `WireMock` says it.
    pub(in crate::serve) fn status(&self) -> &'static str {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            State::NeverStarted => "NeverStarted",
            State::Recording(_) => "Recording",
            State::Stopped => "Stopped",
        }
    }
}

impl Recording {
    /// Whether an exchange belongs to it.
    pub(in crate::serve) fn has(&self, slot: &Slot) -> bool {
        slot.number() > self.after
    }
}
