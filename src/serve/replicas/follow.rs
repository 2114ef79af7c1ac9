//! What other servers have changed is taken over: by a task when it comes, and by each request that needs it.

use std::sync::Arc;

use crate::message::Asked;
use crate::scenario::Decision;

use super::super::commit::{Ahead, ShareError};
use super::super::context::RequestContext;
use super::super::probe::is_probe_path;
use super::super::state::Shared;

/// What was asked of the rules already.
#[derive(Debug, Default)]
pub(crate) struct AskedRules {
    /// What they have decided.
    pub(crate) decision: Option<Box<Decision>>,
    /// Whether reports have the request already.
    pub(crate) is_counted: bool,
}

impl Shared {
    /// Whether other servers share the store.
    pub(crate) fn is_replica(&self) -> bool {
        self.worlds.default().share.is_some()
    }

    /// Takes over what other servers change, when it comes, until the server stops: phases and connections do not wait
    /// for a request.
    pub(crate) async fn keep_up(self: Arc<Self>) {
        let Some(cluster) = self.seeding.cluster() else { return };
        let (mut stopping, mut news) = (self.stopping.clone(), cluster.news());
        loop {
            news.mark_unchanged();
            let shared = Arc::clone(&self);
            // A task that fails is begun again with the next change.
            let _ = tokio::task::spawn_blocking(move || shared.take_over_all()).await;
            tokio::select! {
                changed = news.changed() => if changed.is_err() { return },
                _ = stopping.wait_for(|stopping| *stopping) => return,
            }
        }
    }

    fn take_over_all(self: &Arc<Self>) {
        self.catch_up_stubs();
        for world in self.worlds.all() {
            if world.is_behind() {
                RequestContext::new(Arc::clone(self), world).catch_up_world();
            }
        }
        self.doors.look_again();
        self.look_for_life();
    }

    /// Whether a request is answered by what servers share besides objects, or may be: objects have revisions of their
    /// own. A server without stubs and scenarios asks for objects alone.
    fn needs_all(&self, context: &RequestContext, asked: &Asked<'_>) -> bool {
        // One that has lost the store says so without waiting for it.
        !is_probe_path(asked.path())
            && (!context.is_api(asked)
                || !self.stubs.load().is_empty()
                || !context.scenario_set().is_empty())
    }
}

impl RequestContext {
    /// Waits until this server has all that any server has changed before of what the request needs. Where a rule keeps
    /// state, that is found out by writing it: then the decision of the rules is returned.
    ///
    /// # Errors
    /// [`ShareError`]: the store was not reached in time.
    pub(crate) async fn catch_up_for(&self, asked: &Asked<'_>) -> Result<AskedRules, ShareError> {
        if self.world.is_behind() {
            self.take_over().await?;
        }
        let set = self.scenario_set();
        let mut rules = AskedRules::default();
        let is_concerned = !set.is_empty()
            && set.may_concern(asked.method().as_str(), asked.path())
            && asked.target_error().is_none();
        // Where a body is to be read first, time passes.
        if is_concerned && !set.wants_body(asked) {
            let world = &self.world;
            let decide = |state: &_| set.decide(state, asked, &world.name, world.clock.elapsed());
            match world.decide_ahead(decide).await? {
                Ahead::Decided(decision) => {
                    self.catch_up_home().await?;
                    self.take_over().await?;
                    rules.decision = Some(Box::new(decision));
                    return Ok(rules);
                }
                Ahead::Behind { is_counted } => rules.is_counted = is_counted,
            }
        }
        if self.shared.needs_all(self, asked) {
            self.catch_up().await?;
        }
        Ok(rules)
    }

    /// Waits until this server has all that any server has changed before, but for objects.
    ///
    /// # Errors
    /// [`ShareError::Failed`]: the store was not reached in time.
    pub(crate) async fn catch_up(&self) -> Result<(), ShareError> {
        let Some(cluster) = self.shared.seeding.cluster() else { return Ok(()) };
        cluster.refresh_with(&self.world.name).await?;
        self.take_over().await
    }

    /// The same, of all worlds.
    ///
    /// # Errors
    /// [`ShareError::Failed`]: the store was not reached in time.
    pub(crate) async fn catch_up_all(&self) -> Result<(), ShareError> {
        let Some(cluster) = self.shared.seeding.cluster() else { return Ok(()) };
        cluster.refresh_all().await?;
        self.take_over().await
    }

    /// Waits for what all worlds share, where the world is in another cluster than that.
    async fn catch_up_home(&self) -> Result<(), ShareError> {
        match self.shared.seeding.cluster() {
            Some(cluster) if !cluster.is_home_of(&self.world.name) => cluster.refresh().await,
            _ => Ok(()),
        }
    }

    /// Takes over what came.
    async fn take_over(&self) -> Result<(), ShareError> {
        let Some(cluster) = self.shared.seeding.cluster() else { return Ok(()) };
        if cluster.has_changes() || self.shared.replicas.is_busy() || self.world.is_behind() {
            let context = self.clone();
            let taking_over = tokio::task::spawn_blocking(move || {
                context.shared.catch_up_stubs();
                context.catch_up_world();
            });
            let failed = |_| ShareError::Failed("taking over has failed".to_owned());
            taking_over.await.map_err(failed)?;
        }
        Ok(())
    }
}
