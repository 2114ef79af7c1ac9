//! One world: the isolated state of one client, and what happens in it by itself.

mod collect;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use jiff::Timestamp;

use crate::grade::Log;
use crate::k8s;
use crate::matching::ScenarioStates;
use crate::message::WorldName;
use crate::profile::IssuedTokens;
use crate::scenario::{ScenarioSet, ScenarioState};

use super::clock::Clock;
use super::commit::{Contended, LEASE, Store, WorldShare};
use super::draws::Draws;
use super::own_scenarios::OwnScenarios;
use super::replicas::TakenOver;
use super::scenario_life::ScenarioLife;
use super::seeding::{Lazy, SeedGeneration, Seeding};

/// How many runs of controllers there are in one step: others get their turn in between.
const MAX_RUNS: usize = 500;

/// One client's isolated state.
#[derive(Debug)]
pub(crate) struct World {
    /// Its name.
    pub(crate) name: WorldName,
    /// Its objects.
    pub(crate) store: Store,
    /// The states of its stubs' scenarios.
    pub(crate) stub_states: Arc<ScenarioStates>,
    /// Its counters, draws and tokens.
    pub(crate) scenario: Arc<ScenarioState>,
    /// What of it is shared with other servers besides its objects, where something is.
    pub(super) share: Option<WorldShare>,
    /// What this server has taken over of that.
    pub(super) taken: Mutex<TakenOver>,
    /// The draws of its stubs' answers.
    pub(super) draws: Draws,
    /// The scenarios it has in place of those of the server.
    pub(crate) scenarios: ArcSwapOption<ScenarioSet>,
    /// How these were chosen.
    pub(crate) chosen: OwnScenarios,
    /// The requests of its clients, where they are graded.
    pub(crate) log: Arc<Log>,
    /// Deleted objects that are held back: when they are released, and when they were deleted.
    held: Mutex<Vec<(Duration, Timestamp)>>,
    /// What authorization keeps for it.
    pub(crate) auth: k8s::AuthCache,
    /// Its compiled admission webhooks.
    pub(crate) admission: k8s::WebhookCache,
    /// What it knows of the servers of API services.
    pub(crate) aggregation: k8s::Aggregation,
    /// The tokens its identity service has issued.
    pub(crate) tokens: IssuedTokens,
    /// Its time.
    pub(crate) clock: Arc<Clock>,
    /// What the files said when it last looked.
    seed: Mutex<Arc<SeedGeneration>>,
    /// The generation of that.
    generation: AtomicU64,
    /// What its garbage collector has seen.
    collector: Lazy<Mutex<k8s::Collector>>,
    /// What is due for its created objects.
    life: Lazy<Mutex<k8s::LifeCycle>>,
    /// What its controllers have to do.
    controllers: Lazy<Mutex<k8s::Controllers>>,
    /// What scenarios take its jobs through.
    scenario_life: Mutex<Option<ScenarioLife>>,
    /// Whether that is followed.
    followed: AtomicBool,
    /// Whether its controllers run: they begin with the first write.
    controlled: AtomicBool,
    /// Whether it was deleted: its streams end.
    ended: AtomicBool,
    requests: AtomicU64,
}

impl World {
    /// A world that begins with what the files say.
    pub(super) fn new(name: WorldName, seed: Arc<SeedGeneration>, clock: Clock) -> Self {
        let share = seed.cluster.as_ref().map(|cluster| cluster.share(&name));
        let (after, of) = (Arc::clone(&seed), name.clone());
        let collector = move || Mutex::new(k8s::Collector::after(after.state_of(&of)));
        let (after, of) = (Arc::clone(&seed), name.clone());
        let life = move || Mutex::new(k8s::LifeCycle::after(after.state_of(&of)));
        let (after, of) = (Arc::clone(&seed), name.clone());
        let controllers = move || Mutex::new(k8s::Controllers::after(after.state_of(&of)));
        Self {
            store: Store::of_seed(Arc::clone(&seed), &name),
            name,
            generation: AtomicU64::new(seed.generation),
            collector: Lazy::new(Box::new(collector)),
            life: Lazy::new(Box::new(life)),
            controllers: Lazy::new(Box::new(controllers)),
            scenario_life: Mutex::default(),
            followed: AtomicBool::new(false),
            seed: Mutex::new(seed),
            stub_states: share.as_ref().map(WorldShare::stub_states).cloned().unwrap_or_default(),
            scenario: share.as_ref().map(WorldShare::rules).cloned().unwrap_or_default(),
            clock: share.as_ref().map(WorldShare::clock).cloned().unwrap_or(Arc::new(clock)),
            share,
            taken: Mutex::default(),
            draws: Draws::default(),
            scenarios: ArcSwapOption::empty(),
            chosen: OwnScenarios::default(),
            log: Arc::default(),
            held: Mutex::default(),
            auth: k8s::AuthCache::default(),
            admission: k8s::WebhookCache::default(),
            aggregation: k8s::Aggregation::default(),
            tokens: IssuedTokens::default(),
            controlled: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            requests: AtomicU64::new(0),
        }
    }

    /// Brings its objects to what the files say now; what clients have changed besides stays.
    pub(super) fn catch_up(&self, seeding: &Seeding) {
        if self.generation.load(Ordering::Acquire) == seeding.generation() {
            return;
        }
        let mut seed = self.seed.lock().unwrap_or_else(PoisonError::into_inner);
        let now = seeding.current();
        // After conflicts on each attempt the next request tries again.
        if seed.generation < now.generation && self.move_seed(&seed.state, &now.state).is_ok() {
            self.generation.store(now.generation, Ordering::Release);
            *seed = now;
        }
    }

    /// Brings its objects back to what the files say.
    ///
    /// # Errors
    /// [`Contended`]: nothing has happened.
    pub(super) fn reseed(&self, seeding: &Seeding) -> Result<(), Contended> {
        let mut seed = self.seed.lock().unwrap_or_else(PoisonError::into_inner);
        let now = seeding.current();
        self.store
            .write(|state| (Some(k8s::reseed(state, state, now.state_of(&self.name))), ()))?;
        self.generation.store(now.generation, Ordering::Release);
        *seed = now;
        Ok(())
    }

    /// Writes what one seed says differently from another.
    ///
    /// # Errors
    /// [`Contended`]: nothing has happened.
    pub(super) fn move_seed(
        &self,
        before: &k8s::State,
        after: &k8s::State,
    ) -> Result<(), Contended> {
        self.store.write(|state| (Some(k8s::reseed(state, before, after)), ())).map(drop)
    }

    /// Whether it is gone: deleted, or dropped to make room.
    pub(super) fn is_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// How many requests it has had.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Counts a request.
    pub(super) fn count_request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// Deletes it: its objects, where they are in a store that several servers share, and its streams.
    pub(super) fn delete(&self) {
        self.store.erase();
        self.end();
    }

    /// Ends its streams.
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::Release);
        self.store.wake();
    }

    /// Whether its controllers are to be started now: true once.
    pub(super) fn claims_controllers(&self) -> bool {
        !self.controlled.load(Ordering::Acquire) && !self.controlled.swap(true, Ordering::AcqRel)
    }

    /// Whether what takes its jobs through the phases of scenarios is to be started now: true once.
    pub(super) fn claims_life(&self) -> bool {
        !self.followed.load(Ordering::Acquire) && !self.followed.swap(true, Ordering::AcqRel)
    }

    /// Begins anew: counters, draws, tokens, the clock, and what is due for its objects.
    pub(super) fn restart(&self) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).clear();
        *self.scenario_life.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let mut life = self.life.lock().unwrap_or_else(PoisonError::into_inner);
        *life = k8s::LifeCycle::after(&self.store.state());
        drop(life);
        *self.controllers.lock().unwrap_or_else(PoisonError::into_inner) =
            k8s::Controllers::after(&self.store.state());
        self.tokens.clear();
        self.draws.reset();
        self.log.clear();
        self.reset_own_state();
    }

    /// Begins anew with the objects of the fixtures, and their revisions.
    pub(super) fn lose_revisions(&self, seeding: &Seeding) {
        if self.store.is_shared() {
            // Its revisions are those of the servers that share it: they only grow.
            let _ = self.reseed(seeding);
            return;
        }
        let mut seed = self.seed.lock().unwrap_or_else(PoisonError::into_inner);
        let now = seeding.current();
        self.store.restart(now.state.clone());
        let state = self.store.state();
        self.held.lock().unwrap_or_else(PoisonError::into_inner).clear();
        *self.collector.lock().unwrap_or_else(PoisonError::into_inner) =
            k8s::Collector::after(&state);
        *self.life.lock().unwrap_or_else(PoisonError::into_inner) = k8s::LifeCycle::after(&state);
        *self.controllers.lock().unwrap_or_else(PoisonError::into_inner) =
            k8s::Controllers::after(&state);
        *self.scenario_life.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.generation.store(now.generation, Ordering::Release);
        *seed = now;
    }

    /// Brings its objects to the present: releases what was held back, and takes the steps of the stages and
    /// controllers that are due. Returns when the next step is due, as time since the world began.
    pub(super) fn step(
        &self,
        stages: &[k8s::StageList],
        controllers: Option<&k8s::ControllerSet>,
    ) -> Option<Duration> {
        let Self { store, clock, life, held, .. } = self;
        let now = clock.elapsed();
        let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|(due, deleted)| {
            let waits = *due > now;
            let release = |state: &_| (Some(k8s::release_held(state, *deleted)), ());
            // After conflicts on each attempt the next step tries again.
            waits || store.write(release).is_err()
        });
        let released = held.iter().map(|(due, _)| *due).min();
        drop(held);
        let mut life = life.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.leads() {
            let next = self.follow(&mut life, stages, controllers, now);
            return next.into_iter().chain(released).min();
        }
        let next = match controllers {
            None => self.advance(&mut life, stages, now),
            Some(on) => self.advance_all(&mut life, stages, on, now),
        };
        next.into_iter().chain(released).min()
    }

    /// Whether its controllers run on this server.
    pub(super) fn leads(&self) -> bool {
        self.store.leads().is_none_or(|leads| *leads.borrow())
    }

    /// Sees what the controllers of another server do, to go on with it where that one ends. What was due a while ago
    /// has been done. Returns when to look again.
    fn follow(
        &self,
        life: &mut k8s::LifeCycle,
        stages: &[k8s::StageList],
        on: Option<&k8s::ControllerSet>,
        now: Duration,
    ) -> Option<Duration> {
        let state = self.store.state();
        life.observe(&state, stages, now);
        while let Some(due) = life.take_due(now.saturating_sub(2 * LEASE)) {
            life.plan_next(due, stages);
        }
        if let Some(on) = on {
            let mut controllers = self.controllers.lock().unwrap_or_else(PoisonError::into_inner);
            controllers.observe(&state, on, now);
        }
        life.next().map(|next| next + 2 * LEASE)
    }

    /// Takes jobs through the phases of scenarios that are due. Returns when the next is.
    pub(super) fn step_scenario(&self, scenarios: &Arc<ScenarioSet>) -> Option<Duration> {
        if scenarios.lives().is_empty() || !self.leads() {
            return None;
        }
        let now = self.clock.elapsed();
        let mut life = self.scenario_life.lock().unwrap_or_else(PoisonError::into_inner);
        if life.as_ref().is_none_or(|life| !life.is_of(scenarios)) {
            *life = Some(ScenarioLife::begin(Arc::clone(scenarios), &self.store.state(), now));
        }
        let ScenarioLife { lists, cycle, .. } = life.as_mut()?;
        self.advance(cycle, lists, now)
    }

    /// Writes the stages and the runs of controllers that are due, in the order of their times: each may lead to more
    /// of both. Returns when the next is due, which is now where there are too many for once.
    fn advance_all(
        &self,
        life: &mut k8s::LifeCycle,
        stages: &[k8s::StageList],
        on: &k8s::ControllerSet,
        now: Duration,
    ) -> Option<Duration> {
        let mut controllers = self.controllers.lock().unwrap_or_else(PoisonError::into_inner);
        let mut at = now;
        for _ in 0..MAX_RUNS {
            let state = self.store.state();
            controllers.observe(&state, on, at);
            life.observe(&state, stages, at);
            let until = controllers.next().map_or(now, |next| next.min(now));
            let stage = self.advance(life, stages, until);
            controllers.observe(&self.store.state(), on, until);
            let Some(run) = controllers.take_due(now) else {
                return stage.into_iter().chain(controllers.next()).min();
            };
            at = run.when;
            let epoch = self.clock.epoch();
            let written = self.store.write(|state| {
                let (change, again) = run.decide(state, stages, epoch);
                (Some(change), again)
            });
            let Ok((again, _)) = written else {
                // The next step tries again.
                controllers.put_back(run);
                break;
            };
            controllers.again(run, again);
        }
        Some(now)
    }

    /// Writes the stages that are due. Returns when the next is.
    fn advance(
        &self,
        life: &mut k8s::LifeCycle,
        stages: &[k8s::StageList],
        now: Duration,
    ) -> Option<Duration> {
        life.observe(&self.store.state(), stages, now);
        while let Some(due) = life.take_due(now) {
            let epoch = self.clock.epoch();
            let written = self.store.write(|state| {
                let (change, lives) = due.decide(state, stages, epoch);
                (Some(change), lives)
            });
            match written {
                Ok((true, _)) => life.plan_next(due, stages),
                Ok((false, _)) => {}
                // The next step tries again.
                Err(Contended) => {
                    life.put_back(due);
                    break;
                }
            }
        }
        life.next()
    }

    /// Holds back what is deleted now, for a time of the world's clock.
    pub(super) fn hold(&self, time: Duration) {
        let entry = (self.clock.elapsed().saturating_add(time), self.clock.now());
        self.held.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
    }
}
