//! Recordings begun and ended: a stub passes requests on while one is under way.

use std::sync::{Arc, PoisonError};

use serde_json::json;
use uuid::Uuid;

use crate::document::Refusal;

use super::super::state::Shared;
use super::spec::RecordSpec;
use super::under_way::{Recording, Recordings, State};

impl Recordings {
    /// Begins to record, unless that was begun before.
    ///
    /// # Errors
    /// What is wrong with the target.
    pub(in crate::serve) fn start(&self, shared: &Shared, spec: RecordSpec) -> Result<(), Refusal> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, State::Recording(_)) {
            return Ok(());
        }
        let mut proxy = None;
        if let Some(target) = spec.target.as_deref().filter(|target| !target.is_empty()) {
            let id = Uuid::new_v4();
            let mapping = json!({"id": id.to_string(), "response": {"proxyBaseUrl": target}});
            let stub = Arc::new(shared.read_stub(&mapping.to_string())?);
            // What passes through other servers is not in this one's journal.
            shared.change_own_stubs(|set| set.add(stub));
            proxy = Some(id);
        }
        let after = shared.journal.last_number();
        *state = State::Recording(Arc::new(Recording { spec, proxy, after }));
        Ok(())
    }

    /// Ends the recording; nothing where there is none.
    pub(in crate::serve) fn stop(&self, shared: &Shared) -> Option<Arc<Recording>> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let State::Recording(recording) = &*state else { return None };
        let recording = Arc::clone(recording);
        *state = State::Stopped;
        if let Some(id) = recording.proxy {
            shared.change_own_stubs(|set| set.remove(id));
        }
        Some(recording)
    }
}
