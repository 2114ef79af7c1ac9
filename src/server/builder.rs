//! What a server shall be: every setting, with its default.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::exchange::{Exchange, Observer};
use crate::k8s::{self, DeleteAnswer};
use crate::profile::{Profile, TOKEN_LIFETIME};
use crate::record::UpstreamOptions;
use crate::redact::Key;
use crate::serve::{Bounds, Sources, WORLD_PREFIX};
#[cfg(feature = "tls")]
use crate::tls::server::TlsOptions;
use crate::transport::{Limits, Logger};

/// What a server shall be.
pub struct Builder {
    pub(super) listen: SocketAddr,
    pub(super) sources: Sources,
    pub(super) kubernetes: k8s::Config,
    pub(super) stages: bool,
    pub(super) rule_header: bool,
    pub(super) graded: bool,
    pub(super) token_auth_file: Option<PathBuf>,
    pub(super) authorization_policy_file: Option<PathBuf>,
    pub(super) anonymous_auth: bool,
    pub(super) profile: Profile,
    pub(super) token_lifetime: Duration,
    pub(super) upstream: Option<(String, UpstreamOptions)>,
    pub(super) record: Option<PathBuf>,
    pub(super) hot_reload: bool,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<TlsOptions>,
    pub(super) world_prefix: Option<String>,
    pub(super) bounds: Bounds,
    pub(super) redact_key: Option<Key>,
    pub(super) show_secrets: bool,
    pub(super) log: Option<Logger>,
    pub(super) observer: Option<Observer>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            sources: Sources::default(),
            kubernetes: k8s::Config::default(),
            stages: false,
            rule_header: true,
            graded: false,
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
            world_prefix: Some(WORLD_PREFIX.to_owned()),
            bounds: Bounds::default(),
            redact_key: None,
            show_secrets: false,
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
        self.bounds.history.events = events;
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

    /// Whether what clients do is written down, so that [`crate::WorldHandle::findings`] can grade it; off
    /// by default.
    #[must_use]
    pub fn graded(mut self, on: bool) -> Self {
        self.graded = on;
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
        self.bounds.worlds = worlds;
        self
    }

    /// Sets what comes before the name of a world in a path; the default is `/worlds`. A stub for a URL below
    /// it is found as long as no world of that name was made. With `None` no path names a world: the
    /// header `X-Standin-World` still does.
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = standin::Server::builder().world_prefix(Some("/w")).start().await?;
    /// assert_eq!(server.world("a")?.url(), format!("{}/w/a", server.url()));
    /// # server.shutdown().await; Ok(()) }
    /// # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
    /// ```
    #[must_use]
    pub fn world_prefix(mut self, prefix: Option<&str>) -> Self {
        self.world_prefix = prefix.map(str::to_owned);
        self
    }

    /// Sets all bounds: what is held and waited for at most.
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut bounds = standin::Bounds::default();
    /// bounds.history.bytes = 256 << 20;
    /// bounds.set("body-timeout", "5s")?;
    /// let server = standin::Server::builder().bounds(bounds).start().await?;
    /// # server.shutdown().await; Ok(()) }
    /// # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
    /// ```
    #[must_use]
    pub fn bounds(mut self, bounds: Bounds) -> Self {
        self.bounds = bounds;
        self
    }

    /// Sets the key that pseudonyms of secrets are made with, in place of the one in the recording's
    /// directory: recordings under one key have the same pseudonyms.
    #[must_use]
    pub fn redact_key(mut self, key: &str) -> Self {
        self.redact_key = Some(Key::of(key.as_bytes()));
        self
    }

    /// Shows secrets in lines, `/__admin/requests` and near misses as they are. Recordings never hold them.
    #[must_use]
    pub fn show_secrets(mut self, on: bool) -> Self {
        self.show_secrets = on;
        self
    }

    /// Sets the bounds of the transport.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.bounds.transport = limits;
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
}
