//! A store as the server has it: what it began with, its worlds, and whose controllers run.

use std::future::Future;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch;

use crate::etcd::Failure;
use crate::k8s::State;

use super::driver::Driver;
use super::fingerprint::fingerprint;
use super::inner::Inner;

/// A store in etcd.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(super) inner: Arc<Inner>,
    /// Drives all that is between this server and etcd.
    pub(super) driver: Driver,
    pub(super) began: Timestamp,
    pub(super) fingerprint: String,
    /// The further clusters that worlds are in, where there are several: those of the first one.
    pub(super) others: Vec<Arc<Self>>,
}

impl Cluster {
    /// The creation time of objects that have none in the fixtures.
    pub(crate) fn began(&self) -> Timestamp {
        self.began
    }

    /// A receiver that wakes when there is one more.
    pub(crate) fn subscribe(&self) -> watch::Receiver<usize> {
        self.inner.count.subscribe()
    }

    /// Whether this server runs the controllers of all, for the worlds of this cluster.
    pub(crate) fn leads(&self) -> watch::Receiver<bool> {
        self.inner.leads.subscribe()
    }

    /// Whether a state is the one that its worlds begin with.
    pub(crate) fn is_of(&self, first: &State) -> bool {
        fingerprint(first) == self.fingerprint
    }

    /// Does something where etcd is spoken to.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        task: impl Future<Output = Result<T, Failure>> + Send + 'static,
    ) -> Result<T, Failure> {
        let stopped = |_| Err(Failure::Unavailable("the server stops".to_owned()));
        self.driver.spawn(task).await.unwrap_or_else(stopped)
    }
}
