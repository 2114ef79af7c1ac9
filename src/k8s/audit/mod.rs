//! The audit of requests: which are written down, how much of each, and in which form.
//!
//! ```text
//! request → [policy]: level, stages left out → the verbs fill [notes] (object, annotations) → [event]: audit.k8s.io/v1
//! ```
//!
//! Pure, as the rest of the engine: `serve::audit` drives it and writes the log.

mod event;
mod fields;
mod levels;
mod notes;
mod policy;

pub(crate) use event::{AuditRecord, object_of_body};
pub(super) use levels::Level;
pub(crate) use levels::Stage as AuditStage;
pub(crate) use notes::AuditNotes;
pub(crate) use policy::AuditPolicy;
