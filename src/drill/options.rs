//! The options of drills.

use std::path::PathBuf;
use std::time::Duration;

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
    /// Whether all drills share one port, each with its own path prefix.
    pub prefix: bool,
    /// Whether the servers speak HTTPS, and HTTP/2 with clients that can. Needs the feature `tls`.
    pub tls: bool,
}
