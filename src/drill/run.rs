//! Runs drills, several at once: each with a server of its own, or a world of a shared one.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use futures_util::StreamExt;

use crate::document::Diagnostics;
use crate::error::Error;
use crate::grade::{Finding, grade};
use crate::kubeconfig;
use crate::scenario::{self, Grade};
use crate::server::{Builder, RunningServer, Server, WorldHandle};

use super::command::{self, Task};
use super::result::{DrillResult, Outcome};

/// How long the server may take to notice that a client is gone.
const SETTLE: Duration = Duration::from_millis(100);

/// The drills to run.
#[derive(Debug, Clone)]
pub struct DrillOptions {
    /// Scenario names, files and directories; if empty, all embedded ones.
    pub scenarios: Vec<String>,
    /// Fixture files and directories; if empty, the embedded ones.
    pub fixtures: Vec<PathBuf>,
    /// The client's command with its arguments.
    pub command: Vec<String>,
    /// The number of drills that run at once.
    pub jobs: usize,
    /// The time limit of each drill.
    pub limit: Duration,
    /// The seed of all random draws, in place of the scenarios' own.
    pub seed: Option<u64>,
    /// Whether all drills share one port, each with a path prefix of its own.
    pub prefix: bool,
    /// Whether the servers speak HTTPS, and HTTP/2 with clients that can. Needs the feature `tls`.
    pub tls: bool,
}

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
    let one = |(index, entry): (usize, &scenario::Entry)| {
        let (shared, folder, progress) = (shared.as_ref(), &folder, &progress);
        let entry = entry.clone();
        async move {
            progress(Progress::Started { scenario: &entry.name, total });
            let file = folder.path.join(format!("kubeconfig-{index}"));
            let result = one(&entry, options, shared, &file).await;
            progress(Progress::Ended { result: &result, total });
            (index, result)
        }
    };
    let running = futures_util::stream::iter(scenarios.iter().enumerate().map(one));
    let mut results: Vec<(usize, DrillResult)> =
        running.buffer_unordered(options.jobs.max(1)).collect().await;
    results.sort_by_key(|(index, _)| *index);
    if let Some(server) = shared {
        server.shutdown().await;
    }
    Ok(results.into_iter().map(|(_, result)| result).collect())
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

fn server(options: &DrillOptions) -> Builder {
    let mut builder = Server::builder().graded(true);
    for path in &options.fixtures {
        builder = builder.fixtures(path);
    }
    if let Some(seed) = options.seed {
        builder = builder.seed(seed);
    }
    #[cfg(feature = "tls")]
    if options.tls {
        builder = builder.tls(crate::TlsOptions::default());
    }
    builder
}

async fn one(
    entry: &scenario::Entry,
    options: &DrillOptions,
    shared: Option<&RunningServer>,
    kubeconfig: &Path,
) -> DrillResult {
    let began = Instant::now();
    let failed = |outcome: Outcome| DrillResult {
        scenario: entry.name.clone(),
        description: entry.description.clone(),
        outcome,
        took: began.elapsed(),
        requests: 0,
        records: Vec::new(),
        findings: Vec::new(),
        output: String::new(),
    };
    let own = match shared {
        Some(_) => None,
        None => match server(options).scenario(&entry.source).start().await {
            Ok(server) => Some(server),
            Err(error) => return failed(Outcome::NotServed(error.to_string())),
        },
    };
    let world = match (&own, shared) {
        (Some(server), _) => server.world("default"),
        (None, Some(server)) => server.world(&world_name(&entry.name)),
        (None, None) => return failed(Outcome::NotServed("there is no server".to_owned())),
    };
    let world = match world {
        Ok(world) => world,
        Err(error) => return failed(Outcome::NotServed(error.to_string())),
    };
    if shared.is_some()
        && let Err(problems) =
            world.switch_scenarios(vec![entry.source.clone()], options.seed).await
    {
        return failed(Outcome::NotServed(problems.to_string()));
    }
    let ca = own.as_ref().or(shared).and_then(RunningServer::ca_pem);
    let files = Files { kubeconfig, ca };
    let result = in_world(entry, options, &world, &files).await;
    if let Some(server) = own {
        server.shutdown().await;
    }
    result
}

async fn in_world(
    entry: &scenario::Entry,
    options: &DrillOptions,
    world: &WorldHandle,
    files: &Files<'_>,
) -> DrillResult {
    let url = world.url();
    let written = files.write(&url).map_err(|error| error.to_string());
    let mut environment = vec![
        ("STANDIN_URL", url),
        ("STANDIN_WORLD", world.name().to_owned()),
        ("STANDIN_SCENARIO", entry.name.clone()),
        ("KUBECONFIG", files.kubeconfig.to_string_lossy().into_owned()),
        // No proxy between the client and this server.
        ("NO_PROXY", "127.0.0.1,localhost".to_owned()),
        ("no_proxy", "127.0.0.1,localhost".to_owned()),
    ];
    if files.ca.is_some() {
        environment.push(("STANDIN_CA", files.ca_path().to_string_lossy().into_owned()));
    }
    let began = Instant::now();
    let done = match written {
        Ok(()) => {
            let task = Task { command: &options.command, environment, limit: options.limit };
            command::run(task).await
        }
        Err(why) => command::CommandResult {
            outcome: Outcome::NotStarted(why),
            output: String::new(),
            left_behind: false,
        },
    };
    let took = began.elapsed();
    tokio::time::sleep(SETTLE).await;
    let (records, more) = world.records();
    let verdict = world.verdict();
    let mut findings = grade(&records, &world.expectations(), verdict.expectations);
    if done.left_behind {
        let message = "left processes behind, which were killed";
        findings.push(finding("left-behind", message.to_owned(), Grade::Note));
    }
    let unmatched: Vec<_> = records.iter().filter(|record| record.unmatched).collect();
    if let Some(first) = unmatched.first() {
        let message = format!(
            "{} unmatched requests, first {} {}",
            unmatched.len(),
            first.method,
            first.path
        );
        findings.push(finding("unmatched", message, verdict.unmatched));
    }
    let unused = world.unused_rules();
    if !unused.is_empty() {
        let message = format!("rules that never took effect: {}", unused.join(", "));
        findings.push(finding("unused-rule", message, verdict.unused_rules));
    }
    findings.retain(|finding| finding.grade > Grade::Ignore);
    DrillResult {
        scenario: entry.name.clone(),
        description: entry.description.clone(),
        outcome: done.outcome,
        took,
        requests: records.len() as u64 + more,
        records,
        findings,
        output: done.output,
    }
}

fn finding(code: &'static str, message: String, grade: Grade) -> Finding {
    Finding { code, rule: None, at: Duration::ZERO, message, grade }
}

/// The name of the world for a scenario.
fn world_name(name: &str) -> String {
    let allowed =
        |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let name: String =
        name.chars().map(|letter| if allowed(letter) { letter } else { '-' }).collect();
    let name = name.trim_start_matches(|letter: char| !letter.is_ascii_alphanumeric());
    let start = name.len().saturating_sub(63);
    let name = name[start..].trim_start_matches(|letter: char| !letter.is_ascii_alphanumeric());
    if name.is_empty() { "drill".to_owned() } else { name.to_owned() }
}

/// The files that the command reads.
struct Files<'a> {
    kubeconfig: &'a Path,
    /// The CA that clients have to trust, in PEM, with HTTPS.
    ca: Option<String>,
}

impl Files<'_> {
    fn write(&self, url: &str) -> std::io::Result<()> {
        if let Some(ca) = &self.ca {
            std::fs::write(self.ca_path(), ca)?;
        }
        std::fs::write(self.kubeconfig, kubeconfig::of_url(url, self.ca.as_deref()))
    }

    /// Beside the kubeconfig.
    fn ca_path(&self) -> PathBuf {
        self.kubeconfig.with_extension("ca.pem")
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenarios_have_worlds() {
        assert_eq!(world_name("auth/token-refresh"), "auth-token-refresh");
        assert_eq!(world_name("./x.yaml"), "x.yaml");
        assert_eq!(world_name("///"), "drill");
        assert!(world_name(&"a/".repeat(100)).len() <= 63);
    }
}
