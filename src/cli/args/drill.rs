//! The options of `standin drill`, `standin verdict` and `standin scenario`: a client under scenarios, and scenarios that are
//! made of what was observed.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::deferred::Deferred;
use super::setup::AdminToken;

#[derive(Debug, Args)]
pub(crate) struct Drill {
    /// Scenarios: files, directories, or names from `standin scenarios`; default: all embedded ones.
    #[arg(value_name = "NAME|FILE")]
    pub(crate) scenarios: Vec<String>,
    /// The client's command, after --.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
    #[command(flatten)]
    pub(crate) narrow: Narrow,
    /// Fixture file or directory (repeatable); default: the embedded fixtures.
    #[arg(long, short, value_name = "PATH")]
    pub(crate) fixtures: Vec<PathBuf>,
    /// Number of drills that run at once; default: the number of processors.
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) jobs: Option<u16>,
    /// Time limit of each drill, such as 30s or 5m.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = time)]
    pub(crate) timeout: Duration,
    /// Seed of all random draws, in place of the scenarios' own.
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Run all drills on one port, each with /worlds/NAME in its URL.
    #[arg(long)]
    pub(crate) prefix: bool,
    /// Serve HTTPS, over HTTP/2 where the client can; the CA to trust is in KUBECONFIG and in the file
    /// `STANDIN_CA`.
    #[arg(long)]
    pub(crate) tls: bool,
    #[command(flatten)]
    pub(crate) reports: Reports,
}

#[derive(Debug, Args)]
pub(crate) struct Verdict {
    /// Server: HOST:PORT or a URL; the URL of a world for that world.
    #[arg(value_name = "URL")]
    pub(crate) server: Option<String>,
    /// Condition to wait for: "idle 5s" (requests came, and none for 5 s), "requests 10" (so many came), "phase NAME" (a
    /// scenario has reached this phase).
    #[arg(long, value_name = "CONDITION", num_args = 1..=2)]
    pub(crate) wait_for: Vec<String>,
    /// How long to wait for it; then the verdict is given all the same, and the command fails.
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = time)]
    pub(crate) timeout: Duration,
    #[command(flatten)]
    pub(crate) admin: AdminToken,
    #[command(flatten)]
    pub(crate) reports: Reports,
}

/// What narrows scenarios: the same as `NAME?resource=R&namespace=N&verb=V` in place of a name.
#[derive(Debug, Args)]
pub(crate) struct Narrow {
    /// Resource type, as plural.group, that the rules of all scenarios are about alone.
    #[arg(long, value_name = "TYPE")]
    pub(crate) resource: Option<String>,
    /// Namespace that they are about alone.
    #[arg(long, value_name = "NAME")]
    pub(crate) namespace: Option<String>,
    /// Verb that they are about alone.
    #[arg(long, value_name = "VERB")]
    pub(crate) verb: Option<String>,
}

impl Narrow {
    /// Scenarios with what narrows them; of none, all embedded ones.
    pub(crate) fn apply(&self, scenarios: Vec<String>) -> Vec<String> {
        let Self { resource, namespace, verb } = self;
        let keys = [("resource", resource), ("namespace", namespace), ("verb", verb)];
        let keys: Vec<String> = keys
            .into_iter()
            .filter_map(|(key, value)| Some(format!("{key}={}", value.as_ref()?)))
            .collect();
        if keys.is_empty() {
            return scenarios;
        }
        let all = || crate::scenario::shipped().into_iter().map(|(name, _)| name).collect();
        let scenarios = if scenarios.is_empty() { all() } else { scenarios };
        let with = |name: String| {
            let sign = if name.contains('?') { '&' } else { '?' };
            format!("{name}{sign}{}", keys.join("&"))
        };
        scenarios.into_iter().map(with).collect()
    }
}

/// The reports of drills.
#[derive(Debug, Args)]
pub(crate) struct Reports {
    /// Print JSON instead of the table.
    #[arg(long)]
    pub(crate) json: bool,
    /// Write a report in JUnit XML to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Write a page with a timeline of each drill to this file, for a browser.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Print a timeline of each drill: its requests and the faults.
    #[arg(long)]
    pub(crate) timeline: bool,
    /// Succeed also where a client did not meet the faults of a scenario.
    #[arg(long)]
    pub(crate) allow_not_met: bool,
}

fn time(text: &str) -> Result<Duration, String> {
    crate::document::duration(text)
        .filter(|time| !time.is_zero())
        .ok_or_else(|| "write a time with its unit, such as 400ms, 30s or 1m30s".to_owned())
}

#[derive(Debug, Subcommand)]
pub(crate) enum ScenarioCommand {
    /// Write a scenario that reproduces the faults in a journal, a HAR or a recording.
    ///
    /// It has the statuses with their bodies and Retry-After, the resets and truncated bodies, the latencies by quantile
    /// and the ends of watches, for each kind of request, in their order: as phases of a timeline where an outage began
    /// and ended, as steps where the sequence is short, and else as shares of a draw. It has no secrets.
    From(Deferred<ScenarioFrom>),
}

#[derive(Debug, Args)]
pub(crate) struct ScenarioFrom {
    /// Journal saved from `/__admin/requests`, URL of a running server (of a world too), HAR 1.2 file, or directory of a
    /// recording.
    #[arg(value_name = "JOURNAL|URL|HAR|DIR")]
    pub(crate) source: String,
    /// File to write; default: standard output.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Replace the file if it is there.
    #[arg(long, requires = "out")]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) admin: AdminToken,
}
