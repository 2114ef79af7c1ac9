//! Runs one drill: a server or a world, the command, and the assessment of the client.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::grade::Assessment;
use crate::kubeconfig;
use crate::redact::Redactor;
use crate::scenario::{self, Grade};
use crate::server::{Builder, RunningServer, Server, WorldHandle};

use super::command::{self, Task};
use super::options::DrillOptions;
use super::result::{DrillResult, Outcome};

/// How long the server may take to read the last bytes of a client and to notice that it
/// disconnected.
const SETTLE: Duration = Duration::from_millis(100);

/// Returns a server for drills.
pub(super) fn server(options: &DrillOptions) -> Builder {
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

/// The state that the drills of a run share.
#[derive(Debug)]
pub(super) struct Site<'a> {
    pub(super) options: &'a DrillOptions,
    /// The server of all drills, where they share one.
    pub(super) shared: Option<&'a RunningServer>,
    /// The kubeconfig of this drill.
    pub(super) kubeconfig: &'a Path,
}

impl Site<'_> {
    /// Runs the command under a scenario. `started` is called when the command runs, or cannot be started.
    pub(super) async fn drill(
        &self,
        entry: &scenario::Entry,
        started: impl Fn(Result<(), &str>),
    ) -> DrillResult {
        let began = Instant::now();
        let failed = |why: String| {
            // The command may run under other scenarios.
            started(Ok(()));
            DrillResult {
                scenario: entry.name.clone(),
                description: entry.description.clone(),
                took: began.elapsed(),
                assessment: Assessment::broken(format!("not served: {why}")),
                outcome: Outcome::NotServed(why),
                output: String::new(),
            }
        };
        let Self { options, shared, kubeconfig } = *self;
        let own = match shared {
            Some(_) => None,
            None => match server(options).scenario(&entry.source).start().await {
                Ok(server) => Some(server),
                Err(error) => return failed(error.to_string()),
            },
        };
        let (server, name) = match (&own, shared) {
            (Some(server), _) => (server, "default".to_owned()),
            (None, Some(server)) => (server, world_name(&entry.name)),
            (None, None) => return failed("there is no server".to_owned()),
        };
        let world = match server.world(&name) {
            Ok(world) => world,
            Err(error) => return failed(error.to_string()),
        };
        if shared.is_some()
            && let Err(problems) =
                world.switch_scenarios(vec![entry.source.clone()], options.seed).await
        {
            return failed(problems.to_string());
        }
        let files = Files { kubeconfig, ca: server.ca_pem() };
        let result = self.in_world(entry, server, &world, &files, started).await;
        if let Some(server) = own {
            server.shutdown().await;
        }
        result
    }

    async fn in_world(
        &self,
        entry: &scenario::Entry,
        server: &RunningServer,
        world: &WorldHandle,
        files: &Files<'_>,
        started: impl Fn(Result<(), &str>),
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
                let options = self.options;
                let task = Task { command: &options.command, environment, limit: options.limit };
                command::run(task, &started).await
            }
            Err(why) => {
                started(Err(&why));
                command::CommandResult::not_started(why)
            }
        };
        let took = began.elapsed();
        server.settle(SETTLE).await;
        let mut assessment = match &done.outcome {
            Outcome::NotStarted(why) => Assessment::broken(format!("not started: {why}")),
            _ => world.verdict(),
        };
        if done.left_behind {
            let message = "left processes behind, which were killed";
            assessment.add("left-behind", message, Grade::Note);
        }
        DrillResult {
            scenario: entry.name.clone(),
            description: entry.description.clone(),
            outcome: done.outcome,
            took,
            assessment,
            // It becomes part of reports.
            output: Redactor::default().line(&done.output),
        }
    }
}

/// Returns the name of the world for a scenario.
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

    /// Returns the path of a file next to the kubeconfig.
    fn ca_path(&self) -> PathBuf {
        self.kubeconfig.with_extension("ca.pem")
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
