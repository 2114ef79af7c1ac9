//! A running server: where it is, its worlds, its journal, its end.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::document::Diagnostics;
use crate::error::Error;
use crate::exchange::Journal;
#[cfg(feature = "hot-reload")]
use crate::fixtures::FileWatcher;
use crate::grade::Assessment;
use crate::k8s;
use crate::message::WorldName;
use crate::serve::{ReplayReport, RequestContext, Shared};
#[cfg(feature = "cli")]
use crate::transport::OpenConnections;

use super::WorldHandle;

/// A server that answers requests until it is shut down or dropped.
///
/// [`RunningServer::shutdown`] waits for requests in flight; dropping does not.
///
/// ```
/// # async fn run() -> Result<(), standin::Error> {
/// let server = standin::Server::builder().start().await?;
/// let client_under_test = server.url();
/// assert_eq!(client_under_test, format!("http://{}", server.address()));
/// // … the client's requests …
/// let unmatched = server.journal().count(|exchange| exchange.origin == standin::Origin::Unmatched);
/// assert_eq!(unmatched, 0);
/// server.shutdown().await;
/// # Ok(()) }
/// # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
/// ```
#[derive(Debug)]
#[must_use = "the server stops when this is dropped; keep it for as long as it is needed"]
pub struct RunningServer {
    pub(super) address: SocketAddr,
    pub(super) https: Option<SocketAddr>,
    /// Whether it is a forward proxy: its clients reach it without TLS.
    pub(super) is_forward: bool,
    /// The address of the admin API alone.
    pub(super) admin: Option<SocketAddr>,
    pub(super) seed: Option<u64>,
    pub(super) shared: Arc<Shared>,
    pub(super) stop: watch::Sender<bool>,
    pub(super) task: JoinHandle<()>,
    /// Its connections, but for those of the admin API's own address.
    #[cfg(feature = "cli")]
    pub(super) open: OpenConnections,
    #[cfg(feature = "hot-reload")]
    pub(super) _watchers: Vec<FileWatcher>,
}

impl RunningServer {
    /// Its URL: `http://127.0.0.1:PORT`, or `https://` with TLS.
    #[must_use]
    pub fn url(&self) -> String {
        let only_https = self.shared.tls.is_some() && self.https.is_none() && !self.is_forward;
        format!("{}://{}", if only_https { "https" } else { "http" }, self.address)
    }

    /// The HTTPS URL, where HTTP and HTTPS have an address each.
    #[must_use]
    pub fn https_url(&self) -> Option<String> {
        self.https.map(|address| format!("https://{address}"))
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate that clients have to trust, in PEM; `None` without TLS.
    #[must_use]
    pub fn ca_pem(&self) -> Option<String> {
        self.shared.tls.as_ref().map(|tls| tls.ca_pem())
    }

    /// A kubeconfig for clients of the default world; see [`WorldHandle::kubeconfig`].
    #[cfg(feature = "kubeconfig")]
    #[must_use]
    pub fn kubeconfig(&self) -> String {
        self.handle(&WorldName::default()).kubeconfig()
    }

    /// A world by its name. It is created on first use, with the objects of the fixtures.
    ///
    /// # Errors
    /// [`Error::World`] for an invalid name.
    pub fn world(&self, name: &str) -> Result<WorldHandle, Error> {
        let name = WorldName::parse(name).map_err(|error| Error::World(error.to_string()))?;
        Ok(self.handle(&name))
    }

    fn handle(&self, name: &WorldName) -> WorldHandle {
        let world = self.shared.world(name);
        WorldHandle::new(RequestContext::new(Arc::clone(&self.shared), world), self.url())
    }

    /// The verdict on the clients of the default world; see [`WorldHandle::verdict`].
    #[must_use]
    pub fn verdict(&self) -> Assessment {
        self.handle(&WorldName::default()).verdict()
    }

    /// The log of all exchanges, of all worlds.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.shared.journal
    }

    /// How the stubs were used so far: which never answered, which sequences were asked on, which requests had no
    /// answer.
    #[must_use]
    pub fn replay_report(&self) -> ReplayReport {
        ReplayReport::of(&self.shared)
    }

    /// The seed of the scenarios' random draws; `None` without scenarios.
    #[must_use]
    pub fn seed(&self) -> Option<u64> {
        self.seed
    }

    /// The number of stubs that are served.
    #[must_use]
    pub fn stubs(&self) -> usize {
        self.shared.stubs.load().len()
    }

    /// The number of Kubernetes objects in the default world.
    #[must_use]
    pub fn objects(&self) -> usize {
        let Shared { seeding, worlds, .. } = &*self.shared;
        seeding.unmade_objects().unwrap_or_else(|| worlds.default().store.state().snapshot.len())
    }

    /// The number of scenario rules that are on.
    #[must_use]
    pub fn rules(&self) -> usize {
        self.shared.scenarios.load().len()
    }

    /// Compacts the default world's history; see [`WorldHandle::compact`].
    pub fn compact(&self, revision: u64) {
        self.shared.worlds.default().store.compact(k8s::Revision(revision));
    }

    /// Loads the fixture and scenario files again.
    ///
    /// # Errors
    /// Every problem of every file; the previous files stay in effect.
    pub fn reload(&self) -> Result<(), Diagnostics> {
        self.shared.reload().map(drop)
    }

    /// Stops: takes no new connections, ends streams, and gives requests in flight the time of
    /// [`TransportLimits::drain`](crate::TransportLimits::drain). Recordings are complete when it returns,
    /// unless that takes longer than [`Bounds::recorder_end`](crate::Bounds::recorder_end) and what the requests in
    /// flight have left of their time.
    pub async fn shutdown(self) {
        let began = Instant::now();
        self.stop.send_replace(true);
        // A panic in the server's task has been reported by then; there is nothing left to stop.
        let _ = self.task.await;
        let bounds = &self.shared.settings.bounds;
        let whole = bounds.recorder_end + bounds.transport.drain;
        let left = || whole.saturating_sub(began.elapsed());
        if let Some(audit) = &self.shared.settings.audit {
            audit.end(left()).await;
        }
        if let Some(proxy) = &self.shared.settings.proxy {
            proxy.end(left()).await;
        }
    }

    /// Runs as [`RunningServer::run_until`] does, and returns how the stubs were used.
    #[cfg(feature = "cli")]
    pub(crate) async fn run_and_report(self, signal: impl Future<Output = ()>) -> ReplayReport {
        let shared = Arc::clone(&self.shared);
        self.run_until(signal).await;
        ReplayReport::of(&shared)
    }

    /// Runs until `signal` completes, or a client asks for it at `/__admin/shutdown`; then shuts down.
    pub async fn run_until(self, signal: impl Future<Output = ()>) {
        tokio::select! {
            () = signal => {}
            () = self.shared.shutdown.notified() => {}
        }
        self.shutdown().await;
    }
}
