//! Kubernetes objects of a recording or of a cluster → state fixtures, which can be written to, paged and watched.
//!
//! ```text
//! recorded::Recording ─→ [recorded]: lists, objects, watch events ─┐
//! backend ─→ [discovery] → [snapshot]: lists, page by page ────────┼→ [collection]: the newest of each → [files]
//! ```
//!
//! Objects are redacted, like everything that is recorded.

mod collection;
mod discovery;
mod files;
mod recorded;
mod snapshot;

pub(crate) use collection::ObjectCollection;
pub(crate) use files::to_files;
pub(crate) use recorded::of_recording;
pub(crate) use snapshot::{SnapshotOptions, snapshot};
