//! Where a server listens, with which certificates and bounds, and how its stubs answer.

use std::net::SocketAddr;

use crate::matching::ResponseTemplating;
use crate::serve::Bounds;
#[cfg(feature = "cli")]
use crate::serve::StubOptions;
#[cfg(feature = "tls")]
use crate::tls::server::TlsOptions;

use super::Builder;

/// # Network, worlds, bounds
///
/// ```
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let mut bounds = standin::Bounds::default();
/// bounds.history.bytes = 256 << 20;
/// bounds.set("body-timeout", "5s")?;
/// let server = standin::Server::builder()
///     .listen("127.0.0.1:0".parse()?)
///     .world_prefix(Some("/w"))
///     .bounds(bounds)
///     .start()
///     .await?;
/// assert_eq!(server.world("a")?.url(), format!("{}/w/a", server.url()));
/// # server.shutdown().await; Ok(()) }
/// # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
/// ```
impl Builder {
    /// Sets the address; the default is a free port on loopback.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Serves HTTPS only: HTTP/2 and HTTP/1.1, whichever the client chooses.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, options: TlsOptions) -> Self {
        self.tls = Some(options);
        self
    }

    /// Serves HTTPS on an address of its own, besides HTTP on that of [`Builder::listen`]. [`Builder::tls`] sets
    /// the certificate; without it one is made.
    #[cfg(feature = "tls")]
    pub fn listen_https(mut self, address: SocketAddr) -> Self {
        self.https = Some(address);
        self
    }

    /// Sets the path prefix that selects a world, `/worlds` by default: a request to `/worlds/NAME/path` is one
    /// to `/path` in the world NAME. A stub below the prefix is found as long as no world of that name exists.
    /// With `None` only the header `X-Standin-World` selects a world.
    pub fn world_prefix(mut self, prefix: Option<&str>) -> Self {
        self.world_prefix = prefix.map(str::to_owned);
        self
    }

    /// Asks for a user name and a password on `/__admin` (HTTP Basic authentication, RFC 7617). Other requests
    /// get 401.
    pub fn admin_credentials(mut self, user: &str, password: &str) -> Self {
        self.admin.require(user, password);
        self
    }

    /// Refuses requests to `/__admin` that do not come over HTTPS, with 403.
    pub fn admin_https_only(mut self, on: bool) -> Self {
        self.admin.https_only = on;
        self
    }

    /// Sets the limits on memory, connections and waiting times.
    pub fn bounds(mut self, bounds: Bounds) -> Self {
        self.bounds = bounds;
        self
    }

    /// Sets how stubs answer, and how they ask other servers.
    #[cfg(feature = "cli")]
    pub(crate) fn stub_options(mut self, options: StubOptions) -> Self {
        self.stub_options = options;
        self
    }

    /// Which responses of stubs are templates. By default those whose `transformers` name `response-template`.
    pub fn response_templating(mut self, templating: ResponseTemplating) -> Self {
        self.sources.templating = templating;
        self
    }

    /// Permits variables of the environment to the `systemValue` of templates: regular expressions, each for the
    /// whole of a name in any case. By default `wiremock.*`.
    pub fn permitted_system_keys<K: Into<String>>(
        mut self,
        keys: impl IntoIterator<Item = K>,
    ) -> Self {
        self.permitted_system_keys = keys.into_iter().map(Into::into).collect();
        self
    }
}
