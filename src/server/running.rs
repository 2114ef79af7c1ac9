//! A server that answers: asked where it is and what happened, reloaded, stopped.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::document::Diagnostics;
use crate::error::Error;
use crate::exchange::Journal;
use crate::fixtures::FileWatcher;
use crate::k8s;
use crate::message::WorldName;
use crate::serve::{RequestContext, Shared};

use super::WorldHandle;

/// A server that answers. Dropping it stops it; [`RunningServer::shutdown`] waits until it has.
#[derive(Debug)]
#[must_use = "the server stops when this is dropped; keep it for as long as it shall answer"]
pub struct RunningServer {
    pub(super) address: SocketAddr,
    pub(super) seed: Option<u64>,
    pub(super) shared: Arc<Shared>,
    pub(super) stop: watch::Sender<bool>,
    pub(super) task: JoinHandle<()>,
    pub(super) _watchers: Vec<FileWatcher>,
}

impl RunningServer {
    /// Where it listens: `http://127.0.0.1:PORT`, or `https://` with TLS.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.shared.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// The certificate that clients have to trust, in PEM; nothing without TLS.
    #[must_use]
    pub fn ca_pem(&self) -> Option<String> {
        self.shared.tls.as_ref().map(|tls| tls.ca_pem())
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The seed of the scenarios' draws, when scenarios are on.
    #[must_use]
    pub fn seed(&self) -> Option<u64> {
        self.seed
    }

    /// A world of its own: a state forked from the fixtures, that no other world's clients see. It is
    /// made on its first use.
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = standin::Server::builder().start().await?;
    /// let world = server.world("my-test")?;
    /// assert_eq!(world.url(), format!("{}/worlds/my-test", server.url()));
    /// world.advance(std::time::Duration::from_secs(60));
    /// # server.shutdown().await; Ok(()) }
    /// # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`Error::World`] for a name that is none.
    pub fn world(&self, name: &str) -> Result<WorldHandle, Error> {
        let name = WorldName::parse(name).map_err(|error| Error::World(error.to_string()))?;
        let world = self.shared.world(&name);
        Ok(WorldHandle::new(RequestContext::new(Arc::clone(&self.shared), world), self.url()))
    }

    /// What was asked and answered.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.shared.journal
    }

    /// Forgets every revision before the given one: continue tokens and watches below it expire.
    pub fn compact(&self, revision: u64) {
        self.shared.worlds.default().store.compact(k8s::Revision(revision));
    }

    /// Loads the files again, as a change on disk does with hot reload.
    ///
    /// # Errors
    /// Every problem of every file; the old set goes on serving.
    pub fn reload(&self) -> Result<(), Diagnostics> {
        self.shared.reload().map(drop)
    }

    /// How many stubs and objects are served: for the line that a program prints at its start.
    #[must_use]
    pub fn loaded(&self) -> (usize, usize) {
        (self.shared.stubs.load().len(), self.shared.worlds.default().store.state().snapshot.len())
    }

    /// How many scenario rules are on.
    #[must_use]
    pub fn rules(&self) -> usize {
        self.shared.scenarios.load().len()
    }

    /// Stops: no new connections, streams end, requests in flight are finished or cut within a second.
    pub async fn shutdown(self) {
        self.stop.send_replace(true);
        // A panic in the server's task has been reported by then; there is nothing left to stop.
        let _ = self.task.await;
        if let Some(proxy) = &self.shared.settings.proxy {
            proxy.flush().await;
        }
    }

    /// Runs until `signal` completes, then shuts down.
    pub async fn run_until(self, signal: impl Future<Output = ()>) {
        signal.await;
        self.shutdown().await;
    }
}
