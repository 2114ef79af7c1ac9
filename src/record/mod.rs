//! Passes unmatched requests on to a backend, and records the exchanges as fixtures. It also has the client for
//! servers that stubs name.
//!
//! ```text
//! Request → [proxy] → [upstream] ══ backend
//!              │ └─ Plan: the body as it arrives, through the [tee]
//!              └─ [exchange] when it ends → [writer]
//! [writer] → [ledger]: what tells the request apart ([identity]), its [answer], both [clean] of secrets,
//!                      and its place among the answers so far → [mapping] → [files] → DIR/*.json
//! ```
//!
//! Each exchange becomes a stub mapping, which `--fixtures` and `WireMock` replay. Threads of the recorder write it,
//! whole or not at all. New requests wait while the recorder's budget is exhausted: a recording with gaps replays
//! wrong answers.

mod answer;
mod clean;
mod exchange;
mod files;
mod identity;
mod key_file;
mod ledger;
mod mapping;
mod outbound;
mod proxy;
mod targets;
mod tee;
mod text;
mod upstream;
mod writer;

#[cfg(test)]
mod tests;

pub(crate) use ledger::{Earlier, RecordingOf};
pub(crate) use outbound::{ANSWER_TIMEOUT, Outbound, SendError};
pub(crate) use proxy::Proxy;
pub(crate) use targets::Targets;
pub(crate) use upstream::Upstream;
pub use upstream::UpstreamOptions;
#[cfg(feature = "cli")]
pub(crate) use upstream::causes;
pub(crate) use writer::Recorder;
