//! Who may use the server, besides those who reach its address.

use std::net::SocketAddr;

use super::{Builder, RunningServer};

/// # Browsers
///
/// ```
/// # async fn run() -> Result<(), standin::Error> {
/// let builder = standin::Server::builder().cors_allowed_origins(["^http://localhost:3000$"]);
/// let server = builder.start().await?;
/// # server.shutdown().await; Ok(()) }
/// # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
/// ```
impl Builder {
    /// Lets pages of other origins use the server, but for `/__admin`: preflight requests are answered with 204, and all
    /// other answers name the origin. Each origin is a regular expression that is found somewhere in the `Origin` of
    /// the request, as for `kube-apiserver --cors-allowed-origins`. [`Builder::start`] fails for one that is none.
    pub fn cors_allowed_origins<O: Into<String>>(
        mut self,
        origins: impl IntoIterator<Item = O>,
    ) -> Self {
        self.cors_origins.extend(origins.into_iter().map(Into::into));
        self
    }

    /// Serves `/__admin` on an address of its own as well, over plain HTTP: it can be reached while scenarios refuse
    /// connections.
    pub fn admin_listen(mut self, address: SocketAddr) -> Self {
        self.admin_listen = Some(address);
        self
    }
}

impl RunningServer {
    /// The URL of the address that serves `/__admin` alone, where there is one.
    #[must_use]
    pub fn admin_url(&self) -> Option<String> {
        self.admin.map(|address| format!("http://{address}"))
    }
}
