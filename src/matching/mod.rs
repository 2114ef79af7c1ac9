//! Stub matching: finds the stub that answers a request, or explains why none does.
//!
//! ```text
//! fixture file → [StubCompiler] → [Stub] ─┐
//!                                         ├→ [StubSet] → find → Plan
//! message::Request ───────────────────────┘          └ [MissSearch] → [NearMiss] → [diff]
//! ```
//!
//! The format is `WireMock`'s stub mapping (3.13, with the additions of 4.x to the same keys); what
//! is not supported is an error at load and never ignored. The engine is pure: no sockets, files or
//! clocks. `C/` in these files is `com/github/tomakehurst/wiremock/` in `WireMock`'s sources.

mod asker;
mod body_digest;
mod body_files;
mod conditions;
mod conversation;
mod credentials;
mod delivery;
mod diff;
mod files;
mod filter;
mod header_pool;
mod ids;
mod index;
mod json;
mod key;
mod keys;
#[cfg(test)]
mod lenience_tests;
mod list;
mod method;
mod multi;
mod multipart;
mod near_miss;
mod operator;
mod operator_names;
mod order;
mod pairing;
mod pattern;
mod pieces;
mod query;
mod raw;
mod read_request;
mod recorded;
mod recorded_head;
mod recording_format;
mod request;
#[cfg(test)]
mod request_tests;
mod response;
mod sequence;
mod sequences;
mod set;
#[cfg(test)]
mod set_tests;
mod short_text;
mod single;
mod state;
mod stub;
#[cfg(test)]
mod stub_tests;
mod table;
mod template;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod url;
mod written;
mod xml;

pub use body_files::BodyFiles;
pub(crate) use body_files::ReadBodyFile;
pub(crate) use conditions::UNMATCHED_PARAMETERS;
pub(crate) use delivery::{STREAM_TRANSFORMER, WEBSOCKET_TRANSFORMER};
pub(crate) use diff::{
    ComparedPart, differences as miss_differences, parts as compared_parts, report as miss_report,
    sub_events as miss_sub_events,
};
pub use files::StubFile;
pub use header_pool::HeaderPool;
pub(crate) use near_miss::{MissSearch, NearMiss};
pub(crate) use query::{RequestQuery, ValueQuery};
pub(crate) use raw::pretty as pretty_json;
pub(crate) use recording_format::{RECORDING_FORMAT, check_recording_format};
pub use response::ResponseTemplating;
pub(crate) use response::{
    ChunkedEncoding, ProxyRequest, ResponseContext, ResponseSettings, StubAnswer, WebhookRequest,
    compact_json, distribution, has_own_reason,
};
pub use set::StubSet;
pub(crate) use set::{StubChange, states_of};
pub(crate) use single::StubReader;
pub(crate) use state::{STARTED, ScenarioStates, TentativeChoice};
pub(crate) use stub::MAPPINGS;
pub use stub::{Stub, StubCompiler};
pub(crate) use written::delay_text;
