//! Recordings of the admin API: requests pass through a stub to another server, and what it answered becomes stubs
//! (`C/recording/`).
//!
//! ```text
//! start → a stub for all requests, with proxyBaseUrl
//! stop  → the journal since then → [spec] filters → [mapping] without [secrets] → [repeats] → stubs, files
//! ```

mod control;
mod mapping;
mod names;
mod repeats;
mod secrets;
mod spec;
mod under_way;
mod write;

use serde_json::Value;

use crate::exchange::Slot;
use crate::redact::Redactor;

pub(super) use spec::RecordSpec;
pub(crate) use under_way::Recordings;
pub(super) use write::write;

/// Stubs that were made of exchanges, the newest exchange first.
#[derive(Debug)]
pub(super) struct Recorded {
    pub(super) mappings: Vec<Value>,
    /// Bodies that are files: name, content.
    pub(super) files: Vec<(String, bytes::Bytes)>,
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
