//! The library's own layer: a server that is built, started, asked and stopped.
//!
//! ```text
//! [Server::builder] → [builder], [network], [access], [replay] (settings) → [start] (loads, checks; [ports] listen) → [running] → [world]
//!                                                                    ├ [backend] (proxy, recorder)
//!                                                                    ├ [warnings] (what has no effect)
//!                                                                    └ [files] (reloads)                    └ [settle] (waits for drills)
//! ```

mod access;
#[cfg(feature = "record")]
mod access_webhooks;
mod aggregator;
mod audit;
mod auth_files;
#[cfg(feature = "record")]
mod backend;
mod builder;
#[cfg(feature = "hot-reload")]
mod files;
mod inherited;
mod inline;
mod network;
mod ports;
mod replay;
mod running;
#[cfg(feature = "cli")]
mod settle;
mod start;
#[cfg(feature = "etcd")]
mod store;
#[cfg(feature = "record")]
mod token_webhook;
#[cfg(feature = "record")]
mod upstream;
mod warnings;
mod webhook_settings;
mod world;

#[cfg(feature = "cli")]
pub(crate) use crate::k8s::KubernetesVersion;
pub use crate::profile::Profile;
#[cfg(feature = "cli")]
pub(crate) use access_webhooks::authorization_configuration;
#[cfg(feature = "record")]
pub use backend::RecordMode;
pub use builder::Builder;
pub use inline::Stub;
pub use running::RunningServer;
#[cfg(feature = "cli")]
pub(crate) use webhook_settings::AuditOptions;
pub use world::WorldHandle;

/// The entry point: [`Server::builder`] makes the settings of a server.
///
/// ```
/// # async fn run() -> Result<(), standin::Error> {
/// let server = standin::Server::builder().start().await?;
/// println!("{}/apis/kubeflow.org/v1/namespaces/kube-test/tfjobs", server.url());
/// server.shutdown().await;
/// # Ok(()) }
/// # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Server;

impl Server {
    /// A server with the embedded fixtures, no scenario, on a free loopback port.
    pub fn builder() -> Builder {
        Builder::default()
    }
}
