//! The simulated life cycle of created objects: the status that controllers and kubelets would write, as a
//! file declares it.
//!
//! ```text
//! files, [phases] → [stage] (what happens, when; its values: [template]) ─┐
//! events → [LifeCycle] (which stage is due when) ───────────────┴→ status writes, in the order due
//! ```
//!
//! Pure as the rest of the engine: the time is an argument. A clock that is advanced by an hour makes the
//! stages of an hour due at once, each with the time at which it was due.

mod filter;
mod phases;
mod stage;
mod template;

#[cfg(test)]
mod tests;

pub(crate) use filter::ObjectFilter;
pub(crate) use phases::Phases;
pub(crate) use stage::StageList;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::conversion;
use super::meta;
use super::resource::GroupResource;
use super::store::{EventKind, Object, Revision, State, StoreChange};

/// Follows the events of a world and plans the stages of created objects.
#[derive(Debug)]
pub(crate) struct LifeCycle {
    seen: Revision,
    /// The planned stages by time; stages of the same time in the order in which they were planned.
    due: BTreeMap<(Duration, u64), Due>,
    planned: u64,
}

/// A stage that is due.
#[derive(Debug)]
pub(crate) struct DueStage {
    /// When it was due, as time since the world's start.
    when: Duration,
    due: Due,
}

/// The next stage of an object.
#[derive(Debug, Clone)]
struct Due {
    resource: Arc<GroupResource>,
    key: Arc<str>,
    /// A later object of the same name has a life cycle of its own.
    uid: Box<str>,
    list: usize,
    stage: usize,
}

impl LifeCycle {
    /// The life cycle of objects created after a state. Objects of that state stay as they are.
    #[must_use]
    pub(crate) fn after(state: &State) -> Self {
        Self { seen: state.revision, due: BTreeMap::new(), planned: 0 }
    }

    /// The life cycle of the objects of a state, from a time on, and of those that are created after it.
    #[must_use]
    pub(crate) fn of_all(state: &State, lists: &[StageList], elapsed: Duration) -> Self {
        let mut life = Self::after(state);
        for (resource, collection) in state.snapshot.collections() {
            if lists.iter().any(|list| list.resource == resource.to_string()) {
                for object in collection.range("", "") {
                    life.begin(object, lists, elapsed);
                }
            }
        }
        life
    }

    /// When the next stage is due, as time since the world's start.
    #[must_use]
    pub(crate) fn next(&self) -> Option<Duration> {
        self.due.keys().next().map(|(when, _)| *when)
    }

    /// Takes the next stage that is due by now off the plan. Once it is written, call
    /// [`LifeCycle::plan_next`].
    pub(crate) fn take_due(&mut self, elapsed: Duration) -> Option<DueStage> {
        let entry = self.due.first_entry().filter(|entry| entry.key().0 <= elapsed)?;
        let (when, _) = *entry.key();
        let due = entry.remove();
        Some(DueStage { when, due })
    }

    /// Puts a taken stage back: it was not written.
    pub(crate) fn put_back(&mut self, stage: DueStage) {
        self.plan(stage.when, stage.due);
    }

    /// Plans the stage after a taken one, for an object that still exists.
    pub(crate) fn plan_next(&mut self, from: DueStage, lists: &[StageList]) {
        let DueStage { when, due } = from;
        let next = lists.get(due.list).and_then(|list| list.stages.get(due.stage + 1));
        if let Some(next) = next {
            self.plan(when + next.after, Due { stage: due.stage + 1, ..due });
        }
    }

    /// Plans the first stages of the objects that were created since the last call.
    pub(crate) fn observe(&mut self, state: &State, lists: &[StageList], elapsed: Duration) {
        if state.revision == self.seen {
            return;
        }
        let mut created: Vec<Arc<Object>> = Vec::new();
        if self.seen < state.history.floor() {
            // Some events were compacted: an object without a status and without a planned stage is new.
            let planned: HashSet<&str> = self.due.values().map(|due| &*due.uid).collect();
            for (resource, collection) in state.snapshot.collections() {
                if lists.iter().any(|list| list.resource == resource.to_string()) {
                    let new = collection.range("", "").filter(|object| {
                        !planned.contains(&*object.meta.uid)
                            && object.value("", "")["status"].is_null()
                    });
                    created.extend(new.cloned());
                }
            }
        } else {
            let added = state
                .history
                .after(self.seen)
                .filter(|event| event.kind == EventKind::Added && !event.seeded);
            created.extend(added.map(|event| Arc::clone(&event.object)));
        }
        self.seen = state.revision;
        for object in created {
            self.begin(&object, lists, elapsed);
        }
    }

    /// Plans the first stage of an object.
    fn begin(&mut self, object: &Object, lists: &[StageList], elapsed: Duration) {
        // The first list that matches counts.
        let Some(list) = lists.iter().position(|list| list.takes(object)) else { return };
        if let Some(first) = lists[list].stages.first() {
            let due = Due {
                resource: Arc::clone(&object.resource),
                key: Arc::clone(&object.key),
                uid: object.meta.uid.as_ref().into(),
                list,
                stage: 0,
            };
            self.plan(elapsed + first.after, due);
        }
    }

    fn plan(&mut self, when: Duration, due: Due) {
        self.due.insert((when, self.planned), due);
        self.planned += 1;
    }
}

impl DueStage {
    /// The change that writes the stage's status, and whether the object still exists. `epoch` is the time of
    /// the world's start.
    #[must_use]
    pub(crate) fn decide(
        &self,
        state: &Arc<State>,
        lists: &[StageList],
        epoch: jiff::Timestamp,
    ) -> (StoreChange, bool) {
        let mut change = StoreChange::on(state);
        // A reload may have removed the list.
        let list = lists.get(self.due.list);
        let Some(stage) = list.and_then(|list| list.stages.get(self.due.stage)) else {
            return (change, false);
        };
        let now = meta::time_text(epoch.checked_add(self.when).unwrap_or(jiff::Timestamp::MAX));
        let exists = write_status(&mut change, &self.due, stage, &now);
        (change, exists)
    }
}

/// Writes a stage's status; returns whether the object still exists.
fn write_status(change: &mut StoreChange, due: &Due, stage: &stage::Stage, now: &str) -> bool {
    let Some(object) = change.snapshot().get(&due.resource, &due.key).cloned() else {
        return false;
    };
    if *object.meta.uid != *due.uid || object.meta.terminating {
        return false;
    }
    let Some(of) = change.types().get(&due.resource).cloned() else {
        return false;
    };
    let mut value = object.value(&conversion::written_api_version(&of, &object), &of.kind);
    let status = stage.status_of(&value, now);
    if value.get("status") == Some(&status) {
        return true;
    }
    value["status"] = status;
    meta::set(&mut value, "resourceVersion", change.next_revision().to_string().into());
    let resource = Arc::clone(&of.stored_as);
    let written = Object::render(resource, value, &of.selectable_paths());
    change.put(Arc::new(written.written_in(object.version.clone())));
    true
}
