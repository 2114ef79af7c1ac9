//! Where the sets come from: the files and names that the server was started with.

use std::path::PathBuf;
use std::sync::Mutex;

use crate::document::Diagnostics;
use crate::k8s::HistoryLimits;
use crate::{fixtures, scenario};

/// Where the sets come from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sources {
    /// Fixture files and directories; none means the embedded ones.
    pub(crate) fixtures: Vec<PathBuf>,
    /// Scenario names and files.
    pub(crate) scenarios: Vec<String>,
    /// The seed from the command line.
    pub(crate) seed: Option<u64>,
    /// The seed for scenarios that name none: picked once, so that a reload does not change the draws.
    pub(crate) fallback_seed: u64,
    /// Whether there shall be no fixtures at all.
    pub(crate) nothing: bool,
}

/// Both sets, loaded and checked.
#[derive(Debug)]
pub(crate) struct LoadedSets {
    pub(crate) fixtures: fixtures::FixtureSet,
    pub(crate) scenarios: scenario::ScenarioSet,
    pub(crate) warnings: Diagnostics,
}

impl Sources {
    /// Loads everything, and says everything that is wrong.
    ///
    /// # Errors
    /// All problems of all files.
    pub(crate) fn load(&self) -> Result<LoadedSets, Diagnostics> {
        let loaded = match self.fixtures.as_slice() {
            [] if self.nothing => Ok(fixtures::Loaded::default()),
            [] => fixtures::embedded(),
            paths => fixtures::load(paths),
        };
        let scenarios = scenario::load(&self.scenarios, self.fallback_seed);
        let (loaded, scenarios) = match (loaded, scenarios) {
            (Ok(loaded), Ok(scenarios)) => (loaded, scenarios),
            (loaded, scenarios) => {
                let mut problems = loaded.err().unwrap_or_default();
                problems.extend(scenarios.err().unwrap_or_default().0);
                return Err(problems.sorted());
            }
        };
        let mut warnings = loaded.warnings;
        warnings.extend(scenarios.warnings.0);
        let mut set = scenarios.set;
        if let Some(seed) = self.seed {
            set = set.with_seed(seed);
        }
        Ok(LoadedSets { fixtures: loaded.set, scenarios: set, warnings })
    }

    /// The files and directories to watch for changes.
    pub(crate) fn watched(&self) -> Vec<PathBuf> {
        let files = self.scenarios.iter().map(PathBuf::from).filter(|path| path.exists());
        self.fixtures.iter().cloned().chain(files).collect()
    }
}

/// How the sets are loaded again: on demand, one load at a time.
#[derive(Debug)]
pub(crate) struct Reload {
    pub(super) sources: Sources,
    /// How much of the past a world keeps.
    pub(super) history: HistoryLimits,
    /// Held while the sets are loaded.
    pub(super) running: Mutex<()>,
}

impl Reload {
    pub(crate) fn new(sources: Sources, history: HistoryLimits) -> Self {
        Self { sources, history, running: Mutex::default() }
    }

    /// The scenarios the server was started with.
    pub(crate) fn scenarios(&self) -> &[String] {
        &self.sources.scenarios
    }
}
