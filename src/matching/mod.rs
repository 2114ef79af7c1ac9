//! Stubs → the one that answers a request, or why none does.
//!
//! ```text
//! fixture file → [compile] → [Stub] ─┐
//!                                    ├→ [StubIndex] → find → Plan
//! message::Request ──────────────────┘              └ nearest → [MissReport]
//! ```
//!
//! The format is `WireMock`'s stub mapping (3.13, with what 4.x adds to the same keys); what is not
//! supported is an error at load and never ignored. The engine is pure: no sockets, files or clocks.
//! `C/` in these files is `com/github/tomakehurst/wiremock/` in `WireMock`'s sources.

mod body_files;
mod delivery;
mod diff;
mod index;
mod json;
mod method;
mod multi;
mod near_miss;
mod operator;
mod parts;
mod pattern;
mod request;
mod response;
mod stub;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod url;

pub use body_files::BodyFiles;
pub use delivery::STREAM_TRANSFORMER;
pub use index::StubIndex;
pub use near_miss::MissReport;
pub use stub::{Stub, compile};
