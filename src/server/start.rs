//! Settings → a running server. The address is taken first, so that one in use is reported at once; connections are
//! accepted last, when everything is loaded and checked.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::watch;

use crate::error::Error;
use crate::k8s::{self, Auth};
use crate::message::Bodies;
use crate::record::Proxy;
#[cfg(feature = "record")]
use crate::record::Recorder;
use crate::redact::{Key, Redactor};
#[cfg(not(feature = "etcd"))]
use crate::serve::Reached;
use crate::serve::{
    Assembly, CorsOrigins, LoadedSets, RequestContext, ServerLog, Settings, Shared, Sources,
    TemplateHost,
};
use crate::tls::server::Tls;
#[cfg(feature = "tls")]
use crate::tls::server::TlsOptions;
use crate::transport::{Dial, ForwardProxy, Logger, OpenConnections};

#[cfg(feature = "record")]
use super::backend::{self, Recording};
#[cfg(feature = "hot-reload")]
use super::files;
use super::ports::{Addresses, Serving};
use super::{Builder, RunningServer, auth_files, warnings};

impl Builder {
    /// Binds the address, loads and checks all files, and answers requests from then on. Until all is loaded the
    /// address refuses connections.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every problem of every file, [`Error::Listen`] for an address that cannot be
    /// bound, [`Error::Setting`], and the errors of the features in use.
    pub async fn start(mut self) -> Result<RunningServer, Error> {
        let world_prefix = self.world_prefix.take().map(checked_prefix).transpose()?;
        let mut ports = self.bind_ports()?;
        // Short enough to be typed again.
        self.sources.fallback_seed = uuid::Uuid::new_v4().as_u64_pair().0 % 1_000_000;
        self.apply_record_mode()?;
        let is_logged = self.log.is_some();
        let log = self.log.take().unwrap_or_else(|| Arc::new(|_: &str| {}));
        #[cfg(feature = "record")]
        self.recover_recordings(&log)?;
        let (loaded, auth) = self.load()?;
        let strict = self.is_strict(&loaded);
        loaded.warnings.0.iter().for_each(|warning| log(&warning.to_string()));
        let (redactor, proxy) = self.backend(&log)?;
        let tls = self.take_tls()?;
        let forward = self.open_forward_proxy(tls.as_ref(), &log)?;
        let seed = (!loaded.scenarios.is_empty()).then(|| loaded.scenarios.seed());
        let (stop, stopping) = watch::channel(false);
        let (controllers, kubernetes) = self.take_engine()?;
        let bodies = Bodies::new(self.bounds.transport.body_bytes);
        let settings = Settings {
            engine: !self.sources.nothing && !strict,
            strict,
            replay_speed: self.replay_speed,
            auth,
            gateway: if strict { None } else { self.profile.gateway(self.token_lifetime) },
            kubernetes,
            #[cfg(feature = "record")]
            token_webhook: self.open_token_webhook()?,
            #[cfg(feature = "record")]
            access_webhooks: std::mem::take(&mut self.access_webhooks.clients),
            aggregator: self.open_aggregator()?,
            audit: self.open_audit(&log, &stopping)?,
            stages: self.stages,
            controllers,
            rule_header: self.rule_header,
            graded: self.graded,
            world_prefix,
            loopback: self.is_on_loopback(),
            admin: std::mem::take(&mut self.admin),
            api_port: ports.port_besides_admin(),
            proxy,
            stubs: std::mem::take(&mut self.stub_options),
            cors: cors_origins(&self.cors_origins)?,
            redactor,
            bounds: self.bounds,
            bodies: bodies.clone(),
            log: ServerLog(Arc::clone(&log)),
            host: TemplateHost::new(&self.permitted_system_keys)
                .map_err(|why| Error::Setting(format!("the permitted system keys: {why}")))?,
        };
        let store = self.reach_store(&log).await?;
        let assembly = Assembly {
            store,
            settings,
            sources: self.sources.clone(),
            loaded,
            observer: self.observer.take(),
            tls: tls.clone(),
            stopping: stopping.clone(),
        };
        let shared = assembly.shared().map_err(Error::Invalid)?;
        warnings::log_of_scenarios(&shared, is_logged.then_some(&log));
        begin_controllers(&shared);
        let refuses = shared.open_doors();
        keep(&shared);
        let serving = Serving {
            shared: Arc::clone(&shared),
            limits: self.bounds.transport,
            bodies,
            forward,
            log: Arc::clone(&log),
            stopping,
            open: OpenConnections::default(),
        };
        #[cfg(feature = "cli")]
        let open = serving.open.clone();
        ports.listen(refuses)?;
        self.tell_others(&ports.addresses(), &shared);
        let Addresses { plain: address, https, admin } = ports.addresses();
        let task = serving.start(ports, tls);
        warnings::log_of_stubs(&shared, is_logged.then_some(&log));
        // A watch looks at every file of a tree: requests are answered meanwhile.
        #[cfg(feature = "hot-reload")]
        let watchers = watchers(self.hot_reload, &self.sources, &shared, &log);
        Ok(RunningServer {
            address,
            https,
            admin,
            seed,
            is_forward: self.forward.is_some(),
            shared,
            stop,
            task,
            #[cfg(feature = "cli")]
            open,
            #[cfg(feature = "hot-reload")]
            _watchers: watchers,
        })
    }

    /// The store that several servers share: this build has none.
    #[cfg(not(feature = "etcd"))]
    #[expect(clippy::unused_async, clippy::unused_self, reason = "as in a build with stores")]
    async fn reach_store(&mut self, _: &Logger) -> Result<Option<Reached>, Error> {
        Ok(None)
    }

    /// Tells the servers that share a store where they reach this one: this build has none.
    #[cfg(not(feature = "etcd"))]
    #[expect(clippy::unused_self, reason = "as in a build with stores")]
    fn tell_others(&self, _: &Addresses, _: &Shared) {}

    /// What makes the port a forward proxy, where it is one.
    fn open_forward_proxy(
        &self,
        tls: Option<&Arc<Tls>>,
        log: &Logger,
    ) -> Result<Option<Arc<ForwardProxy>>, Error> {
        let Some(left_out) = &self.forward else { return Ok(None) };
        let wrong = |why: &str| Error::Setting(format!("the forward proxy: {why}"));
        if tls.is_some_and(|tls| !tls.issues()) {
            return Err(wrong(
                "it issues certificates for hosts, which needs the CA that is made at the start, not a given certificate",
            ));
        }
        let proxy = ForwardProxy::new(tls.cloned(), left_out, self.dial(), Arc::clone(log));
        proxy.map(|proxy| Some(Arc::new(proxy))).map_err(|why| wrong(&why))
    }

    /// What opens the tunnels of a forward proxy.
    #[cfg(feature = "record")]
    fn dial(&self) -> Dial {
        crate::record::dial(&self.forward_options, self.listen)
    }

    /// What opens the tunnels of a forward proxy: without the client of backends, directly.
    #[cfg(not(feature = "record"))]
    #[expect(clippy::unused_self, reason = "the signature is that of a build with a client")]
    fn dial(&self) -> Dial {
        crate::transport::direct()
    }

    /// Whether only this machine reaches the server.
    fn is_on_loopback(&self) -> bool {
        let loopback = |address: SocketAddr| address.ip().to_canonical().is_loopback();
        let all = loopback(self.listen) && self.admin_listen.is_none_or(loopback);
        #[cfg(feature = "tls")]
        return all && self.https.is_none_or(loopback);
        #[cfg(not(feature = "tls"))]
        all
    }

    /// Makes mappings of what killed recorders left in the directories of fixtures.
    #[cfg(feature = "record")]
    fn recover_recordings(&self, log: &Logger) -> Result<(), Error> {
        for path in &self.sources.fixtures {
            let recovered = Recorder::recover(path, self.sources.redact_key.clone(), log);
            recovered.map_err(|source| Error::Record { path: path.clone(), source })?;
        }
        Ok(())
    }

    /// Loads every file, so that one start reports all that is wrong.
    fn load(&mut self) -> Result<(LoadedSets, Auth), Error> {
        self.sources.add_recorded_faults();
        #[cfg(feature = "record")]
        let webhooks = self.open_access_webhooks()?;
        #[cfg(not(feature = "record"))]
        let webhooks = Vec::new();
        let files = (self.token_auth_file.as_deref(), self.authorization_policy_file.as_deref());
        let auth = auth_files::load(files.0, files.1, &self.authorization_modes, webhooks);
        let (loaded, auth) = match (self.sources.load(), auth) {
            (Ok(loaded), Ok(auth)) => (loaded, auth),
            (loaded, auth) => {
                let mut problems = loaded.err().unwrap_or_default();
                problems.extend(auth.err().unwrap_or_default().0);
                return Err(Error::Invalid(problems.sorted()));
            }
        };
        let (issuers, audiences) = self.issuers.clone();
        let auth = auth.with_issuers(issuers, audiences);
        #[cfg(feature = "record")]
        let auth = match &self.token_webhook {
            Some((_, version, lifetime)) => {
                let lifetime = jiff::SignedDuration::try_from(*lifetime).unwrap_or_default();
                auth.with_token_webhook(k8s::TokenWebhook::new(version, lifetime))
            }
            None => auth,
        };
        #[cfg(feature = "tls")]
        let auth = match &self.account_keys {
            Some((signing, accepted, jwks_uri)) => {
                auth_files::with_account_keys(auth, signing, accepted, jwks_uri.clone())
                    .map_err(Error::Setting)?
            }
            None => auth,
        };
        let auth = if self.anonymous_auth { auth } else { auth.without_anonymous() };
        let auth = if self.legacy_impersonation { auth.with_legacy_impersonation() } else { auth };
        let auth = if self.checks_tokens { auth.with_checked_tokens() } else { auth };
        #[cfg(feature = "tls")]
        let auth = match &self.tls {
            Some(options) if options.asks_for_certificates() => auth.with_client_certificates(),
            _ => auth,
        };
        #[cfg(feature = "tls")]
        let auth = match &self.front_proxy {
            Some(proxy) => auth.with_front_proxy(proxy.clone()),
            None => auth,
        };
        Ok((loaded, auth))
    }

    /// What hides secrets, and the backend with its recorder. What is shown has the pseudonyms of what is recorded.
    #[cfg(feature = "record")]
    fn backend(&mut self, log: &Logger) -> Result<(Arc<Redactor>, Option<Proxy>), Error> {
        let key = self.sources.redact_key.clone();
        // What is wrong with a URL leaves no folder behind.
        let upstreams = backend::Upstreams::new(&self.upstreams)?;
        let recording = self.record.take();
        let mut recording =
            recording.map(|path| Recording::open(path, key.as_ref())).transpose()?;
        if let Some(recording) = &mut recording {
            recording.keeps_faults = self.keep_faults;
            recording.profile = self.profile.name();
            recording.extends = self.record_mode == Some(super::RecordMode::NewEpisodes);
        }
        let redactor = match &recording {
            Some(Recording { redactor, .. }) if !self.show_secrets => Arc::clone(redactor),
            _ => redactor(key, self.show_secrets),
        };
        let bounds = self.bounds;
        let proxy = if !self.upstreams.is_empty() {
            Some(upstreams.proxy(self.rewrite_links, recording, &bounds, log)?)
        } else if self.forward.is_some() && recording.is_some() {
            let options = self.forward_options.clone();
            Some(backend::forward(options, self.listen, recording, &bounds, log)?)
        } else {
            None
        };
        Ok((redactor, proxy))
    }

    /// What hides secrets; there is no backend.
    #[cfg(not(feature = "record"))]
    #[expect(clippy::unnecessary_wraps, reason = "the signature is that of a build with a backend")]
    fn backend(&mut self, _: &Logger) -> Result<(Arc<Redactor>, Option<Proxy>), Error> {
        Ok((redactor(self.sources.redact_key.clone(), self.show_secrets), None))
    }

    /// The controllers that run, and the settings of the Kubernetes engine.
    fn take_engine(&mut self) -> Result<(k8s::ControllerSet, k8s::Config), Error> {
        let controllers = k8s::ControllerSet::parse(&self.controllers).map_err(Error::Setting)?;
        let (enabled, disabled) = &self.admission_plugins;
        let config = k8s::Config {
            pages: Arc::new(k8s::PageCache::new(self.bounds.page_bytes)),
            documents: Arc::new(k8s::DocumentCache::new(self.bounds.document_bytes)),
            admission: k8s::AdmissionPlugins::parse(enabled, disabled).map_err(Error::Setting)?,
            makes_accounts: self.stages && controllers.has(k8s::Controller::ServiceAccount),
            kubelet: match self.kubernetes.kubelet {
                k8s::Kubelet::Unseen if self.stages && controllers.has(k8s::Controller::Pod) => {
                    k8s::Kubelet::Simulated
                }
                given => given,
            },
            ..std::mem::take(&mut self.kubernetes)
        };
        Ok((controllers, self.profile.configure(config)))
    }

    /// Reads the certificates, or makes them.
    #[cfg(feature = "tls")]
    fn take_tls(&mut self) -> Result<Option<Arc<Tls>>, Error> {
        let default = self.https.map(|_| TlsOptions::default());
        let Some(options) = self.tls.take().or(default) else { return Ok(None) };
        let address = self.https.unwrap_or(self.listen);
        let tls = Tls::new(options, address.ip()).map_err(Error::Tls)?;
        Ok(Some(Arc::new(tls)))
    }

    /// There is no TLS.
    #[cfg(not(feature = "tls"))]
    #[expect(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "the signature is that of a build with TLS"
    )]
    fn take_tls(&mut self) -> Result<Option<Arc<Tls>>, Error> {
        Ok(None)
    }
}

/// Begins what goes on beside requests until the server stops.
fn keep(shared: &Arc<Shared>) {
    tokio::spawn(Arc::clone(shared).keep_doors());
    tokio::spawn(Arc::clone(shared).keep_life());
    tokio::spawn(Arc::clone(shared).keep_controllers());
    tokio::spawn(Arc::clone(shared).keep_up());
}

fn redactor(key: Option<Key>, show_secrets: bool) -> Arc<Redactor> {
    Arc::new(match key {
        _ if show_secrets => Redactor::off(),
        Some(key) => Redactor::new(key),
        None => Redactor::default(),
    })
}

/// The origins whose pages may use the server; nothing where none may.
fn cors_origins(patterns: &[String]) -> Result<Option<CorsOrigins>, Error> {
    if patterns.is_empty() {
        return Ok(None);
    }
    let origins = CorsOrigins::new(patterns);
    origins.map(Some).map_err(|why| Error::Setting(format!("the allowed origins: {why}")))
}

/// Watches the files that a server was started with. Certificates change whether or not fixtures are watched.
#[cfg(feature = "hot-reload")]
fn watchers(
    hot_reload: bool,
    sources: &Sources,
    shared: &Arc<Shared>,
    log: &Logger,
) -> Vec<crate::fixtures::FileWatcher> {
    let sets = if hot_reload { files::watch_sets(sources, shared, log) } else { None };
    #[cfg(feature = "tls")]
    let certificates = shared.tls.as_ref().and_then(|tls| files::watch_certificates(tls, log));
    #[cfg(not(feature = "tls"))]
    let certificates = None;
    sets.into_iter().chain(certificates).collect()
}

/// Checks a path prefix of worlds.
fn checked_prefix(prefix: String) -> Result<String, Error> {
    let wrong = |why: &str| Err(Error::Setting(format!("the world prefix {prefix:?} {why}")));
    if !prefix.starts_with('/') || prefix.len() < 2 || prefix.ends_with('/') {
        return wrong(
            "has to begin with a slash, not to end with one, and not to be empty; write it like /worlds",
        );
    }
    let Ok(uri) = prefix.parse::<http::Uri>() else { return wrong("is not a path") };
    if uri.path() != prefix {
        return wrong("is not a path");
    }
    let first = prefix[1..].split('/').next().unwrap_or_default();
    if matches!(first, "__admin" | "api" | "apis") {
        return wrong(&format!("lies below /{first}, which is reserved"));
    }
    Ok(prefix)
}

/// Runs the controllers on the objects of the fixtures.
fn begin_controllers(shared: &Arc<Shared>) {
    if shared.seeding.is_made() {
        let world = Arc::clone(shared.worlds.default());
        RequestContext::new(Arc::clone(shared), world).begin_controllers();
    }
}
