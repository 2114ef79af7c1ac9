//! Drift detection for `standin diff`: compares recorded answers with live ones or with a
//! description of the API.
//!
//! ```text
//! recorded::Recording → [live]: the requests again → recorded once more, in a scratch folder ─┐
//!        └ answers without [noise] ───────────────────────────────────────────────────────────┼→ [compare] → [report]
//!                                                                                             └→ [update]
//! recorded::Recording → [against]: OpenAPI documents and definitions ─────────────────────────→ [report]
//! ```
//!
//! Live answers are processed like recorded ones, with the key of the folder: the same secret is
//! the same pseudonym on both sides, and no secret is printed.

mod against;
mod compare;
mod live;
mod noise;
mod report;
mod scratch;
mod update;

pub(crate) use against::{Descriptions, against};
pub(crate) use live::{LiveOptions, live};
pub(crate) use noise::IgnoreRules;
pub(crate) use report::Report;
pub(crate) use update::update;
