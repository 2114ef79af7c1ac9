//! A backend → answers for what nothing else answers, and fixtures of them.
//!
//! ```text
//! Request → [proxy] → [upstream] ══ backend
//!              │ └─ Plan: the body as it arrives, through the [tee]
//!              └─ [exchange] once it ends → [mapping] (less its secrets, see `redact`) → [writer] → DIR/*.json
//! ```
//!
//! What is written is a stub mapping that `--fixtures` (and `WireMock`) replays. A recording never
//! holds up the client: it is written by a thread of its own, whole or not at all.

mod exchange;
mod key_file;
mod mapping;
mod proxy;
mod tee;
mod upstream;
mod writer;

#[cfg(test)]
mod tests;

pub use proxy::Proxy;
pub use upstream::{Upstream, UpstreamError, UpstreamOptions};
pub use writer::Recorder;
