//! Exchanges as traces for OpenTelemetry: each becomes a span, and spans go to a collector in batches.
//!
//! ```text
//! Exchange → [span] (with the [parent] that the client names) → a bounded queue → [exporter], a thread → POST /v1/traces
//!                                      [settings]: where to, under which name          └ [messages], protobuf
//! ```
//!
//! Nothing here delays an answer: a full queue drops spans and counts them.

mod exporter;
mod messages;
mod parent;
mod settings;
mod span;

pub(super) use exporter::Exporter;
pub(super) use settings::Settings;
