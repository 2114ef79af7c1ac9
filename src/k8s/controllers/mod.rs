//! What the controllers, the scheduler and the kubelets of a cluster do with core workloads: deployments get pods, pods
//! run, jobs complete (`k8s.io/kubernetes/pkg/controller`).
//!
//! ```text
//! events → [events] (whom they concern) ─┐
//! earlier runs → look again at a time ───┴→ [Controllers] (what is due when) → one controller, one object → StoreChange
//! ```
//!
//! Each run looks at one object as it is now and takes the next step; its writes are events that lead to the next run.
//! The time is an argument: a clock that is advanced by an hour makes the steps of an hour due at once, each with the
//! time at which it was due. Objects of files are left alone until a client changes them.

mod claims;
mod conditions;
mod cron;
mod cron_jobs;
mod daemon_sets;
mod deployments;
mod endpoints;
mod events;
mod jobs;
mod names;
mod namespaces;
mod objects;
mod pods;
mod policies;
#[cfg_attr(not(feature = "cel"), path = "policy_types_off.rs")]
mod policy_types;
mod quotas;
mod replicas;
mod revisions;
mod rollout;
mod stateful_sets;
#[cfg(test)]
mod tests;

pub(crate) use names::{Controller, ControllerSet};

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::life_cycle::StageList;
use super::store::{Revision, State, StoreChange};
use objects::{NAMESPACES, REPLICA_SETS, REPLICATION_CONTROLLERS, Work};

/// An object, with the controller that looks at it.
type Item = (Controller, Arc<str>);

/// Follows the events of a world and plans the runs of controllers.
#[derive(Debug)]
pub(crate) struct Controllers {
    seen: Revision,
    /// Whether the namespaces of the beginning are still to be looked at.
    is_new: bool,
    /// The planned runs by time; those of the same time in the order in which they were planned.
    due: BTreeMap<(Duration, u64), Item>,
    /// The time of each planned run.
    planned: HashMap<Item, (Duration, u64)>,
    count: u64,
}

/// A run that is due.
#[derive(Debug)]
pub(crate) struct Run {
    /// When it was due, as time since the world's start.
    pub(crate) when: Duration,
    item: Item,
}

impl Controllers {
    /// The controllers of what happens after a state.
    #[must_use]
    pub(crate) fn after(state: &State) -> Self {
        Self {
            seen: state.revision,
            is_new: true,
            due: BTreeMap::new(),
            planned: HashMap::new(),
            count: 0,
        }
    }

    /// Plans what the events since the last call concern, for a time.
    pub(crate) fn observe(&mut self, state: &State, on: &ControllerSet, when: Duration) {
        if state.revision == self.seen && !self.is_new {
            return;
        }
        let events: Vec<_> =
            state.history.after(self.seen).filter(|event| !event.seeded).cloned().collect();
        self.seen = state.revision;
        if std::mem::take(&mut self.is_new) {
            let all = state.snapshot.collection(&NAMESPACES.resource());
            let names = all.into_iter().flat_map(|all| all.range("", ""));
            let names: Vec<Arc<str>> = names.map(|found| Arc::clone(&found.key)).collect();
            for name in names {
                for controller in [Controller::ServiceAccount, Controller::RootCertificates] {
                    if on.has(controller) {
                        self.plan(when, (controller, Arc::clone(&name)));
                    }
                }
            }
        }
        for event in &events {
            events::concerned(state, event, |controller, key| {
                if on.has(controller) {
                    self.plan(when, (controller, key.into()));
                }
            });
        }
    }

    /// When the next run is due, as time since the world's start.
    #[must_use]
    pub(crate) fn next(&self) -> Option<Duration> {
        self.due.keys().next().map(|(when, _)| *when)
    }

    /// Takes the next run that is due by now off the plan. Once it is written, call [`Controllers::again`].
    pub(crate) fn take_due(&mut self, elapsed: Duration) -> Option<Run> {
        let entry = self.due.first_entry().filter(|entry| entry.key().0 <= elapsed)?;
        let (when, _) = *entry.key();
        let item = entry.remove();
        self.planned.remove(&item);
        Some(Run { when, item })
    }

    /// Plans to look at the object of a run again, some time after it.
    pub(crate) fn again(&mut self, run: Run, after: Option<Duration>) {
        if let Some(after) = after {
            self.plan(run.when.saturating_add(after), run.item);
        }
    }

    /// Puts a taken run back: it was not written.
    pub(crate) fn put_back(&mut self, run: Run) {
        self.plan(run.when, run.item);
    }

    /// Plans a run; the earliest one of an item counts.
    fn plan(&mut self, when: Duration, item: Item) {
        if let Some(known) = self.planned.get(&item).copied() {
            if known.0 <= when {
                return;
            }
            self.due.remove(&known);
        }
        let place = (when, self.count);
        self.count += 1;
        self.planned.insert(item.clone(), place);
        self.due.insert(place, item);
    }
}

impl Run {
    /// The change of the run, and after which time to look at its object again. Objects that go through stages of
    /// files are left to these. `epoch` is the time of the world's start.
    #[must_use]
    pub(crate) fn decide(
        &self,
        state: &Arc<State>,
        stages: &[StageList],
        epoch: Timestamp,
    ) -> (StoreChange, Option<Duration>) {
        let now = epoch.checked_add(self.when).unwrap_or(Timestamp::MAX);
        let mut work = Work::on(state, now);
        if self.is_staged(state, stages) {
            return (work.change, None);
        }
        let (controller, key) = &self.item;
        let again = match controller {
            Controller::Pod => pods::run(&mut work, key),
            Controller::ReplicaSet => replicas::run(&mut work, REPLICA_SETS, key),
            Controller::ReplicationController => {
                replicas::run(&mut work, REPLICATION_CONTROLLERS, key)
            }
            Controller::Deployment => deployments::run(&mut work, key),
            Controller::StatefulSet => stateful_sets::run(&mut work, key),
            Controller::DaemonSet => daemon_sets::run(&mut work, key),
            Controller::Job => jobs::run(&mut work, key),
            Controller::CronJob => cron_jobs::run(&mut work, key),
            Controller::TtlAfterFinished => jobs::expire(&mut work, key),
            Controller::Claim => {
                claims::run(&mut work, key);
                None
            }
            Controller::ResourceQuota => {
                quotas::run(&mut work, key);
                None
            }
            Controller::PolicyStatus => {
                policies::run(&mut work, key);
                None
            }
            Controller::Endpoints => {
                endpoints::endpoints(&mut work, key);
                None
            }
            Controller::EndpointSlice => {
                endpoints::slice(&mut work, key);
                None
            }
            Controller::ServiceAccount => {
                namespaces::account(&mut work, key);
                None
            }
            Controller::RootCertificates => {
                namespaces::certificates(&mut work, key);
                None
            }
            // These follow all events by themselves.
            Controller::GarbageCollector | Controller::ClusterRoleAggregation => None,
        };
        // A time in the past, or none at all, must not keep the world busy.
        (work.change, again.map(|after| after.max(Duration::from_millis(1))))
    }

    /// Whether stages of files write the status of the object.
    fn is_staged(&self, state: &State, stages: &[StageList]) -> bool {
        let (controller, key) = &self.item;
        let resource = events::resource(*controller);
        let object = resource.and_then(|resource| state.snapshot.get(&resource, key));
        object.is_some_and(|object| stages.iter().any(|list| list.takes(object)))
    }
}
