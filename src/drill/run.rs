//! Runs drills, several at once: each with its own server, or a world of a shared one.

use std::path::PathBuf;

use futures_util::StreamExt;
use tokio::sync::watch;

use crate::document::Diagnostics;
use crate::error::Error;
use crate::scenario;

use super::one::{Site, server};
use super::options::DrillOptions;
use super::result::DrillResult;

/// Why drills could not be run.
#[derive(Debug, thiserror::Error)]
pub enum DrillError {
    /// The scenarios are invalid, or a shared server cannot be started.
    #[error(transparent)]
    Server(#[from] Error),
    /// The temporary directory cannot be made.
    #[error("cannot make the directory {}: {source}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system reports.
        source: std::io::Error,
    },
}

/// Runs the command under each scenario. `progress` is called when a drill starts and when it ends.
/// If the command cannot be started under the first scenario, its result is the only one.
///
/// # Errors
/// [`Error::Invalid`] with every problem of every file, before anything runs; [`Error::Listen`];
/// [`DrillError::Directory`].
pub async fn drill(
    options: &DrillOptions,
    progress: impl Fn(Progress<'_>) + Sync,
) -> Result<Vec<DrillResult>, DrillError> {
    let scenarios = scenario::expand(&options.scenarios).map_err(Error::Invalid)?;
    check(&scenarios, options)?;
    let shared = if options.prefix { Some(server(options).start().await?) } else { None };
    let folder = Folder::new()?;
    let total = scenarios.len();
    // The other commands start after the first one has started.
    let first = FirstStart::default();
    let one = |(index, entry): (usize, &scenario::Entry)| {
        let (shared, folder, progress, first) = (shared.as_ref(), &folder, &progress, &first);
        let entry = entry.clone();
        async move {
            if index > 0 && !first.succeeded().await {
                return None;
            }
            progress(Progress::Started { scenario: &entry.name, total });
            let kubeconfig = folder.path.join(format!("kubeconfig-{index}"));
            let site = Site { options, shared, kubeconfig: &kubeconfig };
            let result = site.drill(&entry, |started| first.report(started.is_ok())).await;
            progress(Progress::Ended { result: &result, total });
            Some((index, result))
        }
    };
    let running = futures_util::stream::iter(scenarios.iter().enumerate().map(one));
    let running = running.buffer_unordered(options.jobs.max(1));
    let mut results: Vec<(usize, DrillResult)> =
        running.filter_map(async |result| result).collect().await;
    results.sort_by_key(|(index, _)| *index);
    if let Some(server) = shared {
        server.shutdown().await;
    }
    Ok(results.into_iter().map(|(_, result)| result).collect())
}

/// Whether the command could be started the first time.
struct FirstStart(watch::Sender<Option<bool>>);

impl Default for FirstStart {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl FirstStart {
    fn report(&self, started: bool) {
        self.0.send_if_modified(|known| {
            let is_new = known.is_none();
            known.get_or_insert(started);
            is_new
        });
    }

    async fn succeeded(&self) -> bool {
        let mut known = self.0.subscribe();
        // The sender lives as long as this.
        known.wait_for(Option::is_some).await.is_ok_and(|known| *known == Some(true))
    }
}

/// The progress of the drills.
#[derive(Debug)]
pub enum Progress<'a> {
    /// A drill starts.
    Started {
        /// The scenario's name.
        scenario: &'a str,
        /// The number of all drills.
        total: usize,
    },
    /// A drill has ended.
    Ended {
        /// Its result.
        result: &'a DrillResult,
        /// The number of all drills.
        total: usize,
    },
}

/// Reports the problems of all scenarios before the first of them runs.
fn check(scenarios: &[scenario::Entry], options: &DrillOptions) -> Result<(), Error> {
    let mut problems = Diagnostics::default();
    for entry in scenarios {
        let found = crate::check::check(&options.fixtures, std::slice::from_ref(&entry.source));
        problems.extend(found.err().unwrap_or_default().0);
    }
    if problems.is_empty() {
        return Ok(());
    }
    problems.0.dedup();
    Err(Error::Invalid(problems.sorted()))
}

/// A temporary directory for the kubeconfig files, removed at the end.
struct Folder {
    path: PathBuf,
}

impl Folder {
    fn new() -> Result<Self, DrillError> {
        use std::os::unix::fs::DirBuilderExt;
        let name = format!("standin-drill-{}", uuid::Uuid::new_v4().simple());
        let path = std::env::temp_dir().join(name);
        let made = std::fs::DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|source| DrillError::Directory { path: path.clone(), source })?;
        Ok(Self { path })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed are a few small files in the system's temporary directory.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}
