//! Hot reload: changed files → what is served, swapped in one step; a bad edit changes nothing.

use std::sync::{Arc, PoisonError};

use jiff::Timestamp;

use crate::document::{Diagnostic, Diagnostics, InlineText, Severity};
use crate::fixtures::Reloaded;
use crate::matching::StubSet;

use super::context::RequestContext;
use super::own_scenarios::{Chosen, MAX_PUT};
use super::seed;
use super::sources::Reload;
use super::state::Shared;

impl RequestContext {
    /// Turns other scenarios on for this world alone: its counters begin anew, and the objects that they
    /// generate are added to it. Reads files.
    ///
    /// # Errors
    /// Everything that is wrong with the scenarios; nothing has changed then.
    pub(crate) fn switch_scenarios(
        &self,
        names: Vec<String>,
        seed: Option<u64>,
    ) -> Result<(), Diagnostics> {
        let mut chosen = self.world.chosen.lock();
        let wanted = Chosen { named: Some((names, seed)), put: Vec::new() };
        self.choose(&mut chosen, wanted, Counters::Anew)
    }

    /// Adds a scenario to those of this world, or replaces the one of its name. Counters go on, but for rules that are
    /// new; its timeline begins anew.
    ///
    /// # Errors
    /// Everything that is wrong with it; nothing has changed then.
    pub(crate) fn put_scenario(&self, text: InlineText) -> Result<(), Diagnostics> {
        let mut chosen = self.world.chosen.lock();
        let name = text.name.clone();
        let wanted = chosen.with(text);
        if wanted.put.len() > MAX_PUT {
            let why = format!("a world has at most {MAX_PUT} scenarios of its own; delete one");
            return Err(Diagnostics(vec![Diagnostic::error(name, why)]));
        }
        self.choose(&mut chosen, wanted, Counters::GoOn)?;
        let forgotten = self.world.change_rules(|state| state.forget_timeline(&name));
        forgotten
            .map_err(|error| Diagnostics(vec![Diagnostic::error("--store", error.to_string())]))?;
        Ok(())
    }

    /// Takes a scenario away that was put; returns whether there was one.
    ///
    /// # Errors
    /// Everything that is wrong with the others.
    pub(crate) fn remove_scenario(&self, name: &str) -> Result<bool, Diagnostics> {
        let mut chosen = self.world.chosen.lock();
        let Some(wanted) = chosen.without(name) else { return Ok(false) };
        self.choose(&mut chosen, wanted, Counters::GoOn)?;
        Ok(true)
    }

    /// Goes back to the scenarios of the server.
    ///
    /// # Errors
    /// The store that servers share was not reached.
    pub(crate) fn restore_scenarios(&self) -> Result<(), Diagnostics> {
        let mut chosen = self.world.chosen.lock();
        self.choose(&mut chosen, Chosen::default(), Counters::Anew)
    }

    /// Turns other scenarios on, on all servers that share the world.
    fn choose(
        &self,
        chosen: &mut Chosen,
        wanted: Chosen,
        counters: Counters,
    ) -> Result<(), Diagnostics> {
        self.load_chosen(&wanted)?;
        let anew = counters == Counters::Anew;
        if let Err(error) = self.world.share_chosen(&wanted, anew) {
            // They were on a moment ago.
            let _ = self.load_chosen(chosen);
            return Err(Diagnostics(vec![Diagnostic::error("--store", error.to_string())]));
        }
        *chosen = wanted;
        if anew {
            self.world.reset_own_counters();
        }
        Ok(())
    }

    /// Turns on what another server has chosen.
    ///
    /// # Errors
    /// Everything that is wrong with it here.
    pub(super) fn take_over_chosen(&self, wanted: Chosen) -> Result<(), Diagnostics> {
        let mut chosen = self.world.chosen.lock();
        self.load_chosen(&wanted)?;
        *chosen = wanted;
        Ok(())
    }

    /// Turns the chosen scenarios on.
    fn load_chosen(&self, chosen: &Chosen) -> Result<(), Diagnostics> {
        if chosen.is_of_server() {
            self.world.scenarios.store(None);
            return Ok(());
        }
        let Reload { sources, history, .. } = &self.shared.reload;
        let mut sources = sources.clone();
        if let Some((names, seed)) = &chosen.named {
            sources.scenarios.clone_from(names);
            sources.inline_scenarios.clear();
            sources.seed = seed.or(sources.seed);
        }
        sources.inline_scenarios.extend(chosen.put.iter().cloned());
        let loaded = sources.load_scenarios()?;
        if !loaded.set.generated().is_empty() {
            let mut fixtures = sources.load()?.fixtures.objects;
            let began = self.shared.began();
            let after = seed::state(&mut fixtures, loaded.set.generated(), *history, began)?;
            self.world.catch_up(&self.shared.seeding);
            let before = self.shared.seeding.current();
            let moved = self.world.move_seed(&before.state, &after);
            moved.map_err(|error| {
                Diagnostics(vec![Diagnostic::error("scenarios", error.to_string())])
            })?;
        }
        self.world.scenarios.store(Some(Arc::new(loaded.set)));
        self.shared.look_for_life();
        self.world.store.wake();
        Ok(())
    }
}

/// What becomes of counters when other scenarios are turned on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counters {
    Anew,
    GoOn,
}

/// Which stubs stay when the files are loaded again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KeptStubs {
    /// What the admin API has changed.
    OfAdmin,
    None,
}

impl Shared {
    /// The creation time of objects that have none in the files.
    fn began(&self) -> Timestamp {
        self.seeding.began().unwrap_or_else(|| self.worlds.default().clock.epoch())
    }

    /// Loads the files again, those that have changed. What is good replaces what was served, objects as ordinary
    /// writes that watchers see; what is bad is kept for `/__admin` and changes nothing.
    ///
    /// # Errors
    /// Everything that is wrong with the files.
    pub(crate) fn reload(&self) -> Result<Diagnostics, Diagnostics> {
        self.load_again(KeptStubs::OfAdmin)
    }

    /// Serves the stubs of the files alone, which are loaded again, on this server. Where something is wrong with them, those
    /// that were loaded last are served.
    ///
    /// # Errors
    /// Everything that is wrong with the files.
    pub(super) fn reset_own_stubs(&self) -> Result<Diagnostics, Diagnostics> {
        if self.reload.sources.fixtures.is_empty() {
            self.change_own_stubs(StubSet::discard_changes);
            return Ok(Diagnostics::default());
        }
        self.load_again(KeptStubs::None)
            .inspect_err(|_| self.change_own_stubs(StubSet::discard_changes))
    }

    fn load_again(&self, kept: KeptStubs) -> Result<Diagnostics, Diagnostics> {
        let Reload { sources, history, running } = &self.reload;
        let mut served = running.lock().unwrap_or_else(PoisonError::into_inner);
        let generated = served.generated;
        let result = sources.reload(&mut served.loader, generated).and_then(|mut loaded| {
            let began = self.began();
            let objects = loaded.fixtures.objects.as_mut();
            let after = objects
                .map(|objects| seed::state(objects, loaded.scenarios.generated(), *history, began))
                .transpose()?;
            Ok((loaded, after))
        });
        let (loaded, after) = match result {
            Ok(loaded) => loaded,
            Err(problems) => {
                self.counters.count_reload(false);
                self.problems.store(Arc::new(problems.clone()));
                return Err(problems);
            }
        };
        let Reloaded { stubs, objects, .. } = loaded.fixtures;
        let mut lost = Diagnostics::default();
        if let (Some(mut objects), Some(after)) = (objects, after) {
            lost = std::mem::take(&mut objects.warnings);
            if self.seeding.refuses(&after) {
                let why = "the objects of the files have changed, and those of the store stay: start all servers again, the first with --adopt";
                let warning = Diagnostic::error("--store", why);
                lost.push(Diagnostic { severity: Severity::Warning, ..warning });
            }
            self.seeding.replace(after);
            self.seeding.note_objects(&objects);
            // Other worlds see it on their next request: their number costs a reload nothing.
            let all = self.worlds.all().into_iter();
            for world in all.filter(|world| world.name.is_default() || world.store.is_watched()) {
                world.catch_up(&self.seeding);
            }
            self.stages.store(Arc::new(self.settings.stages_of(&mut objects)));
        }
        served.loader.confirm();
        served.generated = !loaded.scenarios.generated().is_empty();
        self.change_own_stubs(|set| match kept {
            KeptStubs::OfAdmin => set.replace_files(stubs),
            KeptStubs::None => *set = StubSet::of_files(stubs),
        });
        self.scenarios.store(Arc::new(loaded.scenarios));
        self.doors.look_again();
        self.look_for_life();
        self.problems.store(Arc::default());
        self.counters.count_reload(true);
        let mut warnings = loaded.warnings;
        warnings.extend(lost.0);
        Ok(warnings)
    }
}
