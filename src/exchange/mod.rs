//! The last stage of the pipeline: exchanges (requests with their answers), for the console, tests
//! and verification.
//!
//! ```text
//! serve::pipeline → [Answered] → [entry] → [Journal], the bounded log, and its [index]
//!                                   │         ├→ [Lookup] → [Slot]s → patterns of the admin API
//!                                   │         └→ [follower]s, which the [feed] wakes → rows → /__admin/events
//!                                   └→ [Exchange] ─→ [shown] without secrets → [serve_event] → /__admin/requests
//!                                          └→ the observer: a line on the console
//! ```

mod entry;
#[expect(clippy::module_inception, reason = "the module is about exchanges, this file is one")]
mod exchange;
#[cfg(feature = "console")]
mod feed;
mod fields;
#[cfg(feature = "console")]
mod follower;
mod ids;
mod index;
mod journal;
mod late_body;
mod serve_event;
mod shown;

pub(crate) use entry::{Answered, ByStub};
pub use exchange::Exchange;
#[cfg(feature = "console")]
pub(crate) use feed::{Batch, MAX_FOLLOWERS};
#[cfg(feature = "console")]
pub(crate) use follower::Follower;
pub(crate) use index::{Lookup, Slot};
pub(crate) use journal::Observer;
pub use journal::{Journal, JournalLimits};
pub(crate) use late_body::LateBody;
pub(crate) use serve_event::{query_to_json, written_name};
