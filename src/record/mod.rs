//! A backend → answers for what nothing else answers, and fixtures of them.
//!
//! ```text
//! Request → [proxy] → [upstream] ══ backend
//!              │ └─ Plan: the body as it arrives, through the [tee]
//!              └─ [exchange] once it ends → [mapping], with its [pattern], [clean] of secrets → [writer] → DIR/*.json
//! ```
//!
//! What is written is a stub mapping that `--fixtures` (and `WireMock`) replays, whole or not at all, by
//! threads of its own. New requests wait only while the recorder holds as much as it may: a recording
//! with gaps replays wrong answers.

mod clean;
mod exchange;
mod key_file;
mod mapping;
mod pattern;
mod proxy;
mod tee;
mod upstream;
mod writer;

#[cfg(test)]
mod tests;

pub use proxy::Proxy;
#[cfg(feature = "cli")]
pub(crate) use upstream::causes;
pub use upstream::{Upstream, UpstreamOptions};
pub use writer::Recorder;
