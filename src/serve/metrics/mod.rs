//! What the server counts of itself, for `/__admin/metrics`.
//!
//! ```text
//! pipeline, for each exchange → [counters]: one add for each, without a lock
//! GET /__admin/metrics → [scrape]: counters, and what the server knows anyway → [exposition] and [store], as OpenMetrics
//! ```

mod counters;
#[cfg(feature = "metrics")]
mod exposition;
#[cfg(feature = "metrics")]
mod scrape;
#[cfg(feature = "metrics")]
mod store;
#[cfg(all(test, feature = "metrics"))]
mod tests;

pub(super) use counters::Counters;
#[cfg(feature = "metrics")]
pub(super) use exposition::{CONTENT_TYPE, text};
