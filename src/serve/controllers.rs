//! What a cluster's controllers do by themselves, some time after a write.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::k8s::Controller;

use super::context::RequestContext;
use super::state::{Settings, Shared};

/// How long after a write the garbage collector looks at it. Clients see what they wrote first, as on
/// a real cluster, where the collector is another program.
const COLLECT_AFTER: Duration = Duration::from_millis(300);

impl RequestContext {
    /// Starts the world's controllers, before its first write.
    pub(crate) fn begin_controllers(&self) {
        if self.world.claims_controllers() {
            tokio::spawn(run(self.clone()));
        }
    }

    /// Starts what takes jobs through the phases of scenarios, where some do.
    pub(super) fn begin_life(&self) {
        if !self.scenario_set().lives().is_empty() && self.world.claims_life() {
            tokio::spawn(follow_life(self.clone()));
        }
    }

    /// Holds back what is deleted now, for a time of the world's clock.
    pub(super) fn hold(&self, time: Duration) {
        self.world.hold(time);
        tokio::spawn(release(self.clone()));
    }
}

impl Shared {
    /// Starts the controllers of the worlds that servers share: some of them nobody may have asked this one for.
    pub(crate) async fn keep_controllers(self: Arc<Self>) {
        let Some(cluster) = self.seeding.cluster() else { return };
        let (mut stopping, mut count) = (self.stopping.clone(), cluster.subscribe());
        loop {
            count.mark_unchanged();
            for name in cluster.worlds() {
                let world = self.world(&name);
                RequestContext::new(Arc::clone(&self), world).begin_controllers();
            }
            tokio::select! {
                changed = count.changed() => if changed.is_err() { return },
                _ = stopping.wait_for(|stopping| *stopping) => return,
            }
        }
    }
}

/// Runs a world's controllers until it is gone or the server stops.
async fn run(context: RequestContext) {
    let mut stopping = context.shared.stopping.clone();
    let stages = async {
        if context.shared.settings.stages {
            stages(&context).await;
        } else {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = collect(&context) => {}
        () = stages => {}
        _ = stopping.wait_for(|stopping| *stopping) => {}
    }
}

/// Collects garbage, a moment after each change.
async fn collect(context: &RequestContext) {
    let mut changed = context.world.store.subscribe();
    // What came before the subscription has been seen by nobody.
    changed.mark_changed();
    let mut leads = context.world.store.leads();
    loop {
        tokio::select! {
            change = changed.changed() => if change.is_err() { return },
            () = turned(&mut leads) => {}
        }
        if context.world.is_ended() {
            return;
        }
        tokio::time::sleep(COLLECT_AFTER).await;
        changed.mark_unchanged();
        if !context.world.leads() {
            // What happens until then is looked at when this server runs the controllers.
            continue;
        }
        if leads.is_some() {
            context.world.finish_deletions();
        }
        let Settings { auth, controllers, .. } = &context.shared.settings;
        if controllers.has(Controller::GarbageCollector) {
            context.world.collect();
        }
        if auth.has_rbac() && controllers.has(Controller::ClusterRoleAggregation) {
            context.world.aggregate_roles();
        }
    }
}

/// Takes jobs through the phases of scenarios until the world is gone or the server stops.
async fn follow_life(context: RequestContext) {
    let mut stopping = context.shared.stopping.clone();
    tokio::select! {
        () = stages(&context) => {}
        _ = stopping.wait_for(|stopping| *stopping) => {}
    }
}

/// Takes objects through their stages: looks at each change, at what is due, and whenever the clock is set.
async fn stages(context: &RequestContext) {
    let (clock, store) = (&context.world.clock, &context.world.store);
    let (mut changed, mut set) = (store.subscribe(), clock.subscribe());
    let mut leads = store.leads();
    while !context.world.is_ended() {
        // Marked as seen before looking, so that a change in between wakes us again.
        changed.mark_unchanged();
        set.mark_unchanged();
        let next = context.step();
        let due = async {
            // A clock that stands comes to nothing by itself.
            match next.and_then(|next| clock.until(next)) {
                Some(left) => tokio::time::sleep(left).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            change = changed.changed() => if change.is_err() { return },
            moved = set.changed() => if moved.is_err() { return },
            () = turned(&mut leads) => {}
            () = due => {}
        }
    }
}

/// Waits until this server runs the controllers of the servers that share a store, or does not any more.
async fn turned(leads: &mut Option<watch::Receiver<bool>>) {
    if let Some(leads) = leads
        && leads.changed().await.is_ok()
    {
        return;
    }
    std::future::pending::<()>().await;
}

/// Waits until a deleted object is to be let go, and lets it.
async fn release(context: RequestContext) {
    let mut stopping = context.shared.stopping.clone();
    let waiting = async {
        let clock = &context.world.clock;
        let mut set = clock.subscribe();
        while !context.world.is_ended() {
            set.mark_unchanged();
            let Some(next) = context.step() else { return };
            let left = clock.until(next);
            tokio::select! {
                () = tokio::time::sleep(left.unwrap_or_default()), if left.is_some() => {}
                moved = set.changed() => if moved.is_err() { return },
            }
        }
    };
    tokio::select! {
        () = waiting => {}
        _ = stopping.wait_for(|stopping| *stopping) => {}
    }
}
