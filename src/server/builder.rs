//! The settings of a server, with their defaults.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "etcd")]
use crate::etcd::StoreAccess;
use crate::exchange::{Exchange, Observer};
#[cfg(feature = "tls")]
use crate::k8s::FrontProxy;
use crate::k8s::{self, ClusterObjects, DeleteAnswer};
use crate::message::ReplaySpeed;
use crate::profile::{Profile, TOKEN_LIFETIME};
#[cfg(feature = "record")]
use crate::record::UpstreamOptions;
use crate::redact::Key;
use crate::serve::{AdminAccess, Bounds, GradedRequests, Sources, StubOptions, WORLD_PREFIX};
#[cfg(feature = "tls")]
use crate::tls::server::TlsOptions;
use crate::transport::Logger;

#[cfg(feature = "record")]
use super::backend::RecordMode;
use super::inherited::Inherited;
use super::webhook_settings::{AccessWebhooks, AuditOptions};

/// After which time without a use a world of a store is removed.
#[cfg(feature = "etcd")]
const STORE_WORLD_IDLE: Duration = Duration::from_secs(24 * 60 * 60);

/// The settings of a server: each method sets one, [`Builder::start`] starts the server.
///
/// Get one from [`Server::builder`](crate::Server::builder). Nothing is read, checked or bound before the start.
///
/// ```
/// # async fn run() -> Result<(), standin::Error> {
/// let server = standin::Server::builder().scenario("throttled").seed(42).start().await?;
/// assert_eq!(server.seed(), Some(42));
/// # server.shutdown().await; Ok(()) }
/// # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
/// ```
#[must_use = "a builder does nothing until it is started"]
pub struct Builder {
    pub(super) stub_options: StubOptions,
    pub(super) listen: SocketAddr,
    pub(super) admin_listen: Option<SocketAddr>,
    pub(super) inherited: Inherited,
    pub(super) cors_origins: Vec<String>,
    pub(super) sources: Sources,
    pub(super) kubernetes: k8s::Config,
    pub(super) stages: bool,
    pub(super) controllers: Vec<String>,
    /// The admission plugins that are turned on, and those that are turned off.
    pub(super) admission_plugins: (Vec<String>, Vec<String>),
    pub(super) rule_header: bool,
    pub(super) graded: GradedRequests,
    pub(super) token_auth_file: Option<PathBuf>,
    pub(super) authorization_policy_file: Option<PathBuf>,
    pub(super) authorization_modes: Vec<String>,
    pub(super) anonymous_auth: bool,
    pub(super) checks_tokens: bool,
    /// The issuers of the tokens of service accounts, and the audiences.
    pub(super) issuers: (Vec<String>, Vec<String>),
    /// The key that signs the tokens of service accounts, the files of those that are accepted, and where clients find
    /// the public ones.
    #[cfg(feature = "tls")]
    pub(super) account_keys: Option<(PathBuf, Vec<PathBuf>, Option<String>)>,
    /// The kubeconfig of the token webhook, the version of its reviews, and how long its answers are valid.
    #[cfg(feature = "record")]
    pub(super) token_webhook: Option<(PathBuf, String, Duration)>,
    /// The certificate for the servers of API services, and its key.
    #[cfg(feature = "record")]
    pub(super) aggregator_certificate: Option<(PathBuf, PathBuf)>,
    #[cfg_attr(not(feature = "record"), expect(dead_code, reason = "no webhook is asked"))]
    pub(super) access_webhooks: AccessWebhooks,
    /// The audit policy, and the log.
    pub(super) audit: Option<AuditOptions>,
    /// Whether users impersonate by the verb `impersonate` alone.
    pub(super) legacy_impersonation: bool,
    pub(super) profile: Profile,
    pub(super) token_lifetime: Duration,
    #[cfg(feature = "record")]
    pub(super) upstreams: Vec<(String, UpstreamOptions)>,
    #[cfg(feature = "record")]
    pub(super) rewrite_links: bool,
    #[cfg(feature = "record")]
    pub(super) keep_faults: bool,
    #[cfg(feature = "record")]
    pub(super) forward_options: UpstreamOptions,
    #[cfg(feature = "record")]
    pub(super) record: Option<PathBuf>,
    #[cfg(feature = "record")]
    pub(super) record_mode: Option<RecordMode>,
    /// The hosts that a forward proxy leaves out; nothing where the server is none.
    pub(super) forward: Option<Vec<String>>,
    pub(super) strict: Option<bool>,
    pub(super) replay_speed: ReplaySpeed,
    #[cfg(feature = "hot-reload")]
    pub(super) hot_reload: bool,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<TlsOptions>,
    #[cfg(feature = "tls")]
    pub(super) front_proxy: Option<FrontProxy>,
    #[cfg(feature = "tls")]
    pub(super) https: Option<SocketAddr>,
    /// The store that several servers share, and whether objects of other fixtures in it are replaced.
    #[cfg(feature = "etcd")]
    pub(super) store: Option<(String, bool)>,
    #[cfg(feature = "etcd")]
    pub(super) store_access: StoreAccess,
    /// Where the servers that share the store reach this one.
    #[cfg(feature = "etcd")]
    pub(super) advertise: Option<String>,
    /// After which time without a use a world of the store is removed.
    #[cfg(feature = "etcd")]
    pub(super) store_world_idle: Option<Duration>,
    pub(super) world_prefix: Option<String>,
    pub(super) admin: AdminAccess,
    pub(super) bounds: Bounds,
    pub(super) permitted_system_keys: Vec<String>,
    pub(super) show_secrets: bool,
    pub(super) log: Option<Logger>,
    pub(super) observer: Option<Observer>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            stub_options: StubOptions::default(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            admin_listen: None,
            inherited: Inherited::default(),
            cors_origins: Vec::new(),
            sources: Sources::default(),
            kubernetes: k8s::Config::default(),
            stages: false,
            controllers: vec!["*".to_owned()],
            admission_plugins: (Vec::new(), Vec::new()),
            rule_header: true,
            graded: GradedRequests::None,
            token_auth_file: None,
            authorization_policy_file: None,
            authorization_modes: Vec::new(),
            anonymous_auth: true,
            checks_tokens: false,
            issuers: (Vec::new(), Vec::new()),
            #[cfg(feature = "tls")]
            account_keys: None,
            #[cfg(feature = "record")]
            token_webhook: None,
            #[cfg(feature = "record")]
            aggregator_certificate: None,
            access_webhooks: AccessWebhooks::default(),
            audit: None,
            legacy_impersonation: false,
            profile: Profile::default(),
            token_lifetime: TOKEN_LIFETIME,
            #[cfg(feature = "record")]
            upstreams: Vec::new(),
            #[cfg(feature = "record")]
            rewrite_links: true,
            #[cfg(feature = "record")]
            keep_faults: false,
            #[cfg(feature = "record")]
            forward_options: UpstreamOptions::default(),
            #[cfg(feature = "record")]
            record: None,
            #[cfg(feature = "record")]
            record_mode: None,
            forward: None,
            strict: None,
            replay_speed: ReplaySpeed::AS_RECORDED,
            #[cfg(feature = "hot-reload")]
            hot_reload: false,
            #[cfg(feature = "tls")]
            tls: None,
            #[cfg(feature = "tls")]
            front_proxy: None,
            #[cfg(feature = "tls")]
            https: None,
            #[cfg(feature = "etcd")]
            store: None,
            #[cfg(feature = "etcd")]
            store_access: StoreAccess::default(),
            #[cfg(feature = "etcd")]
            advertise: None,
            #[cfg(feature = "etcd")]
            store_world_idle: Some(STORE_WORLD_IDLE),
            world_prefix: Some(WORLD_PREFIX.to_owned()),
            admin: AdminAccess::default(),
            bounds: Bounds::default(),
            permitted_system_keys: Vec::new(),
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

/// # What it serves
///
/// ```
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path();
/// let stub = r#"{"request": {"url": "/hello"}, "response": {"body": "world"}}"#;
/// std::fs::write(path.join("hello.json"), stub)?;
/// let builder = standin::Server::builder().fixtures(path).scenario("throttled").seed(7);
/// let server = builder.start().await?;
/// assert_eq!(server.stubs(), 1);
/// # server.shutdown().await; Ok(()) }
/// # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
/// ```
impl Builder {
    /// Adds a fixture file or directory. Without any, the embedded fixtures are served.
    pub fn fixtures(mut self, path: impl Into<PathBuf>) -> Self {
        self.sources.fixtures.push(path.into());
        self
    }

    /// Leaves files out of the fixtures. A glob without a slash is the name of files or directories at any depth,
    /// another one a path. An invalid glob is reported at the start.
    pub fn ignore(mut self, glob: impl Into<String>) -> Self {
        self.sources.ignore.push(glob.into());
        self
    }

    /// Serves no fixtures and no Kubernetes API, so that every request goes to the backend that is recorded.
    pub fn nothing_loaded(mut self) -> Self {
        self.sources.nothing = true;
        self
    }

    /// Turns a scenario on: a file, or the name of an embedded one such as `throttled`.
    pub fn scenario(mut self, name_or_file: impl Into<String>) -> Self {
        self.sources.scenarios.push(name_or_file.into());
        self
    }

    /// Sets the seed of all random draws, in place of the scenario files' own. The same seed gives the same run.
    pub fn seed(mut self, seed: u64) -> Self {
        self.sources.seed = Some(seed);
        self
    }

    /// Simulates the life cycle of created objects, as the `stages` of the fixtures define it. TFJobs, MPIJobs
    /// and Volcano Jobs have built-in stages, which apply where the fixtures define none. Core workloads get what the
    /// controllers of a cluster do: deployments get pods, pods run, jobs complete. Off by default.
    pub fn stages(mut self, on: bool) -> Self {
        self.stages = on;
        self
    }

    /// Watches the fixture and scenario files and reloads them when they change. A file with an error changes
    /// nothing: the error goes to [`Builder::log`] and the old files stay in effect. Off by default.
    #[cfg(feature = "hot-reload")]
    pub fn hot_reload(mut self, on: bool) -> Self {
        self.hot_reload = on;
        self
    }
}

/// # The Kubernetes API
///
/// ```
/// # async fn run() -> Result<(), standin::Error> {
/// use standin::{DeleteAnswer, Profile};
/// let server = standin::Server::builder()
///     .profile(Profile::Cci)
///     .token_lifetime(std::time::Duration::from_secs(60))
///     .delete_collection_answer(DeleteAnswer::Status)
///     .start()
///     .await?;
/// # server.shutdown().await; Ok(()) }
/// # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
/// ```
impl Builder {
    /// Sets the API server behaviour to emulate; the default is that of Kubernetes.
    pub fn profile(mut self, profile: Profile) -> Self {
        if profile == Profile::Cci {
            self.sources.cluster_objects = ClusterObjects::None;
        }
        self.profile = profile;
        self
    }

    /// Sets the lifetime of the tokens that the CCI profile issues; the default is a day.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = lifetime;
        self
    }

    /// Sets the response to DELETE on a collection; the default is the list of deleted objects.
    pub fn delete_collection_answer(mut self, answer: DeleteAnswer) -> Self {
        self.kubernetes.delete_collection = answer;
        self
    }
}

/// # What can be observed
///
/// ```
/// # async fn run() -> Result<(), standin::Error> {
/// use std::sync::atomic::{AtomicU64, Ordering};
/// static UNMATCHED: AtomicU64 = AtomicU64::new(0);
/// let server = standin::Server::builder()
///     .graded(true)
///     .log(|line| eprintln!("{line}"))
///     .observe(|exchange| {
///         if exchange.origin == standin::Origin::Unmatched {
///             UNMATCHED.fetch_add(1, Ordering::Relaxed);
///         }
///     })
///     .start()
///     .await?;
/// # server.shutdown().await; Ok(()) }
/// # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
/// ```
impl Builder {
    /// Calls a function with each line for people: warnings, reloads, broken clients. By default they are
    /// dropped.
    pub fn log(mut self, log: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.log = Some(Arc::new(log));
        self
    }

    /// Calls a function with each exchange, as soon as the response is decided.
    pub fn observe(mut self, observer: impl Fn(&Exchange) + Send + Sync + 'static) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// Whether requests are kept for grading, which [`WorldHandle::findings`](crate::WorldHandle::findings) and
    /// [`RunningServer::verdict`](crate::RunningServer::verdict) do; off by default.
    pub fn graded(mut self, on: bool) -> Self {
        self.graded = if on { GradedRequests::All } else { GradedRequests::None };
        self
    }

    /// Keeps the requests for grading that scenario rules may be about, and the first of the others.
    #[cfg(feature = "cli")]
    pub(crate) fn graded_by_rules(mut self) -> Self {
        self.graded = GradedRequests::OfRules;
        self
    }

    /// Whether responses name the scenario rule that shaped them in `X-Standin-Rule`; on by default.
    pub fn rule_header(mut self, on: bool) -> Self {
        self.rule_header = on;
        self
    }

    /// Shows secrets in log lines, near misses and `/__admin/requests`, in place of pseudonyms, which are the default.
    /// Recordings never contain secrets.
    pub fn show_secrets(mut self, on: bool) -> Self {
        self.show_secrets = on;
        self
    }

    /// Sets the key from which the pseudonyms of secrets are made, in place of the one in the recording's
    /// directory. Recordings with the same key have the same pseudonyms.
    pub fn redact_key(mut self, key: &str) -> Self {
        self.sources.redact_key = Some(Key::of(key.as_bytes()));
        self
    }
}
