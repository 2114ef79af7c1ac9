//! The audit of Kubernetes requests: a stage around their answers, and the log.
//!
//! ```text
//! stages → [stage]: policy, who asks → the answer → an event for each stage of the request → [log] → a file ([rotation]), a [webhook]
//! ```
//!
//! Nothing waits for the log: events are made and written by a thread of its own.

mod log;
mod rotation;
mod stage;
#[cfg(feature = "record")]
mod webhook;

pub(crate) use log::{AuditLog, AuditTarget, EventSender};
pub(crate) use rotation::AuditRotation;
pub(super) use stage::answer;
#[cfg(feature = "record")]
pub(crate) use webhook::{AuditBatches, send as send_audit_events};
