//! Settings → the backend behind a server, and what records it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use crate::error::Error;
use crate::links::{Backend, Links};
use crate::record::{
    Backends, Earlier, ForwardBackends, NamedBackend, Proxy, QueueLimits, Recorder, RecordingOf,
    Upstream, UpstreamOptions,
};
use crate::redact::{Key, Redactor};
use crate::serve::Bounds;
use crate::transport::Logger;

/// When a backend is asked, and when its recording answers: the modes of vcrpy, for
/// [`Builder::record_mode`](crate::Builder::record_mode).
///
/// | mode | recorded requests | new requests |
/// |---|---|---|
/// | `None` | the recording answers | 404 with the nearest recording |
/// | `Once`, the directory is empty | the backend answers, and is recorded | the same |
/// | `Once`, it has a recording | the recording answers | 404 with the nearest recording |
/// | `NewEpisodes` | the recording answers | the backend answers, and is recorded |
/// | `All` | the backend answers, and is recorded again | the backend answers, and is recorded |
///
/// What is recorded is replayed from the next start on.
///
/// ```
/// assert_eq!(standin::RecordMode::NewEpisodes.name(), "new_episodes");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[non_exhaustive]
pub enum RecordMode {
    /// Only replay; the backend is never asked.
    None,
    /// Record where there is no recording yet; replay afterwards.
    Once,
    /// Replay, and record new requests.
    #[cfg_attr(feature = "cli", value(name = "new_episodes", alias = "new-episodes"))]
    NewEpisodes,
    /// Record everything again.
    All,
}

impl RecordMode {
    /// Its name: `none`, `once`, `new_episodes` or `all`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Once => "once",
            Self::NewEpisodes => "new_episodes",
            Self::All => "all",
        }
    }
}

/// Where exchanges are recorded, and what takes their secrets out.
pub(super) struct Recording {
    pub(super) directory: PathBuf,
    pub(super) redactor: Arc<Redactor>,
    /// Whether new answers come after those of an earlier recording, or in their place.
    pub(super) extends: bool,
    /// Whether faults of the backend are recorded.
    pub(super) keeps_faults: bool,
    /// The name of the server's profile.
    pub(super) profile: &'static str,
}

impl Recording {
    /// Opens the directory: its key is read, or made.
    ///
    /// # Errors
    /// [`Error::Record`] when the directory cannot be used.
    pub(super) fn open(directory: PathBuf, key: Option<&Key>) -> Result<Self, Error> {
        match Recorder::redactor(&directory, key.cloned()) {
            Ok(redactor) => {
                let (extends, keeps_faults) = (false, false);
                Ok(Self { directory, redactor, extends, keeps_faults, profile: "kubernetes" })
            }
            Err(source) => Err(Error::Record { path: directory, source }),
        }
    }
}

/// The backends that are asked, by path. Nothing is connected yet.
pub(super) struct Upstreams {
    backends: Vec<(String, Upstream)>,
    /// What links to them look like.
    named: Vec<Backend>,
    urls: String,
}

impl Upstreams {
    /// Checks the URLs, and that each has a path of its own.
    ///
    /// # Errors
    /// [`Error::Upstream`] for a URL or certificates that cannot be used.
    pub(super) fn new(upstreams: &[(String, UpstreamOptions)]) -> Result<Self, Error> {
        let mut backends = Vec::new();
        let mut named = Vec::new();
        for (text, options) in upstreams {
            let NamedBackend { below, url } = NamedBackend::new(text);
            let upstream =
                Upstream::new(&url, options).map_err(|error| Error::Upstream(error.to_string()))?;
            if backends.iter().any(|(path, _)| *path == below) {
                let path = if below.is_empty() { "/" } else { &*below };
                let why = format!(
                    "two backends have the path {path}; give one a path of its own: PATH={url}"
                );
                return Err(Error::Upstream(why));
            }
            // Links cannot name a socket, only the host of requests to it.
            let names = [Some(url.replacen("h2c://", "http://", 1)), options.host_url()];
            let names = names.into_iter().flatten();
            named.extend(names.filter_map(|url| Backend::new(&url, &below).ok()));
            backends.push((below, upstream));
        }
        let urls: Vec<&str> = upstreams.iter().map(|(url, _)| &**url).collect();
        Ok(Self { backends, named, urls: urls.join(" ") })
    }

    /// The proxy to them, with a recorder where there is a recording.
    ///
    /// # Errors
    /// [`Error::Record`].
    pub(super) fn proxy(
        self,
        rewrites_links: bool,
        recording: Option<Recording>,
        bounds: &Bounds,
        log: &Logger,
    ) -> Result<Proxy, Error> {
        let Self { backends, named, urls } = self;
        let links = rewrites_links.then(|| Arc::new(Links::new(named)));
        let recorder = recording
            .map(|recording| recorder(recording, urls, links.clone(), bounds, log))
            .transpose()?;
        Ok(Proxy::new(Backends::new(backends), recorder).with_links(links))
    }
}

/// The servers that the clients of a forward proxy ask for. Links stay: the clients see what the servers send.
///
/// # Errors
/// [`Error::Record`].
pub(super) fn forward(
    options: UpstreamOptions,
    own: SocketAddr,
    recording: Option<Recording>,
    bounds: &Bounds,
    log: &Logger,
) -> Result<Proxy, Error> {
    let of = "the servers that clients ask for".to_owned();
    let recorder =
        recording.map(|recording| recorder(recording, of, None, bounds, log)).transpose()?;
    Ok(Proxy::new(Backends::Forward(ForwardBackends::new(options, own)), recorder))
}

fn recorder(
    recording: Recording,
    backend: String,
    links: Option<Arc<Links>>,
    bounds: &Bounds,
    log: &Logger,
) -> Result<Recorder, Error> {
    let Recording { directory, redactor, extends, keeps_faults, profile } = recording;
    let earlier = if extends { Earlier::Extend } else { Earlier::Replace };
    let most_of_body = bounds.recorded_body_bytes as u64;
    let of = RecordingOf { backend, profile, earlier, links, keeps_faults, most_of_body };
    let limits = QueueLimits {
        memory: bounds.recorder_bytes,
        backlog: bounds.recorder_backlog as u64,
        gives_way: true,
    };
    Recorder::new(&directory, of, limits, &redactor, log)
        .map_err(|source| Error::Record { path: directory, source })
}
