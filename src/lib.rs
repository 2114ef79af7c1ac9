//! A stand-in for an API server in tests, in this process: HTTP stubs, a Kubernetes API with state, injected faults.
//!
//! Fixtures define what is served, scenarios define what goes wrong, and a journal shows what the client did. The
//! same server is also a program, `standin`; fixtures and scenarios are files that both read. Their formats are
//! described in `docs/fixtures.md` and `scenarios/README.md` of the repository.
//!
//! # A first test
//!
//! ```
//! # async fn client(url: String) {}
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! // The first two list calls get 500, whatever they list.
//! # let directory = tempfile::tempdir()?;
//! # let scenario = directory.path().join("lists-fail.yaml");
//! std::fs::write(&scenario, "
//! rules:
//! - id: lists-fail-twice
//!   match: {verb: list}
//!   steps: [{times: 2, then: {status: 500}}]
//! ")?;
//! let server = standin::Server::builder().scenario(scenario.to_str().unwrap()).graded(true).start().await?;
//!
//! client(server.url()).await; // the client under test
//!
//! let world = server.world("default")?;
//! for finding in world.findings() {
//!     println!("{}", finding.message); // ignored Retry-After, hammered the server, …
//! }
//! assert_eq!(server.journal().count(|exchange| exchange.origin == standin::Origin::Unmatched), 0);
//! server.shutdown().await;
//! # Ok(()) }
//! # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
//! ```
//!
//! # The types
//!
//! | purpose | types |
//! |---|---|
//! | Configure and start | [`Server`], [`Builder`], [`Stub`], [`Profile`], [`ClusterObjects`], [`DeleteAnswer`], [`KubernetesVersion`] |
//! | Use | [`RunningServer`], [`WorldHandle`] |
//! | Verify | [`Journal`], [`Exchange`], [`Origin`], [`Assessment`], [`Verdict`], [`Finding`], [`Grade`] |
//! | Limit | [`Bounds`] of [`TransportLimits`], [`HistoryLimits`], [`JournalLimits`] |
//! | Check files | [`check()`], [`check_without()`], [`Checked`], [`Diagnostics`], [`Diagnostic`], [`Place`], [`Severity`] |
//! | HTTPS, proxy, store | `TlsOptions`, `TlsError`, [`FrontProxy`], `UpstreamOptions`, `StoreAccess` |
//! | Record, replay | `RecordMode`, [`ReplaySpeed`], [`ReplayReport`] |
//! | Fail | [`Error`], [`EXIT_OK`], [`EXIT_FAILURE`], [`EXIT_USAGE`], [`EXIT_INVALID`], [`EXIT_NOT_MET`], [`EXIT_BROKEN`] |
//!
//! # Features
//!
//! All are on by default. With `default-features = false` fewer than 120 crates are compiled.
//!
//! | feature | adds |
//! |---|---|
//! | `cli` | the program |
//! | `tls` | `Builder::tls`, `https://` backends |
//! | `record` | `Builder::upstream`, `Builder::record` |
//! | `kubeconfig` | `RunningServer::kubeconfig`, `WorldHandle::kubeconfig` |
//! | `hot-reload` | `Builder::hot_reload`, reloads of certificates |
//! | `token-file` | token files; without it [`Builder::token_auth_file`] makes the start fail |
//! | `websocket` | watches over WebSocket; without it they are answered with 501 |
//! | `json-schema` | `matchesJsonSchema` of stubs; without it such stubs are errors |
//! | `cel` | the rules of `x-kubernetes-validations`; without it they are not evaluated |
//! | `gzip` | compressed responses of the Kubernetes API, secrets found in compressed bodies |
//!
//! # Stability
//!
//! Enums and structs are `#[non_exhaustive]`: new variants and fields are not a breaking change. Types of the crates
//! `http`, `bytes` and `uuid` (1.x) and `serde_json::Value` are part of the interface. The module `internals` is not: it is
//! for this project's own tests.
//!
//! # Architecture
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

// What the engines offer to the program, or to a feature, has no user without it.
#![cfg_attr(
    not(all(feature = "cli", feature = "tls", feature = "websocket", feature = "gzip")),
    allow(dead_code, unreachable_pub, unused_imports)
)]

#[cfg(all(feature = "cli", not(unix)))]
compile_error!(
    "the feature `cli` needs Unix (signals, process groups); elsewhere use the library with `default-features = false`"
);

mod check;
#[cfg(feature = "cli")]
mod cli;
mod document;
#[cfg(feature = "cli")]
mod drift;
#[cfg(feature = "cli")]
mod drill;
mod error;
#[cfg(feature = "etcd")]
mod etcd;
mod exchange;
#[cfg(feature = "cli")]
mod explain;
#[cfg(feature = "cli")]
mod export;
mod fixtures;
mod grade;
#[cfg(feature = "cli")]
mod import;
#[doc(hidden)]
pub mod internals;
mod java;
mod k8s;
#[cfg(feature = "kubeconfig")]
mod kubeconfig;
mod links;
mod matching;
mod message;
#[cfg(feature = "cli")]
mod objects;
#[cfg(feature = "cli")]
mod observed;
mod parallel;
mod profile;
#[cfg(feature = "record")]
mod record;
#[cfg(not(feature = "record"))]
#[path = "record/off.rs"]
mod record;
#[cfg(feature = "cli")]
mod recorded;
mod redact;
mod scenario;
mod serve;
mod server;
mod template;
#[cfg(feature = "tls")]
mod tls;
#[cfg(not(feature = "tls"))]
#[path = "tls/off.rs"]
mod tls;
mod transport;

pub use check::{Checked, check, check_without};
pub use document::{Diagnostic, Diagnostics, Place, Severity};
pub use error::{
    EXIT_BROKEN, EXIT_FAILURE, EXIT_INVALID, EXIT_NOT_MET, EXIT_OK, EXIT_USAGE, Error,
};
#[cfg(feature = "etcd")]
pub use etcd::StoreAccess;
pub use exchange::{Exchange, Journal, JournalLimits};
pub use grade::{Assessment, Finding, Verdict};
pub use k8s::{ClusterObjects, DeleteAnswer, FrontProxy, HistoryLimits, KubernetesVersion};
pub use matching::ResponseTemplating;
pub use message::{Origin, ReplaySpeed};
#[cfg(feature = "record")]
pub use record::UpstreamOptions;
pub use scenario::Grade;
pub use serve::{Bounds, ReplayReport};
#[cfg(feature = "record")]
pub use server::RecordMode;
pub use server::{Builder, Profile, RunningServer, Server, Stub, WorldHandle};
#[cfg(feature = "tls")]
pub use tls::{TlsError, server::TlsOptions};
pub use transport::TransportLimits;

/// The examples of the README, compiled and run.
#[cfg(all(doctest, feature = "cli"))]
#[doc = include_str!("../README.md")]
struct Readme;

/// Those of the page about the library.
#[cfg(all(doctest, feature = "cli"))]
#[doc = include_str!("../docs/library.md")]
struct LibraryPage;
