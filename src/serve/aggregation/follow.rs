//! Follows the API services of a world that other servers answer: whether each is available, and what it serves
//! (`pkg/controllers/status/remote` and `pkg/apiserver/handler_discovery.go` in `k8s.io/kube-aggregator`).
//!
//! It begins with the first request that is about API services, and ends when there are none that others answer.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use tokio::time::Instant;

use crate::k8s::{self, AvailabilityCondition, Look, Remote, RemoteDocument, Remotes};
use crate::record::BackendTarget;

use super::super::context::RequestContext;
use super::{asking, target};

/// How many servers are asked at the same time.
const AT_ONCE: usize = 8;

/// How often a server that is well is asked again.
const EVERY: Duration = Duration::from_secs(30);

/// After which time one is asked again that is not: at first, and at most. It doubles each time
/// (`NewTypedItemExponentialFailureRateLimiter`).
const AGAIN: (Duration, Duration) = (Duration::from_millis(5), Duration::from_secs(30));

/// Begins to follow the API services of a world, where that is not done yet.
pub(in super::super) fn begin(context: &RequestContext) {
    let world = &context.world;
    let remotes = || world.aggregation.remotes(&world.store.state().snapshot);
    if !remotes().is_empty() && world.aggregation.claims() {
        tokio::spawn(follow(context.clone()));
    }
}

/// When an API service is looked at again.
#[derive(Clone)]
struct Next {
    /// The server that was asked; nothing where none had to be. It is looked at again at once where that is different
    /// now.
    seen: Option<BackendTarget>,
    /// What was found.
    condition: AvailabilityCondition,
    at: Instant,
    failures: u32,
}

async fn follow(context: RequestContext) {
    let mut stopping = context.shared.stopping.clone();
    tokio::select! {
        () = follow_all(&context) => {}
        _ = stopping.wait_for(|stopping| *stopping) => {}
    }
    context.world.aggregation.rest();
}

async fn follow_all(context: &RequestContext) {
    let world = &context.world;
    let (mut changed, mut set) = (world.store.subscribe(), world.clock.subscribe());
    let mut plan: HashMap<Box<str>, Next> = HashMap::new();
    while !world.is_ended() {
        // Marked as seen before looking, so that a change in between wakes us again.
        changed.mark_unchanged();
        let is_clock_set = set.has_changed().unwrap_or_default();
        set.mark_unchanged();
        let remotes = world.aggregation.remotes(&world.store.state().snapshot);
        if remotes.is_empty() {
            world.aggregation.keep(&remotes);
            return;
        }
        plan.retain(|name, _| remotes.named(name).is_some());
        world.aggregation.keep(&remotes);
        if is_clock_set {
            plan.clear();
        }
        look_at_due(context, &remotes, &mut plan).await;
        let next = plan.values().map(|next| next.at).min();
        let due = async {
            match next {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            change = changed.changed() => if change.is_err() { return },
            moved = set.changed() => if moved.is_err() { return } else { set.mark_changed() },
            () = due => {}
        }
    }
}

/// Looks at the API services that are due, or whose servers are elsewhere now.
async fn look_at_due(
    context: &RequestContext,
    remotes: &Remotes,
    plan: &mut HashMap<Box<str>, Next>,
) {
    let state = context.world.store.state();
    let (now, leads) = (Instant::now(), context.world.leads());
    let mut due = Vec::new();
    for remote in remotes.iter() {
        let look = k8s::look(&state, remote);
        let seen = match &look {
            Look::Ask(place) => Some(target(remote, place)),
            Look::Known(_) => None,
        };
        let next = plan.get(&remote.name);
        // Somebody else may have written its status.
        let is_changed = |next: &Next| {
            let is_other = matches!(&look, Look::Known(known) if *known != next.condition);
            is_other
                || next.seen != seen
                || leads && next.condition.is_true() != remote.is_available
        };
        if next.is_none_or(|next| next.at <= now || is_changed(next)) {
            due.push((Arc::clone(remote), look, seen, next.map_or(0, |next| next.failures)));
        }
    }
    drop(state);
    let looks = due.into_iter().map(|(remote, look, seen, failures)| async move {
        let (condition, document) = match look {
            Look::Known(condition) => (condition, None),
            Look::Ask(place) => {
                let condition = asking::availability(context, &remote, &place).await;
                let document = if condition.is_true() {
                    Some(asking::document(context, &remote, &place).await)
                } else {
                    None
                };
                (condition, document)
            }
        };
        match document {
            Some(document) => context.world.aggregation.learn(&remote.name, document),
            None => forget_freshness(context, &remote),
        }
        write(context, &remote, &condition);
        let is_well = condition.is_true();
        let failures = if is_well { 0 } else { failures.saturating_add(1) };
        let is_failing = seen.is_some() && !is_well;
        let again = AGAIN.0.saturating_mul(1 << failures.min(16)).min(AGAIN.1);
        let at = Instant::now() + if is_failing { again } else { EVERY };
        (remote.name.clone(), Next { seen, condition, at, failures })
    });
    let looks: Vec<_> = stream::iter(looks).buffer_unordered(AT_ONCE).collect().await;
    plan.extend(looks);
}

/// Puts a condition into the status of an API service.
fn write(context: &RequestContext, remote: &Remote, condition: &AvailabilityCondition) {
    let world = &context.world;
    if !world.leads() {
        return;
    }
    let now = world.clock.now();
    // After conflicts on each attempt the next look tries again.
    let _ = world.store.write(|state| (k8s::conditioned(state, &remote.name, condition, now), ()));
}

/// What a server serves was true before.
fn forget_freshness(context: &RequestContext, remote: &Remote) {
    let known = context.world.aggregation.document(&remote.name);
    if let Some(known) = known.filter(|known| known.is_fresh) {
        let stale = RemoteDocument { is_fresh: false, ..(*known).clone() };
        context.world.aggregation.learn(&remote.name, stale);
    }
}
