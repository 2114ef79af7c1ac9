//! Settings of recordings: which backend is recorded, what is replayed, and how.

#[cfg(feature = "record")]
use std::path::PathBuf;

use crate::error::Error;
#[cfg(feature = "record")]
use crate::fixtures;
use crate::message::ReplaySpeed;
#[cfg(feature = "record")]
use crate::record::UpstreamOptions;
use crate::serve::LoadedSets;

use super::Builder;
#[cfg(feature = "record")]
use super::backend::RecordMode;

/// # A backend behind it
///
/// ```
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let backend = standin::Server::builder().start().await?;
/// # let (url, recorded) = (backend.url(), directory.path().join("recorded"));
/// use standin::{RecordMode, UpstreamOptions};
/// // The first run records, later ones replay and never ask the backend.
/// let server = standin::Server::builder()
///     .upstream(url, UpstreamOptions::default())
///     .record(&recorded)
///     .record_mode(RecordMode::Once)
///     .start()
///     .await?;
/// # server.shutdown().await; backend.shutdown().await; Ok(()) }
/// # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
/// ```
#[cfg(feature = "record")]
impl Builder {
    /// Proxies unmatched requests to this URL. A further backend is named with a path, as
    /// `auth=https://auth.example.com`: requests below `/auth/` go to it, and links to it lead there.
    pub fn upstream(mut self, url: impl Into<String>, options: UpstreamOptions) -> Self {
        self.upstreams.push((url.into(), options));
        self
    }

    /// Whether links to the backend, in header fields and texts of its responses, are made to lead to this server
    /// and, in a recording, to the server that replays it; on by default.
    pub fn rewrite_links(mut self, on: bool) -> Self {
        self.rewrite_links = on;
        self
    }

    /// Whether faults of the backend (resets, bodies that end early, invalid chunks) are recorded: as a scenario in the
    /// directory of [`Builder::record`], which a server with that directory lays on its answers. Off by default:
    /// broken answers are left out, and reported.
    pub fn keep_faults(mut self, on: bool) -> Self {
        self.keep_faults = on;
        self
    }

    /// Sets how the servers are reached that the clients of [`Builder::forward_proxy`] ask for, while they are recorded.
    pub fn forward_options(mut self, options: UpstreamOptions) -> Self {
        self.forward_options = options;
        self
    }

    /// Records the backend's responses as fixtures in a directory, which is created if it does not exist.
    pub fn record(mut self, directory: impl Into<PathBuf>) -> Self {
        self.record = Some(directory.into());
        self
    }

    /// Sets when the backend is asked, and when the recording of [`Builder::record`] answers. Without a mode
    /// everything that the fixtures do not answer is recorded, and the Kubernetes API stays on.
    pub fn record_mode(mut self, mode: RecordMode) -> Self {
        self.record_mode = Some(mode);
        self
    }

    /// Decides by the mode and by what is recorded already what is served and whether the backend is asked.
    ///
    /// # Errors
    /// [`Error::Setting`] where the mode needs a directory, a recording or a backend that is not there.
    pub(super) fn apply_record_mode(&mut self) -> Result<(), Error> {
        let Some(mode) = self.record_mode else { return Ok(()) };
        let wrong = |why: String| Error::Setting(format!("record mode {}: {why}", mode.name()));
        let Some(directory) = self.record.clone() else {
            return Err(wrong("it needs the directory of the recording".to_owned()));
        };
        let is_recorded = fixtures::has_files(&directory);
        let (replays, records) = match mode {
            RecordMode::None => (true, false),
            RecordMode::Once => (is_recorded, !is_recorded),
            RecordMode::NewEpisodes => (is_recorded, true),
            RecordMode::All => (false, true),
        };
        let shown = directory.display();
        if mode == RecordMode::None && !is_recorded {
            return Err(wrong(format!("{shown} has no recording; record one with the mode once")));
        }
        if records && self.upstreams.is_empty() && self.forward.is_none() {
            return Err(wrong(format!("{shown} is recorded from a backend; name its URL")));
        }
        if self.sources.fixtures.is_empty() {
            self.sources.nothing = true;
        }
        if replays {
            self.sources.add_recording(directory);
        }
        if !records {
            (self.upstreams, self.record) = (Vec::new(), None);
        }
        Ok(())
    }

    fn has_record_mode(&self) -> bool {
        self.record_mode.is_some()
    }
}

#[cfg(not(feature = "record"))]
impl Builder {
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "as with a recorder")]
    pub(super) fn apply_record_mode(&mut self) -> Result<(), Error> {
        Ok(())
    }

    #[expect(clippy::unused_self, reason = "the signature is that of a build with a recorder")]
    fn has_record_mode(&self) -> bool {
        false
    }
}

/// # Replay
///
/// ```
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let stub = r#"{"request": {"url": "/a"}, "response": {"fixedDelayMilliseconds": 60000}}"#;
/// # std::fs::write(directory.path().join("a.json"), stub)?;
/// # let recorded = directory.path();
/// let server = standin::Server::builder()
///     .fixtures(recorded)
///     .strict(true)
///     .replay_speed(standin::ReplaySpeed::AT_ONCE)
///     .start()
///     .await?;
/// // … the client under test …
/// assert_eq!(server.replay_report().unused.len(), 1);
/// # server.shutdown().await; Ok(()) }
/// # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
/// ```
impl Builder {
    /// Makes the port a forward proxy, for clients with `HTTP_PROXY` and `HTTPS_PROXY`: with a recorder the servers that
    /// they ask for are recorded, without one what was recorded answers. With TLS, `https://` connections end here with
    /// certificates of the server's own CA. Those to hosts that match one of these globs pass through.
    pub fn forward_proxy<T: Into<String>>(mut self, left_out: impl IntoIterator<Item = T>) -> Self {
        self.forward = Some(left_out.into_iter().map(Into::into).collect());
        self
    }

    /// Whether only stubs answer: no Kubernetes API and no files. By default that is so where all fixtures are
    /// recordings, and with a record mode, unless there are Kubernetes objects among them.
    pub fn strict(mut self, on: bool) -> Self {
        self.strict = Some(on);
        self
    }

    /// Sets how fast the delays and pauses of stubs pass; by default as they were recorded. The delays of scenarios
    /// stay.
    pub fn replay_speed(mut self, speed: ReplaySpeed) -> Self {
        self.replay_speed = speed;
        self
    }

    /// Whether only stubs answer, by the setting or by what was loaded.
    pub(super) fn is_strict(&self, loaded: &LoadedSets) -> bool {
        let by_mode = self.has_record_mode() && !loaded.has_objects();
        self.strict.unwrap_or_else(|| by_mode || self.sources.are_recordings(loaded))
    }
}
