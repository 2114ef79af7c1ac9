//! Drills, several at once: each has a server of its own, or a world of one.

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
use super::result::{Drilled, Ended};

/// How long a request's end may take to be noticed after its client has gone.
const SETTLE: Duration = Duration::from_millis(100);

/// What to drill, and how.
#[derive(Debug, Clone)]
pub struct DrillOptions {
    /// Scenario names, files and directories; none means all that come with the program.
    pub scenarios: Vec<String>,
    /// Fixture files and directories; none means the embedded ones.
    pub fixtures: Vec<PathBuf>,
    /// The client's command, with its arguments.
    pub command: Vec<String>,
    /// How many drills run at once.
    pub jobs: usize,
    /// How long each may take.
    pub limit: Duration,
    /// The seed of all draws, in place of the scenarios' own.
    pub seed: Option<u64>,
    /// Whether all drills share a port, each with a prefix of its own in the URL, in place of a port each.
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

/// Runs the command under each scenario. `progress` is called when a drill begins and when it is over.
///
/// # Errors
/// [`Error::Invalid`] with every problem of every file, before anything runs; [`Error::Listen`];
/// [`DrillError::Directory`].
pub async fn drill(
    options: &DrillOptions,
    progress: impl Fn(Progress<'_>) + Sync,
) -> Result<Vec<Drilled>, DrillError> {
    let scenarios = scenario::expand(&options.scenarios).map_err(Error::Invalid)?;
    check(&scenarios, options)?;
    let shared = if options.prefix { Some(server(options).start().await?) } else { None };
    let folder = Folder::new()?;
    let total = scenarios.len();
    let one = |(index, entry): (usize, &scenario::Entry)| {
        let (shared, folder, progress) = (shared.as_ref(), &folder, &progress);
        let entry = entry.clone();
        async move {
            progress(Progress::Begins { scenario: &entry.name, total });
            let file = folder.path.join(format!("kubeconfig-{index}"));
            let drilled = one(&entry, options, shared, &file).await;
            progress(Progress::Over { drilled: &drilled, total });
            (index, drilled)
        }
    };
    let running = futures_util::stream::iter(scenarios.iter().enumerate().map(one));
    let mut drilled: Vec<(usize, Drilled)> =
        running.buffer_unordered(options.jobs.max(1)).collect().await;
    drilled.sort_by_key(|(index, _)| *index);
    if let Some(server) = shared {
        server.shutdown().await;
    }
    Ok(drilled.into_iter().map(|(_, drilled)| drilled).collect())
}

/// How far the drills are.
#[derive(Debug)]
pub enum Progress<'a> {
    /// One begins.
    Begins {
        /// The scenario's name.
        scenario: &'a str,
        /// How many there are altogether.
        total: usize,
    },
    /// One is over.
    Over {
        /// What came out.
        drilled: &'a Drilled,
        /// How many there are altogether.
        total: usize,
    },
}

/// Everything that is wrong with any of the scenarios, before the first of them runs.
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
) -> Drilled {
    let began = Instant::now();
    let failed = |ended: Ended| Drilled {
        scenario: entry.name.clone(),
        description: entry.description.clone(),
        ended,
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
            Err(error) => return failed(Ended::NotServed(error.to_string())),
        },
    };
    let world = match (&own, shared) {
        (Some(server), _) => server.world("default"),
        (None, Some(server)) => server.world(&world_name(&entry.name)),
        (None, None) => return failed(Ended::NotServed("there is no server".to_owned())),
    };
    let world = match world {
        Ok(world) => world,
        Err(error) => return failed(Ended::NotServed(error.to_string())),
    };
    if shared.is_some()
        && let Err(problems) =
            world.switch_scenarios(vec![entry.source.clone()], options.seed).await
    {
        return failed(Ended::NotServed(problems.to_string()));
    }
    let ca = own.as_ref().or(shared).and_then(RunningServer::ca_pem);
    let files = Files { kubeconfig, ca };
    let drilled = in_world(entry, options, &world, &files).await;
    if let Some(server) = own {
        server.shutdown().await;
    }
    drilled
}

async fn in_world(
    entry: &scenario::Entry,
    options: &DrillOptions,
    world: &WorldHandle,
    files: &Files<'_>,
) -> Drilled {
    let url = world.url();
    let written = files.write(&url).map_err(|error| error.to_string());
    let mut environment = vec![
        ("STANDIN_URL", url),
        ("STANDIN_WORLD", world.name().to_owned()),
        ("STANDIN_SCENARIO", entry.name.clone()),
        ("KUBECONFIG", files.kubeconfig.to_string_lossy().into_owned()),
        // Nothing that is set up for the outside shall stand between.
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
        Err(why) => command::Done {
            ended: Ended::NotStarted(why),
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
        let message = "left processes behind, which were ended";
        findings.push(noticed("left-behind", message.to_owned(), Grade::Note));
    }
    let unmatched: Vec<_> = records.iter().filter(|record| record.unmatched).collect();
    if let Some(first) = unmatched.first() {
        let message = format!(
            "{} requests that nothing answers, first {} {}",
            unmatched.len(),
            first.method,
            first.path
        );
        findings.push(noticed("unmatched", message, verdict.unmatched));
    }
    let unused = world.unused_rules();
    if !unused.is_empty() {
        let message = format!("never met: {}", unused.join(", "));
        findings.push(noticed("unused-rule", message, verdict.unused_rules));
    }
    findings.retain(|finding| finding.grade > Grade::Ignore);
    Drilled {
        scenario: entry.name.clone(),
        description: entry.description.clone(),
        ended: done.ended,
        took,
        requests: records.len() as u64 + more,
        records,
        findings,
        output: done.output,
    }
}

fn noticed(code: &'static str, message: String, grade: Grade) -> Finding {
    Finding { code, rule: None, at: Duration::ZERO, message, grade }
}

/// A scenario's name as one of a world.
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

/// The files that a command reads.
struct Files<'a> {
    kubeconfig: &'a Path,
    /// The CA that clients have to trust, in PEM, where TLS is spoken.
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

/// Where kubeconfig files are, as long as the drills run.
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
        // What cannot be removed is nothing but a few small files in the folder for such.
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
