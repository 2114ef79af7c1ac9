//! The server as a library: built, started, asked, stopped.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::document::Diagnostics;
use crate::error::Error;
use crate::fixtures::FileWatcher;
use crate::handle::WorldHandle;
use crate::journal::{Exchange, Journal};
use crate::k8s::{self, Auth, DEFAULT_HISTORY, DeleteAnswer};
use crate::record::{Proxy, Recorder, Upstream, UpstreamOptions};
use crate::serve::{
    Gateway, Here, MAX_WORLDS, Pipeline, Reload, Settings, Shared, Sources, TOKEN_LIFETIME, Worlds,
    build_world,
};
use crate::tls::server::Tls;
#[cfg(feature = "tls")]
use crate::tls::server::TlsOptions;
use crate::transport::{self, Limits, Listener, Logger};

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

/// Whose ways the Kubernetes side has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Profile {
    /// Those of a Kubernetes API server.
    #[default]
    Kubernetes,
    /// Those of the CCI service: tokens of `POST /v3/auth/tokens` in `X-Auth-Token`, the gateway's 401,
    /// `errorCode` in errors, `selfLink`.
    Cci,
}

/// What a server shall be.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Builder {
    listen: SocketAddr,
    sources: Sources,
    kubernetes: k8s::Config,
    history: usize,
    stages: bool,
    rule_header: bool,
    token_auth_file: Option<PathBuf>,
    authorization_policy_file: Option<PathBuf>,
    anonymous_auth: bool,
    profile: Profile,
    token_lifetime: Duration,
    upstream: Option<(String, UpstreamOptions)>,
    record: Option<PathBuf>,
    hot_reload: bool,
    #[cfg(feature = "tls")]
    tls: Option<TlsOptions>,
    max_worlds: usize,
    limits: Limits,
    log: Option<Logger>,
    observer: Option<crate::journal::Observer>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            sources: Sources::default(),
            kubernetes: k8s::Config::default(),
            history: DEFAULT_HISTORY,
            stages: false,
            rule_header: true,
            token_auth_file: None,
            authorization_policy_file: None,
            anonymous_auth: true,
            profile: Profile::default(),
            token_lifetime: TOKEN_LIFETIME,
            upstream: None,
            record: None,
            hot_reload: false,
            #[cfg(feature = "tls")]
            tls: None,
            max_worlds: MAX_WORLDS,
            limits: Limits::default(),
            log: None,
            observer: None,
        }
    }
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Builder");
        shown.field("listen", &self.listen).field("sources", &self.sources).finish_non_exhaustive()
    }
}

impl Builder {
    /// Adds a fixture file or directory. With none the embedded fixtures are served.
    #[must_use]
    pub fn fixtures(mut self, path: impl Into<PathBuf>) -> Self {
        self.sources.fixtures.push(path.into());
        self
    }

    /// Serves nothing of its own, neither fixtures nor Kubernetes paths: for recording a backend.
    #[must_use]
    pub fn nothing_loaded(mut self) -> Self {
        self.sources.nothing = true;
        self
    }

    /// Turns a scenario on: a file, or the name of a shipped one such as `throttled`.
    #[must_use]
    pub fn scenario(mut self, name_or_file: impl Into<String>) -> Self {
        self.sources.scenarios.push(name_or_file.into());
        self
    }

    /// Sets the seed of all draws, whatever the scenario files say.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.sources.seed = Some(seed);
        self
    }

    /// Sets the address; the default is a free port on loopback.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Sets what delete-collection answers; the default is the list that was deleted.
    #[must_use]
    pub fn delete_collection_answer(mut self, answer: DeleteAnswer) -> Self {
        self.kubernetes.delete_collection = answer;
        self
    }

    /// Sets how many events are kept for watches and old lists; the default is 10,000.
    #[must_use]
    pub fn history(mut self, events: usize) -> Self {
        self.history = events;
        self
    }

    /// Whether created objects live as the `stages` of the fixtures say: of TFJobs, MPIJobs and Volcano
    /// Jobs those that come with the program, where the fixtures have none. Off by default.
    #[must_use]
    pub fn stages(mut self, on: bool) -> Self {
        self.stages = on;
        self
    }

    /// Whether answers name the rule that shaped them in `X-Standin-Rule`; on by default.
    #[must_use]
    pub fn rule_header(mut self, on: bool) -> Self {
        self.rule_header = on;
        self
    }

    /// Sets whose tokens are known on Kubernetes paths: upstream's static token file,
    /// `token,user,uid,"group1,group2"` a line. Other tokens are answered with 401, and so are requests
    /// without one unless a policy says what the anonymous may do.
    #[must_use]
    pub fn token_auth_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.token_auth_file = Some(path.into());
        self
    }

    /// Sets who may do what on Kubernetes paths: upstream's ABAC policy file, a JSON object a line.
    /// What no line allows is answered with 403.
    #[must_use]
    pub fn authorization_policy_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.authorization_policy_file = Some(path.into());
        self
    }

    /// Whether requests without a token count as `system:anonymous`; on by default.
    #[must_use]
    pub fn anonymous_auth(mut self, on: bool) -> Self {
        self.anonymous_auth = on;
        self
    }

    /// Sets which service's ways the Kubernetes side has.
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// Sets how long the tokens live that the CCI profile issues; the default is a day.
    #[must_use]
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = lifetime;
        self
    }

    /// Sends what nothing else answers to a backend.
    #[must_use]
    pub fn upstream(mut self, url: impl Into<String>, options: UpstreamOptions) -> Self {
        self.upstream = Some((url.into(), options));
        self
    }

    /// Writes what the backend answers as fixtures into a directory.
    #[must_use]
    pub fn record(mut self, directory: impl Into<PathBuf>) -> Self {
        self.record = Some(directory.into());
        self
    }

    /// Watches the fixture and scenario files, and loads them again when they change.
    #[must_use]
    pub fn hot_reload(mut self, on: bool) -> Self {
        self.hot_reload = on;
        self
    }

    /// Speaks TLS, and nothing else: HTTP/2 and HTTP/1.1, whichever the client chooses.
    ///
    /// ```
    /// # async fn run() -> Result<(), standin::Error> {
    /// let options = standin::TlsOptions::default();
    /// let server = standin::Server::builder().tls(options).start().await?;
    /// assert!(server.url().starts_with("https://127.0.0.1:"));
    /// let ca_for_the_client: String = server.ca_pem().unwrap_or_default();
    /// # assert!(ca_for_the_client.starts_with("-----BEGIN CERTIFICATE-----"));
    /// # server.shutdown().await; Ok(()) }
    /// # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
    /// ```
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self, options: TlsOptions) -> Self {
        self.tls = Some(options);
        self
    }

    /// Sets how many worlds there may be at once besides the default one; the default is 10,000. The
    /// one that was not used for longest makes room for a new one.
    #[must_use]
    pub fn max_worlds(mut self, worlds: usize) -> Self {
        self.max_worlds = worlds;
        self
    }

    /// Sets the bounds of the transport.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets where lines for people go; the default is nowhere.
    #[must_use]
    pub fn log(mut self, log: Logger) -> Self {
        self.log = Some(log);
        self
    }

    /// Calls a function with every exchange, as its answer is decided.
    #[must_use]
    pub fn observe(mut self, observer: impl Fn(&Exchange) + Send + Sync + 'static) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// Loads and checks everything, then listens. Nothing is bound before all is loaded.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every problem of every file; [`Error::Listen`]; [`Error::Upstream`].
    pub async fn start(self) -> Result<RunningServer, Error> {
        let mut sources = self.sources;
        // Short enough to be typed again.
        sources.fallback_seed = uuid::Uuid::new_v4().as_u64_pair().0 % 1_000_000;
        let log = self.log.unwrap_or_else(|| Arc::new(|_: &str| {}));
        let auth =
            Auth::load(self.token_auth_file.as_deref(), self.authorization_policy_file.as_deref());
        let (loaded, auth) = match (sources.load(), auth) {
            (Ok(loaded), Ok(auth)) => (loaded, auth),
            (loaded, auth) => {
                let mut problems = loaded.err().unwrap_or_default();
                problems.extend(auth.err().unwrap_or_default().0);
                return Err(Error::Invalid(problems.sorted()));
            }
        };
        let auth = if self.anonymous_auth { auth } else { auth.without_anonymous() };
        #[cfg(feature = "tls")]
        let auth = match &self.tls {
            Some(options) if options.asks_for_certificates() => auth.with_client_certificates(),
            _ => auth,
        };
        for warning in &loaded.warnings.0 {
            log(&warning.to_string());
        }
        let mut fixtures = loaded.fixtures;
        let (world, seeded) =
            build_world(&mut fixtures, &loaded.scenarios, self.history).map_err(Error::Invalid)?;
        let proxy = proxy(self.upstream, self.record, &log)?;
        #[cfg(feature = "tls")]
        let (tls, tls_files) = tls(self.tls, self.listen, &log)?;
        #[cfg(not(feature = "tls"))]
        let tls: Option<Arc<Tls>> = None;
        let seed = (!loaded.scenarios.is_empty()).then(|| loaded.scenarios.seed());
        let (stop, stopping) = watch::channel(false);
        let cci = self.profile == Profile::Cci;
        let kubernetes = k8s::Config { self_links: cci, error_codes: cci, ..self.kubernetes };
        let settings = Settings {
            engine: !sources.nothing,
            auth,
            gateway: cci.then(|| Gateway::new(self.token_lifetime)),
            kubernetes,
            stages: self.stages,
            rule_header: self.rule_header,
            proxy,
        };
        let stages = settings.stages_of(&mut fixtures);
        let shared = Arc::new(Shared {
            settings,
            stages: ArcSwap::from_pointee(stages),
            stubs: ArcSwap::from_pointee(fixtures.stubs),
            seeded: Mutex::new(seeded),
            scenarios: ArcSwap::from_pointee(loaded.scenarios),
            worlds: Worlds::new(Arc::new(world), self.max_worlds),
            journal: Arc::new(Journal::new(self.observer)),
            reload: Reload::new(sources.clone(), self.history),
            problems: ArcSwap::default(),
            tls: tls.clone(),
            stopping: stopping.clone(),
        });
        let listen = |source| Error::Listen { address: self.listen, source };
        let listener = Listener::bind(self.listen).await.map_err(listen)?;
        let address = listener.local_addr();
        let files = if self.hot_reload { watch_files(&sources, &shared, &log) } else { None };
        Here::new(Arc::clone(&shared), Arc::clone(shared.worlds.default())).begin_controllers();
        let stopped = stopped(stopping, Arc::clone(&shared));
        let handler = Arc::new(Pipeline::new(Arc::clone(&shared)));
        let limits = self.limits;
        let transport_log = Arc::clone(&log);
        let task = tokio::spawn(async move {
            transport::serve(listener, handler, limits, tls, transport_log, stopped).await;
        });
        #[cfg(feature = "tls")]
        let files = files.into_iter().chain(tls_files);
        let watchers: Vec<FileWatcher> = files.into_iter().collect();
        Ok(RunningServer { address, seed, shared, stop, task, _watchers: watchers })
    }
}

async fn stopped(mut stopping: watch::Receiver<bool>, shared: Arc<Shared>) {
    // A dropped handle stops the server too.
    let _ = stopping.wait_for(|stopping| *stopping).await;
    shared.worlds.wake();
}

/// Sets TLS up, and watches the files it was made of.
#[cfg(feature = "tls")]
fn tls(
    options: Option<TlsOptions>,
    listen: SocketAddr,
    log: &Logger,
) -> Result<(Option<Arc<Tls>>, Option<FileWatcher>), Error> {
    let Some(options) = options else {
        return Ok((None, None));
    };
    let files = options.files();
    let tls = Arc::new(Tls::new(options, listen.ip()).map_err(Error::Tls)?);
    if files.is_empty() {
        return Ok((Some(tls), None));
    }
    let (changing, said) = (Arc::clone(&tls), Arc::clone(log));
    let on_change = move || match changing.reload() {
        Ok(()) => said("reloaded: new connections meet the changed certificates"),
        Err(error) => said(&format!("not reloaded, the old certificates go on serving: {error}")),
    };
    let watcher = crate::fixtures::watch(&files, on_change)
        .map_err(|error| log(&format!("changes of the certificates will not be seen: {error}")));
    Ok((Some(tls), watcher.ok()))
}

fn proxy(
    upstream: Option<(String, UpstreamOptions)>,
    record: Option<PathBuf>,
    log: &Logger,
) -> Result<Option<Proxy>, Error> {
    let Some((url, options)) = upstream else {
        return Ok(None);
    };
    let upstream =
        Upstream::new(&url, &options).map_err(|error| Error::Upstream(error.to_string()))?;
    let recorder = match record {
        None => None,
        Some(path) => {
            let recorder = Recorder::new(path.clone(), Arc::clone(log));
            Some(recorder.map_err(|source| Error::Record { path, source })?)
        }
    };
    Ok(Some(Proxy::new(upstream, recorder)))
}

/// Watches the files; a watch that cannot be set up is told and does not keep the server from serving.
fn watch_files(sources: &Sources, shared: &Arc<Shared>, log: &Logger) -> Option<FileWatcher> {
    let paths = sources.watched();
    if paths.is_empty() {
        return None;
    }
    let (shared, said) = (Arc::clone(shared), Arc::clone(log));
    let on_change = move || match shared.reload() {
        Ok(warnings) if warnings.is_empty() => said("reloaded: the changed files are served now"),
        Ok(warnings) => said(&format!("reloaded, with warnings:\n{warnings}")),
        Err(problems) => said(&format!("not reloaded, the old set goes on serving:\n{problems}")),
    };
    match crate::fixtures::watch(&paths, on_change) {
        Ok(watcher) => Some(watcher),
        Err(error) => {
            log(&format!("changes of the files will not be seen: {error}"));
            None
        }
    }
}

/// A server that answers. Dropping it stops it; [`RunningServer::shutdown`] waits until it has.
#[derive(Debug)]
#[must_use = "the server stops when this is dropped; keep it for as long as it shall answer"]
pub struct RunningServer {
    address: SocketAddr,
    seed: Option<u64>,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
    _watchers: Vec<FileWatcher>,
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
        let world = self.shared.world(name).map_err(|error| Error::World(error.to_string()))?;
        Ok(WorldHandle::new(Here::new(Arc::clone(&self.shared), world), self.url()))
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
        // A panic in the server's task has been told by then; there is nothing left to stop.
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
