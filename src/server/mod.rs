//! The server as a library: built, started, asked, stopped.
//!
//! ```text
//! [Server::builder] → [builder] (what it shall be) → [start] (loads, checks, listens) → [running]
//!                                                                                └→ [world]
//! ```

mod auth_files;
mod builder;
mod running;
mod start;
mod world;

pub use crate::profile::Profile;
pub use builder::Builder;
pub use running::RunningServer;
pub use world::WorldHandle;

/// A server in this process. Begin with [`Server::builder`].
///
/// ```
/// # async fn run() -> Result<(), standin::Error> {
/// let server = standin::Server::builder().start().await?;
/// println!("{}/apis/kubeflow.org/v1/namespaces/kube-test/tfjobs", server.url());
/// assert_eq!(server.journal().count(|exchange| exchange.status == 404), 0);
/// server.shutdown().await;
/// # Ok(()) }
/// # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
/// ```
#[derive(Debug)]
pub struct Server;

impl Server {
    /// A server with the embedded fixtures, no scenario, on a free loopback port.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }
}
