//! Settings → a server that answers: everything is loaded and checked before anything is bound.

#[cfg(feature = "tls")]
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;

use crate::error::Error;
use crate::fixtures::FileWatcher;
use crate::k8s::{self, Auth};
use crate::message::Bodies;
use crate::record::{Proxy, Recorder, Upstream, UpstreamOptions};
use crate::redact::{Key, Redactor};
use crate::serve::{Assembly, Gateway, Pipeline, RequestContext, Settings, Shared, Sources};
use crate::tls::server::Tls;
#[cfg(feature = "tls")]
use crate::tls::server::TlsOptions;
use crate::transport::{self, Listener, Logger};

use super::{Builder, Profile, RunningServer};

impl Builder {
    /// Loads and checks everything, then listens. Nothing is bound before all is loaded.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every problem of every file; [`Error::Listen`]; [`Error::Upstream`].
    pub async fn start(self) -> Result<RunningServer, Error> {
        let world_prefix = self.world_prefix.map(checked_prefix).transpose()?;
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
        let recording = recording(self.record, self.redact_key.as_ref())?;
        // What is shown has the pseudonyms of what is recorded.
        let redactor = match &recording {
            _ if self.show_secrets => Arc::new(Redactor::off()),
            Some((_, redactor)) => Arc::clone(redactor),
            None => Arc::new(self.redact_key.map_or_else(Redactor::default, Redactor::new)),
        };
        let proxy = proxy(self.upstream, recording, self.bounds.recorder_bytes, &log)?;
        #[cfg(feature = "tls")]
        let (tls, tls_files) = tls(self.tls, self.listen, &log)?;
        #[cfg(not(feature = "tls"))]
        let tls: Option<Arc<Tls>> = None;
        let seed = (!loaded.scenarios.is_empty()).then(|| loaded.scenarios.seed());
        let (stop, stopping) = watch::channel(false);
        let cci = self.profile == Profile::Cci;
        let pages = Arc::new(k8s::PageCache::new(self.bounds.page_bytes));
        let kubernetes =
            k8s::Config { self_links: cci, error_codes: cci, pages, ..self.kubernetes };
        let bodies = Bodies::new(self.bounds.transport.body_bytes);
        let settings = Settings {
            engine: !sources.nothing,
            auth,
            gateway: cci.then(|| Gateway::new(self.token_lifetime)),
            kubernetes,
            stages: self.stages,
            rule_header: self.rule_header,
            graded: self.graded,
            world_prefix,
            loopback: self.listen.ip().to_canonical().is_loopback(),
            proxy,
            redactor,
            bounds: self.bounds,
            bodies: bodies.clone(),
        };
        let shared = Assembly {
            settings,
            sources: sources.clone(),
            loaded,
            observer: self.observer,
            tls: tls.clone(),
            stopping: stopping.clone(),
        }
        .shared()
        .map_err(Error::Invalid)?;
        let listen = |source| Error::Listen { address: self.listen, source };
        let listener = Listener::bind(self.listen).await.map_err(listen)?;
        let address = listener.local_addr();
        RequestContext::new(Arc::clone(&shared), Arc::clone(shared.worlds.default()))
            .begin_controllers();
        let stopped = stopped(stopping, Arc::clone(&shared));
        let handler = Arc::new(Pipeline::new(Arc::clone(&shared)));
        let limits = self.bounds.transport;
        let transport_log = Arc::clone(&log);
        let task = tokio::spawn(async move {
            transport::serve(listener, handler, limits, bodies, tls, transport_log, stopped).await;
        });
        // A watch looks at every file of a tree: requests are answered meanwhile.
        let files = if self.hot_reload { watch_files(&sources, &shared, &log) } else { None };
        #[cfg(feature = "tls")]
        let files = files.into_iter().chain(tls_files);
        let watchers: Vec<FileWatcher> = files.into_iter().collect();
        Ok(RunningServer { address, seed, shared, stop, task, _watchers: watchers })
    }
}

/// A prefix of worlds, if it can be one.
fn checked_prefix(prefix: String) -> Result<String, Error> {
    let wrong = |why: &str| Err(Error::Usage(format!("the prefix of worlds {prefix:?} {why}")));
    if !prefix.starts_with('/') || prefix.len() < 2 || prefix.ends_with('/') {
        return wrong(
            "has to begin with a slash, end without one, and name something, as /worlds does",
        );
    }
    let Ok(uri) = prefix.parse::<http::Uri>() else { return wrong("is not a path") };
    if uri.path() != prefix {
        return wrong("is not a path");
    }
    let first = prefix[1..].split('/').next().unwrap_or_default();
    if matches!(first, "__admin" | "api" | "apis") {
        return wrong(&format!("lies below /{first}, which has a meaning of its own"));
    }
    Ok(prefix)
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

/// Where exchanges are recorded, with what takes their secrets out.
fn recording(
    directory: Option<PathBuf>,
    key: Option<&Key>,
) -> Result<Option<(PathBuf, Arc<Redactor>)>, Error> {
    let Some(path) = directory else { return Ok(None) };
    match Recorder::redactor(&path, key.cloned()) {
        Ok(redactor) => Ok(Some((path, redactor))),
        Err(source) => Err(Error::Record { path, source }),
    }
}

fn proxy(
    upstream: Option<(String, UpstreamOptions)>,
    recording: Option<(PathBuf, Arc<Redactor>)>,
    recorder_bytes: usize,
    log: &Logger,
) -> Result<Option<Proxy>, Error> {
    let Some((url, options)) = upstream else {
        return Ok(None);
    };
    let upstream =
        Upstream::new(&url, &options).map_err(|error| Error::Upstream(error.to_string()))?;
    let recorder = match recording {
        None => None,
        Some((path, redactor)) => {
            let recorder = Recorder::new(&path, recorder_bytes, &redactor, log);
            Some(recorder.map_err(|source| Error::Record { path, source })?)
        }
    };
    Ok(Some(Proxy::new(upstream, recorder)))
}

/// Watches the files; a watch that cannot be set up is reported and does not keep the server from serving.
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
