//! Where the sets come from: the files and names that the server was started with.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use crate::document::{Diagnostic, Diagnostics, InlineText};
use crate::k8s::{ClusterObjects, EnabledApis, HistoryLimits, KubernetesVersion, ServiceRanges};
use crate::matching::ResponseTemplating;
use crate::redact::Key;
use crate::{fixtures, scenario};

use super::job_phases;

/// Where the sets come from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sources {
    /// Fixture files and directories; none means the embedded ones.
    pub(crate) fixtures: Vec<PathBuf>,
    /// Globs of files that are left out of them.
    pub(crate) ignore: Vec<String>,
    /// A recording among them that this server may write to: its changes are no reason to load it again.
    pub(crate) recording: Option<PathBuf>,
    /// Fixtures that are not files.
    pub(crate) inline_fixtures: Vec<InlineText>,
    /// Scenario names and files.
    pub(crate) scenarios: Vec<String>,
    /// Scenarios that are not files; they come behind the others.
    pub(crate) inline_scenarios: Vec<InlineText>,
    /// The seed from the command line.
    pub(crate) seed: Option<u64>,
    /// The seed for scenarios that name none: picked once, so that a reload does not change the draws.
    pub(crate) fallback_seed: u64,
    /// Whether there shall be no fixtures at all.
    pub(crate) nothing: bool,
    /// Whether the embedded fixtures are left out where no others are named.
    pub(crate) without_embedded: bool,
    /// The key of recordings that is given to the program.
    pub(crate) redact_key: Option<Key>,
    /// Whether the roles and bindings of every API server with RBAC are served.
    pub(crate) bootstrap_roles: bool,
    /// Which objects of a new cluster are served.
    pub(crate) cluster_objects: ClusterObjects,
    /// The release of Kubernetes that is served.
    pub(crate) release: KubernetesVersion,
    /// Which of its built-in APIs are served.
    pub(crate) apis: Arc<EnabledApis>,
    /// Where its services get their addresses.
    pub(crate) services: ServiceRanges,
    /// Which responses of stubs are templates.
    pub(crate) templating: ResponseTemplating,
}

/// Both sets, loaded and checked.
#[derive(Debug)]
pub(crate) struct LoadedSets {
    pub(crate) fixtures: fixtures::FixtureSet,
    pub(crate) scenarios: scenario::ScenarioSet,
    pub(crate) warnings: Diagnostics,
    /// What loads the fixtures again.
    pub(crate) loader: fixtures::Loader,
}

impl LoadedSets {
    /// Whether the files define Kubernetes objects or types.
    pub(crate) fn has_objects(&self) -> bool {
        let objects = &self.fixtures.objects;
        !(objects.objects.is_empty() && objects.crds.is_empty())
    }
}

/// Both sets when they are loaded again.
#[derive(Debug)]
pub(super) struct ReloadedSets {
    pub(super) fixtures: fixtures::Reloaded,
    pub(super) scenarios: scenario::ScenarioSet,
    pub(super) warnings: Diagnostics,
}

impl Sources {
    /// Serves a recording besides the fixtures.
    pub(crate) fn add_recording(&mut self, directory: PathBuf) {
        if !self.fixtures.contains(&directory) {
            self.fixtures.push(directory.clone());
        }
        self.recording = Some(directory);
    }

    /// Lays the faults that were recorded with the fixtures on their answers.
    pub(crate) fn add_recorded_faults(&mut self) {
        let files = self.fixtures.iter().map(|path| path.join(fixtures::FAULTS));
        let found = files.filter(|file| file.is_file());
        let names: Vec<String> = found.map(|file| file.to_string_lossy().into_owned()).collect();
        self.scenarios.extend(names);
    }

    /// Whether all fixtures are recordings, and none of them holds Kubernetes objects: then nothing but what was
    /// recorded answers.
    pub(crate) fn are_recordings(&self, loaded: &LoadedSets) -> bool {
        !self.fixtures.is_empty()
            && self.fixtures.iter().all(|path| fixtures::is_recording(path))
            && !loaded.has_objects()
    }

    /// The `__files` directories of the fixtures, which need not exist.
    pub(super) fn body_directories(&self) -> Vec<PathBuf> {
        let root = |path: &PathBuf| match path.parent() {
            Some(parent) if path.is_file() => parent.to_path_buf(),
            _ => path.clone(),
        };
        let mut found: Vec<PathBuf> =
            self.fixtures.iter().map(|path| fixtures::body_directory(&root(path))).collect();
        found.dedup();
        found
    }

    /// Loads everything, and says everything that is wrong.
    ///
    /// # Errors
    /// All problems of all files.
    pub(crate) fn load(&self) -> Result<LoadedSets, Diagnostics> {
        let ignored = fixtures::IgnoredFiles::new(&self.ignore)
            .map_err(|why| Diagnostics(vec![Diagnostic::error("--ignore", why)]))?;
        let mut loader = fixtures::Loader::new(self.templating, self.redact_key.clone())
            .with_inline(self.inline_fixtures.clone())
            .with_ignored(ignored);
        let ReloadedSets { fixtures, scenarios, warnings } = self.reload(&mut loader, true)?;
        let mut objects = fixtures.objects.unwrap_or_default();
        objects.with_bootstrap_roles = self.bootstrap_roles;
        objects.cluster = Some(self.cluster_objects);
        objects.release = self.release;
        objects.apis = Arc::clone(&self.apis);
        objects.services = self.services.clone();
        let fixtures = fixtures::FixtureSet { stubs: fixtures.stubs, objects };
        Ok(LoadedSets { fixtures, scenarios, warnings, loader })
    }

    /// Loads what has changed; the objects too where they have, or where `objects` asks for them.
    ///
    /// # Errors
    /// All problems of all files.
    pub(super) fn reload(
        &self,
        loader: &mut fixtures::Loader,
        objects: bool,
    ) -> Result<ReloadedSets, Diagnostics> {
        let scenarios = self.load_scenarios();
        // Scenarios may add to the objects.
        let adds = scenarios.as_ref().is_ok_and(|loaded| !loaded.set.generated().is_empty());
        let loaded = match self.fixtures.as_slice() {
            [] if (self.nothing || self.without_embedded) && self.inline_fixtures.is_empty() => {
                Ok(fixtures::Reloaded::default())
            }
            [] if self.inline_fixtures.is_empty() => {
                fixtures::embedded().map(fixtures::Reloaded::from)
            }
            paths => loader.reload(paths, objects || adds),
        };
        let (mut fixtures, scenarios) = match (loaded, scenarios) {
            (Ok(fixtures), Ok(scenarios)) => (fixtures, scenarios),
            (loaded, scenarios) => {
                let mut problems = loaded.err().unwrap_or_default();
                problems.extend(scenarios.err().unwrap_or_default().0);
                return Err(problems.sorted());
            }
        };
        if let Some(objects) = &mut fixtures.objects {
            objects.with_bootstrap_roles = self.bootstrap_roles;
            objects.cluster = Some(self.cluster_objects);
            objects.release = self.release;
            objects.apis = Arc::clone(&self.apis);
            objects.services = self.services.clone();
        }
        let mut warnings = fixtures.warnings.clone();
        warnings.extend(scenarios.warnings.0);
        Ok(ReloadedSets { fixtures, scenarios: scenarios.set, warnings })
    }

    /// Loads the scenarios alone.
    ///
    /// # Errors
    /// All problems of their files.
    pub(super) fn load_scenarios(&self) -> Result<scenario::LoadedScenarios, Diagnostics> {
        let mut loaded =
            scenario::load_all(&self.scenarios, &self.inline_scenarios, self.fallback_seed)?;
        let problems = job_phases::problems(&loaded.set);
        if problems.has_errors() {
            return Err(problems);
        }
        if let Some(seed) = self.seed {
            loaded.set = loaded.set.with_seed(seed);
        }
        Ok(loaded)
    }

    /// The files and directories to watch for changes.
    pub(crate) fn watched(&self) -> Vec<PathBuf> {
        let files = self.scenarios.iter().map(PathBuf::from).filter(|path| path.exists());
        let fixtures = self.fixtures.iter().filter(|path| Some(*path) != self.recording.as_ref());
        fixtures.cloned().chain(files).collect()
    }
}

/// How the sets are loaded again: on demand, one load at a time.
#[derive(Debug)]
pub(crate) struct Reload {
    pub(super) sources: Sources,
    /// How much of the past a world keeps.
    pub(super) history: HistoryLimits,
    /// Held while the sets are loaded.
    pub(super) running: Mutex<Served>,
}

/// What is known of the files that are served.
#[derive(Debug)]
pub(super) struct Served {
    pub(super) loader: fixtures::Loader,
    /// Whether scenarios have added to the objects.
    pub(super) generated: bool,
}

impl Reload {
    pub(crate) fn new(
        sources: Sources,
        history: HistoryLimits,
        loader: fixtures::Loader,
        generated: bool,
    ) -> Self {
        Self { sources, history, running: Mutex::new(Served { loader, generated }) }
    }

    /// The scenarios the server was started with.
    pub(crate) fn scenarios(&self) -> &[String] {
        &self.sources.scenarios
    }
}
