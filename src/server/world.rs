//! A world as library users see it: where it is, what happened in it, its clock.

use std::time::{Duration, SystemTime};

use crate::document::{Diagnostic, Diagnostics};
use crate::exchange::Exchange;
use crate::grade::{Assessment, Finding, grade};
use crate::k8s::Revision;
use crate::message::DEFAULT_WORLD;
use crate::serve::{RequestContext, Turn};

/// A world of a running server: isolated state for one test or one client.
///
/// A world has its own objects, scenario counters, tokens and clock; all worlds share the fixtures and
/// the port. Get one from [`RunningServer::world`](crate::RunningServer::world); clones are the same world.
///
/// ```
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let server = standin::Server::builder().start().await?;
/// let world = server.world("my-test")?;
/// assert_eq!(world.url(), format!("{}/worlds/my-test", server.url()));
/// world.switch_scenarios(vec!["throttled".to_owned()], Some(7)).await?;
/// world.freeze();
/// let then = world.now();
/// world.advance(std::time::Duration::from_secs(60));
/// assert_eq!(world.now().duration_since(then)?.as_secs(), 60);
/// assert!(world.exchanges().is_empty());
/// # server.shutdown().await; Ok(()) }
/// # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct WorldHandle {
    context: RequestContext,
    server: String,
}

impl WorldHandle {
    pub(crate) fn new(context: RequestContext, server: String) -> Self {
        Self { context, server }
    }

    /// Its name; the default world is called `default`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.context.world.name
    }

    /// The URL for its clients, in place of the server's. Without a path prefix of worlds
    /// ([`Builder::world_prefix`](crate::Builder::world_prefix)) it is the server's own, and clients have to send
    /// the header `X-Standin-World`.
    #[must_use]
    pub fn url(&self) -> String {
        match (self.name(), &self.context.shared.settings.world_prefix) {
            (DEFAULT_WORLD, _) | (_, None) => self.server.clone(),
            (name, Some(prefix)) => format!("{}{prefix}/{name}", self.server),
        }
    }

    /// A kubeconfig for its clients, as YAML: [`WorldHandle::url`] and, with TLS, the CA to trust.
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # let directory = tempfile::tempdir()?;
    /// # let file = directory.path().join("kubeconfig");
    /// let server = standin::Server::builder().start().await?;
    /// std::fs::write(&file, server.world("a")?.kubeconfig())?;
    /// // std::process::Command::new("kubectl").env("KUBECONFIG", &file) …
    /// # server.shutdown().await; Ok(()) }
    /// # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
    /// ```
    #[cfg(feature = "kubeconfig")]
    #[must_use]
    pub fn kubeconfig(&self) -> String {
        let ca = self.context.shared.tls.as_ref().map(|tls| tls.ca_pem());
        crate::kubeconfig::of_url(&self.url(), ca.as_deref())
    }

    /// Its exchanges, oldest first, as far as the journal goes back.
    #[must_use]
    pub fn exchanges(&self) -> Vec<Exchange> {
        let mut all = self.context.shared.journal.exchanges();
        all.retain(|exchange| *exchange.world == *self.name());
        all
    }

    /// What its clients did wrong, by what the scenario rules expect and by what is wrong in any case. Empty
    /// without [`Builder::graded`](crate::Builder::graded).
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let scenarios = self.context.scenario_set();
        let (records, _) = self.context.world.log.records();
        grade(&records, &scenarios.expectations(), scenarios.grading().expectations)
    }

    /// The verdict of a drill on its clients so far: whether they met the faults of the scenarios, and coped.
    /// [`Verdict::Broken`](crate::Verdict::Broken) without [`Builder::graded`](crate::Builder::graded).
    #[must_use]
    pub fn verdict(&self) -> Assessment {
        self.context.assess()
    }

    /// The ids of the scenario rules that never took effect in it.
    #[must_use]
    pub fn unused_rules(&self) -> Vec<String> {
        let scenarios = self.context.scenario_set();
        scenarios.unused(&self.context.world.scenario).map(str::to_owned).collect()
    }

    /// Replaces the server's scenarios for this world: names of embedded ones, or files. Counters begin anew,
    /// and the objects that the scenarios generate are added.
    ///
    /// # Errors
    /// Every problem of the scenarios; the world keeps what it had.
    pub async fn switch_scenarios(
        &self,
        names: Vec<String>,
        seed: Option<u64>,
    ) -> Result<(), Diagnostics> {
        let context = self.context.clone();
        let switched = tokio::task::spawn_blocking(move || context.switch_scenarios(names, seed));
        switched.await.unwrap_or_else(|error| {
            Err(Diagnostics(vec![Diagnostic::error("scenarios", error.to_string())]))
        })
    }

    /// Brings it back to the fixtures: objects, counters, draws, tokens and clock. Watches see the changes.
    pub fn reset(&self) {
        // Nobody but this process writes to a world in memory, so that a reset is never refused.
        let _ = self.context.reset();
    }

    /// Drops the history before a revision: continue tokens and watches from before it expire with 410.
    pub fn compact(&self, revision: u64) {
        self.context.world.store.compact(Revision(revision));
    }

    /// The time on its clock.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.context.world.clock.now().into()
    }

    /// Moves its clock forward. Stage transitions that are due by then have taken place when this returns.
    pub fn advance(&self, by: Duration) {
        // Nobody but this process changes a world in memory, so that it is never refused.
        let _ = self.context.advance(by);
    }

    /// Stops its clock.
    pub fn freeze(&self) {
        let _ = self.context.world.turn_clock(Turn::Stop);
    }

    /// Starts its clock again at the time that it shows.
    pub fn release(&self) {
        let _ = self.context.world.turn_clock(Turn::Release);
    }
}
