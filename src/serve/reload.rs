//! Hot reload: changed files → a whole new set, swapped in one step; a bad edit changes nothing.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::document::Diagnostics;
use crate::{fixtures, k8s, scenario};

use super::seed;
use super::state::Shared;
use super::worlds::Here;

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
    sources: Sources,
    history: usize,
    running: Mutex<()>,
}

impl Reload {
    pub(crate) fn new(sources: Sources, history: usize) -> Self {
        Self { sources, history, running: Mutex::default() }
    }

    /// The scenarios the server was started with.
    pub(crate) fn scenarios(&self) -> &[String] {
        &self.sources.scenarios
    }
}

impl Here {
    /// Turns other scenarios on for this world alone: its counters begin anew, and the objects that they
    /// generate are added to it. Reads files.
    ///
    /// # Errors
    /// Everything that is wrong with the scenarios.
    pub(crate) fn switch_scenarios(
        &self,
        names: Vec<String>,
        seed: Option<u64>,
    ) -> Result<(), Diagnostics> {
        let Reload { sources, history, .. } = &self.reload;
        let sources = Sources { scenarios: names, seed: seed.or(sources.seed), ..sources.clone() };
        let mut loaded = sources.load()?;
        let began = self.worlds.default().clock.epoch();
        if !loaded.scenarios.generated().is_empty() {
            let after = seed::state(&mut loaded.fixtures, &loaded.scenarios, *history, began)?;
            let seeded = self.seeded.lock().unwrap_or_else(PoisonError::into_inner);
            k8s::reseed(&self.world.store, &seeded, &after);
        }
        self.world.scenarios.store(Some(Arc::new(loaded.scenarios)));
        self.world.scenario.reset(self.world.clock.elapsed());
        Ok(())
    }
}

impl Shared {
    /// Loads the files again. What is good replaces what was served, objects as ordinary writes that
    /// watchers see; what is bad is kept for `/__admin` and changes nothing.
    ///
    /// # Errors
    /// Everything that is wrong with the files.
    pub(crate) fn reload(&self) -> Result<Diagnostics, Diagnostics> {
        let Reload { sources, history, running } = &self.reload;
        let _running = running.lock().unwrap_or_else(PoisonError::into_inner);
        let result = sources.load().and_then(|mut loaded| {
            let began = self.worlds.default().clock.epoch();
            let after = seed::state(&mut loaded.fixtures, &loaded.scenarios, *history, began)?;
            Ok((loaded, after))
        });
        match result {
            Ok((mut loaded, after)) => {
                let mut seeded = self.seeded.lock().unwrap_or_else(PoisonError::into_inner);
                for world in self.worlds.all() {
                    k8s::reseed(&world.store, &seeded, &after);
                }
                *seeded = after;
                self.stages.store(Arc::new(self.settings.stages_of(&mut loaded.fixtures)));
                self.stubs.store(Arc::new(loaded.fixtures.stubs));
                self.scenarios.store(Arc::new(loaded.scenarios));
                self.problems.store(Arc::default());
                Ok(loaded.warnings)
            }
            Err(problems) => {
                self.problems.store(Arc::new(problems.clone()));
                Err(problems)
            }
        }
    }
}
