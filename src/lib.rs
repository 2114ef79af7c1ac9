//! Standin is a stand-in for an API server in tests.
//!
//! ```text
//! socket → transport → message::Request → serve::pipeline
//!    admin?  → /__admin answers
//!    scenario, before   gate, delay, status, share, step      may answer
//!    matching           the best stub                         may answer
//!    k8s                a served resource type owns the path  may answer
//!    record             the backend, recorded                 may answer
//!    otherwise          404 with the nearest misses and a diff
//!    scenario, after    stream and byte faults laid on the answer
//!    journal → message::Plan → transport writes the plan, faults included
//! ```

mod check;
#[cfg(feature = "cli")]
pub mod cli;
pub mod document;
#[cfg(feature = "cli")]
pub mod drill;
mod error;
mod exchange;
pub mod explain;
pub mod fixtures;
pub mod grade;
pub mod k8s;
#[cfg(feature = "cli")]
mod kubeconfig;
pub mod matching;
pub mod message;
mod parallel;
pub mod record;
mod redact;
pub mod scenario;
mod serve;
mod server;
#[allow(dead_code, reason = "stubs do not render templates yet")]
mod template;
#[cfg(feature = "tls")]
mod tls;
#[cfg(not(feature = "tls"))]
#[path = "tls/off.rs"]
mod tls;
pub mod transport;

pub use check::{Checked, check};
pub use error::{EXIT_FAILURE, EXIT_INVALID, EXIT_OK, EXIT_USAGE, Error};
pub use exchange::{Exchange, Journal, JournalLimits, MAX_EXCHANGES, Observer};
pub use serve::Bounds;
pub use server::{Builder, Profile, RunningServer, Server, WorldHandle};
#[cfg(feature = "tls")]
pub use tls::{TlsError, server::TlsOptions};
pub use transport::Logger;

/// The examples of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
