//! The audit of Kubernetes requests: a stage around their answers, and the log.
//!
//! ```text
//! stages → [stage]: policy, who asks → the answer → an event for each stage of the request → [log] → a file
//! ```
//!
//! Nothing waits for the log: events are made and written by a thread of its own.

mod log;
mod stage;

pub(crate) use log::{AuditLog, AuditTarget};
pub(super) use stage::answer;
